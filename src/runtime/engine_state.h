/* What the parts of the runtime layer share of the engine. */
#ifndef AIRSSYS_RUNTIME_ENGINE_STATE_H
#define AIRSSYS_RUNTIME_ENGINE_STATE_H

#include <pthread.h>
#include <stdatomic.h>

#include <airs_wasmtime_ext.h>
#include <airssys/allocator.h>

#include "core/runtime_engine.h"
#include "core/text.h"
#include "runtime/code_cache.h"
#include "runtime/code_settings.h"
#include "runtime/compiler.h"
#include "runtime/engine_error.h"
#include "runtime/epoch_ticker.h"
#include "runtime/wasm_engine.h"
#include "security/digest.h"

/* A loaded component: counted, by its handle and by its instances. */
typedef struct airs_loaded_component {
    _Atomic uint32_t references;
    bool uses_wasi;
    bool batches;
    airs_ext_component_t *prepared;
    /* For crash files, of engines that record: the SHA-256 of the file, and where it is (NULL: it cannot be said). */
    airs_digest_t digest;
    char *source;
    airs_text_t imports;   /* the names of the interfaces that it imports functions of, each with its zero */
    airs_text_t functions; /* pairs of interface and function that it imports, likewise */
    const airs_allocator_t *allocator;
} airs_loaded_component_t;

typedef struct airs_wasm_engine {
    airs_runtime_engine_t base;
    airs_wasm_engine_options_t options; /* resolved: nothing in it is a default any more */
    wasm_engine_t *engine;
    wasmtime_component_linker_t *linker;
    airs_epoch_ticker_t *ticker; /* NULL when slices are counted in fuel */
    airs_code_cache_t *cache;    /* NULL: none */
    airs_code_settings_t code;
    char settings[AIRS_CODE_SETTINGS_TEXT_MAX]; /* what compiled code depends on, beside the component */
    airs_compiler_t *compiler;                  /* for what is compiled apart */
    /* Handle n is at index n - 1; NULL when it was unloaded. Taken for reading by every spawn. */
    pthread_rwlock_t lock;
    airs_loaded_component_t **loaded;
    size_t loaded_count;
    size_t loaded_capacity;
} airs_wasm_engine_t;

static inline airs_wasm_engine_t *airs_wasm_engine_of(airs_runtime_engine_t *engine) {
    return (airs_wasm_engine_t *)(void *)engine;
}

#endif
