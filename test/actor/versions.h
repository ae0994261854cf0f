/* Versions of a component, as scripts, for the tests of hot update. */
#ifndef AIRSSYS_TEST_ACTOR_VERSIONS_H
#define AIRSSYS_TEST_ACTOR_VERSIONS_H

#include "actor_fixture.h"

/* What no call's kind is. */
#define NEVER ((airs_call_kind_t)99)

/* A version. It counts its messages, which is its state, and writes what it hears to `heard`: "VERSION:payload ". */
typedef struct version {
    const char *version;
    bool migrates;
    airs_call_kind_t fails_in; /* this call answers with `failure`, in the instance `only` */
    airs_status_t failure;     /* AIRS_GUEST_ERROR, or a crash */
    airs_call_kind_t parks_in; /* likewise: this call waits for good */
    const char *only;          /* NULL: in all */
    airs_health_t health;
    char from[32];        /* the version whose state was taken last */
    unsigned initialized; /* how often */
    unsigned imported;
} version_t;

/* Of a variable that outlives the guests, which are stopped by the test's tear-down: a static one. */
#define VERSION_INIT(text) {.version = (text), .fails_in = NEVER, .parks_in = NEVER, .health = AIRS_HEALTHY}

/* What all versions heard, of the tests' one thread. */
extern char heard[8192];

/* "boom" is a trap in a version that fails in HANDLE_MESSAGE; "count" is answered with the count, which it is not
 * part of; "timer N" begins a timer of N ms, "every N" a repeating one, whose messages are "tick"; "ask ID" sends ID
 * a request; "defer" is a request that is not answered, "owed" answers it. */
airs_scripted_next_t version_guest(airs_scripted_call_t *call);

airs_component_handle_t version_add(airs_scripted_engine_t *engine, version_t *version);

#endif
