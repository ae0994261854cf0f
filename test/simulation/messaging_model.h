/* What messaging must do, said the simple way: lists that are looked through from end to end. It is told of
 * every operation, answers what must come of it, and holds what each actor must see next.
 *
 * Actors are numbers below MODEL_ACTORS; the component of all is "m/a", the instance the number. Everything
 * happens on one thread, so there is one order of all. */
#ifndef AIRSSYS_TEST_SIMULATION_MESSAGING_MODEL_H
#define AIRSSYS_TEST_SIMULATION_MESSAGING_MODEL_H

#include <airssys/airssys.h>

#define MODEL_ACTORS 8
#define MODEL_HOST MODEL_ACTORS /* the program around, which sends, and asks as an actor does */
#define MODEL_PATTERNS 6
#define MODEL_TEXT 16
#define MODEL_NONE SIZE_MAX

extern const char *const model_patterns[MODEL_PATTERNS];

typedef struct model_request {
    size_t requester;
    size_t target;
    bool pending;
    uint64_t deadline_ns;
    uint64_t order;
    airs_request_id_t id;
} model_request_t;

typedef enum model_kind {
    MODEL_PLAIN,
    MODEL_REQUEST,
    MODEL_RESPONSE,
    MODEL_FAILURE,
    MODEL_TIMER,
    MODEL_STOP, /* the actor is to stop when its turn comes */
} model_kind_t;

/* What waits in a mailbox. */
typedef struct model_entry {
    model_kind_t kind;
    size_t from;
    char text[MODEL_TEXT];
    size_t request;       /* of requests and their ends */
    airs_status_t status; /* of a failure */
    uint64_t timer;
    bool void_of_use;    /* of a timer that was cancelled: never seen */
    uint64_t one_moment; /* not 0: in any order with neighbours that have the same */
} model_entry_t;

typedef struct model_timer {
    uint64_t id;
    uint64_t deadline_ns;
    uint64_t period_ns; /* 0: once */
    uint64_t order;
    bool armed; /* else its message waits */
    char text[MODEL_TEXT];
} model_timer_t;

typedef struct model_list {
    void *items;
    size_t count;
    size_t room;
} model_list_t;

typedef struct model_limits {
    uint32_t messages;
    airs_mailbox_policy_t policy;
    airs_codecs_t accepts;
    uint64_t message_bytes;
    uint32_t requests;
    uint32_t timers;
} model_limits_t;

typedef enum model_end { MODEL_CRASHED, MODEL_EXITED, MODEL_DROPPED, MODEL_DRAINED } model_end_t;

typedef struct model_actor {
    bool alive;
    bool refuses; /* it is stopping */
    bool closed;
    model_limits_t limits;
    model_list_t mailbox;  /* model_entry_t */
    model_list_t timers;   /* model_timer_t */
    model_list_t deferred; /* size_t: requests */
    uint32_t outstanding;
    bool subscribed[MODEL_PATTERNS];
    bool busy; /* `hand` is what it handles */
    model_entry_t hand;
    bool answered;
} model_actor_t;

typedef struct model {
    uint64_t now_ns;
    uint64_t order;
    uint64_t moment;
    model_actor_t actors[MODEL_ACTORS + 1]; /* and the program */
    model_list_t requests;                  /* model_request_t */
    airs_request_counters_t ends;
    uint64_t dead[AIRS_DEAD_LETTER_REASONS];
    uint64_t handled;
    uint64_t dropped;
} model_t;

void model_init(model_t *model, uint64_t now_ns);
void model_free(model_t *model);

void model_spawn(model_t *model, size_t actor, const model_limits_t *limits);

/* In each what the operation must answer; AIRS_OK has been done. */
airs_status_t model_send(model_t *model, size_t from, size_t to, const char *text);
/* *request is its number; its id is to be filled in. */
airs_status_t model_ask(model_t *model, size_t from, size_t to, const char *text, uint64_t timeout_ms,
                        size_t *request);
airs_status_t model_cancel(model_t *model, size_t actor, size_t request);
/* In one of `targets`, MODEL_ACTORS means all. *first is the one that failed first, and *statuses has a bit for
 * each status that may be its. */
airs_status_t model_broadcast(model_t *model, size_t from, const size_t *targets, size_t count,
                              const char *text, size_t *first, uint64_t *statuses);
uint32_t model_publish(model_t *model, size_t from, const char *topic, const char *text);

airs_status_t model_respond(model_t *model, size_t actor, const char *text);
airs_status_t model_defer(model_t *model, size_t actor);
airs_status_t model_reply(model_t *model, size_t actor, size_t request, const char *text);
airs_status_t model_fail(model_t *model, size_t actor, size_t request);

airs_status_t model_start_timer(model_t *model, size_t actor, uint64_t delay_ms, uint64_t period_ms,
                                const char *text);
/* The one that was started last has this id. */
void model_name_timer(model_t *model, size_t actor, uint64_t id);
bool model_cancel_timer(model_t *model, size_t actor, uint64_t id);

/* The actor sees `seen`: it is what it must see, and in its hand from here on. Its text is not looked at when
 * it is a failure. False: it must not see it now. */
bool model_take(model_t *model, size_t actor, const model_entry_t *seen);
/* It is done with it, in good order. */
void model_done(model_t *model, size_t actor);

/* The actor is asked to stop. */
void model_stop(model_t *model, size_t actor, airs_stop_mode_t mode);
/* It ends now. False: it must not end so, for something is to be handled before. */
bool model_ended(model_t *model, size_t actor, model_end_t end);

/* The clock stands at `now_ns`: how many timers and deadlines fire. */
size_t model_advance(model_t *model, uint64_t now_ns);
uint64_t model_next_deadline(const model_t *model);

/* Nothing is to be seen by anybody. */
bool model_quiet(model_t *model);

model_request_t *model_request(const model_t *model, size_t number);
/* The number of the request with this id; MODEL_NONE. */
size_t model_find_request(const model_t *model, const char *id);

#endif
