#include "core/exit_message.h"

#include <inttypes.h>
#include <stdio.h>

#include "core/exit_reason.h"
#include "core/json_escape.h"
#include "core/memory.h"
#include "core/utf8.h"

#define MONITOR "{\"monitor\":"
#define ACTOR "\"actor\":\""
#define REASON "\",\"reason\":\""
#define TEXT "\",\"text\":\""
#define TAIL "\"}"

/* Everything but actor and text: the longest number, the longest name of a reason, and the text's end as a C
 * string, which stands behind the JSON object for those who need no JSON. */
#define FIXED_SIZE                                                                              \
    (sizeof MONITOR + 20 + 1 + sizeof ACTOR + sizeof REASON + sizeof "shutdown" + sizeof TEXT + \
     sizeof TAIL + 1)

/* Writes if `out` is not NULL; returns the size. */
static size_t escape(airs_str_t text, char *out) {
    size_t size = 0;
    while (text.size > 0) {
        char escaped[AIRS_JSON_ESCAPE_MAX];
        size_t count = airs_json_escape_next(&text, escaped);
        if (out != NULL) {
            (void)airs_copy(out + size, escaped, count);
        }
        size += count;
    }
    return size;
}

size_t airs_reason_text_size(const char *text) {
    size_t size = strnlen(text, AIRS_REASON_TEXT_MAX + 4);
    return size <= AIRS_REASON_TEXT_MAX ? size : airs_utf8_cut(airs_str_n(text, size), AIRS_REASON_TEXT_MAX);
}

static airs_str_t actor_text(const airs_component_id_t *actor) {
    return airs_str(airs_component_id_text(actor));
}

/* A message whose payload has room for the object with this text. */
static airs_status_t make(airs_block_pool_t *pool, airs_message_kind_t kind, airs_component_id_t *actor,
                          airs_str_t text, airs_component_message_t **out) {
    size_t size = FIXED_SIZE + escape(actor_text(actor), NULL) + escape(text, NULL) + text.size;
    airs_component_message_t *self = airs_block_pool_alloc(pool, sizeof *self + size);
    if (self == NULL) {
        return AIRS_OUT_OF_MEMORY;
    }
    static const char down[] = AIRS_DOWN_CONTENT_TYPE;
    static const char exit[] = AIRS_EXIT_CONTENT_TYPE;
    const char *type = kind == AIRS_MESSAGE_DOWN ? down : exit;
    *self = (airs_component_message_t){.sender = airs_component_id_ref(actor),
                                       .payload = airs_bytes(self + 1, 0),
                                       .content_type = airs_str_n(type, sizeof down - 1),
                                       .kind = (uint8_t)kind};
    _Static_assert(sizeof down == sizeof exit, "one size is that of both");
    *out = self;
    return AIRS_OK;
}

airs_status_t airs_exit_message_reserve(airs_block_pool_t *pool, airs_message_kind_t kind,
                                        airs_component_id_t *actor, uint64_t number,
                                        airs_component_message_t **out) {
    airs_status_t status = make(pool, kind, actor, airs_str(NULL), out);
    if (status == AIRS_OK) {
        (*out)->watch = number;
    }
    return status;
}

static char *put(char *at, const char *text) { return airs_copy(at, text, strlen(text)); }

static void write_json(airs_component_message_t *self, airs_str_t text) {
    char *begin = (char *)(self + 1);
    char *at = put(begin, self->kind == AIRS_MESSAGE_DOWN ? MONITOR : "{");
    if (self->kind == AIRS_MESSAGE_DOWN) {
        int size = snprintf(at, 22, "%" PRIu64 ",", self->watch);
        at += size > 0 ? size : 0;
    }
    at = put(at, ACTOR);
    at += escape(actor_text(self->sender), at);
    at = put(at, REASON);
    at = put(at, airs_reason_text((airs_reason_kind_t)self->system));
    at = put(at, TEXT);
    at += escape(text, at);
    at = put(at, TAIL);
    self->payload = airs_bytes(begin, (size_t)(at - begin));
    at = airs_copy(at, text.data, text.size);
    *at = '\0';
}

airs_component_message_t *airs_exit_message_fill(airs_component_message_t *reserved,
                                                 const airs_exit_reason_t *reason, uint64_t timestamp_ns) {
    airs_str_t text = airs_str(NULL);
    airs_component_message_t *self = reserved;
    if (airs_reason_has_text(reason->kind) && reason->text[0] != '\0') {
        airs_str_t whole = airs_str_n(reason->text, airs_reason_text_size(reason->text));
        airs_message_kind_t kind = (airs_message_kind_t)reserved->kind;
        if (make(airs_block_pool_of(reserved), kind, reserved->sender, whole, &self) == AIRS_OK) {
            text = whole;
            self->watch = reserved->watch;
            airs_component_message_destroy(reserved);
        }
    }
    self->timestamp_ns = timestamp_ns;
    self->system = (uint8_t)reason->kind;
    write_json(self, text);
    return self;
}

airs_exit_reason_t airs_exit_message_reason(const airs_component_message_t *message) {
    return (airs_exit_reason_t){.kind = (airs_reason_kind_t)message->system,
                                .text = (const char *)message->payload.data + message->payload.size};
}
