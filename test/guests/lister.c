/* Who else is there: "self" answers its own id, "list" the id of each actor with a newline, "describe ID"
 * "NAME VERSION HEALTH". */
#include <airssys.h>

static char text[65536];
static size_t text_size;

static void add(airs_str_t part, char end) {
    if (part.size + 1 <= sizeof text - text_size) {
        memcpy(text + text_size, part.data, part.size);
        text_size += part.size;
        text[text_size++] = end;
    }
}

static bool add_id(void *context, airs_id_t id) {
    (void)context;
    add(id.ns, '/');
    add(id.name, '/');
    add(id.instance, '\n');
    return true;
}

static void add_info(void *context, const airs_info_t *info) {
    (void)context;
    add(info->name, ' ');
    add(info->version, ' ');
    add(info->health, '\n');
}

airs_outcome_t airs_on_message(const airs_message_t *message) {
    airs_bytes_t rest;
    airs_id_t id;
    text_size = 0;
    if (airs_is(message->payload, "self")) {
        add_id(NULL, airs_self());
    } else if (airs_is(message->payload, "list")) {
        airs_list(add_id, NULL);
    } else if (airs_starts_with(message->payload, "describe ", &rest) &&
               airs_id_parse(airs_as_str(rest), &id)) {
        airs_status_t status = airs_describe(id, add_info, NULL);
        if (status != AIRS_OK) {
            return airs_fail_status(status);
        }
    } else {
        return airs_fail_str(airs_str("not a command"));
    }
    return airs_answer(airs_bytes(text, text_size));
}
