#include "actor/component_actor.h"

#include "actor/accepted_codecs.h"
#include "actor/actor_update.h"
#include "actor/command_actor.h"
#include "actor/message_batch.h"
#include "actor/passivation.h"

static airs_component_actor_t *component_of(airs_actor_t *actor) { return (airs_component_actor_t *)actor; }

static const airs_runtime_engine_ops_t *ops_of(airs_component_actor_t *self) {
    return self->actor.services->engine->ops;
}

/* The space that all instances of a component share, unless the spawner says otherwise: the id's text up to
 * its last slash, or all of it for an instance that shares nothing. */
static airs_str_t space_of(airs_component_actor_t *self) {
    if (self->code->storage_space.size > 0) {
        return self->code->storage_space;
    }
    const char *text = airs_component_id_text(self->actor.id);
    return self->code->storage_by_instance ? airs_str(text)
                                           : airs_str_n(text, (size_t)(strrchr(text, '/') - text));
}

static airs_host_t host_for(airs_component_actor_t *self, const airs_actor_code_t *code) {
    airs_services_t *services = self->actor.services;
    return (airs_host_t){
        .self = &self->actor,
        .id = self->actor.id,
        .router = services->router,
        .timers = services->timers,
        .storage = services->storage,
        .storage_space = space_of(self),
        .storage_by_instance = self->code->storage_space.size == 0 && self->code->storage_by_instance,
        .storage_quota = code->storage_quota,
        .clock = services->clock,
        .random = services->random,
        .log = services->log,
        .standard_output = code->standard_output,
        .standard_error = code->standard_error,
        .env = code->config.env,
        .env_count = code->config.env_count,
        .settings = code->settings,
        .arguments = code->arguments,
        .standard_input = code->standard_input,
        .wake = airs_actor_wake,
        .wake_context = &self->actor,
        .record_bytes = code->record_bytes,
        .crashes = services->crashes,
        .capabilities = code->capabilities,
        .authority = services->authority,
    };
}

airs_status_t airs_component_actor_instance(airs_component_actor_t *self, const airs_actor_code_t *code,
                                            airs_instance_t **out, airs_error_t *error) {
    airs_runtime_engine_t *engine = self->actor.services->engine;
    airs_host_t host = host_for(self, code);
    airs_status_t status =
        engine->ops->instance_create(engine, code->component, &host, &code->config.limits, out, error);
    return status == AIRS_COMPONENT_NOT_FOUND ? AIRS_NOT_LOADED : status;
}

airs_poll_t airs_component_actor_call(airs_component_actor_t *self, const airs_call_t *what,
                                      airs_call_result_t *result) {
    return ops_of(self)->call(self->instance, what, result);
}

/* ---- starting: an instance, its start functions, initialize ---- */

airs_poll_t airs_component_actor_refuse(airs_component_actor_t *self, airs_status_t status,
                                        const airs_error_t *error, airs_call_result_t *result) {
    size_t size = strlen(error->text) + 1;
    self->refusal = error->text[0] != '\0' ? airs_alloc(self->actor.services->allocator, size) : NULL;
    if (self->refusal != NULL) {
        memcpy(self->refusal, error->text, size);
    }
    *result = (airs_call_result_t){
        .status = status,
        .reason = self->refusal,
    };
    return AIRS_POLL_DONE;
}

/* Instantiation is done: go on to initialize, and from there, when an update is taken back, to the state that is
 * kept; that is done: started. */
static airs_poll_t advance(airs_component_actor_t *self, airs_poll_t poll, airs_call_result_t *result) {
    if (poll == AIRS_POLL_DONE && result->status == AIRS_OK && self->phase == PHASE_INSTANTIATE) {
        self->phase = PHASE_INITIALIZE;
        airs_call_t initialize = {.kind = AIRS_CALL_INITIALIZE, .config = &self->code->config};
        poll = airs_component_actor_call(self, &initialize, result);
    }
    airs_call_t import;
    if (poll == AIRS_POLL_DONE && result->status == AIRS_OK && self->phase == PHASE_INITIALIZE &&
        airs_actor_update_kept_state(&self->actor, &import)) {
        self->phase = PHASE_IMPORT;
        poll = airs_component_actor_call(self, &import, result);
    }
    if (poll == AIRS_POLL_DONE) {
        self->phase = PHASE_STARTED;
    }
    return poll;
}

bool airs_component_actor_make_room(airs_component_actor_t *self, airs_instance_t **instance,
                                    airs_poll_t poll, const airs_call_result_t *result) {
    airs_actor_t *actor = &self->actor;
    if (poll != AIRS_POLL_DONE || result->status != AIRS_RESOURCE_LIMIT || !result->no_room) {
        airs_passivation_took(actor->services);
        return false;
    }
    airs_passivation_found_none(actor->services);
    if (!airs_passivation_make_room(actor->services, actor->worker)) {
        return false;
    }
    ops_of(self)->instance_destroy(*instance);
    *instance = NULL;
    return true;
}

bool airs_component_actor_begin(airs_component_actor_t *self, airs_poll_t *poll, airs_call_result_t *result) {
    airs_call_t instantiate = {.kind = AIRS_CALL_INSTANTIATE};
    airs_services_t *services = self->actor.services;
    if (airs_passivation_is_full(services)) {
        (void)airs_passivation_make_room(services, self->actor.worker);
    }
    do {
        airs_error_t error;
        error.text[0] = '\0';
        airs_status_t status = airs_component_actor_instance(self, self->code, &self->instance, &error);
        if (status != AIRS_OK) {
            self->instance = NULL;
            (void)airs_component_actor_refuse(self, status, &error, result);
            return false;
        }
        self->phase = PHASE_INSTANTIATE;
        *poll = airs_component_actor_call(self, &instantiate, result);
    } while (airs_component_actor_make_room(self, &self->instance, *poll, result));
    return true;
}

/* Is it there already, and can it do without an instance for a while? */
static bool comes_back(const airs_actor_t *actor) {
    /* Relaxed: the owner's. */
    return actor->step == AIRS_STEP_RETURN ||
           (actor->passivable != NULL && atomic_load_explicit(&actor->restarts, memory_order_relaxed) > 0);
}

/* A passive actor that finds no room for its instance waits until there is some, and so does one that is stateless and
 * begins anew, after a crash or with the component before an update; who is spawned is refused. */
static bool is_to_wait(const airs_component_actor_t *self, airs_poll_t poll,
                       const airs_call_result_t *result) {
    return poll == AIRS_POLL_DONE && comes_back(&self->actor) && result->status == AIRS_RESOURCE_LIMIT &&
           result->no_room;
}

static airs_poll_t component_start(airs_actor_t *actor, airs_call_result_t *result) {
    airs_component_actor_t *self = component_of(actor);
    airs_poll_t poll;
    for (;;) {
        if (!airs_component_actor_begin(self, &poll, result)) {
            return AIRS_POLL_DONE;
        }
        if (!is_to_wait(self, poll, result)) {
            return advance(self, poll, result);
        }
        ops_of(self)->instance_destroy(self->instance);
        self->instance = NULL;
        self->phase = PHASE_AWAIT_ROOM;
        if (airs_passivation_await_room(actor)) {
            return AIRS_POLL_PENDING;
        }
    }
}

/* ---- running ---- */

static airs_poll_t component_handle(airs_actor_t *actor, const airs_component_message_t *message,
                                    airs_call_result_t *result) {
    airs_call_t handle = {
        .kind = airs_component_message_is_callback(message) ? AIRS_CALL_HANDLE_CALLBACK
                                                            : AIRS_CALL_HANDLE_MESSAGE,
        .message = message,
    };
    return airs_component_actor_call(component_of(actor), &handle, result);
}

static bool component_batches(airs_actor_t *actor) {
    airs_component_actor_t *self = component_of(actor);
    return ops_of(self)->batches != NULL && ops_of(self)->batches(self->instance);
}

static uint32_t component_gather(airs_actor_t *actor, const airs_component_message_t *first, uint32_t count,
                                 size_t payload_bytes) {
    airs_component_actor_t *self = component_of(actor);
    return ops_of(self)->gather(self->instance, first, count, payload_bytes);
}

static airs_poll_t component_handle_batch(airs_actor_t *actor, const airs_component_message_t *first,
                                          airs_call_result_t *result) {
    airs_call_t handle = {.kind = AIRS_CALL_HANDLE_BATCH, .message = first, .batch = &airs_message_batch_ops};
    return airs_component_actor_call(component_of(actor), &handle, result);
}

static airs_poll_t component_stop(airs_actor_t *actor, airs_call_result_t *result) {
    if (component_of(actor)->instance == NULL) {
        /* It is passive, and there is nothing to shut down. */
        *result = (airs_call_result_t){.status = AIRS_OK, .reason = ""};
        return AIRS_POLL_DONE;
    }
    airs_call_t shutdown = {.kind = AIRS_CALL_SHUTDOWN};
    return airs_component_actor_call(component_of(actor), &shutdown, result);
}

static airs_poll_t component_describe(airs_actor_t *actor, airs_call_result_t *result) {
    airs_call_t metadata = {.kind = AIRS_CALL_METADATA};
    return airs_component_actor_call(component_of(actor), &metadata, result);
}

static airs_poll_t component_health(airs_actor_t *actor, airs_call_result_t *result) {
    airs_call_t health = {.kind = AIRS_CALL_HEALTH};
    return airs_component_actor_call(component_of(actor), &health, result);
}

static airs_poll_t component_resume(airs_actor_t *actor, airs_call_result_t *result) {
    airs_component_actor_t *self = component_of(actor);
    if (actor->step == AIRS_STEP_UPDATE) {
        return airs_actor_update_resume(actor, result);
    }
    if (self->phase == PHASE_AWAIT_ROOM) {
        airs_passivation_await_no_longer(actor);
        return component_start(actor, result);
    }
    airs_poll_t poll = ops_of(self)->resume(self->instance, result);
    return self->phase == PHASE_STARTED ? poll : advance(self, poll, result);
}

static void component_passivate(airs_actor_t *actor) {
    airs_component_actor_t *self = component_of(actor);
    ops_of(self)->instance_destroy(self->instance);
    self->instance = NULL;
}

void airs_component_actor_discard(airs_actor_t *actor) {
    airs_component_actor_t *self = component_of(actor);
    if (self->instance != NULL && ops_of(self)->instance_ended != NULL) {
        ops_of(self)->instance_ended(self->instance, actor->end_status, actor->end_reason);
    }
    airs_actor_update_discard(actor);
    if (self->instance != NULL) {
        ops_of(self)->instance_destroy(self->instance);
        self->instance = NULL;
        airs_passivation_gave(actor->services);
    }
    airs_release(actor->services->allocator, self->refusal);
    self->refusal = NULL;
}

void airs_component_actor_release(airs_actor_t *actor) {
    airs_actor_code_unref(component_of(actor)->code);
    airs_release_aligned(actor->services->allocator, actor);
}

airs_actor_t *airs_component_actor_create(const airs_actor_setup_t *setup, airs_component_handle_t component,
                                          const airs_actor_spec_t *spec) {
    static const airs_behaviour_t behaviour = {
        .uses_engine = true,
        .can_wait = true,
        .start = component_start,
        .handle = component_handle,
        .batches = component_batches,
        .gather = component_gather,
        .handle_batch = component_handle_batch,
        .stop = component_stop,
        .describe = component_describe,
        .health = component_health,
        .resume = component_resume,
        .passivate = component_passivate,
        .discard = airs_component_actor_discard,
        .release = airs_component_actor_release,
    };
    const airs_allocator_t *allocator = setup->services->allocator;
    airs_actor_code_t *code = airs_actor_code_create(allocator, component, spec);
    airs_component_actor_t *self = code != NULL ? airs_alloc_aligned(allocator, sizeof *self) : NULL;
    if (self == NULL) {
        airs_actor_code_unref(code);
        return NULL;
    }
    airs_runtime_engine_t *engine = setup->services->engine;
    bool is_command = engine->ops->is_command != NULL && engine->ops->is_command(engine, component);
    airs_actor_setup_t whole = *setup;
    whole.behaviour = is_command ? airs_command_actor_behaviour() : &behaviour;
    whole.accepts = is_command ? AIRS_ACCEPTS_NOTHING : whole.accepts;
    whole.park = &self->park;
    airs_actor_init(&self->actor, &whole);
    self->code = code;
    return &self->actor;
}
