/* Records one instance: what it is called with, and what its imports are answered, in a journal; when it crashes, the
 * journal becomes a crash file.
 *
 * It stands between the instance and what the host hands to it (core's interfaces in airs_host_t), so that an
 * instance that is not recorded pays nothing. Used by whoever runs the instance, one thread at a time. */
#ifndef AIRSSYS_RUNTIME_RECORDER_H
#define AIRSSYS_RUNTIME_RECORDER_H

#include "runtime/engine_state.h"

typedef struct airs_recorder airs_recorder_t;

/* Replaces the interfaces in `host` by its own, which go on to those that were there; `host` outlives the recorder.
 * AIRS_UNSUPPORTED: the engine was not made to be recorded, or the actor is granted what cannot be: files, sockets. AIRS_INVALID_ARGUMENT: nobody takes the crash file.
 * AIRS_OUT_OF_MEMORY. */
airs_status_t airs_recorder_create(const airs_wasm_engine_t *engine, const airs_loaded_component_t *component,
                                   const airs_instance_limits_t *limits, airs_host_t *host,
                                   airs_recorder_t **out, airs_error_t *error);

/* NULL is fine. After the instance's store and storage space are gone. */
void airs_recorder_destroy(airs_recorder_t *recorder);

/* A call of the instance begins. */
void airs_recorder_call(airs_recorder_t *recorder, const airs_call_t *call);

/* A call of this kind has ended. A failure is the crash. */
void airs_recorder_end(airs_recorder_t *recorder, airs_call_kind_t kind, const airs_call_result_t *result);

/* Somebody else has decided that this is the instance's end; a crash if it is neither a stop nor told already. */
void airs_recorder_condemn(airs_recorder_t *recorder, airs_status_t status, const char *reason);

#endif
