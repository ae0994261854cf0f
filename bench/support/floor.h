/* The floor: the cheapest call of a guest's handle-message that the engine allows, through the extension
 * alone - one thread, no mailbox, no scheduler, a `send` that does nothing or at most takes the bytes out of the
 * guest, which a message cannot do without. Engine, settings, guest and bytes are those of the runtime it is
 * compared with. */
#ifndef AIRSSYS_BENCH_SUPPORT_FLOOR_H
#define AIRSSYS_BENCH_SUPPORT_FLOOR_H

#include "runtime/engine_state.h"

typedef struct floor_engine {
    airs_wasm_engine_t *engine;
    wasmtime_component_linker_t *linker;
} floor_engine_t;

/* Over an engine made with airs_wasm_engine_create, which stays the caller's. */
void floor_open(floor_engine_t *floor, airs_runtime_engine_t *engine);
void floor_close(floor_engine_t *floor);

airs_ext_component_t *floor_load(floor_engine_t *floor, const char *path);

typedef struct floor_instance {
    wasmtime_store_t *store;
    wasmtime_context_t *context;
    airs_ext_instance_t *ext;
    uint8_t *outbox; /* where `send` copies a payload to; NULL: nowhere */
} floor_instance_t;

/* The structure stays where it is until the instance is closed. Store, limiter, epoch deadline, instantiation; no initialize. */
void floor_instance_open(floor_engine_t *floor, const airs_ext_component_t *component, floor_instance_t *out);
void floor_instance_close(floor_instance_t *instance);

void floor_initialize(floor_instance_t *instance, const char *config);

/* One message; the call must end well. */
void floor_message(floor_instance_t *instance, const uint8_t *payload, size_t size);

/* One batch of `count` messages of this size, up to 64 of them and 64 KiB. */
void floor_batch(floor_instance_t *instance, uint32_t count, size_t size);

/* Likewise a request to handle-message, and a response to handle-callback. A guest that asks is told an id
 * at once, and nothing else happens. */
void floor_request(floor_instance_t *instance, const uint8_t *payload, size_t size);
void floor_response(floor_instance_t *instance, const uint8_t *payload, size_t size);

#endif
