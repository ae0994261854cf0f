/* The supervision part of a node's functions: options become the actors' layer's specifications. */
#include <airssys/supervisor.h>

#include "actor/supervisor.h"
#include "core/arena.h"
#include "core/memory.h"
#include "node/node.h"

/* A plan whose parts are given back with the translation. */
typedef struct planned {
    struct planned *next;
    airs_spawn_plan_t plan;
} planned_t;

typedef struct translation {
    airs_node_t *node;
    airs_arena_t arena; /* for the time of the call */
    planned_t *plans;
} translation_t;

static translation_t begin(airs_node_t *node) {
    return (translation_t){.node = node, .arena = {.allocator = airs_node_allocator(node)}};
}

static void finish(translation_t *translation) {
    for (planned_t *planned = translation->plans; planned != NULL; planned = planned->next) {
        airs_spawn_plan_release(translation->arena.allocator, &planned->plan);
    }
    airs_arena_free(&translation->arena);
}

/* Copies of the options as this version knows them. */
static airs_child_options_t complete_child(const airs_child_options_t *options) {
    airs_child_options_t complete = AIRS_CHILD_OPTIONS_INIT;
    memcpy(&complete, options, options->size < sizeof complete ? options->size : sizeof complete);
    return complete;
}

static airs_supervisor_options_t complete_supervisor(const airs_supervisor_options_t *options) {
    airs_supervisor_options_t complete = AIRS_SUPERVISOR_OPTIONS_INIT;
    memcpy(&complete, options, options->size < sizeof complete ? options->size : sizeof complete);
    return complete;
}

/* Nothing was made of it: the states of native actors are the supervisor's all the same. */
static void drop_states(const airs_child_options_t *options) {
    airs_child_options_t child = complete_child(options);
    if (child.native != NULL && child.native->destroy != NULL) {
        child.native->destroy(child.state);
    } else if (child.supervisor != NULL) {
        airs_supervisor_options_t supervisor = complete_supervisor(child.supervisor);
        for (size_t i = 0; i < supervisor.child_count; i++) {
            drop_states(supervisor.children[i]);
        }
    }
}

static airs_status_t no_memory(airs_error_t *error) {
    airs_error_set(error, AIRS_OUT_OF_MEMORY, "%s", airs_status_text(AIRS_OUT_OF_MEMORY));
    return AIRS_OUT_OF_MEMORY;
}

static airs_status_t plan_actor(translation_t *translation, const airs_child_options_t *child,
                                airs_child_spec_t *out, airs_error_t *error) {
    planned_t *planned = airs_arena_alloc(&translation->arena, 1, sizeof *planned);
    if (planned == NULL) {
        return no_memory(error);
    }
    if (child->native != NULL) {
        airs_node_plan_native(child->spawn, &planned->plan);
    } else {
        airs_status_t status = airs_node_plan_guest(translation->node, child->spawn, &planned->plan, error);
        if (status != AIRS_OK) {
            return status;
        }
    }
    planned->next = translation->plans;
    translation->plans = planned;
    out->actor = &planned->plan.spec;
    return AIRS_OK;
}

static airs_status_t plan_supervisor(translation_t *translation, const airs_supervisor_options_t *options,
                                     airs_supervisor_spec_t *out, airs_error_t *error);

static airs_status_t plan_child(translation_t *translation, const airs_child_options_t *options,
                                airs_child_spec_t *out, airs_error_t *error) {
    airs_child_options_t child = complete_child(options);
    *out = (airs_child_spec_t){
        .component = child.component,
        .native = child.native,
        .state = child.state,
        .id = child.id,
        .restart = child.restart,
        .significant = child.significant,
        .shutdown_ms = child.shutdown_ms,
    };
    if (child.supervisor == NULL) {
        return plan_actor(translation, &child, out, error);
    }
    airs_supervisor_spec_t *nested = airs_arena_alloc(&translation->arena, 1, sizeof *nested);
    if (nested == NULL) {
        return no_memory(error);
    }
    out->supervisor = nested;
    airs_status_t status = plan_supervisor(translation, child.supervisor, nested, error);
    out->name = nested->name;
    return status;
}

static airs_status_t plan_supervisor(translation_t *translation, const airs_supervisor_options_t *options,
                                     airs_supervisor_spec_t *out, airs_error_t *error) {
    airs_supervisor_options_t given = complete_supervisor(options);
    airs_child_spec_t *children = airs_arena_alloc(&translation->arena, given.child_count, sizeof *children);
    if (children == NULL) {
        return no_memory(error);
    }
    airs_status_t status = AIRS_OK;
    for (size_t i = 0; i < given.child_count && status == AIRS_OK; i++) {
        status = plan_child(translation, given.children[i], &children[i], error);
    }
    *out = (airs_supervisor_spec_t){
        .name = given.name,
        .strategy = given.strategy,
        .auto_shutdown = given.auto_shutdown,
        .intensity = given.intensity,
        .period_ms = given.period_ms,
        .backoff = given.backoff,
        .children = children,
        .child_count = given.child_count,
        .instances = given.instances,
        .event = given.event,
        .cancelled = given.cancelled,
        .context = given.context,
    };
    return status;
}

airs_status_t airs_node_start_supervisor(airs_node_t *node, const airs_supervisor_options_t *options,
                                         airs_supervisor_t **out, airs_error_t *error) {
    translation_t translation = begin(node);
    airs_supervisor_spec_t spec;
    airs_status_t status = plan_supervisor(&translation, options, &spec, error);
    if (status == AIRS_OK) {
        status = airs_actor_system_start_supervisor(airs_node_actors(node), &spec, out, error);
    } else {
        airs_child_options_t whole = AIRS_CHILD_OPTIONS_INIT;
        whole.supervisor = options;
        drop_states(&whole);
    }
    finish(&translation);
    return status;
}

void airs_node_stop_supervisor(airs_node_t *node, airs_supervisor_t *supervisor, airs_stop_mode_t mode,
                               uint64_t timeout_ms) {
    (void)node;
    airs_supervisor_stop(supervisor, mode, timeout_ms);
}

airs_status_t airs_node_find_supervisor(airs_node_t *node, airs_supervisor_t *supervisor, const char *name,
                                        airs_supervisor_t **out) {
    (void)node;
    return airs_supervisor_find(supervisor, name, out);
}

/* Where a status says everything, the parts below leave the text out. */
static airs_status_t tell(airs_status_t status, const airs_error_t *found, airs_error_t *error) {
    if (status == AIRS_OK || error == NULL) {
        return status;
    }
    return airs_error_set(error, status, "%s",
                          found->text[0] != '\0' ? found->text : airs_status_text(status));
}

airs_status_t airs_node_start_child(airs_node_t *node, airs_supervisor_t *supervisor,
                                    const airs_child_options_t *options, airs_error_t *error) {
    translation_t translation = begin(node);
    airs_child_spec_t spec;
    airs_error_t found = {.text = ""};
    airs_status_t status = plan_child(&translation, options, &spec, &found);
    if (status == AIRS_OK) {
        status = airs_supervisor_start_child(supervisor, &spec, &found);
    } else {
        drop_states(options);
    }
    finish(&translation);
    return tell(status, &found, error);
}

airs_status_t airs_node_start_like(airs_node_t *node, airs_supervisor_t *supervisor, airs_id_t id,
                                   airs_bytes_t config, airs_error_t *error) {
    (void)node;
    airs_error_t found = {.text = ""};
    return tell(airs_supervisor_start_like(supervisor, id, config, &found), &found, error);
}

airs_status_t airs_node_stop_child(airs_node_t *node, airs_supervisor_t *supervisor, const char *name,
                                   airs_error_t *error) {
    (void)node;
    airs_error_t found = {.text = ""};
    return tell(airs_supervisor_stop_child(supervisor, name, &found), &found, error);
}

airs_status_t airs_node_restart_child(airs_node_t *node, airs_supervisor_t *supervisor, const char *name,
                                      airs_error_t *error) {
    (void)node;
    airs_error_t found = {.text = ""};
    return tell(airs_supervisor_restart_child(supervisor, name, &found), &found, error);
}

airs_status_t airs_node_delete_child(airs_node_t *node, airs_supervisor_t *supervisor, const char *name,
                                     airs_error_t *error) {
    (void)node;
    airs_error_t found = {.text = ""};
    return tell(airs_supervisor_delete_child(supervisor, name, &found), &found, error);
}

airs_status_t airs_node_count_children(airs_node_t *node, airs_supervisor_t *supervisor,
                                       airs_child_counts_t *out) {
    (void)node;
    return airs_supervisor_count_children(supervisor, out);
}

void airs_node_supervisors(airs_node_t *node, bool (*each)(void *context, const airs_child_info_t *info),
                           void *context) {
    airs_actor_system_supervisors(airs_node_actors(node), each, context);
}

airs_status_t airs_node_list_children(airs_node_t *node, airs_supervisor_t *supervisor,
                                      bool (*each)(void *context, const airs_child_info_t *info),
                                      void *context) {
    (void)node;
    return airs_supervisor_list(supervisor, each, context);
}
