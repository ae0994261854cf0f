/* airssys:core/host-messaging: what a guest sends, asked of security and handed to the router. */
#ifndef AIRSSYS_RUNTIME_HOST_MESSAGING_H
#define AIRSSYS_RUNTIME_HOST_MESSAGING_H

#include <airs_wasmtime_ext.h>

/* Adds the interface to a linker; NULL for success. */
wasmtime_error_t *airs_host_messaging_link(wasmtime_component_linker_t *linker);

#endif
