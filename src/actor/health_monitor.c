#include "actor/health_monitor.h"

#include <inttypes.h>
#include <stdio.h>

#include "core/check.h"
#include "core/memory.h"

#define NS_PER_MS UINT64_C(1000000)
/* Within which the first check comes. */
#define FIRST_NS UINT64_C(1000000000)
/* Moments in an interval at which checks are due. */
#define GRID 32

struct airs_health_monitor {
    airs_timer_t timer; /* until the next check; armed unless `due`, or the check is being made */
    airs_actor_t *actor;
    uint64_t interval_ns;
    uint64_t timeout_ns;
    uint32_t unhealthy_after;
    atomic_bool due; /* the timer has fired */
    /* The owner's. */
    bool checking;     /* the call in progress is a check, not only asked for */
    uint32_t checks;   /* of this incarnation */
    uint32_t in_a_row; /* of these, the last ones: unhealthy */
    uint64_t late_ns;  /* when the call in progress is late, or later by one more check */
    bool late;         /* it was */
};

const char *airs_health_text(airs_health_t health) {
    switch (health) {
    case AIRS_HEALTHY:
        return "healthy";
    case AIRS_DEGRADED:
        return "degraded";
    case AIRS_UNHEALTHY:
        return "unhealthy";
    case AIRS_HEALTH_UNKNOWN:
        break;
    }
    return "unknown";
}

static void show(airs_actor_t *actor, airs_health_t health) {
    atomic_store_explicit(&actor->health, (uint8_t)health, memory_order_relaxed);
}

static uint64_t now_of(airs_actor_t *actor) { return airs_clock_monotonic(actor->services->clock); }

static void signal_health(airs_actor_t *actor) { airs_actor_signal_between(actor, AIRS_SIGNAL_HEALTH); }

/* ---- asked once ---- */

/* In place of the list: the actor has ended. */
static airs_health_ask_t closed;

void airs_actor_ask_health(airs_actor_t *actor, airs_health_ask_t *ask) {
    if (actor->behaviour->health == NULL) {
        ask->answered(ask, AIRS_HEALTH_UNKNOWN, AIRS_UNSUPPORTED);
        return;
    }
    airs_health_ask_t *first = atomic_load_explicit(&actor->health_asks, memory_order_relaxed);
    do {
        if (first == &closed) {
            ask->answered(ask, AIRS_HEALTH_UNKNOWN, AIRS_STOPPED);
            return;
        }
        ask->next = first;
        /* Release: pairs with the exchange in `answer_all`, which then sees what it is given. */
    } while (!atomic_compare_exchange_weak_explicit(&actor->health_asks, &first, ask, memory_order_release,
                                                    memory_order_relaxed));
    signal_health(actor);
}

/* `rest` is what the list becomes. */
static void answer_all(airs_actor_t *actor, airs_health_ask_t *rest, airs_health_t health,
                       airs_status_t status) {
    /* Acquire: pairs with airs_actor_ask_health. */
    airs_health_ask_t *ask = atomic_exchange_explicit(&actor->health_asks, rest, memory_order_acquire);
    while (ask != NULL && ask != &closed) {
        airs_health_ask_t *next = ask->next;
        ask->answered(ask, health, status);
        ask = next;
    }
}

/* ---- asked at an interval ---- */

static void fire(airs_timer_t *timer) {
    airs_health_monitor_t *self = (airs_health_monitor_t *)timer;
    /* Release: pairs with airs_health_monitor_due, which may see it because of an earlier signal than the one that
     * follows, and after which the owner writes the timer anew. */
    atomic_store_explicit(&self->due, true, memory_order_release);
    signal_health(self->actor);
}

static uint64_t later(uint64_t moment_ns, uint64_t by_ns) {
    return moment_ns < UINT64_MAX - by_ns ? moment_ns + by_ns : UINT64_MAX;
}

static uint64_t milliseconds(uint64_t ms) {
    return ms < UINT64_MAX / NS_PER_MS ? ms * NS_PER_MS : UINT64_MAX;
}

airs_status_t airs_health_monitor_attach(airs_actor_t *actor, const airs_health_settings_t *settings) {
    AIRS_ASSERT(settings->interval_ms > 0 && settings->timeout_ms > 0 && settings->unhealthy_after > 0);
    airs_health_monitor_t *self = airs_alloc_zeroed(actor->services->allocator, sizeof *self);
    if (self == NULL) {
        return AIRS_OUT_OF_MEMORY;
    }
    self->timer.fire = fire;
    self->actor = actor;
    self->interval_ns = milliseconds(settings->interval_ms);
    self->timeout_ns = milliseconds(settings->timeout_ms);
    self->unhealthy_after = settings->unhealthy_after;
    atomic_init(&self->due, false);
    actor->health_monitor = self;
    return AIRS_OK;
}

void airs_health_monitor_free(airs_actor_t *actor) {
    airs_release(actor->services->allocator, actor->health_monitor);
    actor->health_monitor = NULL;
}

static uint64_t random_below(airs_actor_t *actor, uint64_t bound) {
    uint64_t number = 0;
    airs_random_fill(actor->services->random, &number, sizeof number);
    return number % bound;
}

static uint64_t delay_of(airs_health_monitor_t *self) {
    if (self->checks > 1) {
        return self->interval_ns;
    }
    bool first = self->checks == 0 && self->interval_ns > FIRST_NS;
    return random_below(self->actor, first ? FIRST_NS : self->interval_ns) + 1;
}

/* The moment of the grid that is nearest, so that the interval is kept although checks come a little late. */
static uint64_t on_grid(airs_health_monitor_t *self, uint64_t moment_ns) {
    uint64_t step = self->interval_ns / GRID;
    return step > 1 ? (moment_ns + step / 2) / step * step : moment_ns;
}

static void arm(airs_health_monitor_t *self) {
    airs_timer_service_t *timers = self->actor->services->timers;
    uint64_t moment = later(now_of(self->actor), delay_of(self));
    if (moment > UINT64_MAX / 2) {
        return; /* beyond all clocks */
    }
    self->timer.deadline_ns = on_grid(self, moment);
    /* The node's timers need no memory to be armed. */
    AIRS_ASSERT(timers->add(timers, &self->timer) == AIRS_OK);
}

void airs_health_monitor_begin(airs_actor_t *actor) {
    if (actor->health_monitor != NULL) {
        arm(actor->health_monitor);
    }
}

void airs_health_monitor_pause(airs_actor_t *actor) {
    airs_health_monitor_t *self = actor->health_monitor;
    if (self != NULL) {
        airs_timer_service_t *timers = actor->services->timers;
        (void)timers->cancel(timers, &self->timer);
        atomic_store_explicit(&self->due, false, memory_order_relaxed);
    }
}

bool airs_health_monitor_due(airs_actor_t *actor) {
    airs_health_monitor_t *self = actor->health_monitor;
    if (self != NULL) {
        /* Acquire: pairs with `fire`. */
        self->checking = atomic_exchange_explicit(&self->due, false, memory_order_acquire);
    }
    /* Relaxed: pairs with nothing; what is asked later comes with a signal of its own. */
    return (self != NULL && self->checking) ||
           atomic_load_explicit(&actor->health_asks, memory_order_relaxed) != NULL;
}

void airs_health_monitor_called(airs_actor_t *actor) {
    airs_health_monitor_t *self = actor->health_monitor;
    if (self != NULL) {
        self->late = false;
        self->late_ns = later(now_of(actor), self->timeout_ns);
    }
}

void airs_health_monitor_parked(airs_actor_t *actor, uint64_t parked_ns) {
    airs_health_monitor_t *self = actor->health_monitor;
    if (self != NULL) {
        self->late_ns = later(self->late_ns, parked_ns);
    }
}

/* One more check has found it unhealthy. True: that was too many. */
static bool count(airs_health_monitor_t *self, char reason[AIRS_HEALTH_REASON_MAX]) {
    self->in_a_row++;
    if (self->in_a_row < self->unhealthy_after) {
        return false;
    }
    int size = snprintf(reason, AIRS_HEALTH_REASON_MAX,
                        "%" PRIu32 " health check%s in a row found it unhealthy", self->in_a_row,
                        self->in_a_row == 1 ? "" : "s");
    if (self->late && size > 0 && size < AIRS_HEALTH_REASON_MAX) {
        (void)snprintf(reason + size, (size_t)(AIRS_HEALTH_REASON_MAX - size),
                       "; the last had no answer in %" PRIu64 " ms", self->timeout_ns / NS_PER_MS);
    }
    return true;
}

/* Is the call later than it may be, by one check more than when it was looked at last? */
static bool has_become_late(airs_health_monitor_t *self) {
    uint64_t now = now_of(self->actor);
    if (now < self->late_ns) {
        return false;
    }
    self->late = true;
    self->late_ns = later(now, self->interval_ns);
    show(self->actor, AIRS_UNHEALTHY);
    return true;
}

bool airs_health_monitor_overdue(airs_actor_t *actor, char reason[AIRS_HEALTH_REASON_MAX]) {
    airs_health_monitor_t *self = actor->health_monitor;
    return self != NULL && has_become_late(self) && self->checking && count(self, reason);
}

bool airs_health_monitor_answer(airs_actor_t *actor, airs_health_t health,
                                char reason[AIRS_HEALTH_REASON_MAX]) {
    airs_health_monitor_t *self = actor->health_monitor;
    bool counted = self != NULL && self->late; /* as late; perhaps it is later still */
    bool late = self != NULL && has_become_late(self);
    airs_health_t found = counted || late ? AIRS_UNHEALTHY : health;
    show(actor, found);
    answer_all(actor, NULL, found, AIRS_OK);
    if (self == NULL || !self->checking) {
        return false;
    }
    self->checking = false;
    self->checks++;
    if (found != AIRS_UNHEALTHY) {
        self->in_a_row = 0;
    } else if ((late || !counted) && count(self, reason)) {
        return true;
    }
    arm(self);
    return false;
}

void airs_health_monitor_end(airs_actor_t *actor, airs_status_t status) {
    airs_health_monitor_t *self = actor->health_monitor;
    if (self != NULL) {
        airs_timer_service_t *timers = actor->services->timers;
        (void)timers->cancel(timers, &self->timer);
        atomic_store_explicit(&self->due, false, memory_order_relaxed);
        self->checking = false;
        self->checks = 0;
        self->in_a_row = 0;
    }
    show(actor, AIRS_HEALTH_UNKNOWN);
    if (atomic_load_explicit(&actor->health_asks, memory_order_relaxed) != NULL) {
        answer_all(actor, NULL, AIRS_HEALTH_UNKNOWN, status != AIRS_OK ? status : AIRS_STOPPED);
    }
}

void airs_health_monitor_close(airs_actor_t *actor) {
    answer_all(actor, &closed, AIRS_HEALTH_UNKNOWN, AIRS_STOPPED);
}
