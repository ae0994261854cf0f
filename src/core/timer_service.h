/* Something that calls back at a moment: what parked calls, requests and timers wait on.
 *
 * Timers fire one after the other in the order of their deadlines, those of one deadline in the order they
 * were added; none fires early, and one whose deadline has passed already fires as soon as can be.
 *
 * The timer is the caller's memory, embedded in what it belongs to. It is armed by `add` and is
 * disarmed by firing or by `cancel`; after `cancel` returns its callback is not running and will not
 * run (do not call it from the callback itself). */
#ifndef AIRSSYS_CORE_TIMER_SERVICE_H
#define AIRSSYS_CORE_TIMER_SERVICE_H

#include <airssys/error.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct airs_timer airs_timer_t;

struct airs_timer {
    uint64_t deadline_ns; /* on the monotonic clock */
    void (*fire)(airs_timer_t *timer);
    /* The service's own; zero before the first `add`. */
    size_t position; /* 0: not armed */
    uint64_t serial;
    airs_timer_t *next;
    airs_timer_t *previous;
    airs_timer_t *child;
};

typedef struct airs_timer_service airs_timer_service_t;

struct airs_timer_service {
    /* AIRS_OUT_OF_MEMORY. Adding an armed timer is an error of the caller. Any thread. `fire` runs on
     * a thread of the service's choosing, never inside `add`, with none of the service's locks held
     * (it may add and cancel other timers), and must be brief. */
    airs_status_t (*add)(airs_timer_service_t *service, airs_timer_t *timer);
    /* True if it had not fired. Any thread; fine for a timer that was never added. */
    bool (*cancel)(airs_timer_service_t *service, airs_timer_t *timer);
};

#endif
