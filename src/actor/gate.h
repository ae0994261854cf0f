/* Where threads from outside wait until something about actors has become true: that one started or
 * ended, that a mailbox has room, that an answer came, that all is quiet.
 *
 * Whoever changes what a condition looks at calls airs_gate_notify afterwards, which costs one atomic
 * operation while nobody waits. */
#ifndef AIRSSYS_ACTOR_GATE_H
#define AIRSSYS_ACTOR_GATE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <airssys/status.h>

typedef struct airs_gate {
    _Atomic uint32_t waiters;
    pthread_mutex_t lock;
    pthread_cond_t changed;
} airs_gate_t;

/* AIRS_OUT_OF_MEMORY. */
airs_status_t airs_gate_init(airs_gate_t *gate);
void airs_gate_destroy(airs_gate_t *gate);

/* Wait until condition(context) holds, `timeout_ms` of real time at most (UINT64_MAX: for ever). True if
 * it held. The condition is called with the gate's lock held and must be brief. */
bool airs_gate_wait(airs_gate_t *gate, bool (*condition)(void *context), void *context, uint64_t timeout_ms);

/* Have the conditions looked at again. What was written before is seen by them. Any thread. */
void airs_gate_notify(airs_gate_t *gate);

#endif
