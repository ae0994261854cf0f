#include "node/admin/admin_report.h"

#include <inttypes.h>
#include <stdio.h>

#include <sodium.h>

#include "core/timestamp.h"
#include "core/utf8.h"

#define NS_PER_S 1000000000U

/* Bytes that are encoded at a time: a multiple of three, so that only the last ones are padded. */
#define BASE64_PIECE 3072

void airs_admin_report_time(airs_text_t *out, const char *name, uint64_t wall_ns) {
    char text[AIRS_TIMESTAMP_MAX];
    airs_text_append_format(out, "\"%s\":\"%s\"", name, airs_timestamp_text(wall_ns, 3, text));
}

static void append_number(airs_text_t *out, const char *name, uint64_t value) {
    airs_text_append_format(out, ",\"%s\":%" PRIu64, name, value);
}

static void append_string(airs_text_t *out, const char *name, airs_str_t value) {
    airs_text_append_format(out, ",\"%s\":", name);
    airs_text_append_json(out, value);
}

static void append_id(airs_text_t *out, const char *name, airs_id_t id) {
    char text[AIRS_ID_MAX + 3];
    snprintf(text, sizeof text, "%.*s/%.*s/%.*s", AIRS_STR_ARG(id.ns), AIRS_STR_ARG(id.name),
             AIRS_STR_ARG(id.instance));
    append_string(out, name, airs_str(text));
}

/* ---- the node ---- */

void airs_admin_report_counters(airs_text_t *out, airs_node_t *node) {
    airs_node_counters_t totals;
    airs_request_counters_t requests;
    airs_node_totals(node, &totals);
    airs_node_requests(node, &requests);
    airs_text_append_format(out, "\"actors\":%" PRIu64, totals.actors);
    append_number(out, "spawned", totals.spawned);
    append_number(out, "crashed", totals.crashed);
    append_number(out, "messages", totals.messages);
    append_number(out, "dead_letters", totals.dead_letters);
    append_number(out, "dropped", totals.dropped);
    append_number(out, "passive", totals.passive);
    append_number(out, "passivated", totals.passivated);
    append_number(out, "returned", totals.returned);
    airs_text_append_format(out, ",\"requests\":{\"pending\":%" PRIu64, requests.pending);
    append_number(out, "completed", requests.completed);
    append_number(out, "failed", requests.failed);
    append_number(out, "timed_out", requests.timed_out);
    append_number(out, "cancelled", requests.cancelled);
    append_number(out, "orphaned", requests.orphaned);
    append_number(out, "late", requests.late);
    airs_text_append(out, airs_str("}"));
}

/* ---- actors ---- */

typedef struct actor_list {
    airs_text_t *out;
    const airs_id_t *only;
    uint64_t now_ns;
    size_t count;
} actor_list_t;

static const char *policy_text(airs_mailbox_policy_t policy) {
    switch (policy) {
    case AIRS_MAILBOX_DROP_OLDEST:
        return "drop-oldest";
    case AIRS_MAILBOX_BLOCK:
        return "block";
    default:
        return "reject";
    }
}

static bool is_wanted(const airs_id_t *only, airs_id_t id) {
    return only == NULL || (airs_str_equal(only->ns, id.ns) && airs_str_equal(only->name, id.name) &&
                            (only->instance.size == 0 || airs_str_equal(only->instance, id.instance)));
}

static void append_counters(airs_text_t *out, const airs_actor_info_t *info) {
    append_number(out, "queued", info->counters.queued);
    append_number(out, "mailbox_messages", info->mailbox_messages);
    append_string(out, "mailbox_policy", airs_str(policy_text(info->mailbox_policy)));
    append_number(out, "received", info->counters.received);
    append_number(out, "handled", info->counters.handled);
    append_number(out, "errors", info->counters.errors);
    append_number(out, "sent", info->counters.sent);
    append_number(out, "refused", info->counters.refused);
    append_number(out, "dropped", info->counters.dropped);
    append_number(out, "restarts", info->counters.restarts);
    append_number(out, "requests", info->requests);
    append_number(out, "deferred", info->deferred);
    append_number(out, "timers", info->timers);
    append_number(out, "subscriptions", info->subscriptions);
}

static void append_failure(airs_text_t *out, const airs_actor_info_t *info) {
    if (info->failed_ns == 0) {
        return;
    }
    airs_text_append(out, airs_str(","));
    airs_admin_report_time(out, "failed", info->failed_ns);
    append_string(out, "failure", airs_str(info->failure));
    append_string(out, "failure_reason", airs_str(info->failure_reason));
}

static void append_runs(airs_text_t *out, const airs_actor_info_t *info, uint64_t now_ns) {
    if (info->next_run_ns != 0) {
        uint64_t left_ns = info->next_run_ns > now_ns ? info->next_run_ns - now_ns : 0;
        airs_text_append(out, airs_str(","));
        airs_admin_report_time(out, "next_run", info->next_run_ns);
        airs_text_append_format(out, ",\"next_run_seconds\":%.3f", (double)left_ns / NS_PER_S);
    }
    if (info->ran_ns != 0) {
        airs_text_append(out, airs_str(","));
        airs_admin_report_time(out, "ran", info->ran_ns);
    }
}

static bool append_actor(void *context, const airs_actor_info_t *info) {
    actor_list_t *list = context;
    airs_text_t *out = list->out;
    if (!is_wanted(list->only, info->id)) {
        return true;
    }
    uint64_t age_ns = list->now_ns > info->started_ns ? list->now_ns - info->started_ns : 0;
    airs_text_append_format(out, "%s{\"native\":%s", list->count++ > 0 ? "," : "",
                            info->native ? "true" : "false");
    append_id(out, "id", info->id);
    append_string(out, "namespace", info->id.ns);
    append_string(out, "component", info->id.name);
    append_string(out, "instance", info->id.instance);
    append_string(out, "name", airs_str(info->name));
    append_string(out, "version", airs_str(info->version));
    append_string(out, "state", airs_str(airs_actor_state_text(info->counters.state)));
    append_string(out, "health", airs_str(info->health));
    airs_text_append(out, airs_str(","));
    airs_admin_report_time(out, "started", info->started_ns);
    airs_text_append_format(out, ",\"uptime_seconds\":%.3f", (double)age_ns / NS_PER_S);
    append_counters(out, info);
    append_runs(out, info, list->now_ns);
    append_failure(out, info);
    airs_text_append(out, airs_str("}"));
    return true;
}

size_t airs_admin_report_actors(airs_text_t *out, airs_node_t *node, const airs_id_t *only, uint64_t now_ns) {
    actor_list_t list = {out, only, now_ns, 0};
    airs_text_append(out, airs_str("{\"actors\":["));
    airs_node_list(node, append_actor, &list);
    airs_text_append(out, airs_str("]}\n"));
    return list.count;
}

/* ---- dead letters ---- */

typedef struct letter_list {
    airs_text_t *out; /* NULL: only count */
    const airs_admin_letters_t *which;
    uint64_t skip; /* so many of the oldest */
    uint64_t count;
} letter_list_t;

static const char *strategy_text(airs_strategy_t strategy) {
    static const char *const texts[] = {"one-for-one", "one-for-all", "rest-for-one", "simple-one-for-one"};
    return (size_t)strategy < sizeof texts / sizeof texts[0] ? texts[strategy] : "unknown";
}

static const char *restart_text(airs_restart_t restart) {
    static const char *const texts[] = {"permanent", "transient", "temporary"};
    return (size_t)restart < sizeof texts / sizeof texts[0] ? texts[restart] : "unknown";
}

typedef struct supervisor_list {
    airs_text_t *out;
    size_t count;
} supervisor_list_t;

static bool append_child(void *context, const airs_child_info_t *info) {
    supervisor_list_t *list = context;
    airs_text_t *out = list->out;
    airs_text_append_format(out, "%s{\"depth\":%u", list->count++ > 0 ? "," : "", info->depth);
    append_string(out, "name", airs_str(info->name));
    append_string(out, "kind", airs_str(info->is_supervisor ? "supervisor" : "actor"));
    append_string(out, "state", airs_str(airs_child_state_text(info->state)));
    append_number(out, "restarts", info->restarts);
    if (info->is_supervisor) {
        append_string(out, "strategy", airs_str(strategy_text(info->strategy)));
    }
    if (info->depth > 0) {
        append_string(out, "supervisor", airs_str(info->supervisor));
        append_string(out, "restart", airs_str(restart_text(info->restart)));
        airs_text_append_format(out, ",\"significant\":%s", info->significant ? "true" : "false");
    }
    if (info->ended_ns != 0) {
        airs_text_append(out, airs_str(","));
        airs_admin_report_time(out, "ended", info->ended_ns);
        append_string(out, "end", airs_str(info->end));
        append_string(out, "end_reason", airs_str(info->end_reason));
    }
    airs_text_append(out, airs_str("}"));
    return true;
}

void airs_admin_report_supervisors(airs_text_t *out, airs_node_t *node) {
    supervisor_list_t list = {.out = out};
    airs_text_append(out, airs_str("{\"supervisors\":["));
    airs_node_supervisors(node, append_child, &list);
    airs_text_append(out, airs_str("]}\n"));
}

static void append_base64(airs_text_t *out, airs_bytes_t bytes) {
    char piece[sodium_base64_ENCODED_LEN(BASE64_PIECE, sodium_base64_VARIANT_ORIGINAL)];
    for (size_t at = 0; at < bytes.size; at += BASE64_PIECE) {
        size_t size = bytes.size - at < BASE64_PIECE ? bytes.size - at : BASE64_PIECE;
        airs_text_append(out, airs_str(sodium_bin2base64(piece, sizeof piece, bytes.data + at, size,
                                                         sodium_base64_VARIANT_ORIGINAL)));
    }
}

/* Whether a person can read it: UTF-8, with no other control characters than those of plain text. */
static bool is_readable(airs_str_t text) {
    while (text.size > 0) {
        uint32_t character = 0;
        size_t length = airs_utf8_decode(text, &character);
        bool plain = character == '\n' || character == '\r' || character == '\t';
        if (length == 0 || (!plain && airs_utf8_is_control(character))) {
            return false;
        }
        text = airs_str_n(text.data + length, text.size - length);
    }
    return true;
}

/* The cut may fall into a character: that one is left out of the text. */
void airs_admin_report_payload(airs_text_t *out, airs_bytes_t payload, uint64_t limit) {
    size_t size = payload.size < limit ? payload.size : (size_t)limit;
    airs_str_t text = airs_str_n((const char *)payload.data, payload.size);
    text.size = size < payload.size ? airs_utf8_cut(text, size) : size;
    append_number(out, "size", payload.size);
    airs_text_append(out, airs_str(",\"payload\":\""));
    append_base64(out, airs_bytes(payload.data, size));
    airs_text_append(out, airs_str("\""));
    if (is_readable(text)) {
        append_string(out, "text", text);
    }
}

static void append_letter(airs_text_t *out, const airs_dead_letter_t *letter, uint64_t payload_bytes) {
    airs_text_append_format(out, "{\"serial\":%" PRIu64, letter->serial);
    append_string(out, "reason", airs_str(airs_dead_letter_reason_text(letter->reason)));
    append_string(out, "detail", airs_str(letter->detail));
    append_id(out, "sender", letter->sender);
    append_id(out, "target", letter->target);
    append_string(out, "kind", airs_str(letter->kind));
    airs_text_append(out, airs_str(","));
    airs_admin_report_time(out, "sent", letter->sent_ns);
    airs_text_append(out, airs_str(","));
    airs_admin_report_time(out, "died", letter->died_ns);
    append_string(out, "content_type", letter->content_type);
    airs_admin_report_payload(out, letter->payload, payload_bytes);
    airs_text_append(out, airs_str("}"));
}

static bool take_letter(void *context, const airs_dead_letter_t *letter) {
    letter_list_t *list = context;
    const airs_admin_letters_t *which = list->which;
    bool other_reason = which->reason >= 0 && (int)letter->reason != which->reason;
    if (other_reason || (which->has_after && letter->serial <= which->after)) {
        return true;
    }
    if (list->out == NULL) {
        list->count++;
        return true;
    }
    if (list->skip > 0) {
        list->skip--;
        return true;
    }
    if (list->count == which->limit) {
        return false;
    }
    airs_text_append(list->out, airs_str(list->count++ > 0 ? "," : ""));
    append_letter(list->out, letter, which->payload_bytes);
    return true;
}

void airs_admin_report_letters(airs_text_t *out, airs_node_t *node, const airs_admin_letters_t *which) {
    uint64_t counts[AIRS_DEAD_LETTER_REASONS];
    uint64_t total = 0;
    letter_list_t count = {NULL, which, 0, 0};
    airs_node_dead_letter_counts(node, counts);
    for (int reason = 0; reason < AIRS_DEAD_LETTER_REASONS; reason++) {
        total += counts[reason];
    }
    airs_text_append_format(out, "{\"total\":%" PRIu64 ",\"by_reason\":{", total);
    for (int reason = 0; reason < AIRS_DEAD_LETTER_REASONS; reason++) {
        airs_text_append_format(out, "%s\"%s\":%" PRIu64, reason > 0 ? "," : "",
                                airs_dead_letter_reason_text((airs_dead_letter_reason_t)reason),
                                counts[reason]);
    }
    airs_text_append(out, airs_str("},\"letters\":["));
    if (!which->has_after) {
        airs_node_dead_letters(node, take_letter, &count);
    }
    letter_list_t list = {out, which, count.count > which->limit ? count.count - which->limit : 0, 0};
    airs_node_dead_letters(node, take_letter, &list);
    airs_text_append(out, airs_str("]}\n"));
}
