/* What the parts of an actor system share: handed to each when it is made, never changed after. */
#ifndef AIRSSYS_ACTOR_SERVICES_H
#define AIRSSYS_ACTOR_SERVICES_H

#include "actor/dead_letters.h"
#include "actor/gate.h"
#include "actor/scheduler.h"
#include "actor/spinlock.h"
#include "core/runtime_engine.h"

typedef struct airs_actor_links airs_actor_links_t;
typedef struct airs_component_registry airs_component_registry_t;
typedef struct airs_component_templates airs_component_templates_t;
typedef struct airs_instance_room airs_instance_room_t;
typedef struct airs_passivation airs_passivation_t;
typedef struct airs_response_router airs_response_router_t;
typedef struct airs_supervisors airs_supervisors_t;
typedef struct airs_updater airs_updater_t;
typedef struct airs_waiting_senders airs_waiting_senders_t;
typedef struct airs_actor_system_subscriber airs_actor_system_subscriber_t;

typedef struct airs_services {
    const airs_allocator_t *allocator;
    airs_block_pool_t *pool;
    airs_clock_t *clock;
    airs_random_t *random;
    airs_log_t *log;
    airs_runtime_engine_t *engine;
    airs_storage_backend_t *storage;
    airs_crash_sink_t *crashes;
    struct airs_authority *authority;
    airs_timer_service_t *timers;
    airs_scheduler_t *scheduler;
    airs_component_registry_t *registry;
    airs_response_router_t *responses;
    airs_actor_links_t *links;
    airs_component_templates_t *templates;
    airs_waiting_senders_t *waiting_senders;
    airs_passivation_t *passivation;
    airs_instance_room_t *instance_room;
    airs_actor_system_subscriber_t *subscriber;
    airs_supervisors_t *supervisors;
    airs_updater_t *updater;
    airs_message_router_t *router;
    airs_dead_letters_t *dead_letters;

    atomic_uint stopping; /* so many threads are stopping everything: actors may make no others */
    _Atomic uint64_t next_incarnation;
    _Atomic uint64_t spawned;
    _Atomic uint64_t crashed;
    _Atomic uint64_t restarts;
    /* Of room for instances; see actor/instance_room.h. */
    _Atomic uint32_t room_waiting;        /* who stands in line for it */
    _Atomic uint32_t room_called;         /* who has been called and did not come to it yet */
    _Atomic int32_t spare_instances;      /* that there is room for, as far as is known; below 0: it is not */
    _Atomic uint32_t stateless_instances; /* of actors that can do without */
    _Atomic uint64_t passive;             /* now */
    _Atomic uint64_t passivated;          /* so often */
    _Atomic uint64_t returned;            /* likewise, from there */

    /* See airs_actor_system_on_empty; NULL: nobody is told. */
    void (*emptied)(void *context);
    void *emptied_context;

    airs_spinlock_t failures; /* over what is told of actors' last failures */

    airs_gate_t lives; /* an actor has started or ended */
    airs_gate_t room;  /* a mailbox that somebody waits for has room, or has closed */

    /* Stepped: see airs_actor_system_options_t. */
    bool stepped;
    bool (*idle)(void *context);
    void *idle_context;
} airs_services_t;

/* A number that no incarnation has had. */
static inline uint64_t airs_services_next_incarnation(airs_services_t *services) {
    /* Relaxed: only has to be unique. */
    return atomic_fetch_add_explicit(&services->next_incarnation, 1, memory_order_relaxed) + 1;
}

/* Something has changed of whether there will be actors: if there are none now, say so. Holds no lock. */
void airs_services_tell_if_empty(const airs_services_t *services);

/* airs_gate_wait, or in a stepped system: run actors until the condition holds or nothing can run. */
bool airs_services_wait(airs_services_t *services, airs_gate_t *gate, bool (*condition)(void *context),
                        void *context, uint64_t timeout_ms);

/* Wait until nothing is active, `timeout_ms` at most. */
bool airs_services_wait_for_quiet(airs_services_t *services, uint64_t timeout_ms);

#endif
