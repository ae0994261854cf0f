/* Every allocation of links, monitors and spawns fails in turn: nothing leaks, no actor is left, and each monitor that
 * was made tells once. */
#include "actor_fixture.h"

#include "actor/supervisor.h"
#include "core/check.h"
#include "support/failing_allocator.h"

typedef struct parent {
    airs_status_t status; /* the first failure of what it does */
    unsigned monitors;
    unsigned downs;
    unsigned exits;
} parent_t;

/* The first failure of a life counts; those after it may be its consequence. */
static void keep(airs_status_t *status, airs_status_t next) {
    if (*status == AIRS_OK) {
        *status = next;
    }
}

static void spawn(airs_actor_context_t *context, parent_t *self, const char *id, const char *config) {
    airs_actor_spawn_t what = {.size = sizeof what,
                               .id = id_of(id),
                               .config = airs_bytes(config, strlen(config)),
                               .link = true,
                               .monitor = true};
    airs_spawned_t spawned;
    airs_status_t status = airs_actor_spawn(context, &what, &spawned);
    self->monitors += status == AIRS_OK;
    keep(&self->status, status);
}

static airs_status_t act(airs_actor_context_t *context, void *state, const airs_incoming_t *incoming) {
    parent_t *self = state;
    self->downs += incoming->kind == AIRS_INCOMING_DOWN;
    self->exits += incoming->kind == AIRS_INCOMING_EXIT;
    if (incoming->kind != AIRS_INCOMING_MESSAGE) {
        return AIRS_OK;
    }
    keep(&self->status, airs_actor_trap_exits(context, true));
    if (self->status != AIRS_OK) {
        return AIRS_OK; /* it would end with the others */
    }
    airs_monitor_t monitor = 0;
    airs_status_t status = airs_actor_monitor(context, id_of("t/other/0"), &monitor);
    self->monitors += status == AIRS_OK;
    keep(&self->status, status);
    status = airs_actor_monitor(context, id_of("t/nobody/0"), NULL);
    self->monitors += status == AIRS_OK;
    keep(&self->status, status);
    keep(&self->status, airs_actor_link(context, id_of("t/other/0")));
    spawn(context, self, "t/guest/", "x");
    spawn(context, self, "t/child/", "x");
    return AIRS_OK;
}

/* Ends for a reason that has a text. */
static airs_status_t end(airs_actor_context_t *context, void *state, const airs_incoming_t *incoming) {
    static const airs_exit_reason_t reason = {.kind = AIRS_REASON_ERROR, .text = "enough of it"};
    parent_t *self = state;
    (void)incoming;
    airs_status_t status = airs_actor_exit_with(context, &reason);
    if (status != AIRS_OK) {
        keep(&self->status, status);
        airs_actor_exit(context);
    }
    return AIRS_OK;
}

static airs_scripted_next_t guest(airs_scripted_call_t *call) {
    return call->kind == AIRS_CALL_HANDLE_MESSAGE ? airs_scripted_crash(call, AIRS_TRAP, "unreachable")
                                                  : airs_scripted_ok(call);
}

static void count_down(void *context, const airs_down_t *down) {
    (void)down;
    ++*(unsigned *)context;
}

static airs_status_t prepare(airs_actor_system_t *system, parent_t *parent, parent_t *other,
                             airs_component_handle_t component) {
    static const airs_native_t acting = {.size = sizeof acting, .handle = act};
    static const airs_native_t ending = {.size = sizeof ending, .handle = end};
    airs_child_spec_t child = {
        .component = component, .id = id_of("t/child/"), .restart = AIRS_RESTART_TEMPORARY};
    airs_supervisor_spec_t spec = AIRS_SUPERVISOR_SPEC_INIT;
    spec.strategy = AIRS_SIMPLE_ONE_FOR_ONE;
    spec.children = &child;
    spec.child_count = 1;
    airs_supervisor_t *supervisor = NULL;
    airs_status_t status = airs_actor_system_start_supervisor(system, &spec, &supervisor, NULL);
    keep(&status, airs_actor_system_offer_component(system, id_of("t/guest/"), component, NULL, NULL));
    keep(&status, airs_actor_system_spawn_native(system, &acting, parent, id_of("t/parent/0"), NULL, NULL));
    keep(&status, airs_actor_system_spawn_native(system, &ending, other, id_of("t/other/0"), NULL, NULL));
    return status;
}

static airs_status_t send(airs_actor_system_t *system, const char *id) {
    airs_status_t status =
        airs_actor_system_send(system, id_of(id), airs_bytes("go", 2), airs_str(NULL), NULL);
    (void)airs_actor_system_drain(system, PATIENCE_MS);
    return status == AIRS_TARGET_NOT_FOUND ? AIRS_OUT_OF_MEMORY : status;
}

static airs_status_t life(const airs_allocator_t *allocator, void *context) {
    (void)context;
    airs_scripted_engine_t engine;
    airs_fake_clock_t clock;
    airs_seeded_random_t random;
    airs_scripted_engine_init(&engine, allocator);
    airs_fake_clock_init(&clock);
    airs_seeded_random_init(&random, 1);
    airs_actor_system_options_t options = {.engine = &engine.engine,
                                           .allocator = allocator,
                                           .clock = &clock.clock,
                                           .random = &random.random,
                                           .stepped = true,
                                           .dead_letters = 4};
    parent_t parent = {.status = AIRS_OK};
    parent_t other = {.status = AIRS_OK};
    unsigned host = 0;
    unsigned hosts = 0;
    airs_actor_system_t *system = NULL;
    airs_status_t status = airs_actor_system_create(&options, &system, NULL);
    if (status == AIRS_OK) {
        airs_component_handle_t component = airs_scripted_engine_add(&engine, "script", guest, NULL);
        status = prepare(system, &parent, &other, component);
    }
    if (status == AIRS_OK) {
        airs_host_monitor_t *monitor = NULL;
        airs_status_t monitored =
            airs_actor_system_monitor(system, id_of("t/other/0"), count_down, &host, &monitor, NULL);
        hosts += monitored == AIRS_OK;
        keep(&status, monitored);
        keep(&status, send(system, "t/parent/0"));
        keep(&status, send(system, "t/other/0"));
        keep(&status, send(system, "t/guest/"));
        keep(&status, send(system, "t/child/"));
    }
    if (status == AIRS_OK && parent.status == AIRS_OK) {
        assert_int_equal(parent.downs, parent.monitors);
        assert_int_equal(host, hosts);
    }
    assert_true(parent.downs <= parent.monitors);
    keep(&status, parent.status);
    keep(&status, other.status);
    airs_actor_system_destroy(system);
    airs_scripted_engine_free(&engine);
    return status;
}

static void every_allocation_may_fail(void **state) {
    (void)state;
    airs_fail_each_allocation(life, NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_allocation_may_fail)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
