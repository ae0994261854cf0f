/* Stores and looks up as fast as it can: "fill SIZE" sets the keys 0 to 999 to values of so many bytes, "get COUNT"
 * gets so many of them, "set COUNT SIZE" sets so many; each answers when it is done. */
#include <airssys.h>

#include <stdio.h>
#include <stdlib.h>

#define KEYS 1000

static uint8_t value[1 << 16];

/* Made before anything is measured: texts cost as much as a look into a table. */
static char keys[KEYS][12];

static void make_keys(void) {
    for (unsigned i = 0; i < KEYS && keys[KEYS - 1][0] == '\0'; i++) {
        (void)snprintf(keys[i], sizeof keys[i], "key/%u", i);
    }
}

static airs_str_t key_of(unsigned number) { return airs_str(keys[number % KEYS]); }

static airs_status_t set_many(unsigned count, size_t size) {
    airs_status_t status = AIRS_OK;
    for (unsigned i = 0; i < count && status == AIRS_OK; i++) {
        status = airs_storage_set(key_of(i), airs_bytes(value, size));
    }
    return status;
}

static airs_status_t get_many(unsigned count) {
    airs_status_t status = AIRS_OK;
    for (unsigned i = 0; i < count && status == AIRS_OK; i++) {
        airs_buffer_t found = {NULL, 0};
        status = airs_storage_get(key_of(i), &found);
        airs_buffer_free(&found);
    }
    return status;
}

airs_outcome_t airs_on_message(const airs_message_t *message) {
    char text[64] = "";
    unsigned count = 0;
    unsigned size = 0;
    airs_status_t status = AIRS_OK;
    make_keys();
    memcpy(text, message->payload.data, message->payload.size < 63 ? message->payload.size : 63);
    if (sscanf(text, "fill %u", &size) == 1 && size <= sizeof value) {
        status = set_many(KEYS, size);
    } else if (sscanf(text, "get %u", &count) == 1) {
        status = get_many(count);
    } else if (sscanf(text, "set %u %u", &count, &size) == 2 && size <= sizeof value) {
        status = set_many(count, size);
    } else {
        return airs_fail("not a command: %s", text);
    }
    return status == AIRS_OK ? airs_answer_text("done") : airs_fail_status(status);
}
