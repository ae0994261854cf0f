/* What the sockets of a guest are asked for: the actor's security/network_access decides. */
#ifndef AIRSSYS_RUNTIME_HOST_NETWORK_H
#define AIRSSYS_RUNTIME_HOST_NETWORK_H

#include "runtime/instance.h"

/* Has the instance decide about its network. AIRS_OUT_OF_MEMORY. */
airs_status_t airs_host_network_attach(airs_wasm_instance_t *instance, airs_error_t *error);

/* After the store is gone. */
void airs_host_network_detach(airs_wasm_instance_t *instance);

/* For airs_ext_wasi_t; `host` is the instance. */
bool airs_host_network_may_have_sockets(void *host);
bool airs_host_network_may_use(void *host, uint8_t use, const airs_ext_address_t *address);
void airs_host_network_opened(void *host, uint32_t number, uint8_t use, const airs_ext_address_t *address);
void airs_host_network_closed(void *host, uint32_t number);
void airs_host_network_begin_to_hear(void *host, uint32_t number, const airs_ext_address_t *local);
bool airs_host_network_hears(void *host, uint32_t number, const airs_ext_address_t *from);
bool airs_host_network_may_look_up(void *host, airs_ext_bytes_t name);
void airs_host_network_look_up(void *host, uint32_t number, airs_ext_bytes_t name);
bool airs_host_network_may_know(void *host, uint32_t number, const airs_ext_address_t *address);

#endif
