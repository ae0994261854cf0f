/* An engine, and a host around one instance that records what the guest asks of it: messages go to a
 * scripted router, time is a fake clock, the log is kept. */
#ifndef AIRSSYS_TEST_RUNTIME_ENGINE_FIXTURE_H
#define AIRSSYS_TEST_RUNTIME_ENGINE_FIXTURE_H

#include "core/block_pool.h"
#include "core/runtime_engine.h"
#include "runtime/wasm_engine.h"
#include "support/fake_clock.h"
#include "support/manual_timers.h"
#include "support/test.h"

#define FIXTURE_TEXT 32768

typedef struct fixture {
    airs_runtime_engine_t *engine;
    airs_block_pool_t *pool;
    airs_fake_clock_t clock;
    airs_manual_timers_t timers;
    airs_message_router_t router;
    airs_log_t log;
    airs_output_t output;
    airs_component_id_t *id;
    airs_component_id_t *sender;
    airs_storage_backend_t *storage;
    airs_instance_t *instance;
    airs_call_result_t result;
    airs_component_message_t
        *begun; /* by fixture_begin_message: lives until the next one or the instance's end */
    /* What instances get; NULL and 0: the space app/tested without a quota, and the kernel's randomness. */
    bool use_output;
    bool use_errors; /* standard error goes there too */
    const airs_env_var_t *env;
    size_t env_count;
    airs_settings_t *settings; /* the test's, which outlives the instance */
    const char *storage_space;
    uint64_t storage_quota;
    airs_random_t *random;
    uint64_t record_bytes; /* not 0: it is recorded */
    airs_crash_sink_t *crashes;
    struct airs_capabilities *capabilities; /* NULL: what every component has */

    /* What the guest did. */
    int sends;
    int sends_at_once; /* that were tried */
    char last_target[256];
    char last_payload[FIXTURE_TEXT];
    size_t last_payload_size;
    uint64_t last_timeout;
    int requests;
    int cancels;
    airs_correlation_id_t last_cancelled;
    int broadcasts;
    size_t broadcast_targets;
    char broadcast_ids[FIXTURE_TEXT];     /* a line each */
    char broadcast_allowed[FIXTURE_TEXT]; /* '1' or '0' each */
    int routes_released;
    int waits;                 /* how often it was asked whether a send has ended */
    char asked[FIXTURE_TEXT];  /* of replies, topics, timers and others, with their arguments, a line each */
    char logged[FIXTURE_TEXT]; /* "info app/tested/0: message key=value" and a newline for each record */
    char printed[FIXTURE_TEXT];
    _Atomic int wakes;

    /* What the router answers, and whether it has more to say than the status. When that is AIRS_PENDING, how
     * the wait ends. */
    airs_status_t answer;
    bool answer_without_text;
    airs_status_t wait_answer;
    bool takes_at_once; /* does it send anything so? */
    uint32_t reached;
    uint64_t timer_id; /* of a monitor too */
} fixture_t;

/* Unless the options say otherwise. So long that a call which is pending waits for something, on a busy machine, too. */
#define FIXTURE_SLICE_US 200000

/* Fails the test when the engine cannot be made. `options` NULL: 16 instances, no cache. */
void fixture_open(fixture_t *fixture, const airs_wasm_engine_options_t *options);
void fixture_close(fixture_t *fixture);

/* The path of a guest of test/guests. */
const char *fixture_guest(const char *name);

airs_component_handle_t fixture_load(fixture_t *fixture, const char *guest);
airs_status_t fixture_load_text(fixture_t *fixture, const char *text, airs_component_handle_t *out,
                                airs_error_t *error);

/* Makes the fixture's instance and runs its start functions; `limits` NULL: 16 MiB, 5 s. */
airs_status_t fixture_start(fixture_t *fixture, airs_component_handle_t component,
                            const airs_instance_limits_t *limits);
airs_status_t fixture_initialize(fixture_t *fixture, const char *config);

/* Load, start and initialize, all of which must work. */
void fixture_run(fixture_t *fixture, const char *guest, const char *config);

/* Calls to their end: a pending call is resumed when it has woken, after moving the clock to its moment. */
airs_status_t fixture_call(fixture_t *fixture, airs_call_kind_t kind);
airs_status_t fixture_message(fixture_t *fixture, const char *payload);
airs_status_t fixture_message_bytes(fixture_t *fixture, airs_bytes_t payload);
airs_status_t fixture_request(fixture_t *fixture, const char *payload);
airs_status_t fixture_deliver(fixture_t *fixture, airs_message_kind_t kind, const char *payload);
airs_status_t fixture_callback(fixture_t *fixture, airs_message_kind_t kind, const char *payload);

/* One message, polled once. */
airs_poll_t fixture_begin_message(fixture_t *fixture, const char *payload);
airs_poll_t fixture_resume(fixture_t *fixture);

/* The response of the last call as text. */
const char *fixture_response(fixture_t *fixture);

void fixture_drop(fixture_t *fixture);

#endif
