/* airssys:actor/supervision, as actors of both kinds call it: the router's part of it. Parameters and statuses are
 * those of core/message_router.h. */
#ifndef AIRSSYS_ACTOR_SUPERVISION_CALLS_H
#define AIRSSYS_ACTOR_SUPERVISION_CALLS_H

#include "actor/component_spawner.h"

airs_status_t airs_router_spawn(airs_message_router_t *router, airs_actor_t *self,
                                const airs_spawn_order_t *order, airs_spawned_t *out, airs_error_t *error);
airs_status_t airs_router_stop(airs_message_router_t *router, airs_actor_t *self, airs_id_t target,
                               airs_stop_mode_t mode, airs_error_t *error);
airs_status_t airs_router_exit(airs_message_router_t *router, airs_actor_t *self,
                               const airs_exit_reason_t *reason);
airs_status_t airs_router_monitor(airs_message_router_t *router, airs_actor_t *self, airs_id_t target,
                                  uint64_t *out, airs_error_t *error);
airs_status_t airs_router_demonitor(airs_message_router_t *router, airs_actor_t *self, uint64_t monitor);
airs_status_t airs_router_link(airs_message_router_t *router, airs_actor_t *self, airs_id_t target,
                               airs_error_t *error);
void airs_router_unlink(airs_message_router_t *router, airs_actor_t *self, airs_id_t target);
airs_status_t airs_router_trap_exits(airs_message_router_t *router, airs_actor_t *self, bool traps);

#endif
