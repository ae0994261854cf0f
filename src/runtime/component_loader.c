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
#include "runtime/host/function.h"
#include "runtime/provided_imports.h"
#include "security/component_shape.h"

static airs_status_t read_open_file(const airs_allocator_t *allocator, int file, const char *path,
                                    const airs_load_limits_t *limits, void **block, airs_bytes_t *bytes,
                                    airs_error_t *error) {
    struct stat about;
    if (fstat(file, &about) != 0) {
        return airs_error_set(error, AIRS_IO, "%s: %s", path, strerror(errno));
    }
    if (!S_ISREG(about.st_mode)) {
        return airs_error_set(error, AIRS_IO, "%s: not a file", path);
    }
    const airs_load_limits_t most = {.file_bytes = AIRS_COMPONENT_FILE_MAX};
    airs_status_t status =
        airs_component_check_size((uint64_t)about.st_size, limits != NULL ? limits : &most, error);
    if (status != AIRS_OK) {
        airs_error_prefix(error, "%s", path);
        return status;
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

airs_status_t airs_component_read(const airs_allocator_t *allocator, const char *path,
                                  const airs_load_limits_t *limits, void **block, airs_bytes_t *bytes,
                                  airs_error_t *error) {
    /* Not blocking: a pipe that nobody writes to is refused, not waited for. */
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (file < 0) {
        return airs_error_set(error, AIRS_IO, "%s: %s", path, strerror(errno));
    }
    airs_status_t status = read_open_file(allocator, file, path, limits, block, bytes, error);
    close(file);
    return status;
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

static void into_cache(airs_wasm_engine_t *engine, const airs_code_key_t *key, airs_bytes_t code) {
    airs_error_t error;
    if (engine->cache != NULL && airs_code_cache_put(engine->cache, key, code, &error) != AIRS_OK) {
        /* A full disk, say. It costs time at the next start, nothing else. */
        airs_log_record_t record = {
            .level = AIRS_LOG_WARN, .source = airs_str("engine"), .message = airs_str(error.text)};
        engine->options.log->write(engine->options.log, &record);
    }
}

static void keep(airs_wasm_engine_t *engine, const airs_code_key_t *key,
                 const wasmtime_component_t *component) {
    wasm_byte_vec_t code;
    wasmtime_error_t *failure = engine->cache != NULL ? wasmtime_component_serialize(component, &code) : NULL;
    if (failure != NULL) {
        wasmtime_error_delete(failure);
    } else if (engine->cache != NULL) {
        into_cache(engine, key, airs_bytes(code.data, code.size));
        wasm_byte_vec_delete(&code);
    }
}

static airs_status_t compile_binary(airs_wasm_engine_t *engine, const char *name, airs_bytes_t binary,
                                    wasmtime_component_t **out, airs_error_t *error) {
    airs_code_key_t key = airs_code_key_of(binary, airs_str(engine->settings));
    *out = from_cache(engine, &key);
    if (*out != NULL) {
        return AIRS_OK;
    }
    wasmtime_error_t *failure = wasmtime_component_new(engine->engine, binary.data, binary.size, out);
    if (failure != NULL) {
        return airs_component_refuse(name, failure, error);
    }
    keep(engine, &key, *out);
    return AIRS_OK;
}

/* From the other process, which we believe, to code that this engine will run. */
static airs_status_t take_code(airs_wasm_engine_t *engine, const char *name, airs_bytes_t code,
                               wasmtime_component_t **out, airs_error_t *error) {
    airs_error_t reason;
    wasmtime_error_t *failure = wasmtime_component_deserialize(engine->engine, code.data, code.size, out);
    if (failure == NULL) {
        return AIRS_OK;
    }
    airs_status_t status = airs_component_refuse(name, failure, &reason);
    /* What fits no pool was compiled all right. */
    return status == AIRS_RESOURCE_LIMIT
               ? airs_error_set(error, status, "%s", reason.text)
               : airs_error_set(error, AIRS_COMPILER_FAILED,
                                "%s: what the compiler made of it does not fit this engine: %s", name,
                                reason.text);
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

/* For who notes them. */
typedef struct airs_import_names {
    const wasm_engine_t *engine;
    airs_loaded_component_t *component;
} airs_import_names_t;

/* A text at the end of a block of such, with its zero. */
static void note_text(airs_text_t *block, airs_str_t text) {
    airs_text_append(block, text);
    airs_text_append_char(block, '\0');
}

static bool note_import(void *context, airs_str_t name, const wasmtime_component_item_t *item) {
    airs_import_names_t *names = context;
    if (airs_import_asks_for_something(names->engine, item)) {
        note_text(&names->component->imports, name);
    }
    return airs_text_status(&names->component->imports) == AIRS_OK;
}

static bool note_function(void *context, airs_str_t interface, airs_str_t function) {
    airs_import_names_t *names = context;
    note_text(&names->component->functions, interface);
    note_text(&names->component->functions, function);
    return airs_text_status(&names->component->functions) == AIRS_OK;
}

/* False: no memory. */
static bool note_imports(airs_wasm_engine_t *engine, const wasmtime_component_t *component,
                         airs_loaded_component_t *loaded) {
    airs_import_names_t names = {.engine = engine->engine, .component = loaded};
    airs_each_import(engine->engine, component, note_import, &names);
    airs_each_imported_function(engine->engine, component, note_function, &names);
    return airs_text_status(&loaded->imports) == AIRS_OK && airs_text_status(&loaded->functions) == AIRS_OK;
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
    airs_text_init(&loaded->imports, loaded->allocator);
    airs_text_init(&loaded->functions, loaded->allocator);
    airs_ext_verdict_t verdict = AIRS_EXT_FITS;
    wasmtime_error_t *failure =
        airs_ext_component_new(engine->engine, engine->linker, component, &loaded->prepared, &verdict);
    if (failure != NULL) {
        airs_loaded_component_unref(loaded);
        return refuse_fit(engine, name, component, verdict, failure, error);
    }
    airs_status_t status = airs_host_functions_check(engine->engine, component, name, error);
    if (status != AIRS_OK) {
        airs_loaded_component_unref(loaded);
        return status;
    }
    loaded->uses_wasi = airs_imports_wasi(engine->engine, component);
    loaded->batches = airs_ext_component_batches(loaded->prepared);
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
    /* Who has read the file itself gives its path as the name. */
    const char *source = realpath(path != NULL ? path : name, absolute);
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

/* Whether it has more in it than it may have. */
static airs_status_t refuse_shape(const char *name, airs_bytes_t binary, const airs_load_limits_t *limits,
                                  airs_error_t *error) {
    airs_status_t status = airs_component_shape_check(binary, limits, NULL, error);
    if (status != AIRS_OK) {
        airs_error_prefix(error, "%s", name);
    }
    return status;
}

static airs_status_t run_compiler(airs_wasm_engine_t *engine, const char *name, airs_bytes_t bytes,
                                  const airs_load_limits_t *limits, wasmtime_component_t **out,
                                  airs_error_t *error) {
    airs_code_key_t key = airs_code_key_of(bytes, airs_str(engine->settings));
    airs_compiled_code_t code;
    *out = from_cache(engine, &key);
    if (*out != NULL) {
        return AIRS_OK;
    }
    airs_status_t status =
        airs_compiler_run(engine->compiler, name, bytes, &engine->code, limits, &code, error);
    if (status != AIRS_OK) {
        return status;
    }
    status = take_code(engine, name, code.code, out, error);
    if (status == AIRS_OK) {
        into_cache(engine, &key, code.code);
    }
    airs_compiled_code_release(&code);
    return status;
}

/* Text is translated there, too. */
airs_status_t airs_component_compile_apart(airs_wasm_engine_t *engine, const char *name, airs_bytes_t bytes,
                                           const airs_load_limits_t *limits, wasmtime_component_t **out,
                                           airs_error_t *error) {
    airs_status_t status = AIRS_OK;
    if (airs_wasm_kind_of(bytes) != AIRS_WASM_TEXT) {
        wasm_byte_vec_t none = {0};
        airs_bytes_t binary;
        status = airs_component_binary(name, bytes, &none, &binary, error);
        status = status == AIRS_OK ? refuse_shape(name, binary, limits, error) : status;
    }
    return status == AIRS_OK ? run_compiler(engine, name, bytes, limits, out, error) : status;
}

airs_status_t airs_component_compile_here(airs_wasm_engine_t *engine, const char *name, airs_bytes_t bytes,
                                          const airs_load_limits_t *limits, wasmtime_component_t **out,
                                          airs_error_t *error) {
    wasm_byte_vec_t translated = {0};
    airs_bytes_t binary = {0};
    airs_status_t status = airs_component_binary(name, bytes, &translated, &binary, error);
    if (status == AIRS_OK) {
        status = refuse_shape(name, binary, limits, error);
    }
    if (status == AIRS_OK) {
        status = compile_binary(engine, name, binary, out, error);
    }
    if (translated.data != NULL) {
        wasm_byte_vec_delete(&translated);
    }
    return status;
}

static airs_status_t load_bytes(airs_wasm_engine_t *engine, const airs_component_source_t *source,
                                const char *name, airs_bytes_t bytes, const airs_load_limits_t *limits,
                                airs_loaded_component_t **out, airs_error_t *error) {
    wasmtime_component_t *component = NULL;
    airs_status_t status = source->apart
                               ? airs_component_compile_apart(engine, name, bytes, limits, &component, error)
                               : airs_component_compile_here(engine, name, bytes, limits, &component, error);
    if (status == AIRS_OK) {
        status = airs_component_prepare(engine, name, component, out, error);
        wasmtime_component_delete(component);
    }
    if (status == AIRS_OK) {
        status = identify(engine, name, source->path, bytes, *out, error);
        if (status != AIRS_OK) {
            airs_loaded_component_unref(*out);
        }
    }
    return status;
}

static airs_status_t check_size(const char *name, airs_bytes_t bytes, const airs_load_limits_t *limits,
                                airs_error_t *error) {
    airs_status_t status = airs_component_check_size(bytes.size, limits, error);
    if (status != AIRS_OK) {
        airs_error_prefix(error, "%s", name);
    }
    return status;
}

airs_status_t airs_component_load(airs_wasm_engine_t *engine, const airs_component_source_t *source,
                                  airs_loaded_component_t **out, airs_error_t *error) {
    airs_load_limits_t limits = source->limits != NULL ? *source->limits : (airs_load_limits_t){0};
    airs_load_limits_resolve(&limits);
    airs_compile_limits_resolve(&limits);
    const char *name = source->name != NULL   ? source->name
                       : source->path != NULL ? source->path
                                              : "component";
    if (source->path == NULL) {
        airs_status_t status = check_size(name, source->bytes, &limits, error);
        return status == AIRS_OK ? load_bytes(engine, source, name, source->bytes, &limits, out, error)
                                 : status;
    }
    void *block = NULL;
    airs_bytes_t bytes = {0};
    airs_status_t status =
        airs_component_read(engine->options.allocator, source->path, &limits, &block, &bytes, error);
    if (status == AIRS_OK) {
        status = load_bytes(engine, source, name, bytes, &limits, out, error);
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
        airs_text_free(&component->imports);
        airs_text_free(&component->functions);
        airs_release(component->allocator, component);
    }
}
