/* The folder that storage lives in: its user's alone, and one process's at a time. */
#ifndef AIRSSYS_STORAGE_STORAGE_FOLDER_H
#define AIRSSYS_STORAGE_STORAGE_FOLDER_H

#include <airssys/error.h>

/* Makes the folder (not those above it) with mode 0700 if it is missing, checks that it is the user's own and nobody
 * else's, and locks it. `*lock` is the open lock file, which keeps it locked until it is closed. AIRS_IO;
 * AIRS_INVALID_STATE when another process, or this one, has it, with that process's number. */
airs_status_t airs_storage_folder_take(const char *path, int *lock, airs_error_t *error);

#endif
