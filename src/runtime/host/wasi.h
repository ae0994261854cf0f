/* WASI 0.2: the node's clocks and random numbers, the manifest's environment, standard streams that end in the log
 * (or, for output, in what the node chose), and of folders and the network what was granted. */
#ifndef AIRSSYS_RUNTIME_HOST_WASI_H
#define AIRSSYS_RUNTIME_HOST_WASI_H

#include "runtime/instance.h"

/* Adds the interfaces to a linker; NULL for success. */
wasmtime_error_t *airs_host_wasi_link(wasmtime_component_linker_t *linker);

/* Gives a store its WASI, before it is instantiated. */
airs_status_t airs_host_wasi_attach(airs_wasm_instance_t *instance, airs_error_t *error);

/* Writes out the beginnings of lines that are left, and releases their memory. */
void airs_host_wasi_detach(airs_wasm_instance_t *instance);

#endif
