#include "runtime/provided_imports.h"

#include <stdio.h>

/* Matched with any version that is compatible in the sense of Semantic Versioning. */
static const char *const provided[] = {
    "airssys:core/types@1.0",
    "airssys:core/errors@1.0",
    "airssys:core/host-messaging@1.0",
    "airssys:core/host-services@1.0",
    "airssys:core/storage@1.0",
    "airssys:actor/batch@0.1",
    "airssys:actor/replies@0.1",
    "airssys:actor/supervision@0.1",
    "airssys:actor/timers@0.1",
    "airssys:actor/topics@0.1",
    "wasi:cli/environment@0.2",
    "wasi:cli/exit@0.2",
    "wasi:cli/stdin@0.2",
    "wasi:cli/stdout@0.2",
    "wasi:cli/stderr@0.2",
    "wasi:cli/terminal-input@0.2",
    "wasi:cli/terminal-output@0.2",
    "wasi:cli/terminal-stdin@0.2",
    "wasi:cli/terminal-stdout@0.2",
    "wasi:cli/terminal-stderr@0.2",
    "wasi:clocks/monotonic-clock@0.2",
    "wasi:clocks/wall-clock@0.2",
    "wasi:filesystem/preopens@0.2",
    "wasi:filesystem/types@0.2",
    "wasi:io/error@0.2",
    "wasi:io/poll@0.2",
    "wasi:io/streams@0.2",
    "wasi:random/insecure-seed@0.2",
    "wasi:random/insecure@0.2",
    "wasi:random/random@0.2",
    "wasi:sockets/instance-network@0.2",
    "wasi:sockets/ip-name-lookup@0.2",
    "wasi:sockets/network@0.2",
    "wasi:sockets/tcp-create-socket@0.2",
    "wasi:sockets/tcp@0.2",
    "wasi:sockets/udp-create-socket@0.2",
    "wasi:sockets/udp@0.2",
};

/* What is not released has no compatible versions: each is another interface. */
static const char *const drafts[] = {
    "wasi:config/store@0.2.0-draft",     "wasi:config/store@0.2.0-rc.1",
    "wasi:keyvalue/atomics@0.2.0-draft", "wasi:keyvalue/atomics@0.2.0-draft2",
    "wasi:keyvalue/batch@0.2.0-draft",   "wasi:keyvalue/batch@0.2.0-draft2",
    "wasi:keyvalue/store@0.2.0-draft",   "wasi:keyvalue/store@0.2.0-draft2",
    "wasi:logging/logging@0.1.0-draft",
};

static bool is_draft(airs_str_t name) {
    for (size_t i = 0; i < sizeof drafts / sizeof *drafts; i++) {
        if (airs_str_equal(name, airs_str(drafts[i]))) {
            return true;
        }
    }
    return false;
}

/* Is an interface of this name, in whatever versions, one of them? */
static bool has_drafts(airs_str_t name) {
    for (size_t i = 0; i < sizeof drafts / sizeof *drafts; i++) {
        size_t size = (size_t)(strchr(drafts[i], '@') - drafts[i]) + 1;
        if (name.size >= size && memcmp(name.data, drafts[i], size) == 0) {
            return true;
        }
    }
    return false;
}

bool airs_import_is_provided(airs_str_t name) {
    if (is_draft(name)) {
        return true;
    }
    for (size_t i = 0; i < sizeof provided / sizeof *provided; i++) {
        size_t size = strlen(provided[i]);
        if (name.size > size && memcmp(name.data, provided[i], size) == 0 && name.data[size] == '.') {
            return true;
        }
    }
    return false;
}

bool airs_import_asks_for_something(const wasm_engine_t *engine, const wasmtime_component_item_t *item) {
    if (item->kind == WASMTIME_COMPONENT_ITEM_TYPE) {
        return false;
    }
    if (item->kind != WASMTIME_COMPONENT_ITEM_COMPONENT_INSTANCE) {
        return true;
    }
    size_t count = wasmtime_component_instance_type_export_count(item->of.component_instance, engine);
    for (size_t i = 0; i < count; i++) {
        const char *name = NULL;
        size_t size = 0;
        wasmtime_component_item_t inner;
        if (!wasmtime_component_instance_type_export_nth(item->of.component_instance, engine, i, &name, &size,
                                                         &inner)) {
            continue;
        }
        bool asks = airs_import_asks_for_something(engine, &inner);
        wasmtime_component_item_delete(&inner);
        if (asks) {
            return true;
        }
    }
    return false;
}

void airs_each_import(const wasm_engine_t *engine, const wasmtime_component_t *component,
                      bool (*visit)(void *context, airs_str_t name, const wasmtime_component_item_t *item),
                      void *context) {
    wasmtime_component_type_t *type = wasmtime_component_type(component);
    size_t count = wasmtime_component_type_import_count(type, engine);
    bool go_on = true;
    for (size_t i = 0; go_on && i < count; i++) {
        const char *name = NULL;
        size_t size = 0;
        wasmtime_component_item_t item;
        if (wasmtime_component_type_import_nth(type, engine, i, &name, &size, &item)) {
            go_on = visit(context, airs_str_n(name, size), &item);
            wasmtime_component_item_delete(&item);
        }
    }
    wasmtime_component_type_delete(type);
}

typedef struct function_walk {
    const wasm_engine_t *engine;
    bool (*visit)(void *context, airs_str_t interface, airs_str_t function);
    void *context;
} function_walk_t;

static bool visit_functions(const function_walk_t *walk, airs_str_t interface,
                            const wasmtime_component_instance_type_t *instance) {
    size_t count = wasmtime_component_instance_type_export_count(instance, walk->engine);
    bool go_on = true;
    for (size_t i = 0; go_on && i < count; i++) {
        const char *name = NULL;
        size_t size = 0;
        wasmtime_component_item_t item;
        if (!wasmtime_component_instance_type_export_nth(instance, walk->engine, i, &name, &size, &item)) {
            continue;
        }
        if (item.kind == WASMTIME_COMPONENT_ITEM_COMPONENT_FUNC) {
            go_on = walk->visit(walk->context, interface, airs_str_n(name, size));
        } else if (item.kind == WASMTIME_COMPONENT_ITEM_COMPONENT_INSTANCE) {
            go_on = visit_functions(walk, interface, item.of.component_instance);
        }
        wasmtime_component_item_delete(&item);
    }
    return go_on;
}

static bool visit_import(void *context, airs_str_t name, const wasmtime_component_item_t *item) {
    const function_walk_t *walk = context;
    if (item->kind == WASMTIME_COMPONENT_ITEM_COMPONENT_FUNC) {
        return walk->visit(walk->context, airs_str(""), name);
    }
    return item->kind != WASMTIME_COMPONENT_ITEM_COMPONENT_INSTANCE ||
           visit_functions(walk, name, item->of.component_instance);
}

void airs_each_imported_function(const wasm_engine_t *engine, const wasmtime_component_t *component,
                                 bool (*visit)(void *context, airs_str_t interface, airs_str_t function),
                                 void *context) {
    function_walk_t walk = {engine, visit, context};
    airs_each_import(engine, component, visit_import, &walk);
}

typedef struct missing {
    const wasm_engine_t *engine;
    char *out;
    size_t size;
    size_t length;
    size_t count;
} missing_t;

static bool note_missing(void *context, airs_str_t name, const wasmtime_component_item_t *item) {
    missing_t *missing = context;
    if (!airs_import_is_provided(name) && airs_import_asks_for_something(missing->engine, item)) {
        int put = snprintf(missing->out + missing->length, missing->size - missing->length, "%s%.*s",
                           missing->count > 0 ? ", " : "", AIRS_STR_ARG(name));
        missing->length += put > 0 ? (size_t)put : 0;
        missing->length = missing->length < missing->size ? missing->length : missing->size - 1;
        missing->count++;
    }
    return true;
}

size_t airs_missing_imports(const wasm_engine_t *engine, const wasmtime_component_t *component, char *out,
                            size_t size) {
    missing_t missing = {.engine = engine, .out = out, .size = size};
    out[0] = '\0';
    airs_each_import(engine, component, note_missing, &missing);
    return missing.count;
}

static bool note_wasi(void *context, airs_str_t name, const wasmtime_component_item_t *item) {
    (void)item;
    bool *found = context;
    *found = name.size > 5 && memcmp(name.data, "wasi:", 5) == 0 && !has_drafts(name);
    return !*found;
}

bool airs_imports_wasi(const wasm_engine_t *engine, const wasmtime_component_t *component) {
    bool found = false;
    airs_each_import(engine, component, note_wasi, &found);
    return found;
}
