#include "core/exit_reason.h"

const char *airs_reason_text(airs_reason_kind_t kind) {
    switch (kind) {
    case AIRS_REASON_NORMAL:
        return "normal";
    case AIRS_REASON_SHUTDOWN:
        return "shutdown";
    case AIRS_REASON_KILLED:
        return "killed";
    case AIRS_REASON_ERROR:
        return "error";
    case AIRS_REASON_CRASH:
        return "crash";
    case AIRS_REASON_NO_ACTOR:
        return "no-actor";
    }
    return "unknown";
}

airs_reason_kind_t airs_reason_of_status(airs_status_t status) {
    switch (status) {
    case AIRS_STOPPED:
        return AIRS_REASON_SHUTDOWN;
    case AIRS_NOT_LOADED:
    case AIRS_INSTANTIATION_FAILED:
    case AIRS_INITIALIZE_FAILED:
    case AIRS_SHUTDOWN_FAILED:
    case AIRS_COMMAND_FAILED:
        return AIRS_REASON_ERROR;
    default:
        return AIRS_REASON_CRASH;
    }
}
