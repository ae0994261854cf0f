/* airssys:core/storage: a component's own keys, over core/storage_backend.h. */
#ifndef AIRSSYS_RUNTIME_HOST_STORAGE_H
#define AIRSSYS_RUNTIME_HOST_STORAGE_H

#include <airs_wasmtime_ext.h>
#include <airssys/error.h>

typedef struct airs_wasm_instance airs_wasm_instance_t;

/* Adds the interface to a linker; NULL for success. */
wasmtime_error_t *airs_host_storage_link(wasmtime_component_linker_t *linker);

/* The component's space, opened now if it was not yet: instance->storage. AIRS_UNSUPPORTED: there is no storage. */
airs_status_t airs_host_storage_open(airs_wasm_instance_t *instance, airs_error_t *error);

#endif
