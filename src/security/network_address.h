/* Addresses of the Internet, as sockets have them. */
#ifndef AIRSSYS_SECURITY_NETWORK_ADDRESS_H
#define AIRSSYS_SECURITY_NETWORK_ADDRESS_H

#include <airssys/bytes.h>

typedef struct airs_network_address {
    uint8_t bytes[16]; /* in network order */
    uint8_t size;      /* 4 or 16 */
    uint16_t port;     /* 0: none yet, or any */
} airs_network_address_t;

/* "127.0.0.1", "::1" (RFC 5952), without the port. Returns `out`. */
#define AIRS_ADDRESS_TEXT_MAX 48
const char *airs_network_address_text(const airs_network_address_t *address, char out[AIRS_ADDRESS_TEXT_MAX]);

/* An IPv4 address that comes as IPv6 ("::ffff:10.0.0.1") as IPv4, so that there is one name for each. */
airs_network_address_t airs_network_address_plain(const airs_network_address_t *address);

/* Whether both are the same host, whatever the ports. */
bool airs_network_address_is_same_host(const airs_network_address_t *one,
                                       const airs_network_address_t *other);

bool airs_network_address_is_unspecified(const airs_network_address_t *address);
bool airs_network_address_is_loopback(const airs_network_address_t *address);
/* Multicast, and the broadcast to everybody. */
bool airs_network_address_is_of_many(const airs_network_address_t *address);

/* Whether it belongs to somebody on the Internet: not to this machine, its neighbours, or a private network (the IANA
 * registries of special-purpose addresses, RFC 6890). An IPv4 address inside of IPv6 (NAT64, 6to4) counts as what it
 * is. */
bool airs_network_address_is_public(const airs_network_address_t *address);

#endif
