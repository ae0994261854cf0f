#include "actor/supervisor_fixture.h"

#include "core/check.h"

actor_fixture_t fixture;
char journal[4096];

int set_up(void **state) {
    (void)state;
    journal[0] = '\0';
    actor_fixture_open_stepped(&fixture, 7);
    return 0;
}

int tear_down(void **state) {
    (void)state;
    actor_fixture_close(&fixture);
    return 0;
}

void note(const char *what, const char *who, const char *more) {
    size_t used = strlen(journal);
    (void)snprintf(journal + used, sizeof journal - used, "%s%s%s%s", used > 0 ? " " : "", what, who, more);
}

/* What was written since the last look. */
void assert_journal(const char *expected) {
    assert_string_equal(journal, expected);
    journal[0] = '\0';
}

/* ---- workers: native, and restartable ---- */

worker_t workers[WORKERS];

static airs_status_t worker_start(airs_actor_context_t *context, void *state) {
    (void)context;
    worker_t *self = state;
    if (self->failing > 0) {
        self->failing--;
        note("!", self->name, "");
        return AIRS_INTERNAL;
    }
    note("+", self->name, "");
    return AIRS_OK;
}

static airs_status_t worker_handle(airs_actor_context_t *context, void *state,
                                   const airs_incoming_t *incoming) {
    worker_t *self = state;
    airs_str_t text = airs_str_n((const char *)incoming->payload.data, incoming->payload.size);
    if (airs_str_equal(text, airs_str("crash"))) {
        return AIRS_INTERNAL;
    }
    if (airs_str_equal(text, airs_str("fail twice"))) {
        self->failing = 2;
        return AIRS_INTERNAL;
    }
    if (airs_str_equal(text, airs_str("fail for ever"))) {
        self->failing = UINT32_MAX;
        return AIRS_INTERNAL;
    }
    if (airs_str_equal(text, airs_str("exit"))) {
        airs_actor_exit(context);
        return AIRS_OK;
    }
    static const airs_exit_reason_t reasons[] = {
        {AIRS_REASON_NORMAL, ""}, {AIRS_REASON_SHUTDOWN, ""}, {AIRS_REASON_ERROR, "no more"}};
    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++) {
        if (airs_str_equal(text, airs_str(airs_reason_text(reasons[i].kind)))) {
            return airs_actor_exit_with(context, &reasons[i]);
        }
    }
    char more[64];
    (void)snprintf(more, sizeof more, ":%.*s", AIRS_STR_ARG(text));
    note("", self->name, more);
    return AIRS_OK;
}

static void worker_stop(airs_actor_context_t *context, void *state) {
    (void)context;
    note("-", ((worker_t *)state)->name, "");
}

static void worker_destroy(void *state) { note("~", ((worker_t *)state)->name, ""); }

static airs_status_t worker_restart(void *state) {
    ((worker_t *)state)->restarts = true;
    return AIRS_OK;
}

const airs_native_t worker_native = {.size = sizeof(airs_native_t),
                                     .start = worker_start,
                                     .handle = worker_handle,
                                     .stop = worker_stop,
                                     .destroy = worker_destroy,
                                     .restart = worker_restart};

const char *const ids[WORKERS] = {"t/a/0", "t/b/0", "t/c/0", "t/d/0", "t/e/0", "t/f/0", "t/g/0", "t/h/0"};

/* The children a, b, c, … */
airs_child_spec_t worker(unsigned index, airs_restart_t restart) {
    workers[index] = (worker_t){.name = {(char)('a' + (int)index), '\0'}};
    return (airs_child_spec_t){
        .native = &worker_native, .state = &workers[index], .id = id_of(ids[index]), .restart = restart};
}

/* ---- guests, for what survives ---- */

airs_scripted_next_t guest(airs_scripted_call_t *call) {
    airs_str_t instance = airs_component_id_view(call->host->id).name;
    char name[8];
    (void)snprintf(name, sizeof name, "%.*s", AIRS_STR_ARG(instance));
    if (call->kind == AIRS_CALL_INITIALIZE) {
        char more[32];
        (void)snprintf(more, sizeof more, "%s%.*s", call->config->config.size > 0 ? "=" : "",
                       (int)call->config->config.size, (const char *)call->config->config.data);
        note("+", name, more);
    }
    if (call->kind == AIRS_CALL_SHUTDOWN) {
        note("-", name, "");
    }
    if (call->kind == AIRS_CALL_HANDLE_CALLBACK) {
        note("", name, call->message->kind == AIRS_MESSAGE_RESPONSE ? ":response" : ":failure");
    }
    if (call->kind != AIRS_CALL_HANDLE_MESSAGE) {
        return airs_scripted_ok(call);
    }
    if (airs_scripted_payload_is(call, "crash")) {
        return airs_scripted_crash(call, AIRS_TRAP, "trap: because");
    }
    if (airs_scripted_payload_is(call, "wait")) {
        return call->round == 0 ? airs_scripted_wait(call) : airs_scripted_ok(call);
    }
    if (airs_scripted_payload_is(call, "ask b")) {
        airs_correlation_id_t id;
        AIRS_ASSERT(airs_scripted_request(call, "t/b/0", "question", 1000, &id) == AIRS_OK);
        return airs_scripted_ok(call);
    }
    char more[64];
    (void)snprintf(more, sizeof more, ":%.*s", (int)call->message->payload.size,
                   (const char *)call->message->payload.data);
    note("", name, more);
    return airs_scripted_respond(call, "answer");
}

airs_child_spec_t component(unsigned index, airs_restart_t restart) {
    airs_component_handle_t handle = actor_fixture_add(&fixture, guest, NULL);
    return (airs_child_spec_t){.component = handle, .id = id_of(ids[index]), .restart = restart};
}

/* ---- supervisors ---- */

airs_supervisor_spec_t spec_of(airs_strategy_t strategy, const airs_child_spec_t *children, size_t count) {
    airs_supervisor_spec_t spec = AIRS_SUPERVISOR_SPEC_INIT;
    spec.strategy = strategy;
    spec.children = children;
    spec.child_count = count;
    return spec;
}

airs_supervisor_t *start_spec(const airs_supervisor_spec_t *spec) {
    airs_supervisor_t *supervisor = NULL;
    airs_error_t error = {.text = ""};
    airs_status_t status = airs_actor_system_start_supervisor(fixture.system, spec, &supervisor, &error);
    assert_string_equal(status == AIRS_OK ? "" : error.text, "");
    assert_ok(status);
    return supervisor;
}

airs_supervisor_t *start(airs_strategy_t strategy, const airs_child_spec_t *children, size_t count) {
    airs_supervisor_spec_t spec = spec_of(strategy, children, count);
    return start_spec(&spec);
}

void tell(const char *id, const char *what) {
    assert_ok(actor_fixture_send(&fixture, id, what));
    actor_fixture_run(&fixture);
}

airs_status_t count(airs_supervisor_t *supervisor, airs_child_counts_t *out) {
    return airs_supervisor_count_children(supervisor, out);
}

bool is_running(airs_supervisor_t *supervisor) {
    airs_child_counts_t counts;
    return count(supervisor, &counts) == AIRS_OK;
}

uint32_t active(airs_supervisor_t *supervisor) {
    airs_child_counts_t counts;
    assert_ok(count(supervisor, &counts));
    return counts.active;
}

void stop(airs_supervisor_t *supervisor) { airs_supervisor_stop(supervisor, AIRS_STOP_DROP, UINT64_MAX); }
