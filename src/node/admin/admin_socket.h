/* A running node's admin socket: HTTP/1.1 with JSON over a Unix socket, on a thread of its own.
 * docs/reference/admin.md says what it answers. */
#ifndef AIRSSYS_NODE_ADMIN_ADMIN_SOCKET_H
#define AIRSSYS_NODE_ADMIN_ADMIN_SOCKET_H

#include <airssys/log.h>

#include "node/admin/admin_routes.h"

typedef struct airs_admin_socket airs_admin_socket_t;

/* Zeroed members mean the default. What is borrowed must outlive the socket. */
typedef struct airs_admin_options {
    const airs_allocator_t *allocator;
    airs_log_t *log;
    airs_admin_scene_t scene; /* without `socket` and `started_ns`; the clock's default is the system's */
    const char *path;         /* NULL: the default, see airs_admin_default_path */
    /* For tests: whether the peer of a connection may use it; default: airs_admin_peer_allowed. */
    bool (*peer_allowed)(int descriptor);
    unsigned max_connections; /* default 64 */
    uint64_t request_time_ms; /* for a request to arrive, or a client to take a piece; default 30,000 */
} airs_admin_options_t;

/* Listen and serve. The statuses of airs_admin_listener_open, AIRS_OUT_OF_MEMORY, AIRS_INTERNAL. */
airs_status_t airs_admin_socket_create(const airs_admin_options_t *options, airs_admin_socket_t **out,
                                       airs_error_t *error);

/* Where it listens; lives as long as the socket. */
const char *airs_admin_socket_path(const airs_admin_socket_t *socket);

/* The process that has this application's default path, when this one had to take another; 0: none. */
long airs_admin_socket_other(const airs_admin_socket_t *socket);

/* Take no more connections, give those that are being answered a second, and remove the socket. Calls that are
 * still waited for are cancelled; stops that are under way are waited for. Before the node is destroyed. NULL
 * is fine. */
void airs_admin_socket_destroy(airs_admin_socket_t *socket);

#endif
