/* Folders that components may be granted: where they really are, and what guests may know them as. */
#ifndef AIRSSYS_NODE_FOLDER_PATH_H
#define AIRSSYS_NODE_FOLDER_PATH_H

#include <airssys/allocator.h>
#include <airssys/bytes.h>
#include <airssys/error.h>

/* The absolute path of a folder without links, so that a policy is asked about the place and not about a name for it;
 * relative to the working directory. AIRS_IO with the reason ("no such folder", "is no folder"),
 * AIRS_INVALID_ARGUMENT (wildcards, or a name that is not UTF-8), AIRS_OUT_OF_MEMORY; the error does not repeat the
 * path. The caller releases *out. */
airs_status_t airs_folder_find(const airs_allocator_t *allocator, const char *path, char **out,
                               airs_error_t *error);

/* Can a guest find something there? "data", "/data", "."; AIRS_INVALID_ARGUMENT. */
airs_status_t airs_folder_check_guest_path(airs_str_t path, airs_error_t *error);

#endif
