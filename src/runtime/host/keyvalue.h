/* wasi:keyvalue: buckets of keys and values, over the component's storage (core/storage_backend.h).
 *
 * The buckets "" and "default" are the component's keys as airssys:core/storage has them. Any other bucket is a part
 * of the same storage, under keys of its own that begin with a mark: the key K of the bucket B is kept as
 * U+001F B U+001F K. To capabilities, policies and the audit it is B/K. */
#ifndef AIRSSYS_RUNTIME_HOST_KEYVALUE_H
#define AIRSSYS_RUNTIME_HOST_KEYVALUE_H

#include <airs_wasmtime_ext.h>

typedef struct airs_wasm_instance airs_wasm_instance_t;

/* Adds the interfaces store, atomics and batch in their versions to a linker; NULL for success. */
wasmtime_error_t *airs_host_keyvalue_link(wasmtime_component_linker_t *linker);

/* Releases what an instance's buckets and swaps took; its store is gone already. */
void airs_host_keyvalue_detach(airs_wasm_instance_t *instance);

#endif
