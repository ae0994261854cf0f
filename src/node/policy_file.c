#include "node/policy_file.h"

#include "actor/actor_spec.h"
#include "core/file.h"
#include "core/memory.h"
#include "node/manifest_reader.h"
#include "security/pattern.h"

#define POLICY_SIZE_MAX ((size_t)4 << 20)

#define KIB ((uint64_t)1 << 10)
#define GIB ((uint64_t)1 << 30)
#define DAY_MS ((uint64_t)24 * 60 * 60 * 1000)

/* What a component's limits are lowered to; 0: as they are. */
typedef struct lowered {
    airs_str_t component;
    uint64_t memory_bytes;
    uint64_t execution_time_ms;
    uint64_t parked_time_ms;
    uint64_t mailbox_messages;
    uint64_t mailbox_bytes;
    uint64_t message_bytes;
    uint64_t outstanding_requests;
    uint64_t timers;
    uint64_t subscriptions;
    uint64_t deferred_replies;
    uint64_t fuel;
    uint64_t messages_per_s;
    uint64_t log_lines_per_s;
    uint64_t instances;
    uint64_t storage_quota;
    uint64_t monitors;
    uint64_t links;
} lowered_t;

struct airs_policy_file {
    const airs_allocator_t *allocator;
    airs_manifest_block_t *blocks;
    airs_policy_t *policy;
    lowered_t *limits;
    size_t limit_count;
    /* While it is read. */
    airs_policy_rule_t *rules;
    size_t rule_count;
    airs_effect_t standard;
    airs_str_t text;
};

static bool take_text(airs_manifest_reader_t *reader, const airs_manifest_key_t *key,
                      const airs_toml_value_t *value, const char *what, airs_str_t *out) {
    if (!airs_manifest_expect(reader, key, value, AIRS_TOML_STRING, what)) {
        return false;
    }
    airs_str_t text = airs_toml_value_string(value);
    *out = airs_str_n(airs_manifest_copy(reader, text), text.size);
    return out->data != NULL;
}

static void read_component(airs_manifest_reader_t *reader, const airs_manifest_field_t *field,
                           const airs_manifest_key_t *key, const airs_toml_value_t *value, void *target) {
    airs_str_t *out = target;
    airs_error_t error;
    (void)field;
    if (take_text(reader, key, value, "a pattern of components' ids", out) &&
        airs_permission_check_pattern(AIRS_ACTION_SEND, *out, &error) != AIRS_OK) {
        airs_manifest_complain(reader, key, airs_toml_value_offset(value), "%s", error.text);
    }
}

static void read_reason(airs_manifest_reader_t *reader, const airs_manifest_field_t *field,
                        const airs_manifest_key_t *key, const airs_toml_value_t *value, void *target) {
    (void)field;
    (void)take_text(reader, key, value, "a string", target);
}

static bool read_effect_of(airs_manifest_reader_t *reader, const airs_manifest_key_t *key,
                           const airs_toml_value_t *value, airs_effect_t *out) {
    if (!airs_manifest_expect(reader, key, value, AIRS_TOML_STRING, "\"allow\" or \"deny\"")) {
        return false;
    }
    airs_str_t text = airs_toml_value_string(value);
    bool allows = airs_str_equal(text, airs_str("allow"));
    if (!allows && !airs_str_equal(text, airs_str("deny"))) {
        char excerpt[AIRS_MANIFEST_EXCERPT_MAX];
        airs_manifest_complain(reader, key, airs_toml_value_offset(value),
                               "must be \"allow\" or \"deny\", not \"%s\"",
                               airs_manifest_excerpt(text, excerpt));
        return false;
    }
    *out = allows ? AIRS_EFFECT_ALLOW : AIRS_EFFECT_DENY;
    return true;
}

static void read_effect(airs_manifest_reader_t *reader, const airs_manifest_field_t *field,
                        const airs_manifest_key_t *key, const airs_toml_value_t *value, void *target) {
    (void)field;
    (void)read_effect_of(reader, key, value, target);
}

static void read_action(airs_manifest_reader_t *reader, const airs_manifest_key_t *key,
                        const airs_toml_value_t *value, uint32_t *out) {
    if (!airs_manifest_expect(reader, key, value, AIRS_TOML_STRING, "an action, or a list of actions")) {
        return;
    }
    airs_str_t text = airs_toml_value_string(value);
    uint32_t actions = airs_action_parse(text);
    if (actions == 0) {
        char excerpt[AIRS_MANIFEST_EXCERPT_MAX];
        airs_manifest_complain(
            reader, key, airs_toml_value_offset(value),
            "there is no action \"%s\"; actions are like \"messaging.send\", \"storage.*\" "
            "or \"*\"",
            airs_manifest_excerpt(text, excerpt));
    }
    *out |= actions;
}

static void read_actions(airs_manifest_reader_t *reader, const airs_manifest_field_t *field,
                         const airs_manifest_key_t *key, const airs_toml_value_t *value, void *target) {
    (void)field;
    if (airs_toml_value_type(value) != AIRS_TOML_ARRAY) {
        read_action(reader, key, value, target);
        return;
    }
    size_t count = airs_toml_array_size(value);
    if (count == 0) {
        airs_manifest_complain(reader, key, airs_toml_value_offset(value), "names no action");
    }
    for (size_t i = 0; i < count; i++) {
        read_action(reader, key, airs_toml_array_at(value, i), target);
    }
}

/* Line of a place, from 1. */
static uint32_t line_at(airs_str_t text, size_t offset) {
    uint32_t line = 1;
    for (size_t i = 0; i < offset && i < text.size; i++) {
        line += text.data[i] == '\n';
    }
    return line;
}

/* "**" is everything, whatever the action is on. */
static void check_resource(airs_manifest_reader_t *reader, const airs_manifest_key_t *key,
                           const airs_toml_value_t *value, airs_policy_rule_t *rule) {
    airs_error_t error;
    airs_manifest_key_t resource_key = {key, airs_str("resource")};
    if (airs_str_equal(rule->resource, airs_str("**"))) {
        rule->resource.size = 0;
    }
    for (unsigned i = 0; i < AIRS_ACTION_COUNT && rule->resource.size > 0; i++) {
        if ((rule->actions & (UINT32_C(1) << i)) != 0 &&
            airs_permission_check_pattern((airs_action_t)i, rule->resource, &error) != AIRS_OK) {
            airs_manifest_complain(reader, &resource_key,
                                   airs_toml_value_offset(airs_toml_table_get(value, "resource")),
                                   "for %s: %s", airs_action_text((airs_action_t)i), error.text);
            return;
        }
    }
}

static void read_rule(airs_manifest_reader_t *reader, const airs_manifest_key_t *key,
                      const airs_toml_value_t *value, airs_policy_rule_t *rule) {
    static const airs_manifest_field_t fields[] = {
        {"component", read_component, offsetof(airs_policy_rule_t, component), 0, 0, true},
        {"action", read_actions, offsetof(airs_policy_rule_t, actions), 0, 0, true},
        {"resource", read_reason, offsetof(airs_policy_rule_t, resource), 0, 0, false},
        {"effect", read_effect, offsetof(airs_policy_rule_t, effect), 0, 0, true},
        {"reason", read_reason, offsetof(airs_policy_rule_t, reason), 0, 0, false},
    };
    airs_manifest_read_table(reader, key, value, fields, sizeof fields / sizeof fields[0], rule);
    check_resource(reader, key, value, rule);
}

/* The elements of an array of tables. False: it is none, or there is no memory. */
static bool begin_list(airs_manifest_reader_t *reader, const airs_manifest_key_t *key,
                       const airs_toml_value_t *value, size_t size, void **items, size_t *count) {
    if (!airs_manifest_expect(reader, key, value, AIRS_TOML_ARRAY, "a list of tables")) {
        return false;
    }
    *count = airs_toml_array_size(value);
    *items = airs_manifest_alloc(reader, *count * size);
    return *items != NULL;
}

static void read_rules(airs_manifest_reader_t *reader, const airs_manifest_field_t *field,
                       const airs_manifest_key_t *key, const airs_toml_value_t *value, void *target) {
    airs_policy_file_t *file = target;
    void *items = NULL;
    size_t count = 0;
    (void)field;
    if (!begin_list(reader, key, value, sizeof(airs_policy_rule_t), &items, &count)) {
        return;
    }
    file->rules = items;
    file->rule_count = count;
    for (size_t i = 0; i < count; i++) {
        const airs_toml_value_t *element = airs_toml_array_at(value, i);
        file->rules[i].line = line_at(file->text, airs_toml_value_offset(element));
        read_rule(reader, key, element, &file->rules[i]);
    }
}

static void read_limits(airs_manifest_reader_t *reader, const airs_manifest_field_t *field,
                        const airs_manifest_key_t *key, const airs_toml_value_t *value, void *target) {
#define MEMBER(name) offsetof(lowered_t, name)
    static const airs_manifest_field_t fields[] = {
        {"component", read_component, MEMBER(component), 0, 0, true},
        {"memory", airs_manifest_read_size, MEMBER(memory_bytes), 64 * KIB, 4 * GIB, false},
        {"execution-time", airs_manifest_read_time_ms, MEMBER(execution_time_ms), 1, DAY_MS, false},
        {"parked-time", airs_manifest_read_time_ms, MEMBER(parked_time_ms), 1, DAY_MS, false},
        {"mailbox-messages", airs_manifest_read_integer, MEMBER(mailbox_messages), 1, 8388607, false},
        {"mailbox-bytes", airs_manifest_read_size, MEMBER(mailbox_bytes), 1, 256 * GIB, false},
        {"message-size", airs_manifest_read_size, MEMBER(message_bytes), 1, GIB, false},
        {"outstanding-requests", airs_manifest_read_integer, MEMBER(outstanding_requests), 1, 1000000, false},
        {"timers", airs_manifest_read_integer, MEMBER(timers), 1, 10000000, false},
        {"subscriptions", airs_manifest_read_integer, MEMBER(subscriptions), 1, 1000000, false},
        {"deferred-replies", airs_manifest_read_integer, MEMBER(deferred_replies), 1, 1000000, false},
        {"monitors", airs_manifest_read_integer, MEMBER(monitors), 1, 10000000, false},
        {"links", airs_manifest_read_integer, MEMBER(links), 1, 10000000, false},
        {"fuel", airs_manifest_read_integer, MEMBER(fuel), 1, INT64_MAX, false},
        {"messages-per-second", airs_manifest_read_integer, MEMBER(messages_per_s), 1, 1000000000, false},
        {"log-lines-per-second", airs_manifest_read_integer, MEMBER(log_lines_per_s), 1, 1000000000, false},
        {"instances", airs_manifest_read_integer, MEMBER(instances), 1, 100000, false},
        {"storage-quota", airs_manifest_read_size, MEMBER(storage_quota), 1, 1024 * GIB, false},
    };
#undef MEMBER
    airs_policy_file_t *file = target;
    void *items = NULL;
    size_t count = 0;
    (void)field;
    if (!begin_list(reader, key, value, sizeof(lowered_t), &items, &count)) {
        return;
    }
    file->limits = items;
    file->limit_count = count;
    for (size_t i = 0; i < count; i++) {
        airs_manifest_read_table(reader, key, airs_toml_array_at(value, i), fields,
                                 sizeof fields / sizeof fields[0], &file->limits[i]);
    }
}

static void read_standard(airs_manifest_reader_t *reader, const airs_manifest_field_t *field,
                          const airs_manifest_key_t *key, const airs_toml_value_t *value, void *target) {
    airs_policy_file_t *file = target;
    (void)field;
    (void)read_effect_of(reader, key, value, &file->standard);
}

static void on_syntax_error(void *context, size_t offset, size_t length, airs_str_t message) {
    airs_manifest_problems_t *problems = context;
    (void)length;
    airs_manifest_problems_add(problems, offset, "not valid TOML: %.*s", AIRS_STR_ARG(message));
}

static airs_status_t read_text(airs_manifest_reader_t *reader, airs_policy_file_t *file,
                               airs_error_t *error) {
    static const airs_manifest_field_t fields[] = {
        {"default", read_standard, 0, 0, 0, false},
        {"rules", read_rules, 0, 0, 0, false},
        {"limits", read_limits, 0, 0, 0, false},
    };
    airs_toml_document_t *document = NULL;
    airs_status_t status =
        airs_toml_document_parse(reader->allocator, file->text, on_syntax_error, reader->problems, &document);
    if (status == AIRS_OK) {
        airs_manifest_read_table(reader, NULL, airs_toml_document_root(document), fields,
                                 sizeof fields / sizeof fields[0], file);
    }
    airs_toml_document_destroy(document);
    status = reader->out_of_memory ? AIRS_OUT_OF_MEMORY : status;
    if (status != AIRS_OK && status != AIRS_MANIFEST_INVALID) {
        return airs_manifest_file_error(error, status, reader->path, airs_status_text(status));
    }
    status = airs_manifest_problems_report(reader->problems, file->text, reader->path, error);
    if (status != AIRS_OK) {
        return status;
    }
    status = airs_policy_create(reader->allocator, reader->path, file->rules, file->rule_count,
                                file->standard, &file->policy, error);
    if (status != AIRS_OK) {
        airs_error_prefix(error, "%s", reader->path);
    }
    return status == AIRS_INVALID_ARGUMENT ? AIRS_MANIFEST_INVALID : status;
}

airs_status_t airs_policy_file_load(const airs_allocator_t *allocator, const char *path,
                                    airs_policy_file_t **out, airs_error_t *error) {
    airs_bytes_t content;
    airs_status_t status = airs_file_read(allocator, path, POLICY_SIZE_MAX, &content, error);
    if (status != AIRS_OK) {
        airs_error_prefix(error, "%s", path);
        return status;
    }
    airs_policy_file_t *file = airs_alloc_zeroed(allocator, sizeof *file);
    airs_manifest_problems_t *problems = airs_alloc_zeroed(allocator, sizeof *problems);
    if (file == NULL || problems == NULL) {
        airs_release(allocator, file);
        file = NULL;
        status =
            airs_error_set(error, AIRS_OUT_OF_MEMORY, "%s: %s", path, airs_status_text(AIRS_OUT_OF_MEMORY));
    } else {
        file->allocator = allocator;
        file->standard = AIRS_EFFECT_ALLOW;
        file->text = airs_str_n((const char *)content.data, content.size);
        airs_manifest_reader_t reader = {allocator, &file->blocks, problems, path, false};
        status = read_text(&reader, file, error);
    }
    airs_release(allocator, problems);
    airs_release(allocator, (void *)content.data);
    if (status != AIRS_OK) {
        airs_policy_file_destroy(file);
        return status;
    }
    *out = file;
    return AIRS_OK;
}

void airs_policy_file_destroy(airs_policy_file_t *file) {
    if (file != NULL) {
        airs_policy_unref(file->policy);
        airs_manifest_blocks_release(file->allocator, file->blocks);
        airs_release(file->allocator, file);
    }
}

airs_policy_t *airs_policy_file_policy(const airs_policy_file_t *file) { return file->policy; }

/* What is lowered: where that is said, where the limit is among a spawn's options, and where its default is in a
 * specification. */
typedef struct limit {
    size_t to;
    size_t at;
    size_t standard;
    bool is_wide; /* 64 bits, else 32 */
} limit_t;

#define LIMIT(member, option, standard, is_wide)                          \
    {offsetof(lowered_t, member), offsetof(airs_spawn_options_t, option), \
     offsetof(airs_actor_spec_t, standard), is_wide}
#define WIDE(member, option, standard) LIMIT(member, option, standard, true)
#define NARROW(member, option, standard) LIMIT(member, option, standard, false)

static const limit_t limits[] = {
    WIDE(memory_bytes, max_memory_bytes, limits.max_memory_bytes),
    WIDE(execution_time_ms, max_execution_time_ms, limits.max_execution_time_ms),
    WIDE(parked_time_ms, max_parked_time_ms, limits.max_parked_time_ms),
    WIDE(fuel, max_fuel, limits.max_fuel),
    NARROW(log_lines_per_s, max_log_lines_per_s, limits.max_log_lines_per_s),
    NARROW(mailbox_messages, mailbox_messages, mailbox_messages),
    WIDE(mailbox_bytes, mailbox_bytes, mailbox_bytes),
    WIDE(message_bytes, max_message_bytes, max_message_bytes),
    NARROW(outstanding_requests, max_requests, max_requests),
    NARROW(timers, max_timers, max_timers),
    NARROW(subscriptions, max_subscriptions, max_subscriptions),
    NARROW(deferred_replies, max_deferred, max_deferred),
    NARROW(monitors, max_monitors, max_monitors),
    NARROW(links, max_links, max_links),
    NARROW(messages_per_s, max_messages_per_s, max_messages_per_s),
    NARROW(instances, max_instances, max_instances),
    WIDE(storage_quota, storage_quota, storage_quota),
};

static uint64_t read_number(const void *from, size_t at, bool is_wide) {
    uint64_t wide = 0;
    uint32_t narrow = 0;
    if (is_wide) {
        memcpy(&wide, (const char *)from + at, sizeof wide);
        return wide;
    }
    memcpy(&narrow, (const char *)from + at, sizeof narrow);
    return narrow;
}

static void write_number(void *to, size_t at, bool is_wide, uint64_t number) {
    uint32_t narrow = (uint32_t)number;
    memcpy((char *)to + at, is_wide ? (const void *)&number : (const void *)&narrow,
           is_wide ? sizeof number : sizeof narrow);
}

/* A limit that nobody set is the default, and that may be the lower one; some have none. */
static void lower(const limit_t *limit, const lowered_t *lowered, const airs_actor_spec_t *standard,
                  airs_spawn_options_t *spawn) {
    uint64_t to = read_number(lowered, limit->to, true);
    uint64_t now = read_number(spawn, limit->at, limit->is_wide);
    now = now != 0 ? now : read_number(standard, limit->standard, limit->is_wide);
    if (to != 0 && (now == 0 || to < now)) {
        write_number(spawn, limit->at, limit->is_wide, to);
    }
}

void airs_policy_file_lower(const airs_policy_file_t *file, airs_str_t id, airs_spawn_options_t *spawn) {
    const airs_actor_spec_t standard = airs_actor_spec_complete(NULL);
    for (size_t i = 0; i < file->limit_count; i++) {
        if (airs_pattern_overlap('/', file->limits[i].component, id)) {
            for (size_t k = 0; k < sizeof limits / sizeof *limits; k++) {
                lower(&limits[k], &file->limits[i], &standard, spawn);
            }
        }
    }
}
