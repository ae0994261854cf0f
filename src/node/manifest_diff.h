/* What differs between two manifests, or between one and what runs. */
#ifndef AIRSSYS_NODE_MANIFEST_DIFF_H
#define AIRSSYS_NODE_MANIFEST_DIFF_H

#include "node/manifest.h"

/* How two components of one name differ, in bits. */
#define AIRS_DIFFERS_SOURCE 1U /* the path; that the file is another one is not seen here */
#define AIRS_DIFFERS_SETTINGS \
    2U /* what an instance can be given while it goes on: env, config, limits of calls and
                                   * memory, capabilities */
#define AIRS_DIFFERS_ACTOR \
    4U /* what an actor has from its start on: its mailbox, subscriptions, codecs, health */
#define AIRS_DIFFERS_INSTANCES 8U /* how many there are */
/* How it is updated makes no difference to what runs. */
unsigned airs_manifest_component_difference(const airs_manifest_component_t *old,
                                            const airs_manifest_component_t *now);

/* Whether two supervisors of one name supervise the same in the same way; how their components differ otherwise
 * is not looked at, and neither is what starts before what. */
bool airs_manifest_same_supervision(const airs_manifest_supervisor_t *old,
                                    const airs_manifest_supervisor_t *now);

/* Whether what runs by the one, on a node that was made so, can go on by the other: AIRS_UNSUPPORTED, with a line in
 * `error` for each setting that is fixed from the start of the application on. */
airs_status_t airs_manifest_check_change(const airs_manifest_t *old, const airs_manifest_t *now,
                                         const airs_node_options_t *made, airs_error_t *error);

#endif
