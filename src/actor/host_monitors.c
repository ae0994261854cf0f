#include "actor/host_monitors.h"

#include <inttypes.h>
#include <stdio.h>

#include "actor/actor_links.h"
#include "actor/component_spawner.h"

struct airs_host_monitor {
    airs_host_monitor_t *next;
    airs_host_monitor_t *previous;
    airs_actor_t *actor; /* a reference */
    void (*down)(void *context, const airs_down_t *down);
    void *context;
};

static airs_status_t handle(airs_actor_context_t *context, void *state, const airs_incoming_t *incoming) {
    const airs_host_monitor_t *self = state;
    (void)context;
    airs_down_t down = {.actor = incoming->sender, .reason = incoming->reason};
    self->down(self->context, &down);
    return AIRS_OK;
}

void airs_host_monitors_init(airs_host_monitors_t *monitors, airs_services_t *services) {
    *monitors = (airs_host_monitors_t){.services = services};
    (void)pthread_mutex_init(&monitors->lock, NULL); /* cannot fail without attributes */
}

/* An actor that has ended has left the function, and monitors nobody. */
static void end(airs_services_t *services, airs_host_monitor_t *self) {
    if (self->actor != NULL) {
        airs_actor_signal(self->actor, AIRS_SIGNAL_KILL);
        (void)airs_actor_await_end(self->actor, UINT64_MAX);
        airs_actor_unref(self->actor);
    }
    airs_release(services->allocator, self);
}

void airs_host_monitors_free(airs_host_monitors_t *monitors) {
    while (monitors->first != NULL) {
        airs_host_monitors_end(monitors, monitors->first);
    }
    (void)pthread_mutex_destroy(&monitors->lock);
}

/* Its number. */
static uint64_t link_up(airs_host_monitors_t *monitors, airs_host_monitor_t *self) {
    (void)pthread_mutex_lock(&monitors->lock);
    self->next = monitors->first;
    if (self->next != NULL) {
        self->next->previous = self;
    }
    monitors->first = self;
    uint64_t number = ++monitors->last_number;
    (void)pthread_mutex_unlock(&monitors->lock);
    return number;
}

void airs_host_monitors_end(airs_host_monitors_t *monitors, airs_host_monitor_t *monitor) {
    (void)pthread_mutex_lock(&monitors->lock);
    *(monitor->previous != NULL ? &monitor->previous->next : &monitors->first) = monitor->next;
    if (monitor->next != NULL) {
        monitor->next->previous = monitor->previous;
    }
    (void)pthread_mutex_unlock(&monitors->lock);
    end(monitors->services, monitor);
}

static airs_status_t start(airs_host_monitors_t *monitors, airs_host_monitor_t *self, uint64_t number) {
    static const airs_native_t native = {.size = sizeof native, .handle = handle};
    char text[24];
    (void)snprintf(text, sizeof text, "%" PRIu64, number);
    airs_spawn_t spawn = {.native = &native, .state = self, .id = airs_id("airssys", "monitor", text)};
    return airs_component_spawner_spawn_internal(monitors->services, &spawn, &self->actor);
}

airs_status_t airs_host_monitors_add(airs_host_monitors_t *monitors, airs_id_t target,
                                     void (*down)(void *context, const airs_down_t *down), void *context,
                                     airs_host_monitor_t **out, airs_error_t *error) {
    airs_host_monitor_t *self = airs_alloc_zeroed(monitors->services->allocator, sizeof *self);
    if (self == NULL) {
        return airs_error_set(error, AIRS_OUT_OF_MEMORY, "%s", airs_status_text(AIRS_OUT_OF_MEMORY));
    }
    self->down = down;
    self->context = context;
    *out = self; /* for `down`, which may come before this returns */
    airs_status_t status = start(monitors, self, link_up(monitors, self));
    uint64_t monitor = 0;
    if (status == AIRS_OK) {
        status = airs_actor_links_monitor(self->actor, target, &monitor, error);
    }
    if (status != AIRS_OK) {
        airs_host_monitors_end(monitors, self);
        if (status == AIRS_OUT_OF_MEMORY) {
            (void)airs_error_set(error, status, "%s", airs_status_text(status));
        }
    }
    return status;
}
