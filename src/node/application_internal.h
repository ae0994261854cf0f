/* What the parts of an application share: its life (application.c), and its change while it runs
 * (application_reload.c, application_update.c). */
#ifndef AIRSSYS_NODE_APPLICATION_INTERNAL_H
#define AIRSSYS_NODE_APPLICATION_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#include "node/application.h"
#include "node/application_tree.h"
#include "node/input_feed.h"
#include "node/policy_file.h"
#include "node/stream_files.h"
#include "node/waiter.h"

/* Which file something was read from: another one, or one that was written since, differs. */
typedef struct airs_file_stamp {
    uint64_t device;
    uint64_t file;
    uint64_t size;
    struct timespec written;
} airs_file_stamp_t;

/* A component that is loaded. */
typedef struct airs_application_component {
    const airs_manifest_component_t *plan;
    airs_component_t handle;
    airs_file_stamp_t stamp;
} airs_application_component_t;

/* A manifest that was read while the application ran. They all stay until its end: others may look at what they
 * say, and reading a manifest anew is rare. */
typedef struct airs_application_manifest {
    struct airs_application_manifest *next;
    airs_manifest_t *manifest;
} airs_application_manifest_t;

struct airs_application {
    airs_application_options_t options;
    airs_node_options_t made; /* how the node was made */
    airs_node_t *node;
    airs_status_t storage_status; /* why there is no folder to store in */
    airs_error_t storage_problem;
    airs_tree_scene_t scene;
    airs_policy_file_t *policy; /* NULL: none; with the change's lock */
    pthread_mutex_t change;     /* held while what runs is changed or stopped; before the waiter's */
    const char *path;           /* of the manifest's file */
    airs_application_manifest_t *manifests;
    /* Swapped with the change's lock held; whoever reads it once has one that lives as long as the application. */
    _Atomic(const airs_manifest_t *) manifest;
    /* Written with both locks held. */
    airs_application_component_t
        *components; /* what runs; before the first start all of the manifest, in its order */
    size_t component_count;
    airs_tree_t **trees; /* in the order of their start */
    size_t tree_count;
    unsigned updates;            /* of components, that go on; with the change's lock held */
    airs_stream_files_t streams; /* with the change's lock held */

    _Atomic(const airs_manifest_supervisor_t *) fallen; /* that gave up, and is no component's own */
    _Atomic airs_application_stage_t stage;             /* this and `current`: relaxed, for display */
    _Atomic(const char *) current;
    _Atomic uint64_t stop_failures;
    _Atomic bool interrupted;       /* relaxed: says no more than that */
    airs_waiter_t waiter;           /* over what follows; told when interrupted */
    bool told;                      /* to look again whether anything still lives */
    airs_input_feed_t *feed;        /* NULL: none now */
    airs_input_feed_counters_t fed; /* when there is none any more */
    uint64_t work_begin_ns;
    uint64_t work_end_ns; /* 0: not ended */
};

/* Told to stop. */
static inline bool airs_application_is_interrupted(const airs_application_t *application) {
    return atomic_load_explicit(&((airs_application_t *)application)->interrupted, memory_order_relaxed);
}

/* The policy that the manifest names into *out, NULL when it names none. The statuses of airs_policy_file_load. */
airs_status_t airs_application_load_policy(const airs_application_t *application,
                                           const airs_manifest_t *manifest, airs_policy_file_t **out,
                                           airs_error_t *error);

/* From now on this one holds, which is taken; NULL: none. */
void airs_application_set_policy(airs_application_t *application, airs_policy_file_t *policy);

/* To what the policy says of instance `number` of the component, UINT64_MAX: of all instances together. */
void airs_application_lower_limits(const airs_application_t *application,
                                   const airs_manifest_component_t *component, uint64_t number,
                                   airs_spawn_options_t *spawn);

/* Whether this policy (NULL: none) says of the component how much fuel a call of it has. */
bool airs_application_asks_for_fuel(const airs_manifest_t *manifest,
                                    const airs_manifest_component_t *component,
                                    const airs_policy_file_t *policy);

/* Of the file at the path; zeroed when there is none. */
airs_file_stamp_t airs_file_stamp(const char *path);

/* Load the file of the manifest's component, if it may be loaded. The statuses of airs_trusted_load; `error` names the
 * component. */
airs_status_t airs_application_load_component(airs_application_t *application,
                                              const airs_manifest_t *manifest,
                                              const airs_manifest_component_t *plan,
                                              airs_application_component_t *out, airs_error_t *error);

#endif
