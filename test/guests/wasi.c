/* What a C program finds in WASI: "clock" (seconds since 1970), "monotonic" (nanoseconds), "sleep MS",
 * "random" (16 bytes in hexadecimal), "draw N" (so many random bytes: N), "env NAME", "open PATH" ("ok" or why not),
 * "exit N". Errors are errors. */
#include <airssys.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>
#include <wasi/api.h>

static airs_outcome_t failed(void) { return airs_fail("%s", strerror(errno)); }

static airs_outcome_t clock_of(clockid_t clock, uint64_t unit) {
    struct timespec now;
    if (clock_gettime(clock, &now) != 0) {
        return failed();
    }
    uint64_t nanoseconds = (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
    return airs_answer_text("%llu", (unsigned long long)(nanoseconds / unit));
}

static airs_outcome_t sleep_for(uint64_t milliseconds) {
    struct timespec time = {(time_t)(milliseconds / 1000), (long)(milliseconds % 1000) * 1000000};
    return nanosleep(&time, NULL) == 0 ? airs_answer(airs_text("ok")) : failed();
}

static airs_outcome_t random_bytes(void) {
    uint8_t bytes[16];
    char text[2 * sizeof bytes];
    if (getentropy(bytes, sizeof bytes) != 0) {
        return failed();
    }
    for (size_t i = 0; i < sizeof bytes; i++) {
        text[2 * i] = "0123456789abcdef"[bytes[i] >> 4];
        text[2 * i + 1] = "0123456789abcdef"[bytes[i] & 15];
    }
    return airs_answer(airs_bytes(text, sizeof text));
}

/* getentropy gives 256 at most. */
static airs_outcome_t draw(uint64_t count) {
    uint8_t *bytes = malloc((size_t)count);
    if (bytes == NULL || __wasi_random_get(bytes, (__wasi_size_t)count) != 0) {
        return failed();
    }
    free(bytes);
    return airs_answer_text("%llu", (unsigned long long)count);
}

static airs_outcome_t open_path(const char *path) {
    int file = open(path, O_RDONLY);
    if (file < 0) {
        return failed();
    }
    close(file);
    return airs_answer(airs_text("ok"));
}

airs_outcome_t airs_on_message(const airs_message_t *message) {
    char text[256];
    airs_bytes_t rest = {NULL, 0};
    uint64_t number = 0;
    if (message->payload.size >= sizeof text) {
        return airs_fail_str(airs_str("the command is too long"));
    }
    memcpy(text, message->payload.data, message->payload.size);
    text[message->payload.size] = '\0';
    airs_bytes_t command = airs_text(text);
    if (airs_is(command, "clock")) {
        return clock_of(CLOCK_REALTIME, 1000000000u);
    } else if (airs_is(command, "monotonic")) {
        return clock_of(CLOCK_MONOTONIC, 1);
    } else if (airs_starts_with(command, "sleep ", &rest) && airs_parse_u64(rest, &number)) {
        return sleep_for(number);
    } else if (airs_is(command, "random")) {
        return random_bytes();
    } else if (airs_starts_with(command, "draw ", &rest) && airs_parse_u64(rest, &number)) {
        return draw(number);
    } else if (airs_starts_with(command, "env ", &rest)) {
        const char *value = getenv((const char *)rest.data);
        return value != NULL ? airs_answer(airs_text(value)) : airs_fail_str(airs_str("not set"));
    } else if (airs_starts_with(command, "open ", &rest)) {
        return open_path((const char *)rest.data);
    } else if (airs_starts_with(command, "exit ", &rest) && airs_parse_u64(rest, &number)) {
        exit((int)number);
    }
    return airs_fail("not a command: %s", text);
}
