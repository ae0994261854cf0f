/* The Unix socket that clients connect to: where it is, whose it is, and what happens to one that is there
 * already. */
#ifndef AIRSSYS_NODE_ADMIN_ADMIN_LISTENER_H
#define AIRSSYS_NODE_ADMIN_ADMIN_LISTENER_H

#include <stdbool.h>
#include <sys/types.h>

#include <airssys/allocator.h>
#include <airssys/error.h>

typedef struct airs_admin_listener {
    const airs_allocator_t *allocator;
    char *path;
    int descriptor;
    dev_t device; /* which file it is, so that nothing else is removed */
    ino_t number;
    pid_t other; /* the process that has the default path of this application; 0: it is this one */
} airs_admin_listener_t;

/* "$XDG_RUNTIME_DIR/airssys/APPLICATION.sock" or "/tmp/airssys-UID/APPLICATION.sock", whether it is there or
 * not. The path belongs to the caller. AIRS_OUT_OF_MEMORY. */
airs_status_t airs_admin_default_path(const airs_allocator_t *allocator, const char *application, char **out,
                                      airs_error_t *error);

/* Listen at `path`, or by default at the path above, whose folder is made and must be the user's alone; when a
 * live node of the same application has that one, with the process's number in the name beside it. A socket
 * that nobody listens at is replaced. AIRS_ALREADY_EXISTS: a live process has the path. AIRS_IO. */
airs_status_t airs_admin_listener_open(airs_admin_listener_t *listener, const airs_allocator_t *allocator,
                                       const char *path, const char *application, airs_error_t *error);

/* Stops listening and removes the socket. */
void airs_admin_listener_close(airs_admin_listener_t *listener);

/* Whether the peer of a connection may use it: the user that this process runs as, or root. */
bool airs_admin_peer_allowed(int descriptor);

#endif
