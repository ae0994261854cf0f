#include "node/application_tree.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>

#include "actor/supervisor.h"
#include "core/arena.h"
#include "core/log.h"
#include "core/memory.h"
#include "node/quantity.h"

#define INSTANCE_TEXT_MAX 24
#define LOG_SOURCE "application"

struct airs_tree {
    const airs_tree_scene_t *scene;
    _Atomic(const airs_manifest_supervisor_t *) plan; /* relaxed: plans live longer than trees */
    airs_supervisor_t *supervisor;
    uint64_t stop_time_ms;        /* as it was when it started */
    _Atomic bool ended;           /* release and acquire: who sees it may stop the tree */
    bool start_failed;            /* written on a worker before the start returns */
    char failed[AIRS_ID_MAX + 1]; /* the instance that did not start */
};

/* ---- options ---- */

/* 0: there is none. */
static uint64_t smaller_quota(uint64_t one, uint64_t other) {
    return one != 0 && (other == 0 || one < other) ? one : other;
}

airs_spawn_options_t airs_tree_spawn_options(const airs_manifest_component_t *component) {
    const airs_manifest_limits_t *limits = &component->limits;
    airs_spawn_options_t options = AIRS_SPAWN_OPTIONS_INIT;
    options.env = component->env;
    options.env_count = component->env_count;
    options.config = component->config;
    options.settings = component->settings;
    options.setting_count = component->setting_count;
    options.max_memory_bytes = limits->memory_bytes;
    options.max_execution_time_ms = limits->execution_time_ms;
    options.max_parked_time_ms = limits->parked_time_ms;
    options.max_fuel = limits->fuel;
    options.mailbox_messages = (uint32_t)limits->mailbox_messages;
    options.mailbox_bytes = limits->mailbox_bytes;
    options.max_message_bytes = limits->message_bytes;
    options.max_requests = (uint32_t)limits->outstanding_requests;
    options.mailbox_policy = limits->mailbox_policy;
    options.block_time_ms = limits->block_time_ms;
    options.accepts = component->accepts;
    options.max_timers = (uint32_t)limits->timers;
    options.max_subscriptions = (uint32_t)limits->subscriptions;
    options.max_deferred = (uint32_t)limits->deferred_replies;
    options.max_monitors = (uint32_t)limits->monitors;
    options.max_links = (uint32_t)limits->links;
    options.max_messages_per_s = (uint32_t)limits->messages_per_s;
    options.max_log_lines_per_s = (uint32_t)limits->log_lines_per_s;
    options.max_instances = (uint32_t)limits->instances;
    options.health_interval_ms = component->health.interval_ms;
    options.health_timeout_ms = component->health.timeout_ms;
    options.unhealthy_after = (uint32_t)component->health.unhealthy_after;
    options.record_bytes = component->record_bytes;
    options.subscriptions = component->subscriptions;
    options.subscription_count = component->subscription_count;
    options.args = component->run.args;
    options.arg_count = component->run.arg_count;
    options.standard_input = component->run.standard_input;
    options.every_ms = component->run.every_ms;
    options.confined = component->capabilities.given;
    options.grants = component->capabilities.grants;
    options.grant_count = component->capabilities.grant_count;
    options.storage_quota = smaller_quota(component->capabilities.storage_quota, limits->storage_quota);
    options.storage_by_instance = component->storage_by_instance;
    options.stateless = component->stateless;
    options.passivate_after_ms = component->passivate_after_ms;
    return options;
}

/* An instance of a component; of a simple-one-for-one supervisor (`number` UINT64_MAX) what its instances are
 * like. NULL: no memory. */
static const airs_child_options_t *instance_options(const airs_tree_scene_t *scene, airs_arena_t *arena,
                                                    const airs_manifest_component_t *component,
                                                    uint64_t number) {
    airs_child_options_t *child = airs_arena_alloc(arena, 1, sizeof *child);
    airs_spawn_options_t *spawn = airs_arena_alloc(arena, 1, sizeof *spawn);
    char *text = airs_arena_alloc(arena, 1, INSTANCE_TEXT_MAX);
    if (child == NULL || spawn == NULL || text == NULL) {
        return NULL;
    }
    *child = (airs_child_options_t)AIRS_CHILD_OPTIONS_INIT;
    *spawn = airs_tree_spawn_options(component);
    if (!scene->component(scene->context, component, number, &child->component, spawn)) {
        return NULL;
    }
    if (number != UINT64_MAX) {
        (void)snprintf(text, INSTANCE_TEXT_MAX, "%" PRIu64, number);
    }
    child->id = airs_id(scene->ns, component->name, text);
    child->spawn = spawn;
    child->restart = component->place.restart;
    child->significant = component->place.significant;
    child->shutdown_ms = component->place.shutdown_ms != 0 ? component->place.shutdown_ms
                                                           : scene->stop_time_ms;
    return child;
}

static airs_supervisor_options_t *supervisor_options(const airs_tree_scene_t *scene, airs_arena_t *arena,
                                                     const airs_manifest_supervisor_t *plan);

static const airs_child_options_t *nested_options(const airs_tree_scene_t *scene, airs_arena_t *arena,
                                                  const airs_manifest_supervisor_t *plan) {
    airs_child_options_t *child = airs_arena_alloc(arena, 1, sizeof *child);
    if (child == NULL) {
        return NULL;
    }
    *child = (airs_child_options_t)AIRS_CHILD_OPTIONS_INIT;
    child->supervisor = supervisor_options(scene, arena, plan);
    child->restart = plan->place.restart;
    child->significant = plan->place.significant;
    child->shutdown_ms = plan->place.shutdown_ms;
    return child->supervisor != NULL ? child : NULL;
}

static bool is_simple(const airs_manifest_supervisor_t *plan) {
    return plan->strategy == AIRS_SIMPLE_ONE_FOR_ONE;
}

static size_t count_children(const airs_manifest_supervisor_t *plan) {
    size_t count = 0;
    for (size_t i = 0; i < plan->child_count; i++) {
        const airs_manifest_component_t *component = plan->children[i].component;
        count += component != NULL && !is_simple(plan) ? (size_t)component->instances : 1;
    }
    return count;
}

/* NULL: no memory. */
static airs_supervisor_options_t *supervisor_options(const airs_tree_scene_t *scene, airs_arena_t *arena,
                                                     const airs_manifest_supervisor_t *plan) {
    airs_supervisor_options_t *options = airs_arena_alloc(arena, 1, sizeof *options);
    const airs_child_options_t **children = airs_arena_alloc(arena, count_children(plan), sizeof *children);
    if (options == NULL || children == NULL) {
        return NULL;
    }
    *options = (airs_supervisor_options_t)AIRS_SUPERVISOR_OPTIONS_INIT;
    options->name = plan->name;
    options->strategy = plan->strategy;
    options->auto_shutdown = plan->auto_shutdown;
    options->intensity = (uint32_t)plan->intensity;
    options->period_ms = plan->period_ms;
    options->backoff = (airs_backoff_t){plan->backoff_first_ms, plan->backoff_max_ms};
    options->children = children;
    for (size_t i = 0; i < plan->child_count; i++) {
        const airs_manifest_component_t *component = plan->children[i].component;
        uint64_t instances = component != NULL && !is_simple(plan) ? component->instances : 1;
        for (uint64_t number = 0; number < instances; number++) {
            const airs_child_options_t *child =
                component != NULL
                    ? instance_options(scene, arena, component, is_simple(plan) ? UINT64_MAX : number)
                    : nested_options(scene, arena, plan->children[i].supervisor);
            if (child == NULL) {
                return NULL;
            }
            children[options->child_count++] = child;
        }
        if (is_simple(plan) && component != NULL) {
            options->instances = (uint32_t)component->instances;
        }
    }
    return options;
}

/* ---- what its actors may spawn ---- */

airs_status_t airs_tree_offer(const airs_tree_scene_t *scene, const airs_manifest_component_t *component,
                              airs_error_t *error) {
    airs_component_t handle = 0;
    airs_spawn_options_t options = airs_tree_spawn_options(component);
    if (is_simple(component->place.supervisor)) {
        return AIRS_OK; /* the supervisor offers it */
    }
    if (!scene->component(scene->context, component, UINT64_MAX, &handle, &options)) {
        return airs_error_set(error, AIRS_OUT_OF_MEMORY, "%s", airs_status_text(AIRS_OUT_OF_MEMORY));
    }
    return airs_node_offer(scene->node, handle, airs_id(scene->ns, component->name, NULL), &options, error);
}

static airs_status_t offer_components(const airs_tree_scene_t *scene, const airs_manifest_supervisor_t *plan,
                                      airs_error_t *error) {
    airs_status_t status = AIRS_OK;
    for (size_t i = 0; i < plan->child_count && status == AIRS_OK; i++) {
        const airs_manifest_component_t *component = plan->children[i].component;
        status = component != NULL ? airs_tree_offer(scene, component, error)
                                   : offer_components(scene, plan->children[i].supervisor, error);
    }
    return status;
}

static void withdraw_components(const airs_tree_scene_t *scene, const airs_manifest_supervisor_t *plan) {
    for (size_t i = 0; i < plan->child_count && !is_simple(plan); i++) {
        const airs_manifest_component_t *component = plan->children[i].component;
        if (component != NULL) {
            airs_node_withdraw(scene->node, airs_id(scene->ns, component->name, NULL));
        } else {
            withdraw_components(scene, plan->children[i].supervisor);
        }
    }
}

/* ---- what happens to it ---- */

/* NULL: it is not below this. */
static const airs_manifest_component_t *find_component(const airs_manifest_supervisor_t *plan,
                                                       airs_str_t name) {
    const airs_manifest_component_t *found = NULL;
    for (size_t i = 0; i < plan->child_count && found == NULL; i++) {
        const airs_manifest_component_t *component = plan->children[i].component;
        if (component == NULL) {
            found = find_component(plan->children[i].supervisor, name);
        } else if (airs_str_equal(name, airs_str(component->name))) {
            found = component;
        }
    }
    return found;
}

static void complain_overdue(const airs_tree_t *tree, airs_id_t id) {
    const airs_manifest_component_t *component = find_component(airs_tree_plan(tree), id.name);
    bool own = component != NULL && component->place.shutdown_ms != 0;
    airs_log_printf(tree->scene->log, AIRS_LOG_ERROR, airs_str(LOG_SOURCE),
                    "component %.*s, instance %.*s: shutdown: it was ended after the %" PRIu64 " ms of %s",
                    AIRS_STR_ARG(id.name), AIRS_STR_ARG(id.instance),
                    own ? component->place.shutdown_ms : tree->stop_time_ms,
                    own ? "its \"shutdown\"" : "shutdown.stop-time");
}

static void note_stop_failure(airs_tree_t *tree, const airs_supervision_event_t *event) {
    airs_id_t id;
    if (airs_id_parse(airs_str(event->child), &id, NULL) != AIRS_OK) {
        return;
    }
    if (event->status == AIRS_TIMEOUT) {
        complain_overdue(tree, id);
    } else {
        airs_log_printf(tree->scene->log, AIRS_LOG_ERROR, airs_str(LOG_SOURCE),
                        "component %.*s, instance %.*s: shutdown: %s: %s", AIRS_STR_ARG(id.name),
                        AIRS_STR_ARG(id.instance), event->child, event->reason);
    }
    tree->scene->stop_failed(tree->scene->context);
}

static void note_end(airs_tree_t *tree, bool gave_up) {
    const airs_manifest_supervisor_t *plan = airs_tree_plan(tree);
    char period[AIRS_QUANTITY_TEXT_MAX];
    airs_duration_format(plan->period_ms * 1000, period);
    if (gave_up && plan->implicit) {
        airs_log_printf(tree->scene->log, AIRS_LOG_ERROR, airs_str(LOG_SOURCE),
                        "component %s has ended for good: it needed more than %" PRIu64
                        " restarts in %s; the others"
                        " go on",
                        plan->name, plan->intensity, period);
    } else if (gave_up) {
        airs_log_printf(tree->scene->log, AIRS_LOG_ERROR, airs_str(LOG_SOURCE),
                        "supervisor %s has given up: its children needed more than %" PRIu64
                        " restarts in %s",
                        plan->name, plan->intensity, period);
    } else {
        airs_log_printf(tree->scene->log, AIRS_LOG_INFO, airs_str(LOG_SOURCE),
                        "supervisor %s has shut down: what was significant in it has ended", plan->name);
    }
    /* Release: pairs with airs_tree_has_ended. */
    atomic_store_explicit(&tree->ended, true, memory_order_release);
    tree->scene->ended(tree->scene->context, plan, gave_up);
}

static void on_event(void *context, const airs_supervision_event_t *event) {
    airs_tree_t *tree = context;
    switch (event->kind) {
    case AIRS_SUPERVISION_START_FAILED:
        (void)snprintf(tree->failed, sizeof tree->failed, "%s", event->child);
        tree->start_failed = true;
        break;
    case AIRS_SUPERVISION_STOP_FAILED:
        note_stop_failure(tree, event);
        break;
    case AIRS_SUPERVISION_GAVE_UP: /* the supervisor logs it, with the child */
        break;
    case AIRS_SUPERVISION_ENDED:
        note_end(tree, event->status != AIRS_OK);
        break;
    }
}

static bool is_cancelled(void *context) {
    const airs_tree_scene_t *scene = ((airs_tree_t *)context)->scene;
    return scene->cancelled(scene->context);
}

/* ---- its life ---- */

static void name_failed(const airs_tree_t *tree, airs_error_t *error) {
    airs_id_t id;
    if (tree->start_failed && airs_id_parse(airs_str(tree->failed), &id, NULL) == AIRS_OK) {
        airs_error_prefix(error, "component %.*s, instance %.*s", AIRS_STR_ARG(id.name),
                          AIRS_STR_ARG(id.instance));
    } else {
        const airs_manifest_supervisor_t *plan = airs_tree_plan(tree);
        airs_error_prefix(error, "%s %s", plan->implicit ? "component" : "supervisor", plan->name);
    }
}

airs_status_t airs_tree_start(const airs_tree_scene_t *scene, const airs_manifest_supervisor_t *plan,
                              airs_tree_t **out, airs_error_t *error) {
    airs_arena_t arena = {.allocator = scene->allocator};
    airs_tree_t *tree = airs_alloc_zeroed(scene->allocator, sizeof *tree);
    airs_supervisor_options_t *options = tree != NULL ? supervisor_options(scene, &arena, plan) : NULL;
    airs_status_t status = AIRS_OUT_OF_MEMORY;
    if (options == NULL) {
        airs_error_set(error, status, "%s", airs_status_text(status));
    } else {
        tree->scene = scene;
        tree->stop_time_ms = scene->stop_time_ms;
        airs_tree_adopt(tree, plan);
        options->event = on_event;
        options->cancelled = is_cancelled;
        options->context = tree;
        status = offer_components(scene, plan, error);
        if (status == AIRS_OK) {
            status = airs_node_start_supervisor(scene->node, options, &tree->supervisor, error);
        }
        if (status != AIRS_OK && status != AIRS_CANCELLED) {
            name_failed(tree, error);
        }
    }
    airs_arena_free(&arena);
    if (status != AIRS_OK) {
        withdraw_components(scene, plan);
        airs_release(scene->allocator, tree);
        return status;
    }
    *out = tree;
    return AIRS_OK;
}

void airs_tree_stop(airs_tree_t *tree, airs_stop_mode_t mode) {
    if (tree == NULL) {
        return;
    }
    uint64_t limit_ms = airs_tree_plan(tree)->place.shutdown_ms;
    if (limit_ms == 0) {
        limit_ms = AIRS_SHUTDOWN_INFINITY; /* its children have limits */
    } else if (limit_ms == AIRS_SHUTDOWN_BRUTAL) {
        limit_ms = 0;
    }
    withdraw_components(tree->scene, tree->plan);
    airs_node_stop_supervisor(tree->scene->node, tree->supervisor, mode, limit_ms);
    airs_release(tree->scene->allocator, tree);
}

const airs_manifest_supervisor_t *airs_tree_plan(const airs_tree_t *tree) {
    return atomic_load_explicit(&((airs_tree_t *)tree)->plan, memory_order_relaxed);
}

void airs_tree_adopt(airs_tree_t *tree, const airs_manifest_supervisor_t *plan) {
    atomic_store_explicit(&tree->plan, plan, memory_order_relaxed);
}

bool airs_tree_has_ended(const airs_tree_t *tree) {
    /* Acquire: pairs with `note_end`. */
    return atomic_load_explicit(&((airs_tree_t *)tree)->ended, memory_order_acquire);
}

bool airs_tree_can_grow(const airs_manifest_supervisor_t *plan) {
    bool can_grow = is_simple(plan);
    for (size_t i = 0; i < plan->child_count && !can_grow; i++) {
        const airs_manifest_supervisor_t *nested = plan->children[i].supervisor;
        can_grow = nested != NULL && airs_tree_can_grow(nested);
    }
    return can_grow;
}

bool airs_tree_goes_on(airs_tree_t *tree) {
    return !airs_tree_has_ended(tree) &&
           (airs_tree_can_grow(airs_tree_plan(tree)) || airs_supervisor_goes_on(tree->supervisor));
}

/* ---- more or fewer instances ---- */

static airs_status_t start_instance(airs_tree_t *tree, airs_supervisor_t *supervisor,
                                    const airs_manifest_component_t *component, uint64_t number,
                                    airs_error_t *error) {
    const airs_tree_scene_t *scene = tree->scene;
    airs_arena_t arena = {.allocator = scene->allocator};
    const airs_child_options_t *child = instance_options(scene, &arena, component, number);
    airs_status_t status = AIRS_OUT_OF_MEMORY;
    if (child == NULL) {
        airs_error_set(error, status, "%s", airs_status_text(status));
    } else if (is_simple(component->place.supervisor)) {
        status = airs_node_start_like(scene->node, supervisor, child->id, airs_bytes(NULL, 0), error);
    } else {
        status = airs_node_start_child(scene->node, supervisor, child, error);
    }
    if (status != AIRS_OK) {
        airs_error_prefix(error, "component %s, instance %" PRIu64, component->name, number);
    }
    airs_arena_free(&arena);
    return status;
}

/* It may have ended, and been forgotten, by itself. */
static void stop_instance(airs_tree_t *tree, airs_supervisor_t *supervisor,
                          const airs_manifest_component_t *component, uint64_t number) {
    const airs_tree_scene_t *scene = tree->scene;
    char text[INSTANCE_TEXT_MAX];
    char name[AIRS_ID_MAX + 1];
    uint64_t limit_ms = component->place.shutdown_ms != 0 ? component->place.shutdown_ms
                                                          : scene->stop_time_ms;
    (void)snprintf(text, sizeof text, "%" PRIu64, number);
    (void)snprintf(name, sizeof name, "%s/%s/%s", scene->ns, component->name, text);
    airs_error_t error;
    airs_status_t status = airs_node_stop(scene->node, airs_id(scene->ns, component->name, text),
                                          AIRS_STOP_DRAIN, limit_ms == AIRS_SHUTDOWN_BRUTAL ? 0 : limit_ms,
                                          &error);
    if (status != AIRS_OK && status != AIRS_TARGET_NOT_FOUND && limit_ms != AIRS_SHUTDOWN_BRUTAL) {
        airs_log_printf(scene->log, AIRS_LOG_ERROR, airs_str(LOG_SOURCE),
                        "component %s, instance %s: shutdown: %s", component->name, text, error.text);
        scene->stop_failed(scene->context);
    }
    /* Nothing else waits for it: it has ended for good, or is not known. */
    (void)airs_node_stop_child(scene->node, supervisor, name, NULL);
    (void)airs_node_delete_child(scene->node, supervisor, name, NULL);
}

airs_status_t airs_tree_resize(airs_tree_t *tree, uint64_t instances, const airs_manifest_component_t *now,
                               airs_error_t *error) {
    const airs_manifest_supervisor_t *owner = now->place.supervisor;
    airs_supervisor_t *supervisor = tree->supervisor;
    airs_status_t status = AIRS_OK;
    if (owner->place.supervisor != NULL) {
        status = airs_node_find_supervisor(tree->scene->node, tree->supervisor, owner->name, &supervisor);
        if (status != AIRS_OK) {
            return airs_error_set(error, status, "component %s: its supervisor %s has ended", now->name,
                                  owner->name);
        }
    }
    for (uint64_t number = instances; number > now->instances; number--) {
        stop_instance(tree, supervisor, now, number - 1);
    }
    for (uint64_t number = instances; number < now->instances && status == AIRS_OK; number++) {
        status = start_instance(tree, supervisor, now, number, error);
    }
    return status;
}
