/* wasi:config/store: what the component is configured with, by core/settings.h. */
#ifndef AIRSSYS_RUNTIME_HOST_CONFIG_H
#define AIRSSYS_RUNTIME_HOST_CONFIG_H

#include <wasmtime.h>

/* Adds the interface in its versions to a linker; NULL for success. */
wasmtime_error_t *airs_host_config_link(wasmtime_component_linker_t *linker);

#endif
