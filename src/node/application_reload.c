/* Changing what runs to what another manifest says. */
#include <inttypes.h>
#include <stdio.h>

#include "core/log.h"
#include "core/memory.h"
#include "node/application_internal.h"
#include "node/manifest_diff.h"
#include "node/node.h"
#include "node/trusted_load.h"

#define LOG_SOURCE "application"

/* What becomes of a tree. */
typedef enum fate {
    FATE_KEPT, /* its components may be updated and resized */
    FATE_REMOVED,
    FATE_REPLACED,
} fate_t;

typedef struct old_tree {
    airs_tree_t *tree; /* NULL: it was stopped */
    const airs_manifest_supervisor_t *plan;
    fate_t fate;
    bool had_ended; /* by itself: it is no more, and is added if it is in the manifest still */
} old_tree_t;

/* A component of the new manifest and what it was. */
typedef struct change {
    const airs_application_component_t *old; /* NULL: it is new */
    airs_application_component_t *now;
    unsigned difference;
    bool fresh; /* loaded for this */
    /* What its instances are to go on with, once all else is done; until then `now` has what they run. 0: nothing. */
    airs_component_t next;
    airs_component_t before;
    airs_file_stamp_t next_stamp;
} change_t;

typedef struct reload {
    airs_application_t *application;
    const airs_manifest_t *manifest;
    airs_reload_report_t *report;
    airs_arena_t arena; /* for the time of the change */
    change_t *changes;  /* the manifest's components */
    old_tree_t *old_trees;
    size_t old_count;
    /* What is there after it. */
    airs_application_component_t *components;
    size_t component_count;
    airs_tree_t **trees;
    size_t tree_count;
    airs_policy_file_t *policy;
    airs_status_t status; /* of the first that failed */
    airs_error_t *error;
} reload_t;

/* ---- looking ---- */

static bool same_stamp(const airs_file_stamp_t *a, const airs_file_stamp_t *b) {
    return a->device == b->device && a->file == b->file && a->size == b->size &&
           a->written.tv_sec == b->written.tv_sec && a->written.tv_nsec == b->written.tv_nsec;
}

static const airs_application_component_t *find_old(const airs_application_t *application, const char *name) {
    for (size_t i = 0; i < application->component_count; i++) {
        if (strcmp(application->components[i].plan->name, name) == 0) {
            return &application->components[i];
        }
    }
    return NULL;
}

static airs_status_t no_memory(airs_error_t *error) {
    airs_error_set(error, AIRS_OUT_OF_MEMORY, "%s", airs_status_text(AIRS_OUT_OF_MEMORY));
    return AIRS_OUT_OF_MEMORY;
}

/* Tables with room for what is there now and what there will be. */
static airs_status_t prepare(reload_t *reload) {
    airs_application_t *application = reload->application;
    const airs_allocator_t *allocator = application->options.allocator;
    const airs_manifest_t *manifest = reload->manifest;
    size_t components = manifest->component_count + application->component_count;
    size_t trees = manifest->root_count + application->tree_count;
    reload->old_count = application->tree_count;
    reload->changes = airs_arena_alloc(&reload->arena, manifest->component_count, sizeof *reload->changes);
    reload->old_trees = airs_arena_alloc(&reload->arena, trees, sizeof *reload->old_trees);
    reload->components = airs_alloc_array(allocator, components, sizeof *reload->components);
    reload->trees = airs_alloc_array(allocator, trees, sizeof(airs_tree_t *));
    bool complete = reload->changes != NULL && reload->old_trees != NULL && reload->components != NULL &&
                    reload->trees != NULL &&
                    airs_reload_report_reserve(reload->report, components + 2 * trees);
    return complete ? AIRS_OK : no_memory(reload->error);
}

/* What has not changed is what was loaded; whether the new manifest trusts it still is another question. */
static airs_status_t keep_component(reload_t *reload, change_t *change, airs_error_t *error) {
    const airs_application_options_t *options = &reload->application->options;
    const airs_manifest_component_t *plan = change->now->plan;
    change->now->handle = change->old->handle;
    airs_status_t status =
        airs_trusted_check(reload->manifest, plan, options->allocator, options->log, error);
    if (status != AIRS_OK) {
        airs_error_prefix(error, "component %s", plan->name);
    }
    return status;
}

static airs_status_t have_component(reload_t *reload, change_t *change, airs_error_t *error) {
    const airs_manifest_component_t *plan = change->now->plan;
    if (change->old != NULL && (change->difference & (AIRS_DIFFERS_SOURCE | AIRS_DIFFERS_SETTINGS)) == 0) {
        return keep_component(reload, change, error);
    }
    airs_status_t status =
        airs_application_load_component(reload->application, reload->manifest, plan, change->now, error);
    change->fresh = status == AIRS_OK;
    return status;
}

/* Load what is new or another file, all of it, so that everything that is wrong is told. */
static airs_status_t load_changes(reload_t *reload) {
    airs_application_t *application = reload->application;
    airs_status_t status = AIRS_OK;
    for (size_t i = 0; i < reload->manifest->component_count; i++) {
        const airs_manifest_component_t *plan = &reload->manifest->components[i];
        change_t *change = &reload->changes[i];
        change->old = find_old(application, plan->name);
        change->now = &reload->components[i];
        *change->now = (airs_application_component_t){.plan = plan, .stamp = airs_file_stamp(plan->source)};
        if (change->old != NULL) {
            change->difference = airs_manifest_component_difference(change->old->plan, plan);
            change->difference |= same_stamp(&change->old->stamp, &change->now->stamp) ? 0
                                                                                       : AIRS_DIFFERS_SOURCE;
        }
        airs_error_t error;
        airs_status_t loaded = have_component(reload, change, &error);
        if (loaded != AIRS_OK) {
            airs_log_printf(application->options.log, AIRS_LOG_ERROR, airs_str(LOG_SOURCE), "%s", error.text);
        }
        if (loaded != AIRS_OK && status == AIRS_OK) {
            airs_error_set(reload->error, loaded, "%s", error.text);
            status = loaded;
        }
    }
    reload->component_count = reload->manifest->component_count;
    return status;
}

static const airs_manifest_supervisor_t *find_root(const airs_manifest_t *manifest,
                                                   const airs_manifest_supervisor_t *like) {
    for (size_t i = 0; i < manifest->root_count; i++) {
        const airs_manifest_supervisor_t *root = manifest->roots[i];
        if (strcmp(root->name, like->name) == 0 && root->implicit == like->implicit) {
            return root;
        }
    }
    return NULL;
}

static change_t *change_of(const reload_t *reload, const airs_manifest_component_t *component) {
    return &reload->changes[component - reload->manifest->components];
}

/* Is there an instance that could be updated? */
static bool lives(const reload_t *reload, const change_t *change) {
    const airs_application_t *application = reload->application;
    airs_actor_counters_t counters;
    char number[24];
    uint64_t instances = change->old != NULL ? change->old->plan->instances : 0;
    bool found = false;
    for (uint64_t i = 0; i < instances && !found; i++) {
        (void)snprintf(number, sizeof number, "%" PRIu64, i);
        airs_id_t id = airs_id(reload->manifest->ns, change->old->plan->name, number);
        found = airs_node_counters(application->node, id, &counters) == AIRS_OK;
    }
    return found;
}

/* Can this be done to the component while its tree goes on? */
static bool can_change(const reload_t *reload, const airs_manifest_supervisor_t *owner, size_t position) {
    const change_t *change = change_of(reload, owner->children[position].component);
    bool is_last = position + 1 == owner->child_count;
    bool updates = (change->difference & (AIRS_DIFFERS_SOURCE | AIRS_DIFFERS_SETTINGS)) != 0;
    bool resizes = (change->difference & AIRS_DIFFERS_INSTANCES) != 0;
    /* Instances that are added start last, whatever the order of the others. */
    bool can_resize = owner->strategy != AIRS_REST_FOR_ONE || is_last;
    return (change->difference & AIRS_DIFFERS_ACTOR) == 0 && (can_resize || !resizes) &&
           (!updates || lives(reload, change));
}

static bool can_keep(const reload_t *reload, const airs_manifest_supervisor_t *plan) {
    bool can = true;
    for (size_t i = 0; i < plan->child_count && can; i++) {
        const airs_manifest_child_t *child = &plan->children[i];
        can = child->component != NULL ? can_change(reload, plan, i) : can_keep(reload, child->supervisor);
    }
    return can;
}

static void decide(reload_t *reload) {
    airs_application_t *application = reload->application;
    for (size_t i = 0; i < reload->old_count; i++) {
        old_tree_t *old = &reload->old_trees[i];
        old->tree = application->trees[i];
        old->plan = airs_tree_plan(old->tree);
        old->had_ended = airs_tree_has_ended(old->tree);
        const airs_manifest_supervisor_t *root = find_root(reload->manifest, old->plan);
        if (root == NULL || old->had_ended) {
            old->fate = FATE_REMOVED;
        } else {
            bool kept = airs_manifest_same_supervision(old->plan, root) && can_keep(reload, root);
            old->fate = kept ? FATE_KEPT : FATE_REPLACED;
        }
    }
}

/* ---- doing ---- */

static void note(reload_t *reload, airs_reload_kind_t kind, const char *name) {
    airs_reload_report_add(reload->report, (airs_reload_item_t){.kind = kind, .name = name});
}

static void note_failure(reload_t *reload, const char *name, airs_status_t status,
                         const airs_error_t *error) {
    airs_log_printf(reload->application->options.log, AIRS_LOG_ERROR, airs_str(LOG_SOURCE), "%s",
                    error->text);
    airs_reload_report_add(
        reload->report,
        (airs_reload_item_t){.kind = AIRS_RELOAD_FAILED, .name = name, .reason = error->text});
    if (reload->status == AIRS_OK) {
        reload->status = airs_error_set(reload->error, status, "%s", error->text);
    }
}

/* The last started first. */
static void stop_old(reload_t *reload) {
    for (size_t i = reload->old_count; i > 0; i--) {
        old_tree_t *old = &reload->old_trees[i - 1];
        if (old->fate == FATE_KEPT) {
            continue;
        }
        airs_tree_stop(old->tree, AIRS_STOP_DRAIN);
        old->tree = NULL;
        if (old->fate == FATE_REMOVED && !old->had_ended) {
            note(reload, AIRS_RELOAD_REMOVED, old->plan->name);
        }
    }
}

/* From here on components are looked for among both. */
static void swap_components(reload_t *reload) {
    airs_application_t *application = reload->application;
    for (size_t i = 0; i < application->component_count; i++) {
        reload->components[reload->component_count++] = application->components[i];
    }
    airs_application_component_t *before = application->components;
    airs_waiter_lock(&application->waiter);
    application->components = reload->components;
    application->component_count = reload->component_count;
    application->manifest = reload->manifest;
    application->scene.stop_time_ms = reload->manifest->shutdown.stop_time_ms;
    airs_waiter_unlock(&application->waiter);
    /* What was there is still looked at through the new table. */
    for (size_t i = 0; i < reload->manifest->component_count; i++) {
        change_t *change = &reload->changes[i];
        if (change->old != NULL) {
            change->old =
                &reload->components[reload->manifest->component_count + (size_t)(change->old - before)];
        }
    }
    airs_release(application->options.allocator, before);
}

static old_tree_t *old_of(const reload_t *reload, const airs_manifest_supervisor_t *root) {
    for (size_t i = 0; i < reload->old_count; i++) {
        const airs_manifest_supervisor_t *plan = reload->old_trees[i].plan;
        if (strcmp(plan->name, root->name) == 0 && plan->implicit == root->implicit &&
            !reload->old_trees[i].had_ended) {
            return &reload->old_trees[i];
        }
    }
    return NULL;
}

static void resize(reload_t *reload, airs_tree_t *tree, const change_t *change) {
    const airs_manifest_component_t *now = change->now->plan;
    uint64_t before = change->old->plan->instances;
    airs_error_t error;
    airs_status_t status = airs_tree_resize(tree, before, now, &error);
    if (status != AIRS_OK) {
        note_failure(reload, now->name, status, &error);
    }
    airs_reload_report_add(reload->report, (airs_reload_item_t){.kind = AIRS_RELOAD_RESIZED,
                                                                .name = now->name,
                                                                .from = before,
                                                                .to = now->instances});
}

static void change_components(reload_t *reload, airs_tree_t *tree, const airs_manifest_supervisor_t *plan) {
    for (size_t i = 0; i < plan->child_count; i++) {
        const airs_manifest_component_t *component = plan->children[i].component;
        if (component == NULL) {
            change_components(reload, tree, plan->children[i].supervisor);
            continue;
        }
        change_t *change = change_of(reload, component);
        if (change->fresh) {
            change->next = change->now->handle;
            change->next_stamp = change->now->stamp;
            change->before = change->old->handle;
            change->now->handle = change->before;
            change->now->stamp = change->old->stamp;
            reload->application->updates++;
        }
        if ((change->difference & AIRS_DIFFERS_INSTANCES) != 0) {
            resize(reload, tree, change);
        }
        reload->report->unchanged += change->difference == 0;
    }
}

static void keep_tree(reload_t *reload, airs_tree_t *tree) { reload->trees[reload->tree_count++] = tree; }

/* What was there is better than nothing. */
static void start_again(reload_t *reload, const old_tree_t *old) {
    airs_tree_t *tree = NULL;
    airs_error_t error;
    airs_application_t *application = reload->application;
    airs_status_t status = airs_tree_start(&application->scene, old->plan, &tree, &error);
    if (status == AIRS_OK) {
        airs_log_printf(application->options.log, AIRS_LOG_WARN, airs_str(LOG_SOURCE),
                        "%s runs again as it was before", old->plan->name);
        keep_tree(reload, tree);
    } else {
        airs_log_printf(application->options.log, AIRS_LOG_ERROR, airs_str(LOG_SOURCE),
                        "and as it was before it does not start either: %s", error.text);
    }
}

static void start_new(reload_t *reload, const airs_manifest_supervisor_t *root, const old_tree_t *old) {
    airs_tree_t *tree = NULL;
    airs_error_t error;
    airs_status_t status = airs_tree_start(&reload->application->scene, root, &tree, &error);
    if (status == AIRS_OK) {
        keep_tree(reload, tree);
        note(reload, old != NULL ? AIRS_RELOAD_RESTARTED : AIRS_RELOAD_ADDED, root->name);
        return;
    }
    note_failure(reload, root->name, status, &error);
    if (old != NULL && status != AIRS_CANCELLED) {
        start_again(reload, old);
    }
}

static void start_all(reload_t *reload) {
    const airs_manifest_t *manifest = reload->manifest;
    for (size_t i = 0; i < manifest->root_count; i++) {
        const airs_manifest_supervisor_t *root = manifest->roots[i];
        const old_tree_t *old = old_of(reload, root);
        if (old == NULL || old->fate != FATE_KEPT) {
            start_new(reload, root, old);
            continue;
        }
        change_components(reload, old->tree, root);
        airs_tree_adopt(old->tree, root);
        keep_tree(reload, old->tree);
    }
}

/* Does a tree that runs go by this component? */
static bool is_below(const airs_manifest_supervisor_t *plan, const airs_manifest_component_t *component) {
    bool below = false;
    for (size_t i = 0; i < plan->child_count && !below; i++) {
        const airs_manifest_child_t *child = &plan->children[i];
        below = child->component == component ||
                (child->supervisor != NULL && is_below(child->supervisor, component));
    }
    return below;
}

static bool is_in_use(const reload_t *reload, const airs_manifest_component_t *component) {
    bool used = false;
    for (size_t i = 0; i < reload->tree_count && !used; i++) {
        used = is_below(airs_tree_plan(reload->trees[i]), component);
    }
    return used;
}

/* What nobody runs any more, and what did not start, is unloaded and forgotten. */
static void drop_components(reload_t *reload) {
    airs_application_t *application = reload->application;
    size_t kept = 0;
    airs_waiter_lock(&application->waiter);
    for (size_t i = 0; i < reload->component_count; i++) {
        airs_application_component_t component = reload->components[i];
        if (is_in_use(reload, component.plan)) {
            reload->components[i] = reload->components[kept];
            reload->components[kept++] = component;
        }
    }
    for (size_t i = kept; i < reload->component_count; i++) {
        airs_component_t handle = reload->components[i].handle;
        bool used = false; /* by one that was not loaded anew, or that is behind this one */
        for (size_t k = 0; k < reload->component_count && !used; k++) {
            used = (k < kept || k > i) && reload->components[k].handle == handle;
        }
        if (!used) {
            airs_node_unload(application->node, handle);
        }
    }
    application->component_count = kept;
    airs_waiter_unlock(&application->waiter);
}

/* What is spawned of it later has the settings too. The change's lock is held: a tree that has been stopped meanwhile
 * offers nothing any more. */
static void offer_anew(const reload_t *reload, const airs_manifest_component_t *plan) {
    airs_application_t *application = reload->application;
    airs_error_t error;
    for (size_t i = 0; i < application->tree_count; i++) {
        if (is_below(airs_tree_plan(application->trees[i]), plan) &&
            airs_tree_offer(&application->scene, plan, &error) != AIRS_OK) {
            airs_log_printf(application->options.log, AIRS_LOG_ERROR, airs_str(LOG_SOURCE),
                            "component %s: what is spawned of it has the settings of before: %s", plan->name,
                            error.text);
        }
    }
}

/* ---- updates, which take their time, and are not waited for by who stops ---- */

static void note_update(reload_t *reload, const airs_manifest_component_t *plan, airs_component_t before,
                        const change_t *change, airs_status_t status, const airs_error_t *error) {
    airs_application_t *application = reload->application;
    pthread_mutex_lock(&application->change);
    for (size_t i = 0; i < application->component_count; i++) {
        airs_application_component_t *component = &application->components[i];
        if (component->plan == plan) {
            component->handle = status == AIRS_OK ? change->next : before;
            /* One that failed is tried again when the manifest is read anew. */
            component->stamp = status == AIRS_OK ? change->next_stamp : (airs_file_stamp_t){0};
        }
    }
    if (status == AIRS_OK) {
        offer_anew(reload, plan);
    }
    application->updates--;
    pthread_mutex_unlock(&application->change);
    airs_node_unload(application->node, status == AIRS_OK ? before : change->next);
    if (status == AIRS_OK) {
        note(reload, AIRS_RELOAD_UPDATED, plan->name);
    } else {
        note_failure(reload, plan->name, status, error);
    }
}

static void update(reload_t *reload, const airs_manifest_component_t *plan, airs_component_t before,
                   const change_t *change) {
    airs_error_t error = {AIRS_OK, ""};
    airs_spawn_options_t spawn = airs_tree_spawn_options(plan);
    airs_application_lower_limits(reload->application, plan, UINT64_MAX, &spawn);
    airs_update_options_t options = AIRS_UPDATE_OPTIONS_INIT;
    options.window_ms = plan->update.window_ms > 0 ? plan->update.window_ms : AIRS_UPDATE_NO_WINDOW;
    options.together = plan->update.together;
    options.spawn = &spawn;
    airs_id_t group = airs_id(reload->manifest->ns, plan->name, NULL);
    airs_status_t status = airs_node_update(reload->application->node, group, change->next, &options, &error);
    if (status != AIRS_OK) {
        airs_error_prefix(&error, "component %s", plan->name);
    }
    note_update(reload, plan, before, change, status, &error);
}

/* The change's lock is not held: the application may end meanwhile, but is not changed again. */
static void update_all(reload_t *reload) {
    for (size_t i = 0; i < reload->manifest->component_count; i++) {
        const change_t *change = &reload->changes[i];
        if (change->next != 0) {
            update(reload, &reload->manifest->components[i], change->before, change);
        }
    }
}

/* ---- the whole ---- */

static void unload_fresh(reload_t *reload) {
    for (size_t i = 0; reload->changes != NULL && i < reload->component_count; i++) {
        if (reload->changes[i].fresh) {
            airs_node_unload(reload->application->node, reload->changes[i].now->handle);
        }
    }
}

static void begin_change(reload_t *reload) {
    airs_application_t *application = reload->application;
    airs_waiter_lock(&application->waiter);
    application->tree_count = 0; /* they are ours now */
    airs_waiter_unlock(&application->waiter);
}

static void end_change(reload_t *reload) {
    airs_application_t *application = reload->application;
    airs_tree_t **before = application->trees;
    airs_waiter_lock(&application->waiter);
    application->trees = reload->trees;
    application->tree_count = reload->tree_count;
    application->told = true;
    airs_waiter_wake(&application->waiter);
    airs_waiter_unlock(&application->waiter);
    airs_release(application->options.allocator, (void *)before);
}

/* What the policy asks of the engine, which was made before it. */
static airs_status_t check_policy(const reload_t *reload) {
    const airs_manifest_t *manifest = reload->manifest;
    for (size_t i = 0; i < manifest->component_count && !reload->application->made.consume_fuel; i++) {
        if (airs_application_asks_for_fuel(manifest, &manifest->components[i], reload->policy)) {
            return airs_error_set(
                reload->error, AIRS_UNSUPPORTED,
                "%s: limits.fuel for components.%s needs an engine that counts fuel, which is "
                "fixed while the application runs; restart it",
                manifest->policy, manifest->components[i].name);
        }
    }
    return AIRS_OK;
}

/* Nothing has changed yet when this fails. */
static airs_status_t look(reload_t *reload) {
    airs_application_t *application = reload->application;
    bool runs = atomic_load_explicit(&application->stage, memory_order_relaxed) == AIRS_APPLICATION_RUNNING;
    if (!runs || airs_application_is_interrupted(application)) {
        airs_error_set(reload->error, AIRS_INVALID_STATE, "the application is starting or stopping");
        return AIRS_INVALID_STATE;
    }
    if (application->updates > 0) {
        airs_error_set(reload->error, AIRS_INVALID_STATE,
                       "a component is being updated; read the manifest when that is over");
        return AIRS_INVALID_STATE;
    }
    airs_status_t status = airs_manifest_check_change(application->manifest, reload->manifest,
                                                      &application->made, reload->error);
    if (status == AIRS_OK) {
        status = airs_application_load_policy(application, reload->manifest, &reload->policy, reload->error);
    }
    if (status == AIRS_OK) {
        status = check_policy(reload);
    }
    if (status == AIRS_OK) {
        status = prepare(reload);
    }
    if (status == AIRS_OK) {
        status = load_changes(reload);
    }
    return status;
}

static void change_trees(reload_t *reload) {
    decide(reload);
    /* Before anything starts by it; for what goes on it holds from the next message on. */
    airs_application_set_policy(reload->application, reload->policy);
    begin_change(reload);
    airs_stream_files_reopen(&reload->application->streams);
    stop_old(reload);
    swap_components(reload);
    start_all(reload);
    drop_components(reload);
    end_change(reload);
    airs_actor_system_ask_metadata(airs_node_actors(reload->application->node));
}

/* *taken: the manifest is what holds from here on. */
static airs_status_t reload_with(airs_application_t *application, const airs_manifest_t *manifest,
                                 bool *taken, airs_reload_report_t *report, airs_error_t *error) {
    reload_t reload = {
        .application = application,
        .manifest = manifest,
        .report = report,
        .arena = {.allocator = application->options.allocator},
        .error = error,
    };
    pthread_mutex_lock(&application->change);
    airs_status_t status = look(&reload);
    *taken = status == AIRS_OK;
    if (*taken) {
        change_trees(&reload);
    } else {
        unload_fresh(&reload);
        airs_policy_file_destroy(reload.policy);
        airs_release(application->options.allocator, reload.components);
        airs_release(application->options.allocator, (void *)reload.trees);
    }
    pthread_mutex_unlock(&application->change);
    if (*taken) {
        update_all(&reload);
        status = reload.status;
    }
    airs_arena_free(&reload.arena);
    return status;
}

static void log_outcome(airs_application_t *application, airs_status_t status,
                        const airs_reload_report_t *report, const airs_error_t *error) {
    airs_text_t text;
    airs_text_init(&text, application->options.allocator);
    if (report->count > 0 || status == AIRS_OK) {
        airs_reload_report_text(report, &text);
        airs_log_printf(application->options.log, AIRS_LOG_INFO, airs_str(LOG_SOURCE),
                        "the manifest was read anew: %s", airs_text_cstr(&text));
    } else {
        airs_log_printf(application->options.log, AIRS_LOG_ERROR, airs_str(LOG_SOURCE),
                        "the manifest was read anew, and nothing was changed: %s", error->text);
    }
    airs_text_free(&text);
}

airs_status_t airs_application_reload(airs_application_t *application, airs_reload_report_t *report,
                                      airs_error_t *error) {
    const airs_allocator_t *allocator = application->options.allocator;
    airs_error_t found = {AIRS_OK, ""};
    airs_manifest_t *manifest = NULL;
    bool taken = false;
    airs_application_manifest_t *kept = airs_alloc_zeroed(allocator, sizeof *kept);
    airs_status_t status = kept != NULL ? airs_manifest_load(allocator, application->path, &manifest, &found)
                                        : no_memory(&found);
    if (status == AIRS_OK) {
        status = reload_with(application, manifest, &taken, report, &found);
    } else if (status == AIRS_IO) {
        /* A manifest that cannot be read is not to be taken for a component's file that cannot. */
        status = found.status = AIRS_MANIFEST_INVALID;
    }
    if (taken) {
        pthread_mutex_lock(&application->change);
        *kept = (airs_application_manifest_t){application->manifests, manifest};
        application->manifests = kept;
        pthread_mutex_unlock(&application->change);
    } else {
        airs_manifest_destroy(manifest);
        airs_release(allocator, kept);
    }
    log_outcome(application, status, report, &found);
    return status == AIRS_OK ? status : airs_error_set(error, status, "%s", found.text);
}
