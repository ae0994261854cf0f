/* Where compiled code, crash files and what components store are kept when nobody names a folder. */
#ifndef AIRSSYS_NODE_CACHE_FOLDER_H
#define AIRSSYS_NODE_CACHE_FOLDER_H

#include <airssys/allocator.h>
#include <airssys/error.h>

/* "$XDG_CACHE_HOME/airssys/compiled", or "~/.cache/airssys/compiled"; what is missing above the last
 * folder is made. AIRS_IO with the reason when there is no such place, AIRS_OUT_OF_MEMORY. The path
 * belongs to the caller. */
airs_status_t airs_cache_folder(const airs_allocator_t *allocator, char **out, airs_error_t *error);

/* "$XDG_STATE_HOME/airssys/crashes", or "~/.local/state/airssys/crashes"; likewise. In it the application's, unless
 * `application` is NULL. */
airs_status_t airs_crash_folder(const airs_allocator_t *allocator, const char *application, char **out,
                                airs_error_t *error);

/* "$XDG_STATE_HOME/airssys/storage/APPLICATION", or in "~/.local/state"; likewise. */
airs_status_t airs_storage_folder(const airs_allocator_t *allocator, const char *application, char **out,
                                  airs_error_t *error);

#endif
