#include "actor/services.h"

#include "actor/component_registry.h"

void airs_services_tell_if_empty(const airs_services_t *services) {
    if (services->emptied != NULL && airs_component_registry_count(services->registry) == 0) {
        services->emptied(services->emptied_context);
    }
}

static bool wait_stepped(airs_services_t *services, bool (*condition)(void *context), void *context) {
    while (!condition(context)) {
        if (airs_scheduler_step(services->scheduler)) {
            continue;
        }
        if (services->idle == NULL || !services->idle(services->idle_context)) {
            return condition(context);
        }
    }
    return true;
}

bool airs_services_wait(airs_services_t *services, airs_gate_t *gate, bool (*condition)(void *context),
                        void *context, uint64_t timeout_ms) {
    return services->stepped ? wait_stepped(services, condition, context)
                             : airs_gate_wait(gate, condition, context, timeout_ms);
}

static bool is_quiet(void *scheduler) { return airs_scheduler_quiet(scheduler); }

bool airs_services_wait_for_quiet(airs_services_t *services, uint64_t timeout_ms) {
    return airs_services_wait(services, airs_scheduler_quiet_gate(services->scheduler), is_quiet,
                              services->scheduler, timeout_ms);
}
