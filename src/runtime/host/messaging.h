/* airssys:core/host-messaging: what a guest sends, asked of security and handed to the router. */
#ifndef AIRSSYS_RUNTIME_HOST_MESSAGING_H
#define AIRSSYS_RUNTIME_HOST_MESSAGING_H

#include <airs_wasmtime_ext.h>

#include "runtime/instance.h"

/* Adds the interface to a linker; NULL for success. */
wasmtime_error_t *airs_host_messaging_link(wasmtime_component_linker_t *linker);

/* Was it decided that the instance may do this to the target, and does that hold? Asks nobody. */
bool airs_host_messaging_may(const airs_wasm_instance_t *instance, airs_target_t *target, uint8_t bit);

/* May the instance do this to the target? Decided once for each target and action, and remembered with the target, under
 * `bit`. AIRS_CAPABILITY_DENIED, with a text. */
airs_status_t airs_host_messaging_check(airs_wasm_instance_t *instance, airs_target_t *target, uint8_t bit,
                                        airs_action_t action, airs_error_t *error);

/* How a send or request that pends has ended: as `waited` of airs_ext_messaging_t. */
uint8_t airs_host_messaging_waited(void *host, airs_ext_text_t *reason);

#endif
