#include "node/manifest_storage.h"

#include <stddef.h>

#define MIB ((uint64_t)1 << 20)
#define TIB ((uint64_t)1 << 40)
#define HOUR_MS ((uint64_t)60 * 60 * 1000)

static void read_folder(airs_manifest_reader_t *reader, const airs_manifest_field_t *field,
                        const airs_manifest_key_t *key, const airs_toml_value_t *value, void *target) {
    (void)field;
    *(const char **)target = airs_manifest_expect_path(reader, key, value, "the path of a folder");
}

static void read_sync(airs_manifest_reader_t *reader, const airs_manifest_field_t *field,
                      const airs_manifest_key_t *key, const airs_toml_value_t *value, void *target) {
    /* In the order of airs_manifest_sync_t. */
    static const char *const words[] = {"commit", "interval", "none", NULL};
    size_t which = 0;
    (void)field;
    if (airs_manifest_read_word(reader, key, value, "\"commit\", \"interval\" or \"none\"", "a way to sync",
                                words, &which)) {
        *(airs_manifest_sync_t *)target = (airs_manifest_sync_t)which;
    }
}

void airs_manifest_read_storage(airs_manifest_reader_t *reader, const airs_manifest_field_t *field,
                                const airs_manifest_key_t *key, const airs_toml_value_t *value,
                                void *target) {
    static const airs_manifest_field_t fields[] = {
        {"folder", read_folder, offsetof(airs_manifest_storage_t, folder), 0, 0, false},
        {"sync", read_sync, offsetof(airs_manifest_storage_t, sync), 0, 0, false},
        {"interval", airs_manifest_read_time_ms, offsetof(airs_manifest_storage_t, interval_ms), 1, HOUR_MS,
         false},
        {"map-size", airs_manifest_read_size, offsetof(airs_manifest_storage_t, map_bytes), MIB, 16 * TIB,
         false},
    };
    (void)field;
    airs_manifest_storage_t *storage = target;
    airs_manifest_read_table(reader, key, value, fields, sizeof fields / sizeof fields[0], storage);
    if (storage->interval_ms != 0 && storage->sync != AIRS_MANIFEST_SYNC_INTERVAL) {
        airs_manifest_key_t interval = {key, airs_str("interval")};
        airs_manifest_complain(reader, &interval,
                               airs_toml_value_offset(airs_toml_table_get(value, "interval")),
                               "there is none to wait for; it needs sync = \"interval\"");
    }
}

void airs_manifest_read_storage_owner(airs_manifest_reader_t *reader, const airs_manifest_field_t *field,
                                      const airs_manifest_key_t *key, const airs_toml_value_t *value,
                                      void *target) {
    static const char *const words[] = {"component", "instance", NULL};
    size_t which = 0;
    (void)field;
    if (airs_manifest_read_word(reader, key, value, "\"component\" or \"instance\"", "an owner of keys",
                                words, &which)) {
        *(bool *)target = which == 1;
    }
}
