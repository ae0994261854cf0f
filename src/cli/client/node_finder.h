/* Which running node a verb talks to: the path of its admin socket (docs/reference/admin.md). */
#ifndef AIRSSYS_CLI_CLIENT_NODE_FINDER_H
#define AIRSSYS_CLI_CLIENT_NODE_FINDER_H

#include <airssys/error.h>

#include "core/text.h"

/* `socket`: this path; else `node`: the socket of this name in the user's folder; else the environment's
 * AIRSSYS_SOCKET; else the only one in that folder that somebody listens at. NULL: not given. AIRS_NOT_FOUND or
 * AIRS_NOT_RUNNING with a text that says what was looked at and what to do; AIRS_IO, AIRS_OUT_OF_MEMORY. */
airs_status_t airs_node_find(const char *socket, const char *node, airs_text_t *path, airs_error_t *error);

#endif
