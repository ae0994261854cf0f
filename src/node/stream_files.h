/* The files that standard streams of guests are written to: one for each path, whoever writes there. */
#ifndef AIRSSYS_NODE_STREAM_FILES_H
#define AIRSSYS_NODE_STREAM_FILES_H

#include <pthread.h>

#include <airssys/allocator.h>
#include <airssys/bytes.h>
#include <airssys/log.h>

#include "node/manifest.h"

typedef struct airs_stream_file airs_stream_file_t;

typedef struct airs_stream_files {
    const airs_allocator_t *allocator;
    airs_log_t *log;
    airs_stream_file_t *first;
} airs_stream_files_t;

/* The file that `stream`, which is one to a file, names, and from now on as it is named there. It is opened when it is
 * written to, or here; that it cannot be is a warning in the log, and tried again with each write. What was in it is
 * dropped (`append`) only when it is the first that names it. One thread at a time. NULL: no memory. */
airs_stream_file_t *airs_stream_files_get(airs_stream_files_t *files, const airs_manifest_stream_t *stream);

/* What has been moved away or is not named any more is let go of: the next write opens what then has the path. */
void airs_stream_files_reopen(airs_stream_files_t *files);

/* Nobody writes any more. */
void airs_stream_files_free(airs_stream_files_t *files);

/* airs_output_fn: `file` is an airs_stream_file_t. Any thread; what one call brings is together in one file. What cannot be
 * written is lost; the log says when that begins, and when it ends, how much. */
void airs_stream_file_write(void *file, airs_bytes_t bytes);

/* airs_output_fn: nowhere. */
void airs_stream_drop(void *context, airs_bytes_t bytes);

#endif
