/* airssys:actor/timers: messages of an actor to itself, later. */
#ifndef AIRSSYS_RUNTIME_HOST_TIMERS_H
#define AIRSSYS_RUNTIME_HOST_TIMERS_H

#include <airs_wasmtime_ext.h>

/* Adds the interface to a linker; NULL for success. */
wasmtime_error_t *airs_host_timers_link(wasmtime_component_linker_t *linker);

#endif
