/* Crash files in a folder: what recorded actors leave behind, written by a thread of its own, a bounded number of
 * them. Files have mode 0600, for they hold whatever was sent to the actor. */
#ifndef AIRSSYS_NODE_CRASH_FILES_H
#define AIRSSYS_NODE_CRASH_FILES_H

#include <airssys/log.h>

#include "core/crash_sink.h"

/* What their names end in. They begin with the time, in UTC, so that they sort by it. */
#define AIRS_CRASH_FILE_ENDING ".crash"

#define AIRS_DEFAULT_CRASH_FILES 100
#define AIRS_DEFAULT_CRASH_BYTES ((uint64_t)1 << 30)

typedef struct airs_crash_files airs_crash_files_t;

/* Zeroed members mean the default. */
typedef struct airs_crash_files_options {
    const airs_allocator_t *allocator; /* mandatory */
    airs_log_t *log;                   /* mandatory: what was written, and what could not be */
    const char *folder;                /* NULL: airs_crash_folder. Borrowed. */
    uint32_t max_files;
    uint64_t max_bytes; /* together; the newest stays in any case */
} airs_crash_files_options_t;

/* Makes the folder (0700) and starts the thread. AIRS_IO: the folder cannot be made, belongs to somebody else, or
 * others may write into it. AIRS_OUT_OF_MEMORY, AIRS_INTERNAL. */
airs_status_t airs_crash_files_create(const airs_crash_files_options_t *options, airs_crash_files_t **out,
                                      airs_error_t *error);

/* Writes what it was handed, then ends. NULL is fine. */
void airs_crash_files_destroy(airs_crash_files_t *files);

/* As long as the files. What comes faster than it can be written is dropped, and the log says so. */
airs_crash_sink_t *airs_crash_files_sink(airs_crash_files_t *files);

#endif
