#include "actor/native_actor.h"

#include <stdio.h>

#include "actor/actor_spec.h"
#include "actor/component_registry.h"
#include "actor/component_spawner.h"
#include "actor/message_broker.h"
#include "actor/response_router.h"
#include "core/exit_message.h"

/* Targets that an actor remembers. */
#define ROUTES 4

typedef struct airs_native_actor airs_native_actor_t;

struct airs_actor_context {
    airs_native_actor_t *self;
};

struct airs_native_actor {
    airs_actor_t actor;
    airs_native_t native;
    void *state;
    airs_actor_context_t context;
    /* The last one that was used and the next one to give up; an entry names its target by the actor's own id. */
    airs_route_t routes[ROUTES];
    unsigned last_route;
    unsigned next_route;
    void *block; /* that it is in */
};

/* A block of the pool is aligned to this. */
#define BLOCK_ALIGNMENT 16

static airs_native_actor_t *native_of(airs_actor_t *actor) { return (airs_native_actor_t *)actor; }

/* ---- behaviour ---- */

static airs_poll_t done(airs_call_result_t *result, airs_status_t status) {
    *result = (airs_call_result_t){.status = status};
    if (status != AIRS_OK) {
        result->reason = airs_status_text(status);
    }
    return AIRS_POLL_DONE;
}

static airs_poll_t native_start(airs_actor_t *actor, airs_call_result_t *result) {
    airs_native_actor_t *self = native_of(actor);
    airs_status_t status = AIRS_OK;
    if (atomic_load_explicit(&actor->restarts, memory_order_relaxed) > 0) {
        status = self->native.restart(self->state);
    }
    if (status == AIRS_OK && self->native.start != NULL) {
        status = self->native.start(&self->context, self->state);
    }
    done(result, status);
    if (status != AIRS_OK) {
        result->status = AIRS_INITIALIZE_FAILED;
    }
    return AIRS_POLL_DONE;
}

static airs_incoming_kind_t incoming_kind(const airs_component_message_t *message) {
    switch ((airs_message_kind_t)message->kind) {
    case AIRS_MESSAGE_REQUEST:
        return AIRS_INCOMING_REQUEST;
    case AIRS_MESSAGE_RESPONSE:
        return AIRS_INCOMING_RESPONSE;
    case AIRS_MESSAGE_FAILURE:
        return AIRS_INCOMING_FAILURE;
    case AIRS_MESSAGE_DOWN:
        return AIRS_INCOMING_DOWN;
    case AIRS_MESSAGE_EXIT:
        return AIRS_INCOMING_EXIT;
    case AIRS_MESSAGE_PLAIN:
    case AIRS_MESSAGE_SYSTEM:
    case AIRS_MESSAGE_TIMER:
        break;
    }
    return AIRS_INCOMING_MESSAGE;
}

static airs_poll_t native_handle(airs_actor_t *actor, const airs_component_message_t *message,
                                 airs_call_result_t *result) {
    airs_native_actor_t *self = native_of(actor);
    char correlation[AIRS_CORRELATION_ID_TEXT_SIZE + 1];
    bool correlated = airs_component_message_has_correlation(message);
    if (correlated) {
        airs_correlation_id_format(&message->correlation, correlation);
    }
    airs_incoming_t incoming = {
        .kind = incoming_kind(message),
        .sender = airs_component_id_view(message->sender),
        .payload = message->payload,
        .content_type = message->content_type,
        .timestamp_ns = message->timestamp_ns,
        .correlation_id = correlated ? correlation : NULL,
        .timer_id = message->kind == AIRS_MESSAGE_TIMER ? message->timer_id : 0,
        .monitor = message->kind == AIRS_MESSAGE_DOWN ? message->watch : 0,
        .reason = {.text = ""},
    };
    if (airs_component_message_is_end(message)) {
        incoming.reason = airs_exit_message_reason(message);
    }
    airs_status_t status = self->native.handle(&self->context, self->state, &incoming);
    /* Every failure of a native callback is a crash: an error answer is the engine's alone. */
    return done(result, status == AIRS_GUEST_ERROR ? AIRS_HANDLE_MESSAGE_FAILED : status);
}

static airs_poll_t native_stop(airs_actor_t *actor, airs_call_result_t *result) {
    airs_native_actor_t *self = native_of(actor);
    if (self->native.stop != NULL) {
        self->native.stop(&self->context, self->state);
    }
    return done(result, AIRS_OK);
}

static airs_poll_t native_health(airs_actor_t *actor, airs_call_result_t *result) {
    airs_native_actor_t *self = native_of(actor);
    done(result, AIRS_OK);
    result->health = self->native.health != NULL ? self->native.health(&self->context, self->state)
                                                 : AIRS_HEALTH_UNKNOWN;
    return AIRS_POLL_DONE;
}

/* A native call never pends. */
static airs_poll_t native_resume(airs_actor_t *actor, airs_call_result_t *result) {
    (void)actor;
    return done(result, AIRS_INTERNAL);
}

static void native_discard(airs_actor_t *actor) {
    airs_native_actor_t *self = native_of(actor);
    for (size_t i = 0; i < ROUTES; i++) {
        airs_route_t route = self->routes[i];
        self->routes[i].actor = NULL;
        airs_actor_unref(route.actor);
    }
}

static void native_retire(airs_actor_t *actor) {
    airs_native_actor_t *self = native_of(actor);
    if (self->native.destroy != NULL) {
        self->native.destroy(self->state);
    }
    self->state = NULL;
}

static void native_release(airs_actor_t *actor) { airs_block_pool_free(native_of(actor)->block); }

/* Zeroed. From the pool, as messages are: actors come and go as quickly. */
static airs_native_actor_t *allocate(airs_block_pool_t *pool) {
    size_t spare = _Alignof(airs_native_actor_t) - BLOCK_ALIGNMENT;
    char *block = airs_block_pool_alloc(pool, sizeof(airs_native_actor_t) + spare);
    if (block == NULL) {
        return NULL;
    }
    char *aligned = block + (-(uintptr_t)block & (_Alignof(airs_native_actor_t) - 1));
    airs_native_actor_t *self = memset(aligned, 0, sizeof *self);
    self->block = block;
    return self;
}

airs_actor_t *airs_native_actor_create(const airs_actor_setup_t *setup, const airs_native_t *native,
                                       void *state) {
    static const airs_behaviour_t behaviour = {
        .start = native_start,
        .handle = native_handle,
        .stop = native_stop,
        .health = native_health,
        .resume = native_resume,
        .discard = native_discard,
        .retire = native_retire,
        .release = native_release,
    };
    airs_native_actor_t *self = allocate(setup->services->pool);
    if (self == NULL) {
        return NULL;
    }
    airs_actor_setup_t whole = *setup;
    whole.behaviour = &behaviour;
    airs_actor_init(&self->actor, &whole);
    /* A caller built with an older header has a smaller structure. */
    size_t size = native->size < sizeof self->native ? native->size : sizeof self->native;
    memcpy(&self->native, native, size);
    self->state = state;
    self->context.self = self;
    return &self->actor;
}

/* ---- what callbacks call ---- */

/* One to be filled in, which has been given up for it. */
static airs_route_t *next_route(airs_native_actor_t *self) {
    airs_route_t *route = &self->routes[self->next_route];
    airs_actor_unref(route->actor);
    route->actor = NULL;
    self->last_route = self->next_route;
    self->next_route = (self->next_route + 1) % ROUTES;
    return route;
}

/* Is it the view of whom the message in hand is from, which most answer to? */
static bool is_sender(const airs_native_actor_t *self, airs_id_t target) {
    const airs_component_message_t *message = self->actor.in_hand;
    return message != NULL && message->sender != NULL &&
           airs_component_id_view(message->sender).instance.data == target.instance.data &&
           airs_component_id_is(message->sender, &target);
}

/* The route for `target`: one that is remembered, or one to be filled in. */
static airs_route_t *route_to(airs_native_actor_t *self, airs_id_t target) {
    for (unsigned i = 0; i < ROUTES; i++) {
        unsigned index = (self->last_route + i) % ROUTES;
        airs_actor_t *actor = self->routes[index].actor;
        if (actor != NULL && airs_component_id_is(actor->id, &target)) {
            self->last_route = index;
            return &self->routes[index];
        }
    }
    airs_route_t *route = next_route(self);
    if (is_sender(self, target)) {
        /* Its hash is known. */
        route->actor =
            airs_component_registry_find_known(self->actor.services->registry, self->actor.in_hand->sender);
    }
    return route;
}

static airs_message_router_t *router_of(airs_actor_context_t *context) {
    return context->self->actor.services->router;
}

airs_id_t airs_actor_self(airs_actor_context_t *context) {
    return airs_component_id_view(context->self->actor.id);
}

airs_status_t airs_actor_send(airs_actor_context_t *context, airs_id_t target, airs_bytes_t payload) {
    airs_native_actor_t *self = context->self;
    airs_message_router_t *router = self->actor.services->router;
    return router->ops->send(router, &self->actor, route_to(self, target), &target, payload, NULL);
}

airs_status_t airs_actor_request(airs_actor_context_t *context, airs_id_t target, airs_bytes_t payload,
                                 uint64_t timeout_ms, airs_request_id_t *out) {
    airs_native_actor_t *self = context->self;
    airs_message_router_t *router = self->actor.services->router;
    airs_correlation_id_t id;
    airs_status_t status = router->ops->request(router, &self->actor, route_to(self, target), &target,
                                                payload, timeout_ms, &id, NULL);
    if (status == AIRS_OK && out != NULL) {
        airs_correlation_id_format(&id, out->text);
    }
    return status;
}

/* What is no id names no request: AIRS_NOT_FOUND. */
static airs_status_t read_id(const airs_request_id_t *id, airs_correlation_id_t *out) {
    airs_str_t text = airs_str_n(id->text, strnlen(id->text, sizeof id->text));
    return airs_correlation_id_parse(text, out) == AIRS_OK ? AIRS_OK : AIRS_NOT_FOUND;
}

airs_status_t airs_actor_cancel_request(airs_actor_context_t *context, const airs_request_id_t *id) {
    airs_message_router_t *router = router_of(context);
    airs_correlation_id_t read;
    airs_status_t status = read_id(id, &read);
    return status == AIRS_OK ? router->ops->cancel_request(router, &context->self->actor, &read) : status;
}

airs_status_t airs_actor_respond(airs_actor_context_t *context, airs_bytes_t payload) {
    airs_actor_t *actor = &context->self->actor;
    const airs_component_message_t *message = actor->in_hand;
    if (message == NULL || message->kind != AIRS_MESSAGE_REQUEST || actor->answered) {
        return AIRS_INVALID_STATE;
    }
    actor->answered = true;
    airs_response_router_respond(actor->services->responses, actor, &message->correlation, payload,
                                 airs_str(NULL));
    return AIRS_OK;
}

airs_status_t airs_actor_broadcast(airs_actor_context_t *context, const airs_id_t *targets, size_t count,
                                   airs_bytes_t payload, size_t *failed_first) {
    airs_message_router_t *router = router_of(context);
    return router->ops->broadcast(router, &context->self->actor, targets, NULL, count, payload, failed_first,
                                  NULL);
}

airs_status_t airs_actor_defer_reply(airs_actor_context_t *context, airs_request_id_t *out) {
    airs_message_router_t *router = router_of(context);
    airs_correlation_id_t id;
    airs_status_t status = router->ops->defer_reply(router, &context->self->actor, &id, NULL);
    if (status == AIRS_OK && out != NULL) {
        airs_correlation_id_format(&id, out->text);
    }
    return status;
}

airs_status_t airs_actor_reply(airs_actor_context_t *context, const airs_request_id_t *to,
                               airs_bytes_t payload, airs_str_t content_type) {
    airs_message_router_t *router = router_of(context);
    airs_correlation_id_t id;
    airs_status_t status = read_id(to, &id);
    return status == AIRS_OK
               ? router->ops->reply(router, &context->self->actor, &id, payload, content_type, NULL)
               : status;
}

airs_status_t airs_actor_fail(airs_actor_context_t *context, const airs_request_id_t *to, airs_str_t reason) {
    airs_message_router_t *router = router_of(context);
    airs_correlation_id_t id;
    airs_status_t status = read_id(to, &id);
    return status == AIRS_OK ? router->ops->fail(router, &context->self->actor, &id, reason, NULL) : status;
}

airs_status_t airs_actor_subscribe(airs_actor_context_t *context, airs_str_t pattern) {
    airs_message_router_t *router = router_of(context);
    return router->ops->subscribe(router, &context->self->actor, pattern, NULL);
}

airs_status_t airs_actor_unsubscribe(airs_actor_context_t *context, airs_str_t pattern) {
    airs_message_router_t *router = router_of(context);
    return router->ops->unsubscribe(router, &context->self->actor, pattern, NULL);
}

airs_status_t airs_actor_publish(airs_actor_context_t *context, airs_str_t topic, airs_bytes_t payload,
                                 airs_str_t content_type, uint32_t *reached) {
    airs_message_router_t *router = router_of(context);
    return router->ops->publish(router, &context->self->actor, topic, payload, content_type, reached, NULL);
}

static airs_status_t start_timer(airs_actor_context_t *context, uint64_t delay_ms, uint64_t period_ms,
                                 airs_bytes_t payload, airs_timer_id_t *out) {
    airs_message_router_t *router = router_of(context);
    airs_timer_id_t id = 0;
    return router->ops->start_timer(router, &context->self->actor, delay_ms, period_ms, payload,
                                    out != NULL ? out : &id, NULL);
}

airs_status_t airs_actor_send_after(airs_actor_context_t *context, uint64_t delay_ms, airs_bytes_t payload,
                                    airs_timer_id_t *out) {
    return start_timer(context, delay_ms, 0, payload, out);
}

airs_status_t airs_actor_send_every(airs_actor_context_t *context, uint64_t period_ms, airs_bytes_t payload,
                                    airs_timer_id_t *out) {
    return period_ms > 0 ? start_timer(context, period_ms, period_ms, payload, out) : AIRS_INVALID_ARGUMENT;
}

bool airs_actor_cancel_timer(airs_actor_context_t *context, airs_timer_id_t id) {
    airs_message_router_t *router = router_of(context);
    return router->ops->cancel_timer(router, &context->self->actor, id);
}

/* ---- links and monitors ---- */

airs_status_t airs_actor_monitor(airs_actor_context_t *context, airs_id_t target, airs_monitor_t *out) {
    airs_message_router_t *router = router_of(context);
    airs_monitor_t number = 0;
    return router->ops->monitor(router, &context->self->actor, target, out != NULL ? out : &number, NULL);
}

airs_status_t airs_actor_demonitor(airs_actor_context_t *context, airs_monitor_t monitor) {
    airs_message_router_t *router = router_of(context);
    return router->ops->demonitor(router, &context->self->actor, monitor);
}

airs_status_t airs_actor_link(airs_actor_context_t *context, airs_id_t target) {
    airs_message_router_t *router = router_of(context);
    return router->ops->link(router, &context->self->actor, target, NULL);
}

void airs_actor_unlink(airs_actor_context_t *context, airs_id_t target) {
    airs_message_router_t *router = router_of(context);
    router->ops->unlink(router, &context->self->actor, target);
}

airs_status_t airs_actor_trap_exits(airs_actor_context_t *context, bool traps) {
    airs_message_router_t *router = router_of(context);
    return router->ops->trap_exits(router, &context->self->actor, traps);
}

/* ---- spawning and stopping others ---- */

/* A caller built with an older header has a smaller structure. */
static airs_actor_spawn_t complete(const airs_actor_spawn_t *given) {
    airs_actor_spawn_t spawn = {0};
    memcpy(&spawn, given, given->size < sizeof spawn ? given->size : sizeof spawn);
    return spawn;
}

airs_status_t airs_actor_spawn(airs_actor_context_t *context, const airs_actor_spawn_t *spawn,
                               airs_spawned_t *out) {
    airs_message_router_t *router = router_of(context);
    airs_actor_spawn_t whole = complete(spawn);
    airs_spawn_order_t order = {
        .id = whole.id, .config = whole.config, .link = whole.link, .monitor = whole.monitor};
    airs_spawned_t spawned;
    return router->ops->spawn(router, &context->self->actor, &order, out != NULL ? out : &spawned, NULL);
}

airs_status_t airs_actor_spawn_native(airs_actor_context_t *context, const airs_native_t *native, void *state,
                                      const airs_actor_spawn_t *spawn, const airs_spawn_options_t *options,
                                      airs_spawned_t *out) {
    airs_actor_t *self = &context->self->actor;
    airs_actor_spawn_t whole = complete(spawn);
    airs_actor_spec_t own;
    const airs_actor_spec_t *spec = airs_actor_spec_default();
    if (options != NULL) {
        own = airs_actor_spec_of(options);
        own = airs_actor_spec_complete(&own);
        spec = &own;
    }
    airs_spawn_t what = {.native = native, .state = state, .id = whole.id, .spec = spec};
    airs_spawn_tie_t tie = {.parent = self, .link = whole.link, .monitor = whole.monitor};
    airs_actor_t *actor = NULL;
    airs_status_t status = airs_component_spawner_prepare(self->services, &what, NULL, &tie, &actor, NULL);
    if (status != AIRS_OK) {
        return status;
    }
    if (out != NULL) {
        out->monitor = tie.number;
        (void)snprintf(out->id, sizeof out->id, "%s", airs_component_id_text(actor->id));
    }
    /* Who makes an actor usually sends it something next. The route takes the reference over. */
    next_route(context->self)->actor = actor;
    airs_component_spawner_start(actor, self->worker);
    return AIRS_OK;
}

airs_status_t airs_actor_stop_other(airs_actor_context_t *context, airs_id_t target, airs_stop_mode_t mode) {
    airs_message_router_t *router = router_of(context);
    return router->ops->stop(router, &context->self->actor, target, mode, NULL);
}

/* ---- ends ---- */

void airs_actor_exit(airs_actor_context_t *context) {
    static const airs_exit_reason_t normal = {.kind = AIRS_REASON_NORMAL, .text = ""};
    (void)airs_actor_exit_for(&context->self->actor, &normal);
}

airs_status_t airs_actor_exit_with(airs_actor_context_t *context, const airs_exit_reason_t *reason) {
    airs_status_t status = airs_actor_exit_for(&context->self->actor, reason);
    return status == AIRS_INVALID_STATE ? AIRS_OK : status;
}
