/* include/airssys/supervisor.h over real guests. */
#include <airssys/airssys.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/failing_allocator.h"
#include "support/test.h"

#define CALL_MS 60000
#define GUEST(name) AIRS_TEST_GUESTS "/" name ".wasm"

typedef struct fixture {
    airs_node_t *node;
    airs_component_t trap;
    airs_component_t counter;
    airs_component_t initfail;
    airs_component_t failing;
} fixture_t;

static airs_status_t open_node(fixture_t *fixture, const airs_allocator_t *allocator) {
    *fixture = (fixture_t){0};
    airs_node_options_t options = AIRS_NODE_OPTIONS_INIT;
    options.workers = 2;
    options.max_actors = 20;
    options.cache_dir = "";
    options.log = airs_log_none();
    options.allocator = allocator;
    airs_status_t status = airs_node_create(&options, &fixture->node, NULL);
    if (status == AIRS_OK) {
        status = airs_node_load(fixture->node, GUEST("counter"), &fixture->counter, NULL);
    }
    return status;
}

static void begin(fixture_t *fixture) {
    assert_ok(open_node(fixture, airs_allocator_default()));
    assert_ok(airs_node_load(fixture->node, GUEST("trap"), &fixture->trap, NULL));
    assert_ok(airs_node_load(fixture->node, GUEST("initfail"), &fixture->initfail, NULL));
    assert_ok(airs_node_load(fixture->node, GUEST("failing"), &fixture->failing, NULL));
}

static airs_child_options_t child_of(airs_component_t component, const char *name) {
    airs_child_options_t child = AIRS_CHILD_OPTIONS_INIT;
    child.component = component;
    child.id = airs_id("t", name, "0");
    return child;
}

static void keep_number(void *context, airs_bytes_t payload) {
    char text[32];
    (void)snprintf(text, sizeof text, "%.*s", (int)payload.size, (const char *)payload.data);
    *(long *)context = strtol(text, NULL, 10);
}

/* What a counter answers; -1: it does not. */
static long count(fixture_t *fixture, const char *name, const char *instance) {
    long number = -1;
    (void)airs_node_call(fixture->node, airs_id("t", name, instance), airs_bytes("x", 1), airs_str(NULL),
                         CALL_MS, keep_number, &number, NULL);
    return number;
}

static airs_status_t crash(fixture_t *fixture, const char *name) {
    return airs_node_call(fixture->node, airs_id("t", name, "0"), airs_bytes("trap", 4), airs_str(NULL),
                          CALL_MS, NULL, NULL, NULL);
}

static bool append_info(void *context, const airs_child_info_t *info) {
    char *text = context;
    size_t used = strlen(text);
    (void)snprintf(text + used, 1024 - used, "%u %s%s%s %s %llu\n", info->depth, info->supervisor,
                   info->depth > 0 ? " > " : "", info->name, airs_child_state_text(info->state),
                   (unsigned long long)info->restarts);
    return true;
}

static void assert_tree(fixture_t *fixture, const char *expected) {
    char text[1024] = "";
    assert_ok(airs_node_drain(fixture->node, CALL_MS));
    airs_node_supervisors(fixture->node, append_info, text);
    assert_string_equal(text, expected);
}

static void a_tree_restarts_what_crashes_as_it_was_told(void **state) {
    (void)state;
    fixture_t fixture;
    begin(&fixture);
    airs_child_options_t trap = child_of(fixture.trap, "trap");
    airs_child_options_t counter = child_of(fixture.counter, "counter");
    airs_child_options_t other = child_of(fixture.counter, "other");
    const airs_child_options_t *inner_children[] = {&trap, &counter};
    airs_supervisor_options_t inner = AIRS_SUPERVISOR_OPTIONS_INIT;
    inner.name = "inner";
    inner.strategy = AIRS_ONE_FOR_ALL;
    inner.children = inner_children;
    inner.child_count = 2;
    airs_child_options_t nested = AIRS_CHILD_OPTIONS_INIT;
    nested.supervisor = &inner;
    const airs_child_options_t *children[] = {&other, &nested};
    airs_supervisor_options_t options = AIRS_SUPERVISOR_OPTIONS_INIT;
    options.name = "top";
    options.children = children;
    options.child_count = 2;
    airs_supervisor_t *supervisor = NULL;
    airs_error_t error;
    assert_ok(airs_node_start_supervisor(fixture.node, &options, &supervisor, &error));
    assert_int_equal(count(&fixture, "counter", "0"), 1);
    assert_int_equal(count(&fixture, "other", "0"), 1);
    assert_status(crash(&fixture, "trap"), AIRS_TRAP);
    /* Who called hears of the crash before its supervisor has acted on it, so the tree is waited for first. */
    assert_tree(&fixture, "0 top running 0\n"
                          "1 top > t/other/0 running 0\n"
                          "1 top > inner running 1\n"
                          "2 inner > t/trap/0 running 1\n"
                          "2 inner > t/counter/0 running 1\n");
    assert_int_equal(count(&fixture, "counter", "0"), 1);
    assert_int_equal(count(&fixture, "other", "0"), 2);
    /* Once more, and inner gives up, which top mends. */
    assert_status(crash(&fixture, "trap"), AIRS_TRAP);
    assert_int_equal(count(&fixture, "other", "0"), 3);
    assert_tree(&fixture, "0 top running 1\n"
                          "1 top > t/other/0 running 0\n"
                          "1 top > inner running 1\n"
                          "2 inner > t/trap/0 running 2\n"
                          "2 inner > t/counter/0 running 2\n");
    airs_supervisor_t *found = NULL;
    airs_child_counts_t counts;
    assert_ok(airs_node_find_supervisor(fixture.node, supervisor, "inner", &found));
    assert_ok(airs_node_count_children(fixture.node, found, &counts));
    assert_int_equal(counts.workers, 2);
    assert_int_equal(counts.supervisors, 0);
    assert_status(airs_node_find_supervisor(fixture.node, supervisor, "t/other/0", &found), AIRS_NOT_FOUND);
    airs_node_stop_supervisor(fixture.node, supervisor, AIRS_STOP_DRAIN, UINT64_MAX);
    assert_tree(&fixture, "");
    assert_int_equal(count(&fixture, "other", "0"), -1);
    airs_node_destroy(fixture.node);
}

static void children_come_and_go(void **state) {
    (void)state;
    fixture_t fixture;
    begin(&fixture);
    airs_supervisor_options_t options = AIRS_SUPERVISOR_OPTIONS_INIT;
    airs_supervisor_t *supervisor = NULL;
    airs_error_t error;
    assert_ok(airs_node_start_supervisor(fixture.node, &options, &supervisor, &error));
    airs_child_options_t child = child_of(fixture.counter, "counter");
    assert_ok(airs_node_start_child(fixture.node, supervisor, &child, &error));
    assert_status(airs_node_start_child(fixture.node, supervisor, &child, &error), AIRS_ALREADY_EXISTS);
    assert_string_equal(error.text, "the supervisor has a child t/counter/0 already");
    assert_int_equal(count(&fixture, "counter", "0"), 1);
    assert_tree(&fixture, "0 supervisor running 0\n1 supervisor > t/counter/0 running 0\n");
    assert_ok(airs_node_stop_child(fixture.node, supervisor, "t/counter/0", &error));
    assert_tree(&fixture, "0 supervisor running 0\n1 supervisor > t/counter/0 ended 0\n");
    assert_int_equal(count(&fixture, "counter", "0"), -1);
    assert_ok(airs_node_restart_child(fixture.node, supervisor, "t/counter/0", &error));
    assert_status(airs_node_restart_child(fixture.node, supervisor, "t/counter/0", &error),
                  AIRS_INVALID_STATE);
    assert_int_equal(count(&fixture, "counter", "0"), 1);
    assert_status(airs_node_delete_child(fixture.node, supervisor, "t/counter/0", &error),
                  AIRS_INVALID_STATE);
    /* Whoever stops an actor stops it for good. */
    assert_ok(airs_node_stop(fixture.node, airs_id("t", "counter", "0"), AIRS_STOP_DRAIN, CALL_MS, &error));
    assert_ok(airs_node_drain(fixture.node, CALL_MS));
    assert_ok(airs_node_delete_child(fixture.node, supervisor, "t/counter/0", &error));
    assert_status(airs_node_delete_child(fixture.node, supervisor, "t/counter/0", &error), AIRS_NOT_FOUND);
    child = child_of(fixture.initfail, "bad");
    assert_status(airs_node_start_child(fixture.node, supervisor, &child, &error), AIRS_INITIALIZE_FAILED);
    assert_string_equal(error.text, "t/bad/0: initialization-failed: this component never starts");
    assert_status(
        airs_node_start_like(fixture.node, supervisor, airs_id("t", "a", "0"), airs_bytes(NULL, 0), &error),
        AIRS_UNSUPPORTED);
    assert_tree(&fixture, "0 supervisor running 0\n");
    airs_node_stop_supervisor(fixture.node, supervisor, AIRS_STOP_DROP, 0);
    airs_node_destroy(fixture.node);
}

static void children_that_are_all_alike_start_with_it_and_later(void **state) {
    (void)state;
    fixture_t fixture;
    begin(&fixture);
    airs_child_options_t model = AIRS_CHILD_OPTIONS_INIT;
    model.component = fixture.counter;
    model.id = airs_id("t", "like", NULL);
    const airs_child_options_t *children[] = {&model};
    airs_supervisor_options_t options = AIRS_SUPERVISOR_OPTIONS_INIT;
    options.strategy = AIRS_SIMPLE_ONE_FOR_ONE;
    options.children = children;
    options.child_count = 1;
    options.instances = 2;
    airs_supervisor_t *supervisor = NULL;
    airs_error_t error;
    assert_ok(airs_node_start_supervisor(fixture.node, &options, &supervisor, &error));
    assert_ok(airs_node_start_like(fixture.node, supervisor, airs_id("t", "like", "x"), airs_bytes(NULL, 0),
                                   &error));
    assert_status(airs_node_start_like(fixture.node, supervisor, airs_id("t", "like", "1"),
                                       airs_bytes(NULL, 0), &error),
                  AIRS_ALREADY_EXISTS);
    assert_int_equal(count(&fixture, "like", "1"), 1);
    assert_tree(&fixture, "0 supervisor running 0\n"
                          "1 supervisor > t/like/0 running 0\n"
                          "1 supervisor > t/like/1 running 0\n"
                          "1 supervisor > t/like/x running 0\n");
    char text[1024] = "";
    assert_ok(airs_node_list_children(fixture.node, supervisor, append_info, text));
    assert_memory_equal(text, "1 supervisor > t/like/0", 23);
    airs_child_counts_t counts;
    assert_ok(airs_node_count_children(fixture.node, supervisor, &counts));
    assert_int_equal(counts.specs, 1);
    assert_int_equal(counts.workers, 3);
    airs_node_stop_supervisor(fixture.node, supervisor, AIRS_STOP_DROP, UINT64_MAX);
    /* Only such a one has instances. */
    options.strategy = AIRS_ONE_FOR_ONE;
    assert_status(airs_node_start_supervisor(fixture.node, &options, &supervisor, &error),
                  AIRS_INVALID_ARGUMENT);
    airs_node_destroy(fixture.node);
}

/* ---- what happens, as it is told ---- */

typedef struct events {
    pthread_mutex_t lock;
    char text[1024];
} events_t;

static void note_event(void *context, const airs_supervision_event_t *event) {
    static const char *const kinds[] = {"start failed", "stop failed", "gave up", "ended"};
    events_t *events = context;
    pthread_mutex_lock(&events->lock);
    size_t used = strlen(events->text);
    (void)snprintf(events->text + used, sizeof events->text - used, "%s %s %s %s\n", event->supervisor,
                   kinds[event->kind], event->child, airs_status_name(event->status));
    pthread_mutex_unlock(&events->lock);
}

static void what_happens_is_told(void **state) {
    (void)state;
    fixture_t fixture;
    events_t events = {.lock = PTHREAD_MUTEX_INITIALIZER};
    static const airs_variable_t fails = {"FAIL_IN", "shutdown"};
    airs_spawn_options_t spawn = AIRS_SPAWN_OPTIONS_INIT;
    spawn.env = &fails;
    spawn.env_count = 1;
    begin(&fixture);
    airs_child_options_t trap = child_of(fixture.trap, "trap");
    airs_child_options_t failing = child_of(fixture.failing, "failing");
    failing.spawn = &spawn;
    const airs_child_options_t *children[] = {&trap, &failing};
    airs_supervisor_options_t options = AIRS_SUPERVISOR_OPTIONS_INIT;
    options.name = "s";
    options.children = children;
    options.child_count = 2;
    options.event = note_event;
    options.context = &events;
    airs_supervisor_t *supervisor = NULL;
    airs_error_t error;
    assert_ok(airs_node_start_supervisor(fixture.node, &options, &supervisor, &error));
    assert_status(crash(&fixture, "trap"), AIRS_TRAP);
    assert_status(crash(&fixture, "trap"), AIRS_TRAP);
    assert_ok(airs_node_drain(fixture.node, CALL_MS));
    assert_string_equal(events.text, "s gave up t/trap/0 stopped\n"
                                     "s stop failed t/failing/0 shutdown-failed\n"
                                     "s ended  stopped\n");
    airs_child_counts_t counts;
    assert_status(airs_node_count_children(fixture.node, supervisor, &counts), AIRS_STOPPED);
    assert_status(airs_node_list_children(fixture.node, supervisor, append_info, NULL), AIRS_STOPPED);
    airs_node_stop_supervisor(fixture.node, supervisor, AIRS_STOP_DROP, UINT64_MAX);

    events.text[0] = '\0';
    airs_child_options_t bad = child_of(fixture.initfail, "bad");
    children[1] = &bad;
    assert_status(airs_node_start_supervisor(fixture.node, &options, &supervisor, &error),
                  AIRS_INITIALIZE_FAILED);
    assert_string_equal(events.text, "s start failed t/bad/0 initialize-failed\n");
    assert_string_equal(error.text, "t/bad/0: initialization-failed: this component never starts");
    airs_node_destroy(fixture.node);
}

static bool say_yes(void *context) {
    int *left = context;
    return (*left)-- == 0;
}

static void a_start_can_be_broken_off(void **state) {
    (void)state;
    fixture_t fixture;
    int left = 1;
    begin(&fixture);
    airs_child_options_t first = child_of(fixture.counter, "first");
    airs_child_options_t second = child_of(fixture.counter, "second");
    const airs_child_options_t *children[] = {&first, &second};
    airs_supervisor_options_t options = AIRS_SUPERVISOR_OPTIONS_INIT;
    options.children = children;
    options.child_count = 2;
    options.cancelled = say_yes;
    options.context = &left;
    airs_supervisor_t *supervisor = NULL;
    airs_error_t error;
    assert_status(airs_node_start_supervisor(fixture.node, &options, &supervisor, &error), AIRS_CANCELLED);
    assert_int_equal(count(&fixture, "first", "0"), -1);
    assert_tree(&fixture, "");
    airs_node_destroy(fixture.node);
}

/* ---- native children ---- */

static _Atomic int destroyed;

static airs_status_t ignore(airs_actor_context_t *context, void *state, const airs_incoming_t *incoming) {
    (void)context;
    (void)state;
    (void)incoming;
    return AIRS_OK;
}

static void count_destroyed(void *state) {
    (void)state;
    atomic_fetch_add(&destroyed, 1);
}

static const airs_native_t native = {.size = sizeof native, .handle = ignore, .destroy = count_destroyed};

/* Also of those that come after the one that is wrong. */
static void the_state_of_native_children_is_taken_whatever_happens(void **state) {
    (void)state;
    fixture_t fixture;
    airs_error_t error;
    airs_supervisor_t *supervisor = NULL;
    begin(&fixture);
    airs_child_options_t good = AIRS_CHILD_OPTIONS_INIT;
    good.native = &native;
    good.id = airs_id("t", "native", "0");
    good.restart = AIRS_RESTART_TEMPORARY;
    airs_child_options_t later = good;
    later.id = airs_id("t", "later", "0");
    airs_spawn_options_t too_much = AIRS_SPAWN_OPTIONS_INIT;
    too_much.max_fuel = 5;
    airs_child_options_t wrong = child_of(fixture.counter, "wrong");
    wrong.spawn = &too_much;
    const airs_child_options_t *children[] = {&good, &wrong, &later};
    airs_supervisor_options_t options = AIRS_SUPERVISOR_OPTIONS_INIT;
    options.children = children;
    options.child_count = 3;
    assert_status(airs_node_start_supervisor(fixture.node, &options, &supervisor, &error), AIRS_UNSUPPORTED);
    assert_string_equal(error.text, "max_fuel needs a node that was created with consume_fuel");
    assert_int_equal(destroyed, 2);
    options.child_count = 1;
    assert_ok(airs_node_start_supervisor(fixture.node, &options, &supervisor, &error));
    /* The node's end ends it, whose handle is then no more. */
    airs_node_destroy(fixture.node);
    assert_int_equal(destroyed, 3);
}

static airs_status_t life(const airs_allocator_t *allocator, void *context) {
    (void)context;
    fixture_t fixture;
    airs_error_t error = {AIRS_OK, ""};
    airs_status_t status = open_node(&fixture, allocator);
    airs_supervisor_t *supervisor = NULL;
    if (status == AIRS_OK) {
        airs_child_options_t counter = child_of(fixture.counter, "counter");
        airs_child_options_t more = child_of(fixture.counter, "more");
        airs_child_options_t own = AIRS_CHILD_OPTIONS_INIT;
        own.native = &native;
        own.id = airs_id("t", "native", "0");
        own.restart = AIRS_RESTART_TEMPORARY;
        const airs_child_options_t *children[] = {&counter, &own};
        airs_supervisor_options_t options = AIRS_SUPERVISOR_OPTIONS_INIT;
        options.name = "s";
        options.children = children;
        options.child_count = 2;
        int before = atomic_load(&destroyed);
        status = airs_node_start_supervisor(fixture.node, &options, &supervisor, &error);
        if (status == AIRS_OK) {
            status = airs_node_start_child(fixture.node, supervisor, &more, &error);
            airs_node_stop_supervisor(fixture.node, supervisor, AIRS_STOP_DRAIN, UINT64_MAX);
        }
        assert_int_equal(atomic_load(&destroyed), before + 1);
        assert_int_equal(error.status, status);
    }
    airs_node_destroy(fixture.node);
    return status;
}

static void every_allocation_may_fail(void **state) {
    (void)state;
    airs_fail_each_allocation(life, NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_tree_restarts_what_crashes_as_it_was_told),
        cmocka_unit_test(children_come_and_go),
        cmocka_unit_test(children_that_are_all_alike_start_with_it_and_later),
        cmocka_unit_test(what_happens_is_told),
        cmocka_unit_test(a_start_can_be_broken_off),
        cmocka_unit_test(the_state_of_native_children_is_taken_whatever_happens),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
