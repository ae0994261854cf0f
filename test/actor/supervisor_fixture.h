/* What the tests of supervisors have in common: a stepped system, children that can be told to end badly, and a
 * journal of what happens: "+a" a starts, "-a" it is shut down, "!a" its start fails, "~a" it is gone, "a:x" it
 * handles x. */
#ifndef AIRSSYS_TEST_SUPERVISOR_FIXTURE_H
#define AIRSSYS_TEST_SUPERVISOR_FIXTURE_H

#include "actor_fixture.h"

#include "actor/supervisor.h"

extern actor_fixture_t fixture;
extern char journal[4096];

/* Of each test. */
int set_up(void **state);
int tear_down(void **state);

void note(const char *what, const char *who, const char *more);

/* What was written since the last look. */
void assert_journal(const char *expected);

/* ---- workers: native, and restartable ---- */

/* Told "crash" it ends badly, "exit" well, "normal", "shutdown" or "error": for that reason; "fail twice" and "fail for ever": badly, and its next starts too. */
typedef struct worker {
    char name[2];
    unsigned failing; /* so many starts */
    bool restarts;    /* it counted so far */
} worker_t;

#define WORKERS 8
extern worker_t workers[WORKERS];
extern const airs_native_t worker_native;

/* t/a/0, t/b/0, … */
extern const char *const ids[WORKERS];

/* The children a, b, c, … */
airs_child_spec_t worker(unsigned index, airs_restart_t restart);

/* ---- guests ---- */

/* Told "crash" it traps, "wait": it is parked until released, "ask b": it sends b a request. Its start is noted with
 * its configuration. Other messages are answered with "answer". */
airs_scripted_next_t guest(airs_scripted_call_t *call);
airs_child_spec_t component(unsigned index, airs_restart_t restart);

/* ---- supervisors ---- */

airs_supervisor_spec_t spec_of(airs_strategy_t strategy, const airs_child_spec_t *children, size_t count);
airs_supervisor_t *start_spec(const airs_supervisor_spec_t *spec);
airs_supervisor_t *start(airs_strategy_t strategy, const airs_child_spec_t *children, size_t count);
void stop(airs_supervisor_t *supervisor);

/* Send, and run all that can run. */
void tell(const char *id, const char *what);

airs_status_t count(airs_supervisor_t *supervisor, airs_child_counts_t *out);
bool is_running(airs_supervisor_t *supervisor);
uint32_t active(airs_supervisor_t *supervisor);

#endif
