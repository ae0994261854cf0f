/* airssys:actor/batch: what a guest says of the batch in hand, and what it sends to handles. */
#ifndef AIRSSYS_RUNTIME_HOST_BATCH_H
#define AIRSSYS_RUNTIME_HOST_BATCH_H

#include <airs_wasmtime_ext.h>

#include "core/correlation_id.h"

/* Adds the interface to a linker; NULL for success. */
wasmtime_error_t *airs_host_batch_link(wasmtime_component_linker_t *linker);

/* A request's id as guests with batches have it. */
airs_ext_request_id_t airs_host_request_id(const airs_correlation_id_t *id);

#endif
