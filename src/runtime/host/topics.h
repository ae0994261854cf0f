/* airssys:actor/topics: subscriptions and publishing, asked of security and handed to the router. */
#ifndef AIRSSYS_RUNTIME_HOST_TOPICS_H
#define AIRSSYS_RUNTIME_HOST_TOPICS_H

#include <airs_wasmtime_ext.h>

/* Adds the interface to a linker; NULL for success. */
wasmtime_error_t *airs_host_topics_link(wasmtime_component_linker_t *linker);

#endif
