#include "node/manifest.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/stat.h>

#include "core/file.h"
#include "core/memory.h"
#include "node/manifest_capabilities.h"
#include "node/manifest_compile.h"
#include "node/manifest_component.h"
#include "node/manifest_guarded.h"
#include "node/manifest_tree.h"
#include "node/manifest_record.h"
#include "node/manifest_stream.h"
#include "node/manifest_storage.h"
#include "node/manifest_trust.h"
#include "node/nearest_name.h"

#define MANIFEST_SIZE_MAX ((size_t)1 << 20)

/* With a name of AIRS_MANIFEST_NAME_MAX and an instance number an id still fits AIRS_ID_MAX. */
#define NAMESPACE_MAX 160

#define DAY_MS ((uint64_t)24 * 60 * 60 * 1000)
/* Of a Unix socket's address, on Linux. */
#define SOCKET_PATH_MAX 107

#define DEFAULT_DRAIN_TIME_MS 10000
#define DEFAULT_STOP_TIME_MS 5000

/* What callers see begins with what it is made of. */
typedef struct manifest {
    airs_manifest_t public;
    const airs_allocator_t *allocator;
    airs_manifest_block_t *blocks;
} manifest_t;

/* A component named somewhere; looked up when all are known. */
typedef struct reference {
    const airs_toml_value_t *value; /* NULL: not in the manifest */
    const char *key;
} reference_t;

typedef struct application_section {
    const char *name;
    const char *ns;
    reference_t input;
    reference_t output;
} application_section_t;

typedef struct root_section {
    application_section_t application;
    airs_manifest_component_list_t components;
    airs_manifest_supervisor_list_t supervisors;
    airs_manifest_engine_t engine;
    airs_manifest_shutdown_t shutdown;
    airs_manifest_admin_t admin;
    airs_manifest_trust_section_t trust;
    airs_manifest_crashes_t crashes;
    airs_manifest_storage_t storage;
    const char *policy;
    airs_manifest_audit_t audit;
    airs_manifest_compile_t compile;
} root_section_t;

static void read_name(airs_manifest_reader_t *reader, const airs_manifest_field_t *field,
                      const airs_manifest_key_t *key, const airs_toml_value_t *value, void *target) {
    char excerpt[AIRS_MANIFEST_EXCERPT_MAX];
    (void)field;
    if (!airs_manifest_expect(reader, key, value, AIRS_TOML_STRING, "a string")) {
        return;
    }
    airs_str_t text = airs_toml_value_string(value);
    if (!airs_manifest_is_name(text)) {
        airs_manifest_complain(reader, key, airs_toml_value_offset(value),
                               "\"%s\" cannot be a name; a name is " AIRS_MANIFEST_NAME_RULE,
                               airs_manifest_excerpt(text, excerpt));
        return;
    }
    *(const char **)target = airs_manifest_copy(reader, text);
}

/* Names with slashes between them. */
static bool is_namespace(airs_str_t text) {
    if (text.size > NAMESPACE_MAX) {
        return false;
    }
    for (;;) {
        const char *slash = text.size > 0 ? memchr(text.data, '/', text.size) : NULL;
        size_t segment = slash != NULL ? (size_t)(slash - text.data) : text.size;
        if (!airs_manifest_is_name(airs_str_n(text.data, segment))) {
            return false;
        }
        if (slash == NULL) {
            return true;
        }
        text = airs_str_n(slash + 1, text.size - segment - 1);
    }
}

/* The runtime's own ids begin with "airssys". */
static bool is_reserved_namespace(airs_str_t text) {
    static const char reserved[] = "airssys";
    size_t length = sizeof reserved - 1;
    return text.size >= length && memcmp(text.data, reserved, length) == 0 &&
           (text.size == length || text.data[length] == '/');
}

static void read_namespace(airs_manifest_reader_t *reader, const airs_manifest_field_t *field,
                           const airs_manifest_key_t *key, const airs_toml_value_t *value, void *target) {
    char excerpt[AIRS_MANIFEST_EXCERPT_MAX];
    (void)field;
    if (!airs_manifest_expect(reader, key, value, AIRS_TOML_STRING, "a string")) {
        return;
    }
    airs_str_t text = airs_toml_value_string(value);
    airs_manifest_excerpt(text, excerpt);
    if (!is_namespace(text)) {
        airs_manifest_complain(
            reader, key, airs_toml_value_offset(value),
            "\"%s\" cannot be a namespace; it is names with \"/\" between them, up to %d bytes", excerpt,
            NAMESPACE_MAX);
    } else if (is_reserved_namespace(text)) {
        airs_manifest_complain(reader, key, airs_toml_value_offset(value),
                               "\"%s\" is the runtime's own; choose another namespace", excerpt);
    } else {
        *(const char **)target = airs_manifest_copy(reader, text);
    }
}

static void read_reference(airs_manifest_reader_t *reader, const airs_manifest_field_t *field,
                           const airs_manifest_key_t *key, const airs_toml_value_t *value, void *target) {
    if (airs_manifest_expect(reader, key, value, AIRS_TOML_STRING, "the name of a component")) {
        *(reference_t *)target = (reference_t){value, field->name};
    }
}

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void read_application(airs_manifest_reader_t *reader, const airs_manifest_field_t *field,
                             const airs_manifest_key_t *key, const airs_toml_value_t *value, void *target) {
    static const airs_manifest_field_t fields[] = {
        {"name", read_name, offsetof(application_section_t, name), 0, 0, true},
        {"namespace", read_namespace, offsetof(application_section_t, ns), 0, 0, false},
        {"input", read_reference, offsetof(application_section_t, input), 0, 0, false},
        {"output", read_reference, offsetof(application_section_t, output), 0, 0, false},
    };
    (void)field;
    airs_manifest_read_table(reader, key, value, fields, COUNT(fields), target);
}

static void read_engine(airs_manifest_reader_t *reader, const airs_manifest_field_t *field,
                        const airs_manifest_key_t *key, const airs_toml_value_t *value, void *target) {
    static const airs_manifest_field_t fields[] = {
        {"workers", airs_manifest_read_integer, offsetof(airs_manifest_engine_t, workers), 1, 256, false},
        {"slice", airs_manifest_read_time_us, offsetof(airs_manifest_engine_t, slice_us), 100, 1000000,
         false},
        {"max-actors", airs_manifest_read_integer, offsetof(airs_manifest_engine_t, max_actors), 1, 100000,
         false},
        {"max-core-instances", airs_manifest_read_integer,
         offsetof(airs_manifest_engine_t, max_core_instances), 1, 1000000, false},
    };
    (void)field;
    airs_manifest_read_table(reader, key, value, fields, COUNT(fields), target);
}

static void read_shutdown(airs_manifest_reader_t *reader, const airs_manifest_field_t *field,
                          const airs_manifest_key_t *key, const airs_toml_value_t *value, void *target) {
    static const airs_manifest_field_t fields[] = {
        {"drain-time", airs_manifest_read_time_ms, offsetof(airs_manifest_shutdown_t, drain_time_ms), 0,
         DAY_MS, false},
        {"stop-time", airs_manifest_read_time_ms, offsetof(airs_manifest_shutdown_t, stop_time_ms), 1, DAY_MS,
         false},
    };
    (void)field;
    airs_manifest_read_table(reader, key, value, fields, COUNT(fields), target);
}

static void read_enabled(airs_manifest_reader_t *reader, const airs_manifest_field_t *field,
                         const airs_manifest_key_t *key, const airs_toml_value_t *value, void *target) {
    bool enabled = true;
    (void)field;
    if (airs_manifest_expect(reader, key, value, AIRS_TOML_BOOLEAN, "true or false") &&
        airs_toml_value_boolean(value, &enabled)) {
        *(bool *)target = !enabled;
    }
}

static void read_socket(airs_manifest_reader_t *reader, const airs_manifest_field_t *field,
                        const airs_manifest_key_t *key, const airs_toml_value_t *value, void *target) {
    (void)field;
    char *path = airs_manifest_expect_path(reader, key, value, "the path of a socket");
    if (path != NULL && strlen(path) > SOCKET_PATH_MAX) {
        airs_manifest_complain(reader, key, airs_toml_value_offset(value),
                               "the path has %zu bytes; that of a socket has %d at most", strlen(path),
                               SOCKET_PATH_MAX);
    } else if (path != NULL) {
        *(const char **)target = path;
    }
}

static void read_admin(airs_manifest_reader_t *reader, const airs_manifest_field_t *field,
                       const airs_manifest_key_t *key, const airs_toml_value_t *value, void *target) {
    static const airs_manifest_field_t fields[] = {
        {"enabled", read_enabled, offsetof(airs_manifest_admin_t, disabled), 0, 0, false},
        {"socket", read_socket, offsetof(airs_manifest_admin_t, socket), 0, 0, false},
    };
    (void)field;
    airs_manifest_read_table(reader, key, value, fields, COUNT(fields), target);
}

static const airs_manifest_field_t root_fields[] = {
    {"application", read_application, offsetof(root_section_t, application), 0, 0, true},
    {"components", airs_manifest_read_components, offsetof(root_section_t, components), 0, 0, false},
    {"supervisors", airs_manifest_read_supervisors, offsetof(root_section_t, supervisors), 0, 0, false},
    {"engine", read_engine, offsetof(root_section_t, engine), 0, 0, false},
    {"shutdown", read_shutdown, offsetof(root_section_t, shutdown), 0, 0, false},
    {"admin", read_admin, offsetof(root_section_t, admin), 0, 0, false},
    {"trust", airs_manifest_read_trust, offsetof(root_section_t, trust), 0, 0, false},
    {"crashes", airs_manifest_read_crashes, offsetof(root_section_t, crashes), 0, 0, false},
    {"storage", airs_manifest_read_storage, offsetof(root_section_t, storage), 0, 0, false},
    {"policy", airs_manifest_read_policy, offsetof(root_section_t, policy), 0, 0, false},
    {"audit", airs_manifest_read_audit, offsetof(root_section_t, audit), 0, 0, false},
    {"compile", airs_manifest_read_compile, offsetof(root_section_t, compile), 0, 0, false},
};

static const char *component_name_at(const void *names, size_t index) {
    const airs_manifest_component_list_t *list = names;
    return index < list->count ? list->items[index].name : NULL;
}

static const airs_manifest_component_t *resolve(airs_manifest_reader_t *reader, const reference_t *reference,
                                                const airs_manifest_component_list_t *list) {
    if (reference->value == NULL) {
        return NULL;
    }
    airs_str_t name = airs_toml_value_string(reference->value);
    for (size_t i = 0; i < list->count; i++) {
        if (list->items[i].name != NULL && airs_str_equal(name, airs_str(list->items[i].name))) {
            return &list->items[i];
        }
    }
    airs_manifest_key_t application = {NULL, airs_str("application")};
    airs_manifest_key_t key = {&application, airs_str(reference->key)};
    size_t offset = airs_toml_value_offset(reference->value);
    const char *nearest = airs_nearest_name(name, component_name_at, list);
    char excerpt[AIRS_MANIFEST_EXCERPT_MAX];
    char near[AIRS_MANIFEST_EXCERPT_MAX];
    airs_manifest_excerpt(name, excerpt);
    if (nearest != NULL) {
        airs_manifest_complain(reader, &key, offset, "there is no component \"%s\"; did you mean \"%s\"?",
                               excerpt, airs_manifest_excerpt(airs_str(nearest), near));
    } else {
        airs_manifest_complain(reader, &key, offset, "there is no component \"%s\" under [components]",
                               excerpt);
    }
    return NULL;
}

static void check_actor_count(airs_manifest_reader_t *reader, const airs_toml_value_t *root,
                              const airs_manifest_t *manifest) {
    uint64_t instances = airs_manifest_kept_instances(manifest);
    if (manifest->engine.max_actors == 0 || instances <= manifest->engine.max_actors) {
        return;
    }
    airs_manifest_key_t engine = {NULL, airs_str("engine")};
    airs_manifest_key_t key = {&engine, airs_str("max-actors")};
    const airs_toml_value_t *value = airs_toml_table_get(airs_toml_table_get(root, "engine"), "max-actors");
    airs_manifest_complain(
        reader, &key, airs_toml_value_offset(value),
        "the components have %" PRIu64 " instances together; it must be that many at least", instances);
}

static void check_input_instances(airs_manifest_reader_t *reader, const reference_t *input,
                                  const airs_manifest_component_t *component) {
    if (component == NULL || component->instances > 0) {
        return;
    }
    airs_manifest_key_t application = {NULL, airs_str("application")};
    airs_manifest_key_t key = {&application, airs_str(input->key)};
    airs_manifest_complain(reader, &key, airs_toml_value_offset(input->value),
                           "%s has no instance at first, which could take the input", component->name);
}

/* Lines have no codec's prefix, and the message after the last one is empty: none would be taken. */
static void check_input_codecs(airs_manifest_reader_t *reader, const reference_t *input,
                               const airs_manifest_component_t *component) {
    if (component == NULL || component->accepts == 0) {
        return;
    }
    airs_manifest_key_t application = {NULL, airs_str("application")};
    airs_manifest_key_t key = {&application, airs_str(input->key)};
    airs_manifest_complain(reader, &key, airs_toml_value_offset(input->value),
                           "lines have no codec, so that %s, which has \"accepts\", would take none",
                           component->name);
}

static void check_input_takes_messages(airs_manifest_reader_t *reader, const reference_t *input,
                                       const airs_manifest_component_t *component) {
    if (component == NULL || !component->run.given) {
        return;
    }
    airs_manifest_key_t application = {NULL, airs_str("application")};
    airs_manifest_key_t key = {&application, airs_str(input->key)};
    airs_manifest_complain(
        reader, &key, airs_toml_value_offset(input->value),
        "%s is a command, which takes no messages; what it reads is said by its `run.stdin`",
        component->name);
}

static void read_root(airs_manifest_reader_t *reader, const airs_toml_value_t *root,
                      airs_manifest_t *manifest) {
    root_section_t section = {.shutdown = {DEFAULT_DRAIN_TIME_MS, DEFAULT_STOP_TIME_MS}};
    if (airs_toml_table_size(root) == 0) {
        airs_manifest_problems_add(reader->problems, 0,
                                   "the manifest is empty; it needs [application] with a name, and a"
                                   " [components.NAME] with a source");
        return;
    }
    airs_manifest_read_table(reader, NULL, root, root_fields, COUNT(root_fields), &section);
    if (section.components.count == 0 && !reader->out_of_memory && reader->problems->count == 0) {
        airs_manifest_problems_add(reader->problems, 0,
                                   "there is no component; add a [components.NAME] with a source");
    }
    manifest->name = section.application.name;
    manifest->ns = section.application.ns != NULL ? section.application.ns : section.application.name;
    manifest->components = section.components.items;
    manifest->component_count = section.components.count;
    manifest->engine = section.engine;
    manifest->shutdown = section.shutdown;
    manifest->admin = section.admin;
    manifest->trust = airs_manifest_make_trust(reader, &section.trust);
    manifest->crashes = section.crashes;
    manifest->storage = section.storage;
    manifest->policy = section.policy;
    manifest->audit = section.audit;
    manifest->compile = section.compile;
    for (size_t i = 0; i < section.components.count; i++) {
        airs_manifest_complete_capabilities(reader, manifest->ns, &section.components.items[i]);
    }
    manifest->input = resolve(reader, &section.application.input, &section.components);
    manifest->output = resolve(reader, &section.application.output, &section.components);
    airs_manifest_check_output_stream(reader, root, manifest->output);
    airs_manifest_plant_trees(reader, root, &section.components, &section.supervisors, manifest);
    check_actor_count(reader, root, manifest);
    check_input_codecs(reader, &section.application.input, manifest->input);
    check_input_instances(reader, &section.application.input, manifest->input);
    check_input_takes_messages(reader, &section.application.input, manifest->input);
    airs_manifest_check_guarded(reader, root, manifest, section.trust.store);
}

typedef struct syntax_context {
    airs_manifest_problems_t *problems;
    airs_str_t text;
} syntax_context_t;

static void on_syntax_error(void *context, size_t offset, size_t length, airs_str_t message) {
    syntax_context_t *syntax = context;
    char excerpt[AIRS_MANIFEST_EXCERPT_MAX];
    airs_str_t piece = airs_str_n(NULL, 0);
    if (length > 0 && offset + length <= syntax->text.size) {
        piece = airs_str_n(syntax->text.data + offset, length);
    }
    /* A piece over several lines would show less than its place does. */
    if (piece.size > 0 && memchr(piece.data, '\n', piece.size) == NULL) {
        airs_manifest_problems_add(syntax->problems, offset, "not valid TOML: %.*s, at: %s",
                                   AIRS_STR_ARG(message), airs_manifest_excerpt(piece, excerpt));
    } else {
        airs_manifest_problems_add(syntax->problems, offset, "not valid TOML: %.*s", AIRS_STR_ARG(message));
    }
}

static airs_status_t read_text(airs_manifest_reader_t *reader, airs_str_t text, airs_manifest_t *manifest,
                               airs_error_t *error) {
    syntax_context_t syntax = {reader->problems, text};
    airs_toml_document_t *document = NULL;
    airs_status_t status =
        airs_toml_document_parse(reader->allocator, text, on_syntax_error, &syntax, &document);
    if (status == AIRS_OK) {
        read_root(reader, airs_toml_document_root(document), manifest);
    }
    airs_toml_document_destroy(document);
    if (reader->out_of_memory) {
        status = AIRS_OUT_OF_MEMORY;
    }
    if (status != AIRS_OK && status != AIRS_MANIFEST_INVALID) {
        return airs_error_set(error, status, "%s: %s", reader->path, airs_status_text(status));
    }
    return airs_manifest_problems_report(reader->problems, text, reader->path, error);
}

airs_status_t airs_manifest_parse(const airs_allocator_t *allocator, airs_str_t text, const char *path,
                                  airs_manifest_t **out, airs_error_t *error) {
    airs_manifest_problems_t *problems = airs_alloc(allocator, sizeof *problems);
    manifest_t *manifest = airs_alloc(allocator, sizeof *manifest);
    airs_status_t status = AIRS_OUT_OF_MEMORY;
    if (problems != NULL && manifest != NULL) {
        problems->count = 0;
        *manifest = (manifest_t){.allocator = allocator};
        airs_manifest_reader_t reader = {allocator, &manifest->blocks, problems, path, false};
        manifest->public.path = airs_manifest_copy(&reader, airs_str(path));
        status = read_text(&reader, text, &manifest->public, error);
    } else {
        airs_error_set(error, status, "%s: %s", path, airs_status_text(status));
    }
    airs_release(allocator, problems);
    if (status == AIRS_OK) {
        *out = &manifest->public;
    } else if (manifest != NULL && problems != NULL) {
        airs_manifest_destroy(&manifest->public);
    } else {
        airs_release(allocator, manifest);
    }
    return status;
}

/* `path`, or the manifest in it when it is a folder. NULL: no memory. Released by the caller. */
static char *file_path(const airs_allocator_t *allocator, const char *path, bool *folder) {
    struct stat information;
    size_t length = strlen(path);
    *folder = stat(path, &information) == 0 && S_ISDIR(information.st_mode);
    size_t size = length + sizeof AIRS_MANIFEST_FILE_NAME + 1;
    char *file = airs_alloc(allocator, size);
    if (file == NULL) {
        return NULL;
    }
    bool slash = length > 0 && path[length - 1] == '/';
    snprintf(file, size, "%s%s%s", path, *folder && !slash ? "/" : "",
             *folder ? AIRS_MANIFEST_FILE_NAME : "");
    return file;
}

/* A component, or a module, which is what one has just built and wants to run. */
static bool is_webassembly(airs_bytes_t content) {
    return content.size >= 4 && memcmp(content.data, "\0asm", 4) == 0;
}

airs_status_t airs_manifest_load(const airs_allocator_t *allocator, const char *path, airs_manifest_t **out,
                                 airs_error_t *error) {
    bool folder = false;
    airs_bytes_t content;
    char *file = file_path(allocator, path, &folder);
    if (file == NULL) {
        return airs_error_set(error, AIRS_OUT_OF_MEMORY, "%s: %s", path,
                              airs_status_text(AIRS_OUT_OF_MEMORY));
    }
    airs_status_t status = airs_file_read(allocator, file, MANIFEST_SIZE_MAX, &content, error);
    if (status == AIRS_OK) {
        airs_str_t text = airs_str_n((const char *)content.data, content.size);
        status =
            is_webassembly(content)
                ? airs_error_set(error, AIRS_MANIFEST_INVALID,
                                 "%s: is WebAssembly and no manifest; a manifest names it as the source of "
                                 "a component",
                                 file)
                : airs_manifest_parse(allocator, text, file, out, error);
        airs_release(allocator, (void *)content.data);
    } else if (folder && status == AIRS_IO) {
        airs_error_prefix(error, "%s is a folder, and its manifest %s cannot be read", path, file);
    } else {
        airs_error_prefix(error, "%s", file);
    }
    airs_release(allocator, file);
    return status;
}

void airs_manifest_destroy(airs_manifest_t *manifest) {
    if (manifest == NULL) {
        return;
    }
    manifest_t *whole = (manifest_t *)manifest;
    const airs_allocator_t *allocator = whole->allocator;
    airs_trust_destroy((airs_trust_t *)manifest->trust);
    airs_manifest_blocks_release(allocator, whole->blocks);
    airs_release(allocator, whole);
}

uint64_t airs_manifest_instances(const airs_manifest_t *manifest) {
    uint64_t instances = 0;
    for (size_t i = 0; i < manifest->component_count; i++) {
        instances += manifest->components[i].instances;
    }
    return instances;
}

uint64_t airs_manifest_kept_instances(const airs_manifest_t *manifest) {
    uint64_t instances = 0;
    for (size_t i = 0; i < manifest->component_count; i++) {
        const airs_manifest_component_t *component = &manifest->components[i];
        bool one = component->stateless && component->instances > 1;
        instances += one ? 1 : component->instances;
    }
    return instances;
}
