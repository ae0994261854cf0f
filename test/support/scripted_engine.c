#include "support/scripted_engine.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/check.h"
#include "core/memory.h"

#define TEXT_MAX 256
/* More than the actor layer gathers. */
#define GATHERED_MAX 256

typedef struct airs_scripted_timer {
    airs_timer_t timer;
    airs_scripted_instance_t *instance;
} airs_scripted_timer_t;

struct airs_scripted_instance {
    airs_instance_t base;
    airs_scripted_engine_t *engine;
    airs_scripted_component_t component;
    airs_host_t host;
    airs_instance_limits_t limits;
    uint64_t memory[8];
    char reason[TEXT_MAX];
    char response[TEXT_MAX];
    airs_route_t route; /* of the last target */
    char route_target[TEXT_MAX];

    /* The batch in hand: `batch` is NULL outside of one. */
    const airs_batch_ops_t *batch;
    const airs_component_message_t *gathered[GATHERED_MAX];
    uint32_t gathered_count;
    uint32_t index;

    /* The call in hand. */
    airs_scripted_call_t call;
    bool instantiated;
    bool spent;
    atomic_bool in_call;
    bool pending;
    bool waiting; /* for a release */
    bool sending; /* with a send that pends */
    airs_error_t error;
    uint64_t running_ms;
    airs_scripted_timer_t sleep;
    atomic_bool slept;
    bool sleeping;

    /* Under the engine's lock. */
    airs_scripted_instance_t *next;
    uint64_t releases;
};

static airs_scripted_engine_t *engine_of(airs_runtime_engine_t *engine) {
    return (airs_scripted_engine_t *)engine;
}

static airs_scripted_instance_t *instance_of(airs_instance_t *instance) {
    return (airs_scripted_instance_t *)instance;
}

static void wake(airs_scripted_instance_t *instance) { instance->host.wake(instance->host.wake_context); }

/* ---- what guests return ---- */

airs_scripted_next_t airs_scripted_ok(airs_scripted_call_t *call) {
    *call->result = (airs_call_result_t){.status = AIRS_OK};
    return AIRS_SCRIPTED_DONE;
}

airs_scripted_next_t airs_scripted_exit(airs_scripted_call_t *call, int32_t code) {
    airs_scripted_next_t next = airs_scripted_ok(call);
    call->result->exit_code = code;
    return next;
}

airs_scripted_next_t airs_scripted_respond(airs_scripted_call_t *call, const char *payload) {
    airs_scripted_instance_t *instance = call->instance;
    (void)snprintf(instance->response, sizeof instance->response, "%s", payload);
    *call->result = (airs_call_result_t){
        .status = AIRS_OK,
        .has_response = true,
        .response = airs_bytes(instance->response, strlen(instance->response)),
    };
    return AIRS_SCRIPTED_DONE;
}

airs_scripted_next_t airs_scripted_crash(airs_scripted_call_t *call, airs_status_t status,
                                         const char *reason) {
    airs_scripted_instance_t *instance = call->instance;
    (void)snprintf(instance->reason, sizeof instance->reason, "%s", reason);
    *call->result = (airs_call_result_t){.status = status, .reason = instance->reason};
    return AIRS_SCRIPTED_DONE;
}

airs_scripted_next_t airs_scripted_error(airs_scripted_call_t *call, const char *reason) {
    return airs_scripted_crash(call, AIRS_GUEST_ERROR, reason);
}

airs_scripted_next_t airs_scripted_yield(airs_scripted_call_t *call) {
    (void)call;
    return AIRS_SCRIPTED_YIELD;
}

static void sleep_over(airs_timer_t *timer) {
    airs_scripted_instance_t *instance = ((airs_scripted_timer_t *)timer)->instance;
    atomic_store(&instance->slept, true);
    wake(instance);
}

airs_scripted_next_t airs_scripted_sleep(airs_scripted_call_t *call, uint64_t nanoseconds) {
    airs_scripted_instance_t *instance = call->instance;
    airs_timer_service_t *timers = instance->host.timers;
    instance->sleep.instance = instance;
    instance->sleep.timer.fire = sleep_over;
    instance->sleep.timer.deadline_ns = airs_clock_monotonic(instance->host.clock) + nanoseconds;
    atomic_store(&instance->slept, false);
    if (timers->add(timers, &instance->sleep.timer) != AIRS_OK) {
        return airs_scripted_crash(call, AIRS_OUT_OF_MEMORY, "no memory to sleep");
    }
    instance->sleeping = true;
    return AIRS_SCRIPTED_PARK;
}

airs_scripted_next_t airs_scripted_wait(airs_scripted_call_t *call) {
    call->instance->waiting = true;
    return AIRS_SCRIPTED_PARK;
}

airs_scripted_next_t airs_scripted_wait_for_room(airs_scripted_call_t *call) {
    call->instance->sending = true;
    return AIRS_SCRIPTED_PARK;
}

airs_scripted_next_t airs_scripted_leave(airs_scripted_call_t *call) {
    call->instance->batch = NULL;
    return airs_scripted_ok(call);
}

const airs_batch_ops_t *airs_scripted_batch(const airs_scripted_call_t *call) {
    return call->instance->batch;
}

/* ---- what guests do ---- */

static airs_id_t parse(const char *target) {
    airs_id_t id;
    AIRS_ASSERT(airs_id_parse(airs_str(target), &id, NULL) == AIRS_OK);
    return id;
}

static airs_route_t *route_to(airs_scripted_instance_t *instance, const char *target) {
    airs_message_router_t *router = instance->host.router;
    if (strcmp(instance->route_target, target) != 0) {
        router->ops->route_release(router, &instance->route);
        (void)snprintf(instance->route_target, sizeof instance->route_target, "%s", target);
    }
    return &instance->route;
}

airs_status_t airs_scripted_send(airs_scripted_call_t *call, const char *target, const char *payload) {
    const airs_host_t *host = call->host;
    airs_message_router_t *router = host->router;
    airs_route_t *route = route_to(call->instance, target);
    airs_bytes_t bytes = airs_bytes(payload, strlen(payload));
    airs_id_t id = parse(target);
    call->error->text[0] = '\0';
    if (router->ops->send_now != NULL && router->ops->send_now(router, host->self, route, &id, bytes)) {
        return AIRS_OK;
    }
    return router->ops->send(router, host->self, route, &id, bytes, call->error);
}

airs_status_t airs_scripted_request(airs_scripted_call_t *call, const char *target, const char *payload,
                                    uint64_t timeout_ms, airs_correlation_id_t *out) {
    const airs_host_t *host = call->host;
    airs_id_t to = parse(target);
    airs_correlation_id_t id;
    call->error->text[0] = '\0';
    return host->router->ops->request(host->router, host->self, route_to(call->instance, target), &to,
                                      airs_bytes(payload, strlen(payload)), timeout_ms,
                                      out != NULL ? out : &id, call->error);
}

airs_status_t airs_scripted_cancel(airs_scripted_call_t *call, const airs_correlation_id_t *id) {
    const airs_host_t *host = call->host;
    return host->router->ops->cancel_request(host->router, host->self, id);
}

bool airs_scripted_payload_is(const airs_scripted_call_t *call, const char *text) {
    airs_bytes_t payload = call->message->payload;
    return payload.size == strlen(text) &&
           (payload.size == 0 || memcmp(payload.data, text, payload.size) == 0);
}

/* ---- calls ---- */

/* One release, if there is one; a call that waits goes on with it. */
static bool take_release(airs_scripted_instance_t *instance) {
    pthread_mutex_lock(&instance->engine->lock);
    bool released = instance->releases > 0;
    instance->releases -= released;
    pthread_mutex_unlock(&instance->engine->lock);
    return released;
}

static airs_poll_t done(airs_scripted_instance_t *instance, airs_call_result_t *result) {
    instance->pending = false;
    instance->batch = NULL;
    instance->spent = result->status != AIRS_OK && result->status != AIRS_GUEST_ERROR;
    atomic_store(&instance->in_call, false);
    return AIRS_POLL_DONE;
}

/* ---- batches ---- */

/* One message of a batch has been handled, well or with an error. */
static void end_message(airs_scripted_instance_t *instance, const airs_call_result_t *result) {
    airs_actor_t *self = instance->host.self;
    const airs_component_message_t *message = instance->gathered[instance->index];
    if (result->status != AIRS_OK) {
        AIRS_ASSERT(instance->batch->fail(self, result->reason) == AIRS_OK);
    } else if (message->kind == AIRS_MESSAGE_REQUEST) {
        airs_bytes_t payload = result->has_response ? result->response : airs_bytes(NULL, 0);
        (void)instance->batch->answer(self, &message->correlation, payload);
    }
}

/* The message at `index` is in hand; false when it is to be left alone. */
static bool begin_message(airs_scripted_instance_t *instance) {
    if (instance->index == instance->gathered_count ||
        instance->batch->begin(instance->host.self, instance->index, true) != AIRS_OK) {
        return false;
    }
    const airs_component_message_t *message = instance->gathered[instance->index];
    instance->call.kind = airs_component_message_is_callback(message) ? AIRS_CALL_HANDLE_CALLBACK
                                                                      : AIRS_CALL_HANDLE_MESSAGE;
    instance->call.message = message;
    instance->call.round = 0;
    instance->running_ms = 0;
    atomic_fetch_add(&instance->engine->batched, 1);
    return true;
}

/* Is there another message to be handled in this call? */
static bool goes_on(airs_scripted_instance_t *instance, const airs_call_result_t *result) {
    if (instance->batch == NULL || (result->status != AIRS_OK && result->status != AIRS_GUEST_ERROR)) {
        return false;
    }
    end_message(instance, result);
    instance->index++;
    return begin_message(instance);
}

static bool batches(airs_instance_t *instance) { return instance_of(instance)->engine->batches; }

static uint32_t gather(airs_instance_t *base, const airs_component_message_t *first, uint32_t count,
                       size_t payload_bytes) {
    airs_scripted_instance_t *instance = instance_of(base);
    AIRS_ASSERT(!instance->pending && count <= GATHERED_MAX);
    size_t bytes = 0;
    for (uint32_t i = 0; i < count; i++) {
        instance->gathered[i] = first;
        bytes += (first->payload.size + 7) & ~(size_t)7;
        first = atomic_load(&first->next);
    }
    AIRS_ASSERT(bytes == payload_bytes);
    return instance->gathered_count = count;
}

static airs_poll_t run_round(airs_scripted_instance_t *instance, airs_call_result_t *result) {
    airs_scripted_engine_t *engine = instance->engine;
    AIRS_ASSERT(atomic_load(&engine->activity) > 0);
    AIRS_ASSERT(!atomic_exchange(&instance->in_call, true));
    instance->call.result = result;
    airs_scripted_next_t next = AIRS_SCRIPTED_DONE;
    do {
        next = instance->component.guest != NULL ? instance->component.guest(&instance->call)
                                                 : airs_scripted_ok(&instance->call);
    } while (next == AIRS_SCRIPTED_DONE && goes_on(instance, result));
    if (next == AIRS_SCRIPTED_DONE) {
        if (instance->batch != NULL && result->status == AIRS_GUEST_ERROR) {
            *result = (airs_call_result_t){.status = AIRS_OK}; /* that of the last message was told */
        }
        return done(instance, result);
    }
    instance->call.round++;
    instance->pending = true;
    if (next == AIRS_SCRIPTED_YIELD) {
        instance->running_ms += AIRS_SCRIPTED_SLICE_MS;
        if (instance->limits.max_execution_time_ms > 0 &&
            instance->running_ms > instance->limits.max_execution_time_ms) {
            (void)airs_scripted_crash(&instance->call, AIRS_EXECUTION_TIME_EXCEEDED,
                                      "the call ran for too long");
            return done(instance, result);
        }
        wake(instance);
    } else if (instance->waiting && take_release(instance)) {
        instance->waiting = false;
        wake(instance);
    }
    atomic_store(&instance->in_call, false);
    return AIRS_POLL_PENDING;
}

static bool is_full(airs_scripted_engine_t *engine) {
    uint64_t most = atomic_load(&engine->max_live);
    return most > 0 && atomic_load(&engine->live_instances) > most;
}

static airs_poll_t call(airs_instance_t *base, const airs_call_t *what, airs_call_result_t *result) {
    airs_scripted_instance_t *instance = instance_of(base);
    AIRS_ASSERT(!instance->pending && !instance->spent);
    AIRS_ASSERT((what->kind == AIRS_CALL_INSTANTIATE) == !instance->instantiated);
    AIRS_ASSERT(instance->component.is_command ==
                (what->kind == AIRS_CALL_RUN ||
                 (what->kind == AIRS_CALL_INSTANTIATE && instance->component.is_command)));
    AIRS_ASSERT(instance->component.migrates ||
                (what->kind != AIRS_CALL_EXPORT_STATE && what->kind != AIRS_CALL_IMPORT_STATE));
    atomic_fetch_add(&instance->engine->calls, 1);
    instance->instantiated = true;
    instance->running_ms = 0;
    instance->call = (airs_scripted_call_t){
        .kind = what->kind,
        .message = what->message,
        .config = what->config,
        .state = what->state,
        .from_version = what->from_version,
        .host = &instance->host,
        .context = instance->component.context,
        .memory = instance->memory,
        .error = &instance->error,
        .instance = instance,
    };
    if (what->kind == AIRS_CALL_INSTANTIATE && is_full(instance->engine)) {
        instance->spent = true;
        *result = (airs_call_result_t){
            .status = AIRS_RESOURCE_LIMIT, .no_room = true, .reason = "no room for one more instance"};
        return AIRS_POLL_DONE;
    }
    if (what->kind == AIRS_CALL_HANDLE_BATCH) {
        AIRS_ASSERT(what->message == instance->gathered[0]);
        instance->batch = what->batch;
        instance->index = 0;
        AIRS_ASSERT(begin_message(instance));
    }
    return run_round(instance, result);
}

static airs_poll_t resume(airs_instance_t *base, airs_call_result_t *result) {
    airs_scripted_instance_t *instance = instance_of(base);
    AIRS_ASSERT(instance->pending && !instance->spent);
    if (instance->sleeping) {
        if (!atomic_load(&instance->slept)) {
            return AIRS_POLL_PENDING;
        }
        /* Somebody else may have woken it: wait until the timer's callback is over. */
        (void)instance->host.timers->cancel(instance->host.timers, &instance->sleep.timer);
        instance->sleeping = false;
    }
    if (instance->waiting) {
        if (!take_release(instance)) {
            return AIRS_POLL_PENDING;
        }
        instance->waiting = false;
    }
    if (instance->sending) {
        airs_message_router_t *router = instance->host.router;
        instance->error.text[0] = '\0';
        instance->call.waited = router->ops->waited(router, instance->host.self, &instance->error);
        if (instance->call.waited == AIRS_PENDING) {
            return AIRS_POLL_PENDING;
        }
        instance->sending = false;
    }
    return run_round(instance, result);
}

/* ---- instances ---- */

static airs_status_t instance_create(airs_runtime_engine_t *base, airs_component_handle_t handle,
                                     const airs_host_t *host, const airs_instance_limits_t *limits,
                                     airs_instance_t **out, airs_error_t *error) {
    airs_scripted_engine_t *self = engine_of(base);
    if (handle == 0 || handle > self->component_count) {
        return airs_error_set(error, AIRS_COMPONENT_NOT_FOUND, "no component %llu",
                              (unsigned long long)handle);
    }
    airs_scripted_instance_t *instance = airs_alloc_zeroed(self->allocator, sizeof *instance);
    if (instance == NULL) {
        return airs_error_set(error, AIRS_OUT_OF_MEMORY, "no memory for an instance");
    }
    instance->base.engine = base;
    instance->engine = self;
    instance->component = self->components[handle - 1];
    instance->host = *host;
    instance->limits = *limits;
    pthread_mutex_lock(&self->lock);
    instance->next = self->instances;
    self->instances = instance;
    pthread_mutex_unlock(&self->lock);
    atomic_fetch_add(&self->live_instances, 1);
    atomic_fetch_add(&self->instances_made, 1);
    *out = &instance->base;
    return AIRS_OK;
}

static void instance_destroy(airs_instance_t *base) {
    if (base == NULL) {
        return;
    }
    airs_scripted_instance_t *instance = instance_of(base);
    airs_scripted_engine_t *self = instance->engine;
    AIRS_ASSERT(!atomic_load(&instance->in_call));
    if (instance->sleeping) {
        (void)instance->host.timers->cancel(instance->host.timers, &instance->sleep.timer);
    }
    /* The lock also ends whoever wakes this instance at the moment. */
    pthread_mutex_lock(&self->lock);
    airs_scripted_instance_t **link = &self->instances;
    while (*link != instance) {
        AIRS_ASSERT(*link != NULL);
        link = &(*link)->next;
    }
    *link = instance->next;
    pthread_mutex_unlock(&self->lock);
    instance->host.router->ops->route_release(instance->host.router, &instance->route);
    atomic_fetch_sub(&self->live_instances, 1);
    airs_release(self->allocator, instance);
}

/* ---- the engine ---- */

static bool is_named(const airs_scripted_component_t *component, const airs_component_source_t *source) {
    return source->path != NULL
               ? strcmp(component->name, source->path) == 0
               : airs_str_equal(airs_str(component->name),
                                airs_str_n((const char *)source->bytes.data, source->bytes.size));
}

static airs_status_t load(airs_runtime_engine_t *engine, const airs_component_source_t *source,
                          airs_component_handle_t *out, airs_error_t *error) {
    airs_scripted_engine_t *self = engine_of(engine);
    for (size_t i = 0; i < self->component_count; i++) {
        if (is_named(&self->components[i], source)) {
            *out = i + 1;
            return AIRS_OK;
        }
    }
    return airs_error_set(error, AIRS_LOAD_FAILED, "no such script");
}

static void unload(airs_runtime_engine_t *engine, airs_component_handle_t handle) {
    (void)engine;
    (void)handle;
}

static bool is_command(airs_runtime_engine_t *engine, airs_component_handle_t handle) {
    airs_scripted_engine_t *self = (airs_scripted_engine_t *)engine;
    return handle > 0 && handle <= self->component_count && self->components[handle - 1].is_command;
}

static bool migrates(airs_runtime_engine_t *engine, airs_component_handle_t handle) {
    airs_scripted_engine_t *self = engine_of(engine);
    return handle > 0 && handle <= self->component_count && self->components[handle - 1].migrates;
}

/* Scripts import nothing. */
static airs_status_t imports(airs_runtime_engine_t *engine, airs_component_handle_t handle,
                             bool (*each)(void *context, airs_str_t interface), void *context) {
    airs_scripted_engine_t *self = engine_of(engine);
    (void)each;
    (void)context;
    return handle > 0 && handle <= self->component_count ? AIRS_OK : AIRS_COMPONENT_NOT_FOUND;
}

static void activity_begin(airs_runtime_engine_t *engine) {
    atomic_fetch_add(&engine_of(engine)->activity, 1);
}

static void activity_end(airs_runtime_engine_t *engine) {
    AIRS_ASSERT(atomic_fetch_sub(&engine_of(engine)->activity, 1) > 0);
}

static const _Atomic uint64_t *slices(airs_runtime_engine_t *engine) { return &engine_of(engine)->slices; }

static void destroy(airs_runtime_engine_t *engine) { airs_scripted_engine_free(engine_of(engine)); }

void airs_scripted_engine_init(airs_scripted_engine_t *self, const airs_allocator_t *allocator) {
    static const airs_runtime_engine_ops_t ops = {
        .load = load,
        .unload = unload,
        .migrates = migrates,
        .is_command = is_command,
        .imports = imports,
        .instance_create = instance_create,
        .instance_destroy = instance_destroy,
        .batches = batches,
        .gather = gather,
        .call = call,
        .resume = resume,
        .activity_begin = activity_begin,
        .activity_end = activity_end,
        .slices = slices,
        .destroy = destroy,
    };
    memset(self, 0, sizeof *self);
    self->engine.ops = &ops;
    self->allocator = allocator;
    AIRS_ASSERT(pthread_mutex_init(&self->lock, NULL) == 0);
    self->batches = getenv("AIRS_TEST_BATCHES") != NULL;
}

void airs_scripted_engine_free(airs_scripted_engine_t *self) {
    AIRS_ASSERT(self->instances == NULL);
    AIRS_ASSERT(atomic_load(&self->activity) == 0);
    pthread_mutex_destroy(&self->lock);
}

airs_component_handle_t airs_scripted_engine_add(airs_scripted_engine_t *self, const char *name,
                                                 airs_scripted_guest_t *guest, void *context) {
    AIRS_ASSERT(self->component_count < AIRS_SCRIPTED_COMPONENTS);
    self->components[self->component_count++] =
        (airs_scripted_component_t){.name = name, .guest = guest, .context = context};
    return self->component_count;
}

void airs_scripted_engine_set_command(airs_scripted_engine_t *self, airs_component_handle_t component) {
    self->components[component - 1].is_command = true;
}

void airs_scripted_engine_set_migrates(airs_scripted_engine_t *self, airs_component_handle_t component) {
    self->components[component - 1].migrates = true;
}

static airs_scripted_instance_t *find(airs_scripted_engine_t *self, const char *id) {
    airs_scripted_instance_t *instance = self->instances;
    while (instance != NULL && strcmp(airs_component_id_text(instance->host.id), id) != 0) {
        instance = instance->next;
    }
    return instance;
}

void airs_scripted_engine_release(airs_scripted_engine_t *self, const char *id) {
    pthread_mutex_lock(&self->lock);
    airs_scripted_instance_t *instance = find(self, id);
    if (instance != NULL) {
        instance->releases++;
        wake(instance);
    }
    pthread_mutex_unlock(&self->lock);
}

void airs_scripted_engine_wake(airs_scripted_engine_t *self, const char *id) {
    pthread_mutex_lock(&self->lock);
    airs_scripted_instance_t *instance = find(self, id);
    if (instance != NULL) {
        wake(instance);
    }
    pthread_mutex_unlock(&self->lock);
}
