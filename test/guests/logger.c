/* Logs with fields: "N TEXT" is a warning TEXT with the fields k0=v0 to those of N-1. */
#include <airssys.h>

#include <guest.h>

#include <stdio.h>

#define FIELDS_MAX 64

static guest_string_t string_of(char *text) { return (guest_string_t){(uint8_t *)text, strlen(text)}; }

airs_outcome_t airs_on_message(const airs_message_t *message) {
    static char texts[FIELDS_MAX][2][16];
    static guest_tuple2_string_string_t fields[FIELDS_MAX];
    airs_str_t text = airs_as_str(message->payload);
    const char *space = text.size != 0 ? memchr(text.data, ' ', text.size) : NULL;
    size_t digits = space != NULL ? (size_t)(space - text.data) : 0;
    uint64_t count = 0;
    if (!airs_parse_u64(airs_bytes(text.data, digits), &count) || count > FIELDS_MAX) {
        return airs_fail_str(airs_str("not a command"));
    }
    for (size_t i = 0; i < count; i++) {
        snprintf(texts[i][0], sizeof texts[i][0], "k%zu", i);
        snprintf(texts[i][1], sizeof texts[i][1], "v%zu", i);
        fields[i] = (guest_tuple2_string_string_t){string_of(texts[i][0]), string_of(texts[i][1])};
    }
    guest_string_t said = {(uint8_t *)(uintptr_t)(text.data + digits + 1), text.size - digits - 1};
    guest_list_tuple2_string_string_t context = {fields, (size_t)count};
    airssys_core_host_services_log(AIRSSYS_CORE_TYPES_LOG_LEVEL_WARN, &said, &context);
    return airs_done();
}
