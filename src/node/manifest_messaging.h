/* What a component's table says of messages: its subscriptions, its codecs, what its mailbox does when it is
 * full. */
#ifndef AIRSSYS_NODE_MANIFEST_MESSAGING_H
#define AIRSSYS_NODE_MANIFEST_MESSAGING_H

#include "node/manifest.h"
#include "node/manifest_reader.h"

/* Into the airs_manifest_component_t. */
airs_manifest_read_fn airs_manifest_read_subscriptions;

/* Into an airs_codecs_t. */
airs_manifest_read_fn airs_manifest_read_codecs;

/* Into an airs_mailbox_policy_t. */
airs_manifest_read_fn airs_manifest_read_mailbox_policy;

#endif
