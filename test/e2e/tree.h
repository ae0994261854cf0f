/* Supervisors on a stage: real guests as their children. Functions that assert are for the test's thread. */
#ifndef AIRSSYS_TEST_E2E_TREE_H
#define AIRSSYS_TEST_E2E_TREE_H

#include "e2e/stage.h"

#include "actor/supervisor.h"

/* As stage_open, with a code cache that all tests share: there are many, of few guests. */
void tree_open(stage_t *stage, unsigned workers);

/* A child that is the guest test/guests/NAME.c, with all defaults. */
airs_child_spec_t tree_child(stage_t *stage, const char *guest, const char *id, airs_restart_t restart);

airs_supervisor_spec_t tree_spec(airs_strategy_t strategy, const airs_child_spec_t *children, size_t count);

/* Must work. */
airs_supervisor_t *tree_start(stage_t *stage, const airs_supervisor_spec_t *spec);

/* With at most so many restarts in an hour. */
airs_supervisor_t *tree_of(stage_t *stage, airs_strategy_t strategy, uint32_t intensity,
                           const airs_child_spec_t *children, size_t count);

void tree_stop(airs_supervisor_t *supervisor);

bool tree_is_running(airs_supervisor_t *supervisor);
uint32_t tree_active(airs_supervisor_t *supervisor);

/* Until it has been restarted so often and runs. */
void tree_await_restarts(stage_t *stage, const char *id, uint64_t restarts);

/* Until it is in this state. */
void tree_await_state(stage_t *stage, const char *id, airs_actor_state_t state);

/* Until the supervisor has ended, and all that was below it. */
void tree_await_end(stage_t *stage, airs_supervisor_t *supervisor);

#endif
