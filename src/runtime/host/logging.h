/* wasi:logging/logging: the log of the node. */
#ifndef AIRSSYS_RUNTIME_HOST_LOGGING_H
#define AIRSSYS_RUNTIME_HOST_LOGGING_H

#include <wasmtime.h>

/* Adds the interface to a linker; NULL for success. */
wasmtime_error_t *airs_host_logging_link(wasmtime_component_linker_t *linker);

#endif
