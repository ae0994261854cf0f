/* Does one thing that a component may be granted or not, and answers "ok", a number, or the error: "send ID",
 * "request ID", "broadcast ID", "publish TOPIC", "subscribe PATTERN", "read KEY", "write KEY", "delete KEY", "keys" (each
 * with a newline), "usage", "log", "time", "sleep", "components" (how many it sees), "metadata ID", "variable NAME".
 * "flood N ID" sends N times, and answers how many were refused. */
#include <airssys.h>

static char text[4096];
static size_t text_size;
static size_t seen;

static airs_outcome_t said(airs_status_t status) {
    return status == AIRS_OK ? airs_answer(airs_text("ok")) : airs_fail_status(status);
}

static bool add_key(void *context, airs_str_t key) {
    (void)context;
    if (key.size + 1 <= sizeof text - text_size) {
        memcpy(text + text_size, key.data, key.size);
        text_size += key.size;
        text[text_size++] = '\n';
    }
    return true;
}

static bool count_id(void *context, airs_id_t id) {
    (void)context, (void)id;
    seen++;
    return true;
}

static void no_info(void *context, const airs_info_t *info) { (void)context, (void)info; }

static airs_outcome_t keys(void) {
    text_size = 0;
    airs_status_t status = airs_storage_list(airs_str(""), add_key, NULL);
    return status == AIRS_OK ? airs_answer(airs_bytes(text, text_size)) : airs_fail_status(status);
}

static airs_outcome_t read_key(airs_str_t key) {
    airs_buffer_t value = {NULL, 0};
    airs_status_t status = airs_storage_get(key, &value);
    airs_buffer_free(&value);
    return status == AIRS_NOT_FOUND ? airs_answer(airs_text("ok")) : said(status);
}

static airs_outcome_t flood(airs_bytes_t rest) {
    const uint8_t *space = memchr(rest.data, ' ', rest.size);
    uint64_t count = 0;
    uint64_t refused = 0;
    airs_id_t id;
    size_t digits = space != NULL ? (size_t)(space - rest.data) : 0;
    if (digits == 0 || !airs_parse_u64(airs_bytes(rest.data, digits), &count) ||
        !airs_id_parse(airs_as_str(airs_bytes(space + 1, rest.size - digits - 1)), &id)) {
        return airs_fail("not a command");
    }
    for (uint64_t i = 0; i < count; i++) {
        refused += airs_send(id, airs_text("x")) != AIRS_OK;
    }
    return airs_answer_text("%llu", (unsigned long long)refused);
}

static airs_outcome_t with_id(airs_bytes_t deed, airs_id_t id) {
    airs_request_id_t request;
    if (airs_starts_with(deed, "send ", NULL)) {
        return said(airs_send(id, airs_text("hello")));
    } else if (airs_starts_with(deed, "request ", NULL)) {
        return said(airs_request(id, airs_text("hello"), 60000, &request));
    } else if (airs_starts_with(deed, "broadcast ", NULL)) {
        return said(airs_broadcast(&id, 1, airs_text("hello")));
    }
    return said(airs_describe(id, no_info, NULL));
}

static airs_outcome_t without_argument(airs_bytes_t deed) {
    airs_storage_usage_t usage;
    if (airs_is(deed, "keys")) {
        return keys();
    } else if (airs_is(deed, "usage")) {
        airs_status_t status = airs_storage_usage(&usage);
        return status == AIRS_OK ? airs_answer_text("%llu", (unsigned long long)usage.quota_bytes)
                                 : airs_fail_status(status);
    } else if (airs_is(deed, "log")) {
        airs_log(AIRS_LOG_INFO, "a deed");
        return said(AIRS_OK);
    } else if (airs_is(deed, "time")) {
        return airs_now_ns() > 0 ? said(AIRS_OK) : airs_fail("no time");
    } else if (airs_is(deed, "sleep")) {
        airs_sleep(1);
        return said(AIRS_OK);
    } else if (airs_is(deed, "components")) {
        seen = 0;
        airs_list(count_id, NULL);
        return airs_answer_text("%zu", seen);
    }
    return airs_fail("not a command: %.*s", AIRS_STR_ARG(deed));
}

airs_outcome_t airs_on_message(const airs_message_t *message) {
    airs_bytes_t deed = message->payload;
    airs_bytes_t rest;
    airs_id_t id;
    uint32_t reached = 0;
    if (airs_starts_with(deed, "publish ", &rest)) {
        return said(airs_publish(airs_as_str(rest), airs_text("news"), airs_str(NULL), &reached));
    } else if (airs_starts_with(deed, "subscribe ", &rest)) {
        return said(airs_subscribe(airs_as_str(rest)));
    } else if (airs_starts_with(deed, "read ", &rest)) {
        return read_key(airs_as_str(rest));
    } else if (airs_starts_with(deed, "write ", &rest)) {
        return said(airs_storage_set(airs_as_str(rest), airs_text("value")));
    } else if (airs_starts_with(deed, "delete ", &rest)) {
        return said(airs_storage_delete(airs_as_str(rest)));
    } else if (airs_starts_with(deed, "flood ", &rest)) {
        return flood(rest);
    } else if (airs_starts_with(deed, "variable ", &rest)) {
        static char name[64];
        size_t size = rest.size < sizeof name ? rest.size : sizeof name - 1;
        memcpy(name, rest.data, size);
        name[size] = '\0';
        const char *value = airs_env(name);
        return airs_answer(airs_text(value != NULL ? value : "none"));
    } else if ((airs_starts_with(deed, "send ", &rest) || airs_starts_with(deed, "request ", &rest) ||
                airs_starts_with(deed, "broadcast ", &rest) || airs_starts_with(deed, "metadata ", &rest)) &&
               airs_id_parse(airs_as_str(rest), &id)) {
        return with_id(deed, id);
    }
    return without_argument(deed);
}
