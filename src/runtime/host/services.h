/* airssys:core/host-services: log, clock, sleep, and what there is to know of other components. */
#ifndef AIRSSYS_RUNTIME_HOST_SERVICES_H
#define AIRSSYS_RUNTIME_HOST_SERVICES_H

#include <airs_wasmtime_ext.h>

/* Adds the interface to a linker; NULL for success. */
wasmtime_error_t *airs_host_services_link(wasmtime_component_linker_t *linker);

#endif
