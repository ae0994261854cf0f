/* A policy as a file (TOML): [[rules]] and [[limits]]. docs/reference/capabilities.md describes it. */
#ifndef AIRSSYS_NODE_POLICY_FILE_H
#define AIRSSYS_NODE_POLICY_FILE_H

#include <airssys/node.h>

#include "security/policy.h"

typedef struct airs_policy_file airs_policy_file_t;

/* AIRS_IO, AIRS_MANIFEST_INVALID with a line for each problem ("path:line:column: …"), AIRS_OUT_OF_MEMORY. The caller
 * owns it. */
airs_status_t airs_policy_file_load(const airs_allocator_t *allocator, const char *path,
                                    airs_policy_file_t **out, airs_error_t *error);

/* NULL is fine. */
void airs_policy_file_destroy(airs_policy_file_t *file);

/* Its rules; the file's, who keeps it takes a reference. */
airs_policy_t *airs_policy_file_policy(const airs_policy_file_t *file);

/* Lower the limits in `spawn` to what the file says of the component `id` (as text; with "*" for all its instances,
 * to the least that it says of any). None becomes higher. */
void airs_policy_file_lower(const airs_policy_file_t *file, airs_str_t id, airs_spawn_options_t *spawn);

#endif
