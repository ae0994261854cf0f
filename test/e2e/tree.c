#include "e2e/tree.h"

#include <time.h>

#include "node/node.h"

void tree_open(stage_t *stage, unsigned workers) {
    airs_node_options_t options = AIRS_NODE_OPTIONS_INIT;
    options.workers = workers;
    options.cache_dir = AIRS_TEST_BUILD "/test/cache";
    stage_open_with(stage, options);
}

airs_child_spec_t tree_child(stage_t *stage, const char *guest, const char *id, airs_restart_t restart) {
    return (airs_child_spec_t){.component = stage_guest(stage, guest), .id = id_of(id), .restart = restart};
}

airs_supervisor_spec_t tree_spec(airs_strategy_t strategy, const airs_child_spec_t *children, size_t count) {
    airs_supervisor_spec_t spec = AIRS_SUPERVISOR_SPEC_INIT;
    spec.strategy = strategy;
    spec.children = children;
    spec.child_count = count;
    return spec;
}

airs_supervisor_t *tree_start(stage_t *stage, const airs_supervisor_spec_t *spec) {
    airs_supervisor_t *supervisor = NULL;
    airs_actor_system_t *system = airs_node_actors(stage->node);
    if (airs_actor_system_start_supervisor(system, spec, &supervisor, &stage->error) != AIRS_OK) {
        fail_msg("%s", stage->error.text);
    }
    return supervisor;
}

airs_supervisor_t *tree_of(stage_t *stage, airs_strategy_t strategy, uint32_t intensity,
                           const airs_child_spec_t *children, size_t count) {
    airs_supervisor_spec_t spec = tree_spec(strategy, children, count);
    spec.intensity = intensity;
    spec.period_ms = 3600000;
    return tree_start(stage, &spec);
}

void tree_stop(airs_supervisor_t *supervisor) {
    airs_supervisor_stop(supervisor, AIRS_STOP_DROP, PATIENCE_MS);
}

bool tree_is_running(airs_supervisor_t *supervisor) {
    airs_child_counts_t counts;
    return airs_supervisor_count_children(supervisor, &counts) == AIRS_OK;
}

uint32_t tree_active(airs_supervisor_t *supervisor) {
    airs_child_counts_t counts;
    assert_ok(airs_supervisor_count_children(supervisor, &counts));
    return counts.active;
}

static void nap(void) {
    const struct timespec moment = {0, 1000000};
    (void)nanosleep(&moment, NULL);
}

void tree_await_restarts(stage_t *stage, const char *id, uint64_t restarts) {
    for (unsigned i = 0; i < PATIENCE_MS; i++) {
        airs_actor_counters_t counters = stage_counters(stage, id);
        if (counters.restarts >= restarts && counters.state == AIRS_ACTOR_RUNNING) {
            assert_int_equal(counters.restarts, restarts);
            return;
        }
        nap();
    }
    fail_msg("%s was not restarted %u times", id, (unsigned)restarts);
}

void tree_await_state(stage_t *stage, const char *id, airs_actor_state_t state) {
    for (unsigned i = 0; i < PATIENCE_MS; i++) {
        if (stage_counters(stage, id).state == state) {
            return;
        }
        nap();
    }
    fail_msg("%s is not %s", id, airs_actor_state_text(state));
}

void tree_await_end(stage_t *stage, airs_supervisor_t *supervisor) {
    for (unsigned i = 0; i < PATIENCE_MS && tree_is_running(supervisor); i++) {
        nap();
    }
    assert_false(tree_is_running(supervisor));
    stage_drain(stage);
}
