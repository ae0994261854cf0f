#include "node/manifest_capabilities.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "core/file.h"
#include "core/memory.h"
#include "node/folder_path.h"
#include "node/manifest_component.h"
#include "security/permission.h"

#define GIB ((uint64_t)1 << 30)
#define TIB ((uint64_t)1 << 40)
#define NS_PER_S UINT64_C(1000000000)

/* All grants that a table can hold, counted before they are read. */
static size_t count_texts(const airs_toml_value_t *value) {
    size_t count = airs_toml_value_type(value) == AIRS_TOML_STRING;
    for (size_t i = 0; i < airs_toml_array_size(value); i++) {
        count += count_texts(airs_toml_array_at(value, i));
    }
    for (size_t i = 0; i < airs_toml_table_size(value); i++) {
        count += count_texts(airs_toml_table_at(value, i));
    }
    return count;
}

static void add_grant(airs_manifest_capabilities_t *capabilities, airs_action_t action, const char *pattern) {
    capabilities->grants[capabilities->grant_count++] =
        (airs_grant_t){.action = airs_action_text(action), .pattern = pattern};
}

static bool is_short(airs_action_t action, airs_str_t pattern) {
    return airs_action_resource(action) == AIRS_RESOURCE_ID &&
           (pattern.size == 0 || memchr(pattern.data, '/', pattern.size) == NULL) &&
           !airs_str_equal(pattern, airs_str("**"));
}

/* One that has no slash is the name of a component of the application, or "*" for all of them. */
static bool check_pattern(airs_manifest_reader_t *reader, const airs_manifest_key_t *key,
                          const airs_toml_value_t *value, airs_action_t action, airs_str_t pattern) {
    airs_error_t error;
    if (is_short(action, pattern)) {
        if (airs_manifest_is_name(pattern) || airs_str_equal(pattern, airs_str("*"))) {
            return true;
        }
        char excerpt[AIRS_MANIFEST_EXCERPT_MAX];
        airs_manifest_complain(
            reader, key, airs_toml_value_offset(value),
            "\"%s\" is neither the name of a component of this application nor a pattern of "
            "ids; all instances of others are like \"bank/vault/*\"",
            airs_manifest_excerpt(pattern, excerpt));
        return false;
    }
    if (airs_permission_check_pattern(action, pattern, &error) != AIRS_OK) {
        airs_manifest_complain(reader, key, airs_toml_value_offset(value), "%s", error.text);
        return false;
    }
    return true;
}

/* field->min is the action. */
static void read_patterns(airs_manifest_reader_t *reader, const airs_manifest_field_t *field,
                          const airs_manifest_key_t *key, const airs_toml_value_t *value, void *target) {
    airs_action_t action = (airs_action_t)field->min;
    if (!airs_manifest_expect(reader, key, value, AIRS_TOML_ARRAY, "a list of patterns")) {
        return;
    }
    for (size_t i = 0; i < airs_toml_array_size(value); i++) {
        const airs_toml_value_t *element = airs_toml_array_at(value, i);
        if (!airs_manifest_expect(reader, key, element, AIRS_TOML_STRING, "a pattern")) {
            continue;
        }
        airs_str_t pattern = airs_toml_value_string(element);
        if (check_pattern(reader, key, element, action, pattern)) {
            add_grant(target, action, airs_manifest_copy(reader, pattern));
        }
    }
}

#define PATTERNS(name, action) {name, read_patterns, 0, AIRS_ACTION_##action, 0, false}
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void read_messaging(airs_manifest_reader_t *reader, const airs_manifest_field_t *field,
                           const airs_manifest_key_t *key, const airs_toml_value_t *value, void *target) {
    static const airs_manifest_field_t fields[] = {PATTERNS("send", SEND), PATTERNS("request", REQUEST),
                                                   PATTERNS("broadcast", BROADCAST)};
    (void)field;
    airs_manifest_read_table(reader, key, value, fields, COUNT(fields), target);
}

static void read_topics(airs_manifest_reader_t *reader, const airs_manifest_field_t *field,
                        const airs_manifest_key_t *key, const airs_toml_value_t *value, void *target) {
    static const airs_manifest_field_t fields[] = {PATTERNS("publish", TOPIC_PUBLISH),
                                                   PATTERNS("subscribe", TOPIC_SUBSCRIBE)};
    (void)field;
    airs_manifest_read_table(reader, key, value, fields, COUNT(fields), target);
}

static void read_storage(airs_manifest_reader_t *reader, const airs_manifest_field_t *field,
                         const airs_manifest_key_t *key, const airs_toml_value_t *value, void *target) {
    static const airs_manifest_field_t fields[] = {PATTERNS("read", STORAGE_READ),
                                                   PATTERNS("write", STORAGE_WRITE),
                                                   PATTERNS("delete", STORAGE_DELETE),
                                                   {"quota", airs_manifest_read_size,
                                                    offsetof(airs_manifest_capabilities_t, storage_quota), 1,
                                                    TIB, false}};
    (void)field;
    airs_manifest_read_table(reader, key, value, fields, COUNT(fields), target);
}

static void read_supervision(airs_manifest_reader_t *reader, const airs_manifest_field_t *field,
                             const airs_manifest_key_t *key, const airs_toml_value_t *value, void *target) {
    static const airs_manifest_field_t fields[] = {PATTERNS("spawn", SPAWN), PATTERNS("stop", STOP),
                                                   PATTERNS("link", LINK), PATTERNS("monitor", MONITOR)};
    (void)field;
    airs_manifest_read_table(reader, key, value, fields, COUNT(fields), target);
}

static void read_services(airs_manifest_reader_t *reader, const airs_manifest_field_t *field,
                          const airs_manifest_key_t *key, const airs_toml_value_t *value, void *target) {
    (void)field;
    airs_manifest_capabilities_t *capabilities = target;
    capabilities->names_services = true;
    if (!airs_manifest_expect(reader, key, value, AIRS_TOML_ARRAY, "a list of services")) {
        return;
    }
    for (size_t i = 0; i < airs_toml_array_size(value); i++) {
        const airs_toml_value_t *element = airs_toml_array_at(value, i);
        if (!airs_manifest_expect(reader, key, element, AIRS_TOML_STRING, "the name of a service")) {
            continue;
        }
        char name[64];
        char excerpt[AIRS_MANIFEST_EXCERPT_MAX];
        airs_str_t text = airs_toml_value_string(element);
        int size = snprintf(name, sizeof name, "services.%.*s", AIRS_STR_ARG(text));
        uint32_t actions = airs_action_parse(airs_str_n(name, (size_t)size));
        if (__builtin_popcount(actions) == 1) {
            add_grant(capabilities, (airs_action_t)__builtin_ctz(actions), NULL);
        } else {
            airs_manifest_complain(
                reader, key, airs_toml_value_offset(element),
                "there is no service \"%s\"; services are log, clock, sleep, list-components, metadata",
                airs_manifest_excerpt(text, excerpt));
        }
    }
}

static void read_environment(airs_manifest_reader_t *reader, const airs_manifest_field_t *field,
                             const airs_manifest_key_t *key, const airs_toml_value_t *value, void *target) {
    airs_manifest_capabilities_t *capabilities = target;
    (void)field;
    if (!airs_manifest_expect(reader, key, value, AIRS_TOML_ARRAY, "a list of variables' names")) {
        return;
    }
    size_t count = airs_toml_array_size(value);
    const char **names = airs_manifest_alloc(reader, (count + 1) * sizeof *names);
    for (size_t i = 0; names != NULL && i < count; i++) {
        const airs_toml_value_t *element = airs_toml_array_at(value, i);
        if (!airs_manifest_expect(reader, key, element, AIRS_TOML_STRING, "the name of a variable")) {
            continue;
        }
        airs_str_t name = airs_toml_value_string(element);
        if (name.size == 0 || memchr(name.data, '=', name.size) != NULL ||
            memchr(name.data, '*', name.size) != NULL || memchr(name.data, '\0', name.size) != NULL) {
            airs_manifest_complain(reader, key, airs_toml_value_offset(element),
                                   "variables are granted one by one, by their whole names");
            continue;
        }
        names[capabilities->environment_count] = airs_manifest_copy(reader, name);
        add_grant(capabilities, AIRS_ACTION_ENVIRONMENT, names[capabilities->environment_count++]);
    }
    capabilities->environment = names;
}

/* timegm makes the 2nd of March of the 30th of February. */
static bool is_same_moment(const struct tm *one, const struct tm *other) {
    return one->tm_year == other->tm_year && one->tm_mon == other->tm_mon && one->tm_mday == other->tm_mday &&
           one->tm_hour == other->tm_hour && one->tm_min == other->tm_min && one->tm_sec == other->tm_sec;
}

/* "2026-12-31T23:59:59Z". */
static bool read_moment(airs_str_t text, uint64_t *out) {
    struct tm parts = {0};
    char copy[32];
    if (text.size >= sizeof copy) {
        return false;
    }
    snprintf(copy, sizeof copy, "%.*s", AIRS_STR_ARG(text));
    const char *end = strptime(copy, "%Y-%m-%dT%H:%M:%SZ", &parts);
    struct tm given = parts;
    time_t seconds = end != NULL && *end == '\0' ? timegm(&parts) : (time_t)-1;
    if (seconds <= 0 || (uint64_t)seconds > UINT64_MAX / NS_PER_S || !is_same_moment(&given, &parts)) {
        return false;
    }
    *out = (uint64_t)seconds * NS_PER_S;
    return true;
}

static void read_expiry(airs_manifest_reader_t *reader, const airs_manifest_field_t *field,
                        const airs_manifest_key_t *key, const airs_toml_value_t *value, void *target) {
    (void)field;
    if (airs_manifest_expect(reader, key, value, AIRS_TOML_STRING, "a time like \"2026-12-31T23:59:59Z\"") &&
        !read_moment(airs_toml_value_string(value), target)) {
        airs_manifest_complain(reader, key, airs_toml_value_offset(value),
                               "must be a time like \"2026-12-31T23:59:59Z\", between 1970 and 2554");
    }
}

/* ---- folders and the network ----------------------------------------------------------------- */

static airs_str_t without_slashes(airs_str_t path) {
    while (path.size > 1 && path.data[path.size - 1] == '/') {
        path.size--;
    }
    return path;
}

/* The folder's real path, in the manifest's memory. NULL: a problem is noted, or there is no memory. */
static const char *find_folder(airs_manifest_reader_t *reader, const airs_manifest_key_t *key,
                               const airs_toml_value_t *value) {
    const char *path = airs_manifest_expect_path(reader, key, value, "the path of a folder");
    if (path == NULL) {
        return NULL;
    }
    char *real = NULL;
    airs_error_t error;
    airs_status_t status = airs_folder_find(reader->allocator, path, &real, &error);
    if (status == AIRS_OUT_OF_MEMORY) {
        reader->out_of_memory = true;
        return NULL;
    }
    if (status != AIRS_OK) {
        char excerpt[AIRS_MANIFEST_EXCERPT_MAX];
        airs_manifest_complain(reader, key, airs_toml_value_offset(value),
                               "cannot grant %s: %s (a path is relative to the manifest)",
                               airs_manifest_excerpt(airs_str(path), excerpt), error.text);
        return NULL;
    }
    const char *copy = airs_manifest_copy(reader, airs_str(real));
    airs_release(reader->allocator, real);
    return copy;
}

/* NULL: likewise. */
static const char *find_guest_path(airs_manifest_reader_t *reader, const airs_manifest_key_t *key,
                                   const airs_toml_value_t *value) {
    airs_error_t error;
    airs_str_t text = without_slashes(airs_toml_value_string(value));
    if (airs_folder_check_guest_path(text, &error) != AIRS_OK) {
        airs_manifest_complain(
            reader, key, airs_toml_value_offset(value),
            "%s; the path that the guest is to know can be given as { folder = \"...\", as = "
            "\"/data\" }",
            error.text);
        return NULL;
    }
    return airs_manifest_copy(reader, text);
}

typedef struct folder_value {
    const airs_toml_value_t *folder;
    const airs_toml_value_t *as; /* NULL: as it is written */
} folder_value_t;

static void read_folder_part(airs_manifest_reader_t *reader, const airs_manifest_field_t *field,
                             const airs_manifest_key_t *key, const airs_toml_value_t *value, void *target) {
    (void)field;
    if (airs_manifest_expect(reader, key, value, AIRS_TOML_STRING, "a path")) {
        *(const airs_toml_value_t **)target = value;
    }
}

static folder_value_t read_folder_value(airs_manifest_reader_t *reader, const airs_manifest_key_t *key,
                                        const airs_toml_value_t *value) {
    static const airs_manifest_field_t fields[] = {
        {"folder", read_folder_part, offsetof(folder_value_t, folder), 0, 0, true},
        {"as", read_folder_part, offsetof(folder_value_t, as), 0, 0, false},
    };
    folder_value_t parts = {0};
    if (airs_toml_value_type(value) == AIRS_TOML_TABLE) {
        airs_manifest_read_table(reader, key, value, fields, COUNT(fields), &parts);
    } else if (airs_manifest_expect(reader, key, value, AIRS_TOML_STRING,
                                    "the path of a folder, or a table with one")) {
        parts.folder = value;
    }
    return parts;
}

static void add_folder(airs_manifest_reader_t *reader, const airs_manifest_key_t *key,
                       const airs_toml_value_t *value, airs_action_t action,
                       airs_manifest_capabilities_t *capabilities) {
    folder_value_t parts = read_folder_value(reader, key, value);
    if (parts.folder == NULL) {
        return;
    }
    const char *path = find_folder(reader, key, parts.folder);
    const char *guest_path =
        path != NULL ? find_guest_path(reader, key, parts.as != NULL ? parts.as : parts.folder) : NULL;
    if (guest_path == NULL) {
        return;
    }
    /* Who may write to a folder may read it. */
    for (int i = action == AIRS_ACTION_FILE_WRITE; i >= 0; i--) {
        add_grant(capabilities, i == 1 ? AIRS_ACTION_FILE_READ : action, path);
        capabilities->grants[capabilities->grant_count - 1].guest_path = guest_path;
    }
}

/* field->min is the action. */
static void read_folders(airs_manifest_reader_t *reader, const airs_manifest_field_t *field,
                         const airs_manifest_key_t *key, const airs_toml_value_t *value, void *target) {
    if (!airs_manifest_expect(reader, key, value, AIRS_TOML_ARRAY, "a list of folders")) {
        return;
    }
    for (size_t i = 0; i < airs_toml_array_size(value); i++) {
        add_folder(reader, key, airs_toml_array_at(value, i), (airs_action_t)field->min, target);
    }
}

static void refuse_finer(airs_manifest_reader_t *reader, const airs_manifest_field_t *field,
                         const airs_manifest_key_t *key, const airs_toml_value_t *value, void *target) {
    (void)field;
    (void)target;
    airs_manifest_complain(reader, key, airs_toml_entry_offset(value),
                           "a folder is granted to be read, which includes listing, or to be written, which "
                           "includes reading, creating, renaming and deleting; there is nothing finer");
}

/* One place of the guest's has one folder. */
static void check_guest_paths(airs_manifest_reader_t *reader, const airs_manifest_key_t *key,
                              const airs_toml_value_t *value,
                              const airs_manifest_capabilities_t *capabilities) {
    for (size_t i = 0; i < capabilities->grant_count; i++) {
        const airs_grant_t *one = &capabilities->grants[i];
        for (size_t k = 0; k < i && one->guest_path != NULL; k++) {
            const airs_grant_t *other = &capabilities->grants[k];
            if (other->guest_path != NULL && strcmp(one->guest_path, other->guest_path) == 0 &&
                strcmp(one->pattern, other->pattern) != 0) {
                airs_manifest_complain(reader, key, airs_toml_entry_offset(value),
                                       "two folders cannot both be found at \"%s\"; { folder = \"...\", as = "
                                       "\"/data\" } gives one another path",
                                       one->guest_path);
                return;
            }
        }
    }
}

static void read_filesystem(airs_manifest_reader_t *reader, const airs_manifest_field_t *field,
                            const airs_manifest_key_t *key, const airs_toml_value_t *value, void *target) {
    static const airs_manifest_field_t fields[] = {
        {"read", read_folders, 0, AIRS_ACTION_FILE_READ, 0, false},
        {"write", read_folders, 0, AIRS_ACTION_FILE_WRITE, 0, false},
        {"list", refuse_finer, 0, 0, 0, false},
        {"create", refuse_finer, 0, 0, 0, false},
        {"append", refuse_finer, 0, 0, 0, false},
        {"delete", refuse_finer, 0, 0, 0, false},
        {"rename", refuse_finer, 0, 0, 0, false},
        {"metadata", refuse_finer, 0, 0, 0, false},
        {"execute", refuse_finer, 0, 0, 0, false},
    };
    (void)field;
    airs_manifest_read_table(reader, key, value, fields, COUNT(fields), target);
    check_guest_paths(reader, key, value, target);
}

static void read_network(airs_manifest_reader_t *reader, const airs_manifest_field_t *field,
                         const airs_manifest_key_t *key, const airs_toml_value_t *value, void *target) {
    static const airs_manifest_field_t fields[] = {PATTERNS("outbound", OUTBOUND),
                                                   PATTERNS("inbound", INBOUND)};
    (void)field;
    airs_manifest_read_table(reader, key, value, fields, COUNT(fields), target);
}

/* ---- all of them ----------------------------------------------------------------------------- */

/* Clock and sleep have no error to refuse with, so they are granted unless a list of services leaves them out. */
static void grant_time(airs_manifest_capabilities_t *capabilities) {
    if (!capabilities->names_services) {
        add_grant(capabilities, AIRS_ACTION_CLOCK, NULL);
        add_grant(capabilities, AIRS_ACTION_SLEEP, NULL);
    }
}

void airs_manifest_read_capabilities(airs_manifest_reader_t *reader, const airs_manifest_field_t *field,
                                     const airs_manifest_key_t *key, const airs_toml_value_t *value,
                                     void *target) {
    static const airs_manifest_field_t fields[] = {
        {"messaging", read_messaging, 0, 0, 0, false},
        {"topics", read_topics, 0, 0, 0, false},
        {"storage", read_storage, 0, 0, 0, false},
        {"services", read_services, 0, 0, 0, false},
        {"supervision", read_supervision, 0, 0, 0, false},
        {"environment", read_environment, 0, 0, 0, false},
        {"filesystem", read_filesystem, 0, 0, 0, false},
        {"network", read_network, 0, 0, 0, false},
        PATTERNS("config", CONFIG_READ),
        {"expires", read_expiry, offsetof(airs_manifest_capabilities_t, expires_at_ns), 0, 0, false},
    };
    airs_manifest_capabilities_t *capabilities = target;
    (void)field;
    /* A folder to write to is one to read from as well; two more for clock and sleep. */
    capabilities->grants =
        airs_manifest_alloc(reader, (2 * count_texts(value) + 2) * sizeof *capabilities->grants);
    if (capabilities->grants == NULL) {
        return;
    }
    capabilities->given = true;
    airs_manifest_read_table(reader, key, value, fields, COUNT(fields), capabilities);
    grant_time(capabilities);
    for (size_t i = 0; i < capabilities->grant_count; i++) {
        capabilities->grants[i].expires_at_ns = capabilities->expires_at_ns;
    }
}

static const char *spell_out(airs_manifest_reader_t *reader, const char *ns, const char *name) {
    size_t size = strlen(ns) + strlen(name) + sizeof "//*";
    char *pattern = airs_manifest_alloc(reader, size);
    if (pattern != NULL) {
        snprintf(pattern, size, "%s/%s/*", ns, name);
    }
    return pattern;
}

/* What is written in the manifest goes before what the process has. */
static bool has_variable(const airs_manifest_component_t *component, const char *name) {
    for (size_t i = 0; i < component->env_count; i++) {
        if (component->env[i].name != NULL && strcmp(component->env[i].name, name) == 0) {
            return true;
        }
    }
    return false;
}

static void join_environment(airs_manifest_reader_t *reader, airs_manifest_component_t *component) {
    const airs_manifest_capabilities_t *capabilities = &component->capabilities;
    size_t count = component->env_count + capabilities->environment_count;
    airs_variable_t *env = airs_manifest_alloc(reader, (count + 1) * sizeof *env);
    if (env == NULL) {
        return;
    }
    if (component->env_count > 0) {
        memcpy(env, component->env, component->env_count * sizeof *env);
    }
    for (size_t i = 0; i < capabilities->environment_count; i++) {
        const char *name = capabilities->environment[i];
        const char *value = name != NULL ? getenv(name)
                                         : NULL; /* before there are threads that could set it */
        if (value != NULL && !has_variable(component, name)) {
            env[component->env_count++] =
                (airs_variable_t){name, airs_manifest_copy(reader, airs_str(value))};
        }
    }
    component->env = env;
}

void airs_manifest_complete_capabilities(airs_manifest_reader_t *reader, const char *ns,
                                         airs_manifest_component_t *component) {
    airs_manifest_capabilities_t *capabilities = &component->capabilities;
    for (size_t i = 0; ns != NULL && i < capabilities->grant_count; i++) {
        airs_grant_t *grant = &capabilities->grants[i];
        airs_action_t action = (airs_action_t)__builtin_ctz(airs_action_parse(airs_str(grant->action)));
        if (grant->pattern != NULL && is_short(action, airs_str(grant->pattern))) {
            grant->pattern = spell_out(reader, ns, grant->pattern);
        }
    }
    if (capabilities->environment_count > 0) {
        join_environment(reader, component);
    }
}

/* ---- policy and audit ----------------------------------------------------------------------- */

static void read_path(airs_manifest_reader_t *reader, const airs_manifest_field_t *field,
                      const airs_manifest_key_t *key, const airs_toml_value_t *value, void *target) {
    (void)field;
    *(const char **)target = airs_manifest_expect_path(reader, key, value, "the path of a file");
}

static void read_policy_path(airs_manifest_reader_t *reader, const airs_manifest_field_t *field,
                             const airs_manifest_key_t *key, const airs_toml_value_t *value, void *target) {
    const char *path = NULL;
    airs_error_t error;
    read_path(reader, field, key, value, (void *)&path);
    if (path != NULL && airs_file_check(path, &error) != AIRS_OK) {
        char excerpt[AIRS_MANIFEST_EXCERPT_MAX];
        airs_manifest_complain(reader, key, airs_toml_value_offset(value),
                               "cannot read %s: %s (a path is relative to the manifest)",
                               airs_manifest_excerpt(airs_str(path), excerpt), error.text);
        return;
    }
    *(const char **)target = path;
}

void airs_manifest_read_policy(airs_manifest_reader_t *reader, const airs_manifest_field_t *field,
                               const airs_manifest_key_t *key, const airs_toml_value_t *value, void *target) {
    static const airs_manifest_field_t fields[] = {{"file", read_policy_path, 0, 0, 0, true}};
    (void)field;
    airs_manifest_read_table(reader, key, value, fields, COUNT(fields), target);
}

void airs_manifest_read_audit(airs_manifest_reader_t *reader, const airs_manifest_field_t *field,
                              const airs_manifest_key_t *key, const airs_toml_value_t *value, void *target) {
    static const airs_manifest_field_t fields[] = {
        {"file", read_path, offsetof(airs_manifest_audit_t, file), 0, 0, true},
        {"size", airs_manifest_read_size, offsetof(airs_manifest_audit_t, max_bytes), 4096, 64 * GIB, false},
        {"keep", airs_manifest_read_integer, offsetof(airs_manifest_audit_t, kept), 1, 1000, false},
    };
    (void)field;
    airs_manifest_read_table(reader, key, value, fields, COUNT(fields), target);
}
