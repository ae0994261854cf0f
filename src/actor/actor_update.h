/* One actor's part in a hot update: from one code to another, and perhaps back.
 *
 * The updater (actor/updater.h) makes a switch for each actor, attaches it, and gives it orders, which the actor obeys
 * between two calls (AIRS_SIGNAL_UPDATE). Forward: the old instance is asked for its state, if its component
 * migrates; the new one is made, initialized, given the state, if its component migrates too, and asked for its
 * metadata and how well it is, all while the old one is still held. So whatever fails on the way, the old one goes on
 * as if nothing had been. Only then the old one is dropped, without its shutdown call: it ends no work.
 *
 * From there on the actor is on trial: a crash of it is not its keeper's concern, and does not end an actor that has
 * none, but takes the update back. So does the updater's order. Either way an instance of the old component is made
 * and given the state that was exported at the switch. The message in hand of a crash is a dead letter as always;
 * what waits in the mailbox stays there.
 *
 * If both components migrate, the switch goes on with what the old instance had under way: timers, requests that are
 * awaited, answers taken over. Otherwise these end as in a restart. What an instance that is dropped has begun of
 * the like ends with it, and nothing else does. What it sent, published, stored or subscribed to stays.
 *
 * A switch that finds no room for the new instance is put off, and the actor goes on with its work until it is its turn
 * in the line of those who want some (actor/instance_room.h): nothing waits for it meanwhile, so that two who want room
 * of each other do not wait for good. One that is stateless gives its own instance up for the new one if nothing depends
 * on it, and one that is passive has none made of the old component, unless that is to be asked for its state. What is put
 * off for longer than a call may be parked has failed.
 *
 * The switch is attached until the actor has gone back or never switched, the updater's last order, or the actor's end
 * for good. Orders that are given afterwards are not looked at. */
#ifndef AIRSSYS_ACTOR_ACTOR_UPDATE_H
#define AIRSSYS_ACTOR_ACTOR_UPDATE_H

#include "actor/actor.h"
#include "actor/actor_code.h"
#include "actor/instance_room.h"

typedef struct airs_actor_switch airs_actor_switch_t;

typedef enum airs_switch_order {
    AIRS_SWITCH_NONE,
    AIRS_SWITCH_FORWARD,
    AIRS_SWITCH_BACK,
    AIRS_SWITCH_SETTLE, /* it stays as it is, and the switch is detached */
} airs_switch_order_t;

/* What the actor's owner tells. */
typedef enum airs_switch_event {
    AIRS_SWITCH_SWITCHED = 1, /* the order to go forward was carried out */
    AIRS_SWITCH_FAILED = 2,   /* or it was not, `status` and `reason` say why, and nothing has changed */
    AIRS_SWITCH_CRASHED = 4,  /* on trial; likewise; it goes back by itself, and SETTLED will come */
    /* It stays as it is: that was ordered, or comes with FAILED, or it is back. This and the next are the last that is
     * heard of it. */
    AIRS_SWITCH_SETTLED = 8,
    AIRS_SWITCH_GONE = 16, /* the actor has ended for good */
} airs_switch_event_t;

/* What is being done. */
typedef enum airs_switch_phase {
    AIRS_SWITCH_IDLE,
    AIRS_SWITCH_DESCRIBE_OLD, /* this and the next are calls of the old instance */
    AIRS_SWITCH_EXPORT,
    AIRS_SWITCH_INSTANTIATE,
    AIRS_SWITCH_INITIALIZE,
    AIRS_SWITCH_IMPORT,
    AIRS_SWITCH_DESCRIBE,
    AIRS_SWITCH_HEALTH,
    AIRS_SWITCH_DONE,
} airs_switch_phase_t;

struct airs_actor_switch {
    /* The updater's, before it is attached. */
    airs_actor_t *actor;     /* a reference */
    airs_actor_code_t *old;  /* likewise */
    airs_actor_code_t *next; /* likewise */
    bool old_migrates;
    bool next_migrates;
    /* On the actor's owner, one or more of airs_switch_event_t. The switch may be gone after the last of them. */
    void (*tell)(airs_actor_switch_t *self, uint32_t events);

    _Atomic uint8_t order; /* airs_switch_order_t */

    /* The owner's. */
    uint8_t phase;
    bool on_trial;   /* a crash is the update's */
    bool going_back; /* it is settled when the actor has started */
    bool imports;    /* the start that goes on gives the kept state back */
    bool has_state;
    void *state; /* what the old instance exported, until the trial is over */
    size_t state_size;
    const char *version;       /* of who exported it */
    airs_instance_t *instance; /* that is being made */
    uint64_t incarnation_before;
    bool spent;                                   /* the old instance, by a call of the switch */
    bool put_off;                                 /* until there is room */
    bool timed;                                   /* `patience` was added */
    bool has_switched;                            /* before it went back */
    const airs_actor_metadata_t *metadata;        /* of the new instance; the actor's */
    const airs_actor_metadata_t *metadata_before; /* likewise of the old one; NULL: not known */

    airs_room_seeker_t seeker;
    airs_timer_t patience; /* until it is put off no longer */
    atomic_bool out_of_patience;

    /* Before FAILED or CRASHED is told, for whom it is told. */
    airs_status_t status;
    char *reason; /* NULL: no memory for it */
};

/* ---- the updater's ---- */

/* To an actor that has none. */
void airs_actor_switch_attach(airs_actor_switch_t *self);

/* An order, when the last has been carried out; or BACK or SETTLE in place of a FORWARD that may not have been begun.
 * GONE may be told in here. */
void airs_actor_switch_give(airs_actor_switch_t *self, airs_switch_order_t order);

/* Detached, or never attached. */
void airs_actor_switch_free(airs_actor_switch_t *self);

/* ---- the owner's, for the actor's turn and end ---- */

typedef enum airs_update_task {
    AIRS_UPDATE_NOTHING,
    AIRS_UPDATE_SWITCH, /* AIRS_STEP_UPDATE is to begin */
    AIRS_UPDATE_RECEDE, /* airs_actor_recede is to be called */
} airs_update_task_t;

/* AIRS_SIGNAL_UPDATE came to one that is passive: does it need its instance for that? Only to be asked for its state. */
bool airs_actor_update_needs_instance(airs_actor_t *actor);

/* AIRS_SIGNAL_UPDATE came: what is to be done, between two calls; of one that is at rest all is done in here. */
airs_update_task_t airs_actor_update_obey(airs_actor_t *actor);

/* It was put off: can the actor now do with the room that its own instance takes? Then AIRS_SIGNAL_UPDATE is to be given. */
bool airs_actor_update_is_due(airs_actor_t *actor);

/* The step, as a call: done with AIRS_OK when the actor has switched. */
airs_poll_t airs_actor_update_begin(airs_actor_t *actor, airs_call_result_t *result);
airs_poll_t airs_actor_update_resume(airs_actor_t *actor, airs_call_result_t *result);

/* The call in hand was parked for too long and is not gone on with. `conclude` is next. */
void airs_actor_update_interrupt(airs_actor_t *actor);

/* The step has ended, or is put off. False: the old instance is spent, and the actor has crashed. */
bool airs_actor_update_conclude(airs_actor_t *actor, const airs_call_result_t *result);

/* A start has ended well. */
void airs_actor_update_started(airs_actor_t *actor);

/* Does the start that goes on have a state to be given back? Then *call does it. */
bool airs_actor_update_kept_state(airs_actor_t *actor, airs_call_t *call);

/* Is a crash the update's? */
bool airs_actor_update_catches(airs_actor_t *actor);

/* It receded: the incarnation has ended, and one of the old code is to begin. `status` AIRS_OK: it was ordered;
 * otherwise it crashed. */
void airs_actor_update_receded(airs_actor_t *actor, airs_status_t status, const char *reason);

/* When an incarnation ends that recedes: what it had under way ends, but not what an earlier one had, if that goes
 * on. */
void airs_actor_update_end_own(airs_actor_t *actor, airs_status_t status, const char *reason);

/* Does a new incarnation go on with what the last had under way? */
bool airs_actor_update_continues(airs_actor_t *actor);

/* A crash was not the update's: the keeper's, or the actor's end. */
void airs_actor_update_lost(airs_actor_t *actor);

/* The instance that is being made is dropped. */
void airs_actor_update_discard(airs_actor_t *actor);

/* The actor has ended for good, its mailbox is closed. */
void airs_actor_update_gone(airs_actor_t *actor);

#endif
