/* airssys:actor/supervision: making actors, ending them, and hearing of their ends. */
#ifndef AIRSSYS_RUNTIME_HOST_SUPERVISION_H
#define AIRSSYS_RUNTIME_HOST_SUPERVISION_H

#include <wasmtime.h>

wasmtime_error_t *airs_host_supervision_link(wasmtime_component_linker_t *linker);

#endif
