/* POST /v1/update: a hot update, on a thread of its own, for it takes its window. */
#ifndef AIRSSYS_NODE_ADMIN_ADMIN_UPDATE_H
#define AIRSSYS_NODE_ADMIN_ADMIN_UPDATE_H

#include "node/admin/admin_routes.h"

/* Its parameters; ends in NULL. */
extern const char *const airs_admin_update_parameters[];

airs_admin_progress_t airs_admin_update(const airs_admin_scene_t *scene, airs_admin_exchange_t *exchange);

#endif
