#include "runtime/loaded_components.h"

#include "core/memory.h"
#include "runtime/component_loader.h"

static airs_status_t make_room(airs_wasm_engine_t *engine) {
    if (engine->loaded_count < engine->loaded_capacity) {
        return AIRS_OK;
    }
    size_t capacity = engine->loaded_capacity == 0 ? 16 : 2 * engine->loaded_capacity;
    airs_loaded_component_t **loaded =
        airs_resize_array(engine->options.allocator, (void *)engine->loaded, capacity, sizeof *loaded);
    if (loaded == NULL) {
        return AIRS_OUT_OF_MEMORY;
    }
    engine->loaded = loaded;
    engine->loaded_capacity = capacity;
    return AIRS_OK;
}

airs_status_t airs_loaded_components_add(airs_wasm_engine_t *engine, airs_loaded_component_t *component,
                                         airs_component_handle_t *out) {
    pthread_rwlock_wrlock(&engine->lock);
    airs_status_t status = make_room(engine);
    if (status == AIRS_OK) {
        engine->loaded[engine->loaded_count++] = component;
        *out = engine->loaded_count;
    }
    pthread_rwlock_unlock(&engine->lock);
    return status;
}

airs_loaded_component_t *airs_loaded_components_get(airs_wasm_engine_t *engine,
                                                    airs_component_handle_t handle) {
    airs_loaded_component_t *component = NULL;
    pthread_rwlock_rdlock(&engine->lock);
    if (handle > 0 && handle <= engine->loaded_count && engine->loaded[handle - 1] != NULL) {
        component = airs_loaded_component_ref(engine->loaded[handle - 1]);
    }
    pthread_rwlock_unlock(&engine->lock);
    return component;
}

void airs_loaded_components_remove(airs_wasm_engine_t *engine, airs_component_handle_t handle) {
    airs_loaded_component_t *component = NULL;
    pthread_rwlock_wrlock(&engine->lock);
    if (handle > 0 && handle <= engine->loaded_count) {
        component = engine->loaded[handle - 1];
        engine->loaded[handle - 1] = NULL;
    }
    pthread_rwlock_unlock(&engine->lock);
    airs_loaded_component_unref(component);
}

void airs_loaded_components_clear(airs_wasm_engine_t *engine) {
    for (size_t i = 0; i < engine->loaded_count; i++) {
        airs_loaded_component_unref(engine->loaded[i]);
    }
    airs_release(engine->options.allocator, (void *)engine->loaded);
    engine->loaded = NULL;
    engine->loaded_count = 0;
}
