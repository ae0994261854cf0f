/* airssys:actor/replies: a request's answer taken over, and given later. */
#ifndef AIRSSYS_RUNTIME_HOST_REPLIES_H
#define AIRSSYS_RUNTIME_HOST_REPLIES_H

#include <airs_wasmtime_ext.h>

/* Adds the interface to a linker; NULL for success. */
wasmtime_error_t *airs_host_replies_link(wasmtime_component_linker_t *linker);

#endif
