/* What a guest has to say, into the log: as many lines a second as it may write, and then how many were dropped. */
#ifndef AIRSSYS_RUNTIME_HOST_GUEST_LOG_H
#define AIRSSYS_RUNTIME_HOST_GUEST_LOG_H

#include "runtime/instance.h"

/* A record of the guest's, whose level the log wants; dropped and counted above the limit. */
void airs_guest_log_write(airs_wasm_instance_t *instance, const airs_log_record_t *record);

/* Tell how many were dropped since it was last told, if any were. */
void airs_guest_log_tell_dropped(airs_wasm_instance_t *instance);

#endif
