#include "memory.h"

static char last_text[256];

const char *airs_error_text(void) { return last_text; }

airs_status_t airs_sdk_fail(airs_status_t status, airs_str_t text) {
    size_t size = airs_sdk_cut(text, sizeof last_text - 1);
    if (size != 0) {
        memcpy(last_text, text.data, size);
    }
    last_text[size] = '\0';
    return status;
}

const char *airs_status_text(airs_status_t status) {
    switch (status) {
    case AIRS_OK:
        return "ok";
    case AIRS_DELIVERY_FAILED:
        return "delivery failed";
    case AIRS_TIMED_OUT:
        return "timed out";
    case AIRS_INVALID_MESSAGE:
        return "invalid message";
    case AIRS_QUEUE_FULL:
        return "queue full";
    case AIRS_TARGET_NOT_FOUND:
        return "target not found";
    case AIRS_NOT_FOUND:
        return "not found";
    case AIRS_ALREADY_EXISTS:
        return "already exists";
    case AIRS_QUOTA_EXCEEDED:
        return "quota exceeded";
    case AIRS_INVALID_KEY:
        return "invalid key";
    case AIRS_IO_ERROR:
        return "input or output failed";
    case AIRS_OUT_OF_MEMORY:
        return "out of memory";
    case AIRS_INVALID_STATE:
        return "invalid state";
    case AIRS_UNSUPPORTED_CODEC:
        return "unsupported codec";
    case AIRS_DEADLOCK:
        return "deadlock";
    case AIRS_DENIED:
        return "denied";
    case AIRS_INVALID_ARGUMENT:
        return "invalid argument";
    case AIRS_FAILED:
        return "failed";
    }
    return "unknown status";
}
