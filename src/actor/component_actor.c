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

/* How an attempt to make an instance ended. */
typedef enum airs_attempt {
    ATTEMPT_MADE, /* and begun; how far it came is another question */
    ATTEMPT_REFUSED,
    ATTEMPT_NO_ROOM,
} airs_attempt_t;

/* There is no room for the instance: it is dropped. */
static void drop_refused(airs_component_actor_t *self, const airs_call_result_t *result,
                         airs_error_t *error) {
    (void)airs_error_set(error, result->status, "%s", result->reason); /* which is gone with it */
    ops_of(self)->instance_destroy(self->instance);
    self->instance = NULL;
}

static airs_attempt_t attempt_once(airs_component_actor_t *self, airs_poll_t *poll,
                                   airs_call_result_t *result, airs_error_t *error) {
    airs_services_t *services = self->actor.services;
    airs_call_t instantiate = {.kind = AIRS_CALL_INSTANTIATE};
    int32_t spare = airs_instance_room_spare(services);
    error->text[0] = '\0';
    error->status = airs_component_actor_instance(self, self->code, &self->instance, error);
    if (error->status != AIRS_OK) {
        self->instance = NULL;
        return ATTEMPT_REFUSED;
    }
    self->phase = PHASE_INSTANTIATE;
    *poll = airs_component_actor_call(self, &instantiate, result);
    if (!airs_component_actor_found_none(*poll, result)) {
        airs_instance_room_took(services);
        return ATTEMPT_MADE;
    }
    airs_instance_room_found_none(services, spare);
    drop_refused(self, result, error);
    return ATTEMPT_NO_ROOM;
}

static airs_attempt_t attempt(airs_component_actor_t *self, airs_poll_t *poll, airs_call_result_t *result) {
    airs_services_t *services = self->actor.services;
    airs_attempt_t ended;
    airs_error_t error;
    airs_instance_room_expect(&self->actor);
    if (airs_instance_room_is_full(services)) {
        (void)airs_passivation_make_room(services, self->actor.worker);
    }
    do {
        ended = attempt_once(self, poll, result, &error);
    } while (ended == ATTEMPT_NO_ROOM && airs_passivation_make_room(services, self->actor.worker));
    if (ended != ATTEMPT_MADE) {
        airs_instance_room_expect_no_more(&self->actor);
        *poll = airs_component_actor_refuse(self, error.status, &error, result);
    }
    if (ended == ATTEMPT_REFUSED) {
        airs_instance_room_serve(services); /* somebody may have given way in vain */
    }
    return ended;
}

/* May it wait for room? One that is there already, and can do without an instance for a while, does not end for want of
 * one; any other does when there is no hope of it. */
static bool may_wait(airs_component_actor_t *self) {
    airs_actor_t *actor = &self->actor;
    /* Relaxed: the owner's. */
    return actor->step == AIRS_STEP_RETURN ||
           (actor->passivable != NULL && atomic_load_explicit(&actor->restarts, memory_order_relaxed) > 0) ||
           airs_instance_room_is_hoped_for(actor->services);
}

static void forget_refusal(airs_component_actor_t *self) {
    airs_release(self->actor.services->allocator, self->refusal);
    self->refusal = NULL;
}

bool airs_component_actor_begin(airs_component_actor_t *self, airs_poll_t *poll, airs_call_result_t *result) {
    airs_worker_t *worker = self->actor.worker;
    *poll = AIRS_POLL_PENDING;
    if (airs_room_seeker_place(&self->seeker) == AIRS_PLACE_WAITS) {
        return false; /* it was woken for something else */
    }
    bool waits;
    do {
        waits = may_wait(self);
        if (!waits || airs_instance_room_may_try(&self->seeker, self->actor.services)) {
            airs_attempt_t ended = attempt(self, poll, result);
            /* Looked at once more: somebody else's may just have changed hands. */
            waits = waits || may_wait(self);
            if (ended != ATTEMPT_NO_ROOM || !waits) {
                airs_instance_room_served(&self->seeker, worker);
                return ended == ATTEMPT_MADE;
            }
            forget_refusal(self);
        }
        self->phase = PHASE_AWAIT_ROOM;
    } while (airs_instance_room_await(&self->seeker, worker));
    *poll = AIRS_POLL_PENDING;
    return false;
}

const char *airs_component_actor_overdue(const airs_actor_t *actor) {
    const airs_component_actor_t *self = (const airs_component_actor_t *)actor;
    return self->phase == PHASE_AWAIT_ROOM
               ? "no room for its instance came for too long: all that fit, engine.max-actors, are in use"
               : NULL;
}

static airs_poll_t component_start(airs_actor_t *actor, airs_call_result_t *result) {
    airs_component_actor_t *self = component_of(actor);
    airs_poll_t poll;
    return airs_component_actor_begin(self, &poll, result) ? advance(self, poll, result) : poll;
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
        airs_instance_room_vacate(actor);
    }
    airs_instance_room_leave(&self->seeker);
    forget_refusal(self);
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
        .overdue = airs_component_actor_overdue,
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
    self->seeker.actor = &self->actor;
    return &self->actor;
}
