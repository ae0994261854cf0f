/* A topmost supervisor of a manifest, with all that is below it, at work. */
#ifndef AIRSSYS_NODE_APPLICATION_TREE_H
#define AIRSSYS_NODE_APPLICATION_TREE_H

#include "node/manifest.h"

typedef struct airs_tree airs_tree_t;

/* What the trees of an application share; must outlive them. */
typedef struct airs_tree_scene {
    const airs_allocator_t *allocator;
    airs_log_t *log;
    airs_node_t *node;
    const char *ns;
    uint64_t stop_time_ms; /* of a component that does not say how long its end may take */
    /* The component's handle, and where instance `number` of it writes: false, no memory for that. A number of
     * UINT64_MAX stands for any. */
    bool (*component)(void *context, const airs_manifest_component_t *component, uint64_t number,
                      airs_component_t *out, airs_spawn_options_t *spawn);
    /* No more children are to be started in a first start. On a worker. */
    bool (*cancelled)(void *context);
    /* An instance's end in order failed; logged already. On a worker. */
    void (*stop_failed)(void *context);
    /* The tree has ended though nobody asked for it, because it gave up or not; logged already. On a worker, so it
     * must be brief. */
    void (*ended)(void *context, const airs_manifest_supervisor_t *plan, bool gave_up);
    void *context;
} airs_tree_scene_t;

/* What the manifest says of an actor of this component. */
airs_spawn_options_t airs_tree_spawn_options(const airs_manifest_component_t *component);

/* Let actors spawn others of the component, of a tree that runs, as it is now. As airs_node_offer. */
airs_status_t airs_tree_offer(const airs_tree_scene_t *scene, const airs_manifest_component_t *component,
                              airs_error_t *error);

/* Start it and wait until all its instances have initialized. The plan is borrowed for the tree's life. When that
 * fails nothing is left, and `error` names component, instance and reason. The statuses of
 * airs_node_start_supervisor. */
airs_status_t airs_tree_start(const airs_tree_scene_t *scene, const airs_manifest_supervisor_t *plan,
                              airs_tree_t **out, airs_error_t *error);

/* Stop it in order, within the limits of its plan, and free it. NULL is fine. */
void airs_tree_stop(airs_tree_t *tree, airs_stop_mode_t mode);

/* The plan that it goes by; any thread. */
const airs_manifest_supervisor_t *airs_tree_plan(const airs_tree_t *tree);

/* It goes by another plan from here on, which says the same of its supervision. */
void airs_tree_adopt(airs_tree_t *tree, const airs_manifest_supervisor_t *plan);

/* Start or stop instances of a component of the tree, so that there are as many as `now` has instead of
 * `instances`; of those that stop the last first, and each handles what waits for it. When one does not start, those
 * before it run; `error` names it. */
airs_status_t airs_tree_resize(airs_tree_t *tree, uint64_t instances, const airs_manifest_component_t *now,
                               airs_error_t *error);

/* It has ended, by itself. Any thread. */
bool airs_tree_has_ended(const airs_tree_t *tree);

/* Whether it has actors, may get some by itself, or by being asked. Waits for workers: not on one, nor with a lock that
 * `ended` of the scene takes. */
bool airs_tree_goes_on(airs_tree_t *tree);

/* Whether children may be added to it later, though none may be there now. */
bool airs_tree_can_grow(const airs_manifest_supervisor_t *plan);

#endif
