#include "runtime/component_inspect.h"

#include "core/memory.h"
#include "runtime/compiler.h"
#include "runtime/component_loader.h"
#include "runtime/provided_imports.h"
#include "security/component_shape.h"

/* Enough for any one component to be looked at. */
#define INSPECT_INSTANCES 1
#define INSPECT_MEMORY_BYTES ((uint64_t)4 << 30)
#define PAGE_BYTES 65536

static char *copy_text(const airs_allocator_t *allocator, airs_str_t text) {
    char *copy = airs_alloc(allocator, text.size + 1);
    if (copy != NULL) {
        *(char *)airs_copy(copy, text.data, text.size) = '\0';
    }
    return copy;
}

typedef struct collection {
    airs_component_report_t *report;
    const wasm_engine_t *engine;
    bool failed;
} collection_t;

static bool note_import(void *context, airs_str_t name, const wasmtime_component_item_t *item) {
    collection_t *collection = context;
    airs_component_report_t *report = collection->report;
    airs_component_import_t *imports =
        airs_resize_array(report->allocator, report->imports, report->import_count + 1, sizeof *imports);
    if (imports == NULL) {
        collection->failed = true;
        return false;
    }
    report->imports = imports;
    airs_component_import_t *import = &imports[report->import_count];
    import->name = copy_text(report->allocator, name);
    if (import->name == NULL) {
        collection->failed = true;
        return false;
    }
    report->import_count++;
    import->need = AIRS_IMPORT_MISSING;
    if (airs_import_is_provided(name)) {
        import->need = AIRS_IMPORT_PROVIDED;
    } else if (!airs_import_asks_for_something(collection->engine, item)) {
        import->need = AIRS_IMPORT_TYPES;
    }
    return true;
}

static airs_status_t note_exports(airs_component_report_t *report, const wasm_engine_t *engine,
                                  const wasmtime_component_t *component) {
    wasmtime_component_type_t *type = wasmtime_component_type(component);
    size_t count = wasmtime_component_type_export_count(type, engine);
    airs_status_t status = AIRS_OK;
    report->exports = airs_alloc_array(report->allocator, count + 1, sizeof *report->exports);
    status = report->exports != NULL ? AIRS_OK : AIRS_OUT_OF_MEMORY;
    for (size_t i = 0; status == AIRS_OK && i < count; i++) {
        const char *name = NULL;
        size_t size = 0;
        wasmtime_component_item_t item;
        if (!wasmtime_component_type_export_nth(type, engine, i, &name, &size, &item)) {
            continue;
        }
        wasmtime_component_item_delete(&item);
        char *copy = copy_text(report->allocator, airs_str_n(name, size));
        status = copy != NULL ? AIRS_OK : AIRS_OUT_OF_MEMORY;
        if (copy != NULL) {
            report->exports[report->export_count++] = copy;
        }
    }
    wasmtime_component_type_delete(type);
    return status;
}

static void note_resources(airs_component_report_t *report, const wasmtime_component_t *component) {
    airs_ext_resources_t resources;
    report->has_resources = airs_ext_component_resources(component, &resources);
    if (report->has_resources) {
        report->memories = resources.memories;
        report->tables = resources.tables;
        report->initial_memory_bytes = resources.max_initial_memory_pages * PAGE_BYTES;
    }
}

/* What a load would say. */
static void note_verdict(airs_component_report_t *report, airs_wasm_engine_t *engine, const char *path,
                         const wasmtime_component_t *component) {
    airs_loaded_component_t *loaded = NULL;
    airs_error_t error;
    report->verdict = airs_component_prepare(engine, path, component, &loaded, &error);
    if (report->verdict == AIRS_OK) {
        airs_loaded_component_unref(loaded);
    } else {
        memcpy(report->reason, error.text, sizeof report->reason);
    }
}

static airs_status_t fill(airs_component_report_t *report, airs_wasm_engine_t *engine, const char *path,
                          const wasmtime_component_t *component, airs_error_t *error) {
    collection_t collection = {.report = report, .engine = engine->engine};
    airs_each_import(engine->engine, component, note_import, &collection);
    airs_status_t status = collection.failed ? AIRS_OUT_OF_MEMORY
                                             : note_exports(report, engine->engine, component);
    note_resources(report, component);
    if (status == AIRS_OK) {
        note_verdict(report, engine, path, component);
        /* That says nothing about the component. */
        status = report->verdict == AIRS_OUT_OF_MEMORY ? AIRS_OUT_OF_MEMORY : AIRS_OK;
    }
    return status == AIRS_OK
               ? AIRS_OK
               : airs_error_set(error, status, "%s: no memory for what it imports and exports", path);
}

/* Takes what was read. */
static airs_status_t keep_binary(airs_component_report_t *report, const char *path, airs_bytes_t bytes,
                                 airs_error_t *error) {
    airs_bytes_t binary;
    wasm_byte_vec_t translated = {0};
    report->binary = bytes;
    airs_status_t status = airs_component_binary(path, bytes, &translated, &binary, error);
    if (status == AIRS_OK && translated.data != NULL) {
        void *copy = airs_alloc(report->allocator, binary.size);
        airs_release(report->allocator, (void *)(uintptr_t)bytes.data);
        report->binary = airs_bytes(copy, copy != NULL ? binary.size : 0);
        if (copy != NULL) {
            airs_copy(copy, binary.data, binary.size);
        } else {
            status = airs_error_set(error, AIRS_OUT_OF_MEMORY, "%s: no memory", path);
        }
    }
    if (translated.data != NULL) {
        wasm_byte_vec_delete(&translated);
    }
    return status;
}

static airs_status_t compile(airs_wasm_engine_t *engine, const char *path, airs_bytes_t bytes,
                             const airs_inspect_options_t *options, wasmtime_component_t **out,
                             airs_error_t *error) {
    airs_load_limits_t limits = options->limits != NULL ? *options->limits : (airs_load_limits_t){0};
    airs_load_limits_resolve(&limits);
    airs_compile_limits_resolve(&limits);
    return options->here ? airs_component_compile_here(engine, path, bytes, &limits, out, error)
                         : airs_component_compile_apart(engine, path, bytes, &limits, out, error);
}

/* Text is translated here when that was done within bounds. Takes what was read. */
static airs_status_t report_on(airs_component_report_t *report, airs_wasm_engine_t *engine, const char *path,
                               airs_bytes_t bytes, const airs_inspect_options_t *options,
                               airs_error_t *error) {
    wasmtime_component_t *component = NULL;
    airs_status_t status = compile(engine, path, bytes, options, &component, error);
    if (status != AIRS_OK) {
        airs_release(report->allocator, (void *)(uintptr_t)bytes.data);
        return status;
    }
    status = keep_binary(report, path, bytes, error);
    status = status == AIRS_OK ? fill(report, engine, path, component, error) : status;
    wasmtime_component_delete(component);
    return status;
}

airs_status_t airs_component_inspect(const airs_allocator_t *allocator, const char *path,
                                     const airs_inspect_options_t *options, airs_component_report_t **out,
                                     airs_error_t *error) {
    void *block = NULL;
    airs_bytes_t bytes;
    airs_runtime_engine_t *engine = NULL;
    airs_component_report_t *report = airs_alloc_zeroed(allocator, sizeof *report);
    if (report == NULL) {
        return airs_error_set(error, AIRS_OUT_OF_MEMORY, "%s: no memory for a report", path);
    }
    report->allocator = allocator;
    airs_wasm_engine_options_t made_with = {.allocator = allocator,
                                            .max_instances = INSPECT_INSTANCES,
                                            .max_memory_bytes = INSPECT_MEMORY_BYTES,
                                            .cache_dir = options->cache_dir,
                                            .compiler = options->compiler};
    airs_status_t status = airs_component_read(allocator, path, NULL, &block, &bytes, error);
    if (status == AIRS_OK) {
        status = airs_wasm_engine_create(&made_with, &engine, error);
        if (status == AIRS_OK) {
            status = report_on(report, airs_wasm_engine_of(engine), path, bytes, options, error);
            engine->ops->destroy(engine);
        } else {
            airs_release(allocator, block);
        }
    }
    if (status != AIRS_OK) {
        airs_component_report_destroy(report);
        return status;
    }
    *out = report;
    return AIRS_OK;
}

void airs_component_report_destroy(airs_component_report_t *report) {
    if (report == NULL) {
        return;
    }
    for (size_t i = 0; i < report->import_count; i++) {
        airs_release(report->allocator, (void *)report->imports[i].name);
    }
    for (size_t i = 0; i < report->export_count; i++) {
        airs_release(report->allocator, (void *)report->exports[i]);
    }
    airs_release(report->allocator, (void *)(uintptr_t)report->binary.data);
    airs_release(report->allocator, report->imports);
    airs_release(report->allocator, (void *)report->exports);
    airs_release(report->allocator, report);
}
