#include "actor/supervision_calls.h"

#include "actor/actor_links.h"
#include "actor/component_registry.h"
#include "actor/component_templates.h"

airs_status_t airs_router_spawn(airs_message_router_t *router, airs_actor_t *self,
                                const airs_spawn_order_t *order, airs_spawned_t *out, airs_error_t *error) {
    (void)router;
    airs_actor_put_out(self);
    return airs_component_templates_spawn(self->services->templates, self, order, out, error);
}

airs_status_t airs_router_stop(airs_message_router_t *router, airs_actor_t *self, airs_id_t target,
                               airs_stop_mode_t mode, airs_error_t *error) {
    (void)router;
    airs_actor_put_out(self);
    (void)error;
    airs_actor_t *actor =
        target.instance.size > 0 ? airs_component_registry_find(self->services->registry, target) : NULL;
    if (actor == NULL) {
        return AIRS_TARGET_NOT_FOUND;
    }
    airs_status_t status = airs_actor_ask_to_stop(actor, mode);
    airs_actor_unref(actor);
    return status;
}

airs_status_t airs_router_exit(airs_message_router_t *router, airs_actor_t *self,
                               const airs_exit_reason_t *reason) {
    (void)router;
    return airs_actor_exit_for(self, reason);
}

airs_status_t airs_router_monitor(airs_message_router_t *router, airs_actor_t *self, airs_id_t target,
                                  uint64_t *out, airs_error_t *error) {
    (void)router;
    airs_actor_put_out(self);
    return airs_actor_links_monitor(self, target, out, error);
}

airs_status_t airs_router_demonitor(airs_message_router_t *router, airs_actor_t *self, uint64_t monitor) {
    (void)router;
    return airs_actor_links_demonitor(self, monitor);
}

airs_status_t airs_router_link(airs_message_router_t *router, airs_actor_t *self, airs_id_t target,
                               airs_error_t *error) {
    (void)router;
    airs_actor_put_out(self);
    return airs_actor_links_link(self, target, error);
}

void airs_router_unlink(airs_message_router_t *router, airs_actor_t *self, airs_id_t target) {
    (void)router;
    airs_actor_links_unlink(self, target);
}

airs_status_t airs_router_trap_exits(airs_message_router_t *router, airs_actor_t *self, bool traps) {
    (void)router;
    return airs_actor_links_trap(self, traps);
}
