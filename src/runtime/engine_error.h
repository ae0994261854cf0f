/* What the engine says, as one of our errors. */
#ifndef AIRSSYS_RUNTIME_ENGINE_ERROR_H
#define AIRSSYS_RUNTIME_ENGINE_ERROR_H

#include <airs_wasmtime_ext.h>
#include <airssys/error.h>

/* Takes the error and turns its text, causes included, into one paragraph of `error` behind `prefix`. */
airs_status_t airs_engine_error(airs_error_t *error, airs_status_t status, const char *prefix,
                                wasmtime_error_t *cause);

#endif
