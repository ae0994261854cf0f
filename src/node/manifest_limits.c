#include "node/manifest_limits.h"

#include "node/manifest.h"
#include "node/manifest_messaging.h"
#include "node/node.h"
#include "node/quantity.h"

#define KIB ((uint64_t)1 << 10)
#define GIB ((uint64_t)1 << 30)
#define DAY_MS ((uint64_t)24 * 60 * 60 * 1000)

#define MEMBER(name) offsetof(airs_manifest_limits_t, name)

/* The bounds are those of a 32-bit memory, of a mailbox, and of what is still sensible. */
static const airs_manifest_field_t limit_fields[] = {
    {"memory", airs_manifest_read_size, MEMBER(memory_bytes), 64 * KIB, 4 * GIB, false},
    {"execution-time", airs_manifest_read_time_ms, MEMBER(execution_time_ms), 1, DAY_MS, false},
    {"parked-time", airs_manifest_read_time_ms, MEMBER(parked_time_ms), 1, DAY_MS, false},
    {"fuel", airs_manifest_read_integer, MEMBER(fuel), 1, INT64_MAX, false},
    {"mailbox-messages", airs_manifest_read_integer, MEMBER(mailbox_messages), 1, 8388607, false},
    {"mailbox-bytes", airs_manifest_read_size, MEMBER(mailbox_bytes), 1, 256 * GIB, false},
    {"message-size", airs_manifest_read_size, MEMBER(message_bytes), 1, GIB, false},
    {"outstanding-requests", airs_manifest_read_integer, MEMBER(outstanding_requests), 1, 1000000, false},
    {"mailbox-policy", airs_manifest_read_mailbox_policy, MEMBER(mailbox_policy), 0, 0, false},
    {"block-time", airs_manifest_read_time_ms, MEMBER(block_time_ms), 1, DAY_MS, false},
    {"timers", airs_manifest_read_integer, MEMBER(timers), 1, 10000000, false},
    {"subscriptions", airs_manifest_read_integer, MEMBER(subscriptions), 1, 1000000, false},
    {"monitors", airs_manifest_read_integer, MEMBER(monitors), 1, 10000000, false},
    {"links", airs_manifest_read_integer, MEMBER(links), 1, 10000000, false},
    {"messages-per-second", airs_manifest_read_integer, MEMBER(messages_per_s), 1, 1000000000, false},
    {"log-lines-per-second", airs_manifest_read_integer, MEMBER(log_lines_per_s), 1, 1000000000, false},
    {"storage-quota", airs_manifest_read_size, MEMBER(storage_quota), 1, 1024 * GIB, false},
    {"instances", airs_manifest_read_integer, MEMBER(instances), 1, 100000, false},
    {"deferred-replies", airs_manifest_read_integer, MEMBER(deferred_replies), 1, 1000000, false},
};

/* A message that is allowed must also fit an empty mailbox. */
static void check_message_size(airs_manifest_reader_t *reader, const airs_manifest_key_t *key,
                               const airs_toml_value_t *table, const airs_manifest_limits_t *limits) {
    uint64_t mailbox = limits->mailbox_bytes != 0 ? limits->mailbox_bytes : AIRS_DEFAULT_MAILBOX_BYTES;
    if (limits->message_bytes <= mailbox) {
        return;
    }
    const airs_toml_value_t *value = airs_toml_table_get(table, "message-size");
    airs_manifest_key_t message_key = {key, airs_str("message-size")};
    char text[AIRS_QUANTITY_TEXT_MAX];
    airs_manifest_complain(reader, &message_key, airs_toml_value_offset(value),
                           "a message of this size would never fit the mailbox; raise mailbox-bytes (now %s)",
                           airs_size_format(mailbox, text));
}

/* Who waits with nothing to wait for has mistaken what his mailbox does. */
static void check_block_time(airs_manifest_reader_t *reader, const airs_manifest_key_t *key,
                             const airs_toml_value_t *table, const airs_manifest_limits_t *limits) {
    const airs_toml_value_t *policy = airs_toml_table_get(table, "mailbox-policy");
    bool is_known = policy == NULL || limits->mailbox_policy != AIRS_MAILBOX_REJECT ||
                    airs_str_equal(airs_toml_value_string(policy), airs_str("reject"));
    if (limits->block_time_ms == 0 || limits->mailbox_policy == AIRS_MAILBOX_BLOCK || !is_known) {
        return;
    }
    airs_manifest_key_t time_key = {key, airs_str("block-time")};
    airs_manifest_complain(reader, &time_key,
                           airs_toml_value_offset(airs_toml_table_get(table, "block-time")),
                           "nobody waits for this mailbox; it needs mailbox-policy = \"block\"");
}

void airs_manifest_read_limits(airs_manifest_reader_t *reader, const airs_manifest_field_t *field,
                               const airs_manifest_key_t *key, const airs_toml_value_t *value, void *target) {
    (void)field;
    airs_manifest_read_table(reader, key, value, limit_fields, sizeof limit_fields / sizeof limit_fields[0],
                             target);
    check_message_size(reader, key, value, target);
    check_block_time(reader, key, value, target);
}
