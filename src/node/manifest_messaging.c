#include "node/manifest_messaging.h"

#include "core/multicodec.h"
#include "core/topic.h"

/* ---- subscribe ---- */

static void read_pattern(airs_manifest_reader_t *reader, const airs_manifest_key_t *key,
                         const airs_toml_value_t *value, const char **out) {
    airs_error_t error;
    if (!airs_manifest_expect(reader, key, value, AIRS_TOML_STRING, "a topic or a pattern of topics")) {
        return;
    }
    airs_str_t pattern = airs_toml_value_string(value);
    if (airs_topic_check_pattern(pattern, &error) != AIRS_OK) {
        airs_manifest_complain(reader, key, airs_toml_value_offset(value), "%s", error.text);
        return;
    }
    *out = airs_manifest_copy(reader, pattern);
}

void airs_manifest_read_subscriptions(airs_manifest_reader_t *reader, const airs_manifest_field_t *field,
                                      const airs_manifest_key_t *key, const airs_toml_value_t *value,
                                      void *target) {
    (void)field;
    airs_manifest_component_t *component = target;
    if (!airs_manifest_expect(reader, key, value, AIRS_TOML_ARRAY, "an array like [\"orders.*\"]")) {
        return;
    }
    size_t count = airs_toml_array_size(value);
    const char **patterns = airs_manifest_alloc(reader, count * sizeof *patterns);
    if (patterns == NULL) {
        return;
    }
    for (size_t i = 0; i < count; i++) {
        read_pattern(reader, key, airs_toml_array_at(value, i), &patterns[i]);
    }
    component->subscriptions = patterns;
    component->subscription_count = count;
}

/* ---- accepts ---- */

static const char *const codec_names[] = {
#define CODEC_NAME(name, bit, code, text) text,
    AIRS_CODEC_MAP(CODEC_NAME)
#undef CODEC_NAME
        NULL,
};

void airs_manifest_read_codecs(airs_manifest_reader_t *reader, const airs_manifest_field_t *field,
                               const airs_manifest_key_t *key, const airs_toml_value_t *value, void *target) {
    (void)field;
    if (!airs_manifest_expect(reader, key, value, AIRS_TOML_ARRAY, "an array like [\"json\", \"cbor\"]")) {
        return;
    }
    size_t count = airs_toml_array_size(value);
    if (count == 0) {
        airs_manifest_complain(reader, key, airs_toml_value_offset(value),
                               "names no codec; leave the key out to accept every payload");
    }
    for (size_t i = 0; i < count; i++) {
        const airs_toml_value_t *entry = airs_toml_array_at(value, i);
        if (!airs_manifest_expect(reader, key, entry, AIRS_TOML_STRING, "the name of a codec")) {
            continue;
        }
        airs_codecs_t codec = airs_multicodec_by_name(airs_toml_value_string(entry));
        if (codec == 0) {
            airs_manifest_complain_word(reader, key, entry, "a codec", codec_names);
        }
        *(airs_codecs_t *)target |= codec;
    }
}

/* ---- mailbox-policy ---- */

void airs_manifest_read_mailbox_policy(airs_manifest_reader_t *reader, const airs_manifest_field_t *field,
                                       const airs_manifest_key_t *key, const airs_toml_value_t *value,
                                       void *target) {
    static const char *const names[] = {
        [AIRS_MAILBOX_REJECT] = "reject",
        [AIRS_MAILBOX_DROP_OLDEST] = "drop-oldest",
        [AIRS_MAILBOX_BLOCK] = "block",
        NULL,
    };
    (void)field;
    size_t policy;
    if (airs_manifest_read_word(reader, key, value, "\"reject\", \"drop-oldest\" or \"block\"", "a policy",
                                names, &policy)) {
        *(airs_mailbox_policy_t *)target = (airs_mailbox_policy_t)policy;
    }
}
