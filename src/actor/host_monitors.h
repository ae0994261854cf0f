/* The program around the system, as one that monitors: an actor of its own for each monitor, beside the registered
 * ones, that hands the down message to a function. */
#ifndef AIRSSYS_ACTOR_HOST_MONITORS_H
#define AIRSSYS_ACTOR_HOST_MONITORS_H

#include <airssys/node.h>

#include <pthread.h>

#include "actor/services.h"

typedef struct airs_host_monitors {
    airs_services_t *services;
    pthread_mutex_t lock;
    airs_host_monitor_t *first;
    uint64_t last_number; /* the actors are airssys/monitor/1, ... */
} airs_host_monitors_t;

void airs_host_monitors_init(airs_host_monitors_t *monitors, airs_services_t *services);

/* Ends those that are left; no thread may be about to end one. */
void airs_host_monitors_free(airs_host_monitors_t *monitors);

/* airs_actor_system_monitor, airs_actor_system_demonitor. */
airs_status_t airs_host_monitors_add(airs_host_monitors_t *monitors, airs_id_t target,
                                     void (*down)(void *context, const airs_down_t *down), void *context,
                                     airs_host_monitor_t **out, airs_error_t *error);
void airs_host_monitors_end(airs_host_monitors_t *monitors, airs_host_monitor_t *monitor);

#endif
