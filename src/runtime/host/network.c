#include "runtime/host/network.h"

#include "security/network_access.h"

/* It decides on other threads too, so it has a context of its own. */
airs_status_t airs_host_network_attach(airs_wasm_instance_t *instance, airs_error_t *error) {
    const airs_allocator_t *allocator = instance->engine->options.allocator;
    airs_security_context_t *security = NULL;
    airs_status_t status = airs_security_context_create(
        allocator, instance->host.id, instance->host.capabilities, instance->host.authority, &security);
    if (status == AIRS_OK) {
        status = airs_network_access_create(allocator, security, &instance->network);
    }
    return status == AIRS_OK ? AIRS_OK
                             : airs_error_set(error, status, "no memory for the instance's network");
}

void airs_host_network_detach(airs_wasm_instance_t *instance) {
    airs_network_access_destroy(instance->network);
    instance->network = NULL;
}

static airs_network_access_t *network_of(void *host) { return ((airs_wasm_instance_t *)host)->network; }

static airs_network_address_t address_of(const airs_ext_address_t *address) {
    airs_network_address_t out = {.size = address->size, .port = address->port};
    memcpy(out.bytes, address->bytes, sizeof out.bytes);
    return out;
}

static airs_str_t text_of(airs_ext_bytes_t bytes) { return airs_str_n((const char *)bytes.data, bytes.size); }

static const airs_network_use_t uses[] = {
    [AIRS_EXT_TCP_BIND] = AIRS_NETWORK_TCP_BIND,     [AIRS_EXT_TCP_LISTEN] = AIRS_NETWORK_TCP_LISTEN,
    [AIRS_EXT_TCP_ACCEPT] = AIRS_NETWORK_TCP_ACCEPT, [AIRS_EXT_TCP_CONNECT] = AIRS_NETWORK_TCP_CONNECT,
    [AIRS_EXT_UDP_BIND] = AIRS_NETWORK_UDP_BIND,     [AIRS_EXT_UDP_SEND] = AIRS_NETWORK_UDP_SEND,
};

bool airs_host_network_may_have_sockets(void *host) {
    return airs_network_access_any(network_of(host)) == AIRS_OK;
}

bool airs_host_network_may_use(void *host, uint8_t use, const airs_ext_address_t *address) {
    airs_network_address_t plain = address_of(address);
    return airs_network_access_use(network_of(host), uses[use], &plain, NULL) == AIRS_OK;
}

void airs_host_network_opened(void *host, uint32_t number, uint8_t use, const airs_ext_address_t *address) {
    airs_network_address_t plain = address_of(address);
    airs_network_access_opened(network_of(host), number, uses[use], &plain);
}

void airs_host_network_closed(void *host, uint32_t number) {
    airs_network_access_closed(network_of(host), number);
}

void airs_host_network_begin_to_hear(void *host, uint32_t number, const airs_ext_address_t *local) {
    airs_network_address_t plain = address_of(local);
    airs_network_access_begin_to_hear(network_of(host), number, &plain);
}

bool airs_host_network_hears(void *host, uint32_t number, const airs_ext_address_t *from) {
    airs_network_address_t plain = address_of(from);
    return airs_network_access_hears(network_of(host), number, &plain);
}

bool airs_host_network_may_look_up(void *host, airs_ext_bytes_t name) {
    return airs_network_access_look_up(network_of(host), text_of(name), NULL) == AIRS_OK;
}

void airs_host_network_look_up(void *host, uint32_t number, airs_ext_bytes_t name) {
    airs_network_access_begin(network_of(host), number, text_of(name));
}

bool airs_host_network_may_know(void *host, uint32_t number, const airs_ext_address_t *address) {
    airs_network_address_t plain = address_of(address);
    return airs_network_access_found(network_of(host), number, &plain);
}
