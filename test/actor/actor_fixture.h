/* An actor system over the scripted engine, and actors that remember what they were told. */
#ifndef AIRSSYS_TEST_ACTOR_FIXTURE_H
#define AIRSSYS_TEST_ACTOR_FIXTURE_H

#include "support/test.h"

#include <pthread.h>
#include <stdio.h>

#include "actor/actor_system.h"
#include "support/fake_clock.h"
#include "support/scripted_engine.h"
#include "support/seeded_random.h"

#define MS UINT64_C(1000000)
/* For what must happen, however slow the machine is. */
#define PATIENCE_MS 60000

typedef struct actor_fixture {
    airs_scripted_engine_t engine;
    airs_fake_clock_t clock; /* of a stepped system */
    airs_seeded_random_t random;
    airs_log_t log;
    pthread_mutex_t log_lock;
    unsigned logged;
    char last_log[512];
    airs_actor_system_t *system;
} actor_fixture_t;

/* With worker threads and the system's clock. */
void actor_fixture_open(actor_fixture_t *self, unsigned workers);

/* Stepped, on a clock that jumps to the next timer when a waiting function has nothing else to run. */
void actor_fixture_open_stepped(actor_fixture_t *self, uint64_t seed);

/* The same, on a clock that stands still. */
void actor_fixture_open_frozen(actor_fixture_t *self, uint64_t seed);

/* Destroys the system and checks that no instance is left. */
void actor_fixture_close(actor_fixture_t *self);

/* Move the stepped system's clock, firing timers, and run all that can run. */
void actor_fixture_pass(actor_fixture_t *self, uint64_t nanoseconds);

/* Run all that can run. */
void actor_fixture_run(actor_fixture_t *self);

/* "namespace/name/instance" */
airs_id_t id_of(const char *text);

/* Register a script and spawn an actor of it; asserts that it works. */
airs_component_handle_t actor_fixture_add(actor_fixture_t *self, airs_scripted_guest_t *guest, void *context);
void actor_fixture_spawn(actor_fixture_t *self, const char *id, airs_component_handle_t component);

airs_status_t actor_fixture_send(actor_fixture_t *self, const char *target, const char *payload);
airs_status_t actor_fixture_stop(actor_fixture_t *self, const char *id, airs_stop_mode_t mode);
airs_actor_counters_t actor_fixture_counters(actor_fixture_t *self, const char *id);
airs_node_counters_t actor_fixture_totals(actor_fixture_t *self);

/* What a probe was told: the kind's letter (m, q, r, f) and the payload, one after the other: "m:one q:two"; of
 * an actor's end (d, x) who and why: "d:a/0=killed x:b/0=error:text". */
#define PROBE_TEXT 8192

typedef struct probe {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    uint64_t count;
    char heard[PROBE_TEXT];
    bool blocked; /* handle waits until this is false */
    airs_status_t answer;
    const char *response;
    bool started, stopped, destroyed;
    airs_status_t start_answer;
    /* Called in handle, when set. */
    airs_status_t (*then)(airs_actor_context_t *context, struct probe *probe,
                          const airs_incoming_t *incoming);
    void *user;
    char last_correlation[40];
    char last_sender[64];
    char last_content_type[64];
} probe_t;

extern const airs_native_t probe_native;

void probe_init(probe_t *self);
void probe_free(probe_t *self);
void probe_spawn(actor_fixture_t *fixture, probe_t *self, const char *id, const airs_actor_spec_t *spec);
void probe_block(probe_t *self, bool blocked);
/* Wait until it was told so many things. */
void probe_await(probe_t *self, uint64_t count);
uint64_t probe_count(probe_t *self);

#endif
