/* Things to be done one after the other, on a worker, whoever asks for them: for what has states of its own
 * and no thread, and is told of events on any. None waits for another's being done; none may block.
 *
 * Behind it is an actor that is not registered, so errands take their turn among the actors, count as
 * activity until they are done, and run in the order of a stepped system's choosing. */
#ifndef AIRSSYS_ACTOR_ERRANDS_H
#define AIRSSYS_ACTOR_ERRANDS_H

#include "actor/services.h"

typedef struct airs_errands airs_errands_t;
typedef struct airs_errand airs_errand_t;

/* For embedding; zeroed but for `run`. */
struct airs_errand {
    void (*run)(airs_errand_t *errand);
    airs_errand_t *next;
    bool queued;
};

/* AIRS_OUT_OF_MEMORY. */
airs_status_t airs_errands_create(airs_services_t *services, airs_errands_t **out);

/* Does what is queued first. NULL is fine. */
void airs_errands_destroy(airs_errands_t *errands);

/* Any thread, the timers' included. What is queued already stays where it is. Once it runs it can be queued
 * again, and it may be freed by its own run. */
void airs_errands_post(airs_errands_t *errands, airs_errand_t *errand);

/* Inside an errand: this one is not to run, for it goes. */
void airs_errands_withdraw(airs_errands_t *errands, airs_errand_t *errand);

#endif
