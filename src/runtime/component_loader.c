#include "runtime/component_loader.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/file.h"
#include "core/memory.h"
#include "runtime/provided_imports.h"

/* What binaries begin with; behind it the version and the layer, two bytes each. */
static const uint8_t magic[] = {0, 'a', 's', 'm'};
#define HEADER_SIZE 8

airs_wasm_kind_t airs_wasm_kind_of(airs_bytes_t bytes) {
    if (bytes.size >= HEADER_SIZE && memcmp(bytes.data, magic, sizeof magic) == 0) {
        /* After the version, the layer: 0 is a module, 1 a component. */
        return bytes.data[6] == 0 ? AIRS_WASM_CORE_MODULE : AIRS_WASM_COMPONENT;
    }
    for (size_t i = 0; i < bytes.size; i++) {
        uint8_t c = bytes.data[i];
        if (c == '(' || (c == ';' && i + 1 < bytes.size && bytes.data[i + 1] == ';')) {
            return AIRS_WASM_TEXT;
        }
        if (c != ' ' && c != '\t' && c != '\n' && c != '\r') {
            break;
        }
    }
    return AIRS_WASM_UNKNOWN;
}

static airs_status_t read_open_file(const airs_allocator_t *allocator, int file, const char *path,
                                    void **block, airs_bytes_t *bytes, airs_error_t *error) {
    struct stat about;
    if (fstat(file, &about) != 0) {
        return airs_error_set(error, AIRS_IO, "%s: %s", path, strerror(errno));
    }
    if (!S_ISREG(about.st_mode)) {
        return airs_error_set(error, AIRS_IO, "%s: not a file", path);
    }
    if ((uint64_t)about.st_size > AIRS_COMPONENT_FILE_MAX) {
        return airs_error_set(error, AIRS_RESOURCE_LIMIT, "%s: %lld bytes; a component may have %llu at most",
                              path, (long long)about.st_size, (unsigned long long)AIRS_COMPONENT_FILE_MAX);
    }
    size_t size = (size_t)about.st_size;
    uint8_t *data = airs_alloc(allocator, size > 0 ? size : 1);
    if (data == NULL) {
        return airs_error_set(error, AIRS_OUT_OF_MEMORY, "%s: no memory for its %zu bytes", path, size);
    }
    if (!airs_file_read_fully(file, data, size)) {
        int failure = errno;
        airs_release(allocator, data);
        return airs_error_set(error, AIRS_IO, "%s: cannot be read: %s", path, strerror(failure));
    }
    *block = data;
    *bytes = airs_bytes(data, size);
    return AIRS_OK;
}

airs_status_t airs_component_read(const airs_allocator_t *allocator, const char *path, void **block,
                                  airs_bytes_t *bytes, airs_error_t *error) {
    /* Not blocking: a pipe that nobody writes to is refused, not waited for. */
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (file < 0) {
        return airs_error_set(error, AIRS_IO, "%s: %s", path, strerror(errno));
    }
    airs_status_t status = read_open_file(allocator, file, path, block, bytes, error);
    close(file);
    return status;
}

static airs_status_t refuse_kind(const char *name, airs_wasm_kind_t kind, airs_bytes_t bytes,
                                 airs_error_t *error) {
    if (bytes.size == 0) {
        return airs_error_set(error, AIRS_INVALID_COMPONENT, "%s: it is empty, not a WebAssembly component",
                              name);
    }
    if (kind == AIRS_WASM_CORE_MODULE) {
        return airs_error_set(
            error, AIRS_INVALID_COMPONENT,
            "%s: it is a core module, not a component; `airssys componentize` makes a component of it", name);
    }
    if (bytes.size < HEADER_SIZE && memcmp(bytes.data, magic, bytes.size < 4 ? bytes.size : 4) == 0) {
        return airs_error_set(error, AIRS_INVALID_COMPONENT,
                              "%s: it ends after %zu bytes, within the header of a WebAssembly component",
                              name, bytes.size);
    }
    return airs_error_set(error, AIRS_INVALID_COMPONENT,
                          "%s: it is not a WebAssembly component: it begins neither with the four bytes "
                          "\\0asm nor like the text form",
                          name);
}

/* "what", a new line, "     --> <anon>:2:13", and a picture of the line, as "name:2:13: what". */
static airs_status_t refuse_text(const char *name, wasmtime_error_t *failure, airs_error_t *error) {
    static const char mark[] = "--> <anon>:";
    wasm_name_t text;
    airs_error_t whole;
    wasmtime_error_message(failure, &text);
    airs_error_set(&whole, AIRS_INVALID_COMPONENT, "%.*s", (int)text.size, text.data);
    wasm_byte_vec_delete(&text);
    const char *place = strstr(whole.text, mark);
    if (place == NULL) {
        return airs_engine_error(error, AIRS_INVALID_COMPONENT, name, failure);
    }
    wasmtime_error_delete(failure);
    place += sizeof mark - 1;
    return airs_error_set(error, AIRS_INVALID_COMPONENT, "%s:%.*s: %.*s", name,
                          (int)strspn(place, "0123456789:"), place, (int)strcspn(whole.text, "\n"),
                          whole.text);
}

airs_status_t airs_component_binary(const char *name, airs_bytes_t bytes, wasm_byte_vec_t *binary,
                                    airs_bytes_t *out, airs_error_t *error) {
    airs_wasm_kind_t kind = airs_wasm_kind_of(bytes);
    *out = bytes;
    if (kind == AIRS_WASM_TEXT) {
        wasmtime_error_t *failure = wasmtime_wat2wasm((const char *)bytes.data, bytes.size, binary);
        if (failure != NULL) {
            return refuse_text(name, failure, error);
        }
        *out = airs_bytes(binary->data, binary->size);
        kind = airs_wasm_kind_of(*out);
    }
    return kind == AIRS_WASM_COMPONENT ? AIRS_OK : refuse_kind(name, kind, bytes, error);
}

static wasmtime_component_t *from_cache(airs_wasm_engine_t *engine, const airs_code_key_t *key) {
    void *block = NULL;
    airs_bytes_t code;
    wasmtime_component_t *component = NULL;
    if (engine->cache == NULL || airs_code_cache_get(engine->cache, key, &block, &code) != AIRS_OK) {
        return NULL;
    }
    wasmtime_error_t *failure =
        wasmtime_component_deserialize(engine->engine, code.data, code.size, &component);
    if (failure != NULL) {
        /* Code of another build of the engine, say: it is compiled again. */
        wasmtime_error_delete(failure);
        component = NULL;
    }
    airs_release(engine->options.allocator, block);
    return component;
}

static void into_cache(airs_wasm_engine_t *engine, const airs_code_key_t *key,
                       const wasmtime_component_t *component) {
    wasm_byte_vec_t code;
    wasmtime_error_t *failure = engine->cache != NULL ? wasmtime_component_serialize(component, &code) : NULL;
    if (engine->cache == NULL || failure != NULL) {
        if (failure != NULL) {
            wasmtime_error_delete(failure);
        }
        return;
    }
    airs_error_t error;
    if (airs_code_cache_put(engine->cache, key, airs_bytes(code.data, code.size), &error) != AIRS_OK) {
        /* A full disk, say. It costs time at the next start, nothing else. */
        airs_log_record_t record = {
            .level = AIRS_LOG_WARN, .source = airs_str("engine"), .message = airs_str(error.text)};
        engine->options.log->write(engine->options.log, &record);
    }
    wasm_byte_vec_delete(&code);
}

/* Valid or not: what is larger than the engine's pools is refused when it is compiled, too. */
static airs_status_t refuse_compile(const char *name, wasmtime_error_t *failure, airs_error_t *error) {
    airs_error_t reason;
    airs_engine_error(&reason, AIRS_INVALID_COMPONENT, "", failure);
    bool too_large = strstr(reason.text, "pooling allocator") != NULL;
    const char *text = reason.text + strlen(": ");
    return airs_error_set(error, too_large ? AIRS_RESOURCE_LIMIT : AIRS_INVALID_COMPONENT, "%s: %s: %s", name,
                          too_large ? "it is larger than an instance may be" : "it is not a valid component",
                          text);
}

airs_status_t airs_component_compile(airs_wasm_engine_t *engine, const char *name, airs_bytes_t binary,
                                     wasmtime_component_t **out, airs_error_t *error) {
    airs_code_key_t key = airs_code_key_of(binary, airs_str(engine->settings));
    *out = from_cache(engine, &key);
    if (*out != NULL) {
        return AIRS_OK;
    }
    wasmtime_error_t *failure = wasmtime_component_new(engine->engine, binary.data, binary.size, out);
    if (failure != NULL) {
        return refuse_compile(name, failure, error);
    }
    into_cache(engine, &key, *out);
    return AIRS_OK;
}

static airs_status_t refuse_fit(airs_wasm_engine_t *engine, const char *name,
                                const wasmtime_component_t *component, airs_ext_verdict_t verdict,
                                wasmtime_error_t *failure, airs_error_t *error) {
    if (verdict == AIRS_EXT_EXPORT_MISSING) {
        return airs_engine_error(error, AIRS_EXPORT_NOT_FOUND, name, failure);
    }
    if (verdict == AIRS_EXT_EXPORT_MISTYPED) {
        return airs_engine_error(error, AIRS_EXPORT_TYPE_MISMATCH, name, failure);
    }
    if (verdict == AIRS_EXT_IMPORT_MISSING) {
        char missing[1024];
        if (airs_missing_imports(engine->engine, component, missing, sizeof missing) > 0) {
            wasmtime_error_delete(failure);
            return airs_error_set(error, AIRS_IMPORT_NOT_PROVIDED, "%s: it imports what nobody provides: %s",
                                  name, missing);
        }
        return airs_engine_error(error, AIRS_IMPORT_NOT_PROVIDED, name, failure);
    }
    return airs_engine_error(error, AIRS_LOAD_FAILED, name, failure);
}

/* What was noted so far; `failed`: there was no memory. */
typedef struct airs_import_names {
    const wasm_engine_t *engine;
    airs_loaded_component_t *component;
    bool failed;
} airs_import_names_t;

static bool note_import(void *context, airs_str_t name, const wasmtime_component_item_t *item) {
    airs_import_names_t *names = context;
    airs_loaded_component_t *component = names->component;
    if (!airs_import_asks_for_something(names->engine, item)) {
        return true;
    }
    size_t size = component->imports_size;
    char *larger = airs_resize_array(component->allocator, component->imports, size + name.size + 1, 1);
    names->failed = larger == NULL;
    if (larger != NULL) {
        memcpy(larger + size, name.data, name.size);
        larger[size + name.size] = '\0';
        component->imports = larger;
        component->imports_size = size + name.size + 1;
    }
    return larger != NULL;
}

/* False: no memory. */
static bool note_imports(airs_wasm_engine_t *engine, const wasmtime_component_t *component,
                         airs_loaded_component_t *loaded) {
    airs_import_names_t names = {.engine = engine->engine, .component = loaded};
    airs_each_import(engine->engine, component, note_import, &names);
    return !names.failed;
}

airs_status_t airs_component_prepare(airs_wasm_engine_t *engine, const char *name,
                                     const wasmtime_component_t *component, airs_loaded_component_t **out,
                                     airs_error_t *error) {
    airs_loaded_component_t *loaded = airs_alloc_zeroed(engine->options.allocator, sizeof *loaded);
    if (loaded == NULL) {
        return airs_error_set(error, AIRS_OUT_OF_MEMORY, "%s: no memory", name);
    }
    loaded->allocator = engine->options.allocator;
    atomic_init(&loaded->references, 1);
    airs_ext_verdict_t verdict = AIRS_EXT_FITS;
    wasmtime_error_t *failure =
        airs_ext_component_new(engine->engine, engine->linker, component, &loaded->prepared, &verdict);
    if (failure != NULL) {
        airs_loaded_component_unref(loaded);
        return refuse_fit(engine, name, component, verdict, failure, error);
    }
    loaded->uses_wasi = airs_imports_wasi(engine->engine, component);
    if (!note_imports(engine, component, loaded)) {
        airs_loaded_component_unref(loaded);
        return airs_error_set(error, AIRS_OUT_OF_MEMORY, "%s: no memory", name);
    }
    *out = loaded;
    return AIRS_OK;
}

/* What a crash file says about its component. */
static airs_status_t identify(airs_wasm_engine_t *engine, const char *name, const char *path,
                              airs_bytes_t bytes, airs_loaded_component_t *component, airs_error_t *error) {
    if (!engine->options.record) {
        return AIRS_OK;
    }
    char absolute[PATH_MAX];
    const char *source = path != NULL ? realpath(path, absolute) : NULL;
    source = source != NULL ? source : name;
    size_t size = strlen(source) + 1;
    component->source = airs_alloc(engine->options.allocator, size);
    if (component->source == NULL) {
        return airs_error_set(error, AIRS_OUT_OF_MEMORY, "%s: no memory", name);
    }
    memcpy(component->source, source, size);
    component->digest = airs_digest_of(bytes);
    return AIRS_OK;
}

static airs_status_t load_bytes(airs_wasm_engine_t *engine, const char *name, const char *path,
                                airs_bytes_t bytes, airs_loaded_component_t **out, airs_error_t *error) {
    wasm_byte_vec_t translated = {0};
    airs_bytes_t binary = {0};
    wasmtime_component_t *component = NULL;
    airs_status_t status = airs_component_binary(name, bytes, &translated, &binary, error);
    if (status == AIRS_OK) {
        status = airs_component_compile(engine, name, binary, &component, error);
    }
    if (status == AIRS_OK) {
        status = airs_component_prepare(engine, name, component, out, error);
        wasmtime_component_delete(component);
    }
    if (status == AIRS_OK) {
        status = identify(engine, name, path, bytes, *out, error);
        if (status != AIRS_OK) {
            airs_loaded_component_unref(*out);
        }
    }
    if (translated.data != NULL) {
        wasm_byte_vec_delete(&translated);
    }
    return status;
}

airs_status_t airs_component_load(airs_wasm_engine_t *engine, const airs_component_source_t *source,
                                  airs_loaded_component_t **out, airs_error_t *error) {
    if (source->path == NULL) {
        return load_bytes(engine, source->name != NULL ? source->name : "component", NULL, source->bytes, out,
                          error);
    }
    void *block = NULL;
    airs_bytes_t bytes = {0};
    airs_status_t status =
        airs_component_read(engine->options.allocator, source->path, &block, &bytes, error);
    if (status == AIRS_OK) {
        status = load_bytes(engine, source->name != NULL ? source->name : source->path, source->path, bytes,
                            out, error);
        airs_release(engine->options.allocator, block);
    }
    return status;
}

airs_loaded_component_t *airs_loaded_component_ref(airs_loaded_component_t *component) {
    /* Relaxed: who makes another reference has one. */
    atomic_fetch_add_explicit(&component->references, 1, memory_order_relaxed);
    return component;
}

void airs_loaded_component_unref(airs_loaded_component_t *component) {
    /* Release: what this thread did with it comes before its end; acquire: the last one sees all of that. */
    if (component != NULL &&
        atomic_fetch_sub_explicit(&component->references, 1, memory_order_acq_rel) == 1) {
        if (component->prepared != NULL) {
            airs_ext_component_delete(component->prepared);
        }
        airs_release(component->allocator, component->source);
        airs_release(component->allocator, component->imports);
        airs_release(component->allocator, component);
    }
}
