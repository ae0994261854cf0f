/* The inside of a node, for the parts of the runtime that are built on one. */
#ifndef AIRSSYS_NODE_NODE_H
#define AIRSSYS_NODE_NODE_H

#include <airssys/node.h>

#include "actor/actor_system.h"

/* What a guest's standard output and the mailbox are bounded by when nobody says otherwise: the defaults
 * of airs_node_options_t and airs_spawn_options_t. */
#define AIRS_DEFAULT_MAX_ACTORS 1000
#define AIRS_DEFAULT_ENGINE_MEMORY_BYTES ((uint64_t)256 << 20)
#define AIRS_DEFAULT_MAILBOX_BYTES ((uint64_t)64 << 20)
#define AIRS_DEFAULT_MESSAGE_BYTES ((uint64_t)16 << 20)
#define AIRS_DEFAULT_SUBSCRIPTIONS 1000
#define AIRS_DEFAULT_UPDATE_WINDOW_MS 10000

/* How many instances of a component guests may have at once, where nobody says: half of what the node has room for, so
 * that one component's leave some for others. */
uint32_t airs_node_standard_instances(uint32_t max_actors);

/* The node's actors; lives as long as the node. */
airs_actor_system_t *airs_node_actors(airs_node_t *node);

const airs_allocator_t *airs_node_allocator(airs_node_t *node);

/* Spawn options as the actors' layer takes them. They borrow what the options borrow. */
typedef struct airs_spawn_plan {
    airs_actor_spec_t spec;
    airs_env_var_t *env;
} airs_spawn_plan_t;

/* Gives back what was made for a plan of a node with this allocator: its environment and its reference to the
 * settings. */
void airs_spawn_plan_release(const airs_allocator_t *allocator, airs_spawn_plan_t *plan);

/* `options` may be NULL; the caller gives the plan back. AIRS_UNSUPPORTED, AIRS_INVALID_ARGUMENT: what this node cannot give.
 * AIRS_OUT_OF_MEMORY. */
airs_status_t airs_node_plan_guest(airs_node_t *node, const airs_spawn_options_t *options,
                                   airs_spawn_plan_t *out, airs_error_t *error);
/* The same for the capabilities alone: see airs_guard_capabilities. */
struct airs_guard *airs_node_guard(airs_node_t *node);

void airs_node_plan_native(const airs_spawn_options_t *options, airs_spawn_plan_t *out);

#endif
