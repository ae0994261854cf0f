/* A node with real guests, used as any C program would use it, and actors that remember what they hear.
 *
 * Every wait here is bounded and fails the test. Functions that assert are for the thread that runs the test. */
#ifndef AIRSSYS_TEST_E2E_STAGE_H
#define AIRSSYS_TEST_E2E_STAGE_H

#include <airssys/airssys.h>

#include <pthread.h>

#include "support/failing_allocator.h"
#include "support/test.h"

/* For what must happen, however slow the machine is. */
#define PATIENCE_MS 60000

/* A limit for what would never end by itself, which what is well must not meet, however often it is interrupted. */
#define BRIEF_MS 500

#define STAGE_ANSWER_TEXT 4096
#define STAGE_GUESTS 32

typedef struct stage {
    airs_failing_allocator_t memory;
    airs_node_t *node;
    airs_error_t error;             /* of the call that failed last */
    char answer[STAGE_ANSWER_TEXT]; /* of the call before, as text, cut */
    char request[40];               /* the id of what stage_ask asked */
    struct {
        char name[64];
        airs_component_t component;
    } guests[STAGE_GUESTS]; /* loaded so far */
    size_t guest_count;
} stage_t;

/* A node with so many workers (0: as many as there are cores), no code cache, and the log off unless
 * AIRS_TEST_LOG is set in the environment. */
void stage_open(stage_t *stage, unsigned workers);

/* The same with other options; the allocator is the stage's own, and the log too unless there is one. */
void stage_open_with(stage_t *stage, airs_node_options_t options);

/* Destroys the node and asserts that all its memory came back. */
void stage_close(stage_t *stage);

/* The component of test/guests/NAME ("echo", "bad/quiet"), loaded once. */
airs_component_t stage_guest(stage_t *stage, const char *name);

/* "namespace/name/instance"; the text must live as long as the id is used. */
airs_id_t id_of(const char *text);

airs_status_t stage_spawn(stage_t *stage, const char *guest, const char *id,
                          const airs_spawn_options_t *options);

/* Spawn, with a configuration (may be NULL), and assert that it works. */
void stage_add(stage_t *stage, const char *guest, const char *id, const char *config);

/* The same with an environment variable as well. */
void stage_add_with(stage_t *stage, const char *guest, const char *id, const char *config,
                    const airs_variable_t *variable);

airs_status_t stage_send(stage_t *stage, const char *id, const char *text);

/* The answer is then in stage->answer. */
airs_status_t stage_call(stage_t *stage, const char *id, const char *text);

/* The call must work and be answered with this. */
void stage_expect(stage_t *stage, const char *id, const char *text, const char *answer);

airs_status_t stage_stop(stage_t *stage, const char *id, airs_stop_mode_t mode);

/* The call must fail, and with an error that has this in its text. */
void stage_expect_error(stage_t *stage, const char *id, const char *text, const char *error);

/* Until nothing is left to do. */
void stage_drain(stage_t *stage);

/* The actor must live. */
airs_actor_counters_t stage_counters(stage_t *stage, const char *id);
airs_node_counters_t stage_totals(stage_t *stage);
airs_request_counters_t stage_requests(stage_t *stage);

/* How many dead letters there were for a reason. */
uint64_t stage_dead_letters(stage_t *stage, airs_dead_letter_reason_t reason);

/* Until there is no actor with this id. */
void stage_await_end(stage_t *stage, const char *id);

/* Until it has handled so much; asserts that it is not more. For what stage_drain would wait for too. */
void stage_await_handled(stage_t *stage, const char *id, uint64_t count);

/* Until it has taken all that was sent to it: what it does with the last of it has begun, or is over. */
void stage_await_taken(stage_t *stage, const char *id);

/* What an actor heard. */
typedef struct heard {
    airs_incoming_kind_t kind;
    char sender[64];
    char correlation_id[40]; /* "" for a message */
    char content_type[40];   /* "": none */
    uint8_t *data;           /* the payload, and a zero behind it */
    size_t size;
} heard_t;

typedef struct sink sink_t;

/* A native actor that keeps all that it hears, and does more when told to. */
struct sink {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    heard_t *heard;
    size_t count;
    size_t capacity;
    bool closed;                  /* handle waits while this is so */
    bool started, stopped, ended; /* the callbacks that ran */
    /* Called in handle after the message was kept; may be NULL. Written before the spawn. */
    airs_status_t (*then)(airs_actor_context_t *context, sink_t *sink, const airs_incoming_t *incoming);
    void *user;
};

extern const airs_native_t sink_native;

void sink_init(sink_t *sink);
/* After the stage is closed. */
void sink_free(sink_t *sink);

/* With a mailbox that holds whatever the tests send; `options` may be NULL. */
void sink_spawn(stage_t *stage, sink_t *sink, const char *id, const airs_spawn_options_t *options);

/* Hold back what handle is called with from now on, or let go of it. It holds a worker meanwhile. */
void sink_close(sink_t *sink, bool closed);

/* The same, closed and full, so that a guest that sends to it stays in the middle of its call until sink_close lets go
 * of it, however long that takes: call it while nothing else is going on. How many it has been sent by this, which come
 * before all others. */
size_t sink_spawn_full(stage_t *stage, sink_t *sink, const char *id);

/* Until it has heard so much; asserts that it is not more. */
void sink_await(sink_t *sink, size_t count);
size_t sink_count(sink_t *sink);

/* What came as the nth; its payload is valid until sink_free. */
heard_t sink_heard(sink_t *sink, size_t nth);

/* For `then`: a message "ID TEXT" becomes a request TEXT to the actor ID, whose id goes to the airs_request_id_t
 * that sink->user points to, if it does. */
airs_status_t sink_ask(airs_actor_context_t *context, sink_t *sink, const airs_incoming_t *incoming);

/* Until it has heard so much: the nth must be this text, from this sender. */
void sink_expect(sink_t *sink, size_t nth, const char *sender, const char *text);

/* A requester (test/guests/requester.c) that reports to app/sink/0. */
airs_status_t stage_add_requester(stage_t *stage, const char *id, const char *target, const char *timeout_ms);

/* Have a requester make a request; its id is then in stage->request. */
void stage_ask(stage_t *stage, const char *requester, const char *text);

/* The nth that the sink heard must be a requester's report of this kind about stage->request, and say this
 * somewhere. */
void sink_expect_report(stage_t *stage, sink_t *sink, size_t nth, const char *kind, const char *text);

/* `count` decimal numbers with spaces between them, and nothing behind; false when the text is anything else. */
bool parse_numbers(const char *text, uint64_t *out, size_t count);

/* Monotonic milliseconds. */
uint64_t now_ms(void);

/* Is this a build with a sanitizer, which has memory of its own? */
bool is_sanitized(void);

#endif
