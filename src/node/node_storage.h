/* A node's storage, opened when somebody needs it: who runs nothing that stores anything makes no folder and locks
 * none. */
#ifndef AIRSSYS_NODE_NODE_STORAGE_H
#define AIRSSYS_NODE_NODE_STORAGE_H

#include <airssys/node.h>

#include "core/storage_backend.h"

/* A backend whose spaces are those of the real one. Options are complete; the folder's path is copied. Its `destroy`
 * ends the real one too. */
airs_status_t airs_node_storage_create(const airs_node_options_t *options, airs_storage_backend_t **out,
                                       airs_error_t *error);

/* Open the real one now, if it is not. Its errors are those of airs_lmdb_backend_create. Any thread. */
airs_status_t airs_node_storage_open(airs_storage_backend_t *storage, airs_error_t *error);

#endif
