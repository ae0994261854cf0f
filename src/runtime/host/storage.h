/* airssys:core/storage: a component's own keys, over core/storage_backend.h. */
#ifndef AIRSSYS_RUNTIME_HOST_STORAGE_H
#define AIRSSYS_RUNTIME_HOST_STORAGE_H

#include <airs_wasmtime_ext.h>

/* Adds the interface to a linker; NULL for success. */
wasmtime_error_t *airs_host_storage_link(wasmtime_component_linker_t *linker);

#endif
