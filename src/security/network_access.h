/* Which addresses one actor's sockets may use, and which names it may look up.
 *
 * Grants and policies name hosts; sockets have addresses. An address is allowed by what names it literally, or by the
 * name that the actor looked up to get it. A name is somebody else's to point anywhere, so it is good for addresses of
 * the Internet only: one of this machine or of a private network needs a grant that names it. "localhost" stands for
 * the loopback addresses, looked up or not. */
#ifndef AIRSSYS_SECURITY_NETWORK_ACCESS_H
#define AIRSSYS_SECURITY_NETWORK_ACCESS_H

#include "security/network_address.h"
#include "security/security_context.h"

typedef struct airs_network_access airs_network_access_t;

/* What an address is used for. */
typedef enum airs_network_use {
    AIRS_NETWORK_TCP_BIND,    /* the local address, before anything comes of it */
    AIRS_NETWORK_TCP_LISTEN,  /* the local address */
    AIRS_NETWORK_TCP_ACCEPT,  /* the other end's */
    AIRS_NETWORK_TCP_CONNECT, /* the other end's */
    AIRS_NETWORK_UDP_BIND,    /* the local address */
    AIRS_NETWORK_UDP_SEND,    /* the other end's */
} airs_network_use_t;

/* `context` is its own: nobody else may use it. It is taken, also when this fails (AIRS_OUT_OF_MEMORY). */
airs_status_t airs_network_access_create(const airs_allocator_t *allocator, airs_security_context_t *context,
                                         airs_network_access_t **out);

/* NULL is fine. */
void airs_network_access_destroy(airs_network_access_t *access);

/* May it have sockets at all? AIRS_OK, or AIRS_CAPABILITY_DENIED, and the audit is told. All that follow: any thread. */
airs_status_t airs_network_access_any(airs_network_access_t *access);

/* May it use this address so? AIRS_OK, or AIRS_CAPABILITY_DENIED: the audit is told, but not of who asked
 * for a connection. `error` may be NULL. */
airs_status_t airs_network_access_use(airs_network_access_t *access, airs_network_use_t use,
                                      const airs_network_address_t *address, airs_error_t *error);

/* A TCP socket goes by this number until it is closed: it goes to that address, or (`use` is AIRS_NETWORK_TCP_ACCEPT) came to
 * who listens there. Without memory to keep it in mind airs_network_access_hold fails. */
void airs_network_access_opened(airs_network_access_t *access, uint32_t number, airs_network_use_t use,
                                const airs_network_address_t *address);
/* One that was never opened is fine. */
void airs_network_access_closed(airs_network_access_t *access, uint32_t number);

/* The thread that the guest runs on, as the two above: are all that are open allowed still? AIRS_OK, AIRS_OUT_OF_MEMORY, or AIRS_CAPABILITY_DENIED with the first that is not, and
 * the audit is told. What was found is remembered, as far as it holds. `access` NULL is fine. */
airs_status_t airs_network_access_hold(airs_network_access_t *access, airs_error_t *error);

/* The same thread: when the first grant of what is open ends, on the wall clock, so that airs_network_access_hold is asked
 * then. 0: one has ended. AIRS_GRANT_FOREVER: none ends, or nothing is open. */
uint64_t airs_network_access_expires_at(airs_network_access_t *access);

/* A datagram socket, bound to this address, has begun to hear by a stream that goes by this number until another one has
 * it. Without memory for it, it hears only whom it may send to. */
void airs_network_access_begin_to_hear(airs_network_access_t *access, uint32_t number,
                                       const airs_network_address_t *local);

/* May a datagram that came from there to this stream be heard? If the socket is bound to what was granted, anybody's; else
 * those of whom it may send to. The audit is told where others' came to, and not from whom: whoever sends them may say of
 * each that it comes from somewhere else. */
bool airs_network_access_hears(airs_network_access_t *access, uint32_t number,
                               const airs_network_address_t *from);

/* May it look up this name? AIRS_OK, or AIRS_CAPABILITY_DENIED. An address instead of a name may be "looked up". */
airs_status_t airs_network_access_look_up(airs_network_access_t *access, airs_str_t name,
                                          airs_error_t *error);

/* A look-up that was allowed has begun, and is told apart from others by its number, which may be one that was used
 * before. Of AIRS_NETWORK_LOOK_UPS at once, the oldest is forgotten. */
#define AIRS_NETWORK_LOOK_UPS 32
void airs_network_access_begin(airs_network_access_t *access, uint32_t number, airs_str_t name);

/* A look-up found this address: may it know it? If so, the address stands for the name from now on (of
 * AIRS_NETWORK_NAMES, the oldest is forgotten). */
#define AIRS_NETWORK_NAMES 256
bool airs_network_access_found(airs_network_access_t *access, uint32_t number,
                               const airs_network_address_t *address);

#endif
