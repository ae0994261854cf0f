/* What the admin socket can be asked, path by path. docs/reference/admin.md is the contract. */
#ifndef AIRSSYS_NODE_ADMIN_ADMIN_ROUTES_H
#define AIRSSYS_NODE_ADMIN_ADMIN_ROUTES_H

#include <airssys/node.h>

#include "node/admin/admin_exchange.h"
#include "node/application_update.h"

/* What the routes need of the program around them. */
typedef struct airs_admin_scene {
    airs_node_t *node;
    airs_clock_t *clock;
    const char *application;
    const char *ns;       /* the namespace of targets without one */
    const char *manifest; /* its path */
    const char *socket;   /* its path */
    unsigned workers;
    uint64_t started_ns; /* since 1970 */
    /* "running", "draining", "stopping"; static. */
    const char *(*stage)(void *context);
    /* Stop in order, soon; must not wait. */
    void (*shutdown)(void *context);
    /* Read the manifest anew and change what differs, on a thread of its own. The members of what was done, without
     * braces, into `out`, also when it fails. NULL: it cannot. */
    airs_status_t (*reload)(void *context, airs_text_t *out, airs_error_t *error);
    /* A hot update; on a thread of its own. NULL: there is none. */
    airs_status_t (*update)(void *context, const airs_application_update_t *update, airs_error_t *error);
    void *context;
} airs_admin_scene_t;

/* Begin, or go on after AIRS_ADMIN_LATER. The exchange's `done` is called for AIRS_ADMIN_ELSEWHERE, perhaps
 * before this returns. */
airs_admin_progress_t airs_admin_route(const airs_admin_scene_t *scene, airs_admin_exchange_t *exchange);

/* Nobody waits for the answer any more. True: an operation is still under way and will call `done`. */
bool airs_admin_abandon(const airs_admin_scene_t *scene, airs_admin_exchange_t *exchange);

#endif
