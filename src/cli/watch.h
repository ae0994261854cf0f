/* `airssys run --watch`: a component whose file has changed is updated while it runs.
 *
 * Files are looked at a few times a second, which works on every file system and however an editor or a linker
 * replaces them. What changes is taken when it has stood still for a moment, so no half-written file is; one that
 * cannot be loaded, or whose update is rolled back, is reported, and the component stays what it is until its file
 * changes again. */
#ifndef AIRSSYS_CLI_WATCH_H
#define AIRSSYS_CLI_WATCH_H

#include "node/application.h"

typedef struct airs_watch airs_watch_t;

/* The application has started. All is borrowed. AIRS_OUT_OF_MEMORY, AIRS_INTERNAL (no thread). */
airs_status_t airs_watch_start(airs_application_t *application, airs_log_t *log, airs_watch_t **out,
                               airs_error_t *error);

/* Waits for an update that goes on, which ends with the instances. NULL is fine. */
void airs_watch_stop(airs_watch_t *watch);

#endif
