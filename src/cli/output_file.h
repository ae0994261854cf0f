/* Files that a verb writes: complete, or not there; also when a signal ends it (cli/unfinished_file.h). */
#ifndef AIRSSYS_CLI_OUTPUT_FILE_H
#define AIRSSYS_CLI_OUTPUT_FILE_H

#include <limits.h>
#include <stdio.h>

#include <airssys/bytes.h>
#include <airssys/error.h>

/* Write `bytes` to `path`, "-" being standard output. A file is written beside its place and then moved
 * there, so that nobody sees half of one. AIRS_IO with the path and the reason. */
airs_status_t airs_output_file_write(const char *path, airs_bytes_t bytes, airs_error_t *error);

/* Have what was printed be written. The exit code; that it cannot be is complained of, in the name of a verb (or NULL). */
int airs_output_finish(const char *verb);

/* One that is written piece by piece. */
typedef struct airs_output_file {
    FILE *file;
    const char *path;       /* as it was given */
    char place[PATH_MAX];   /* where it goes: what `path` leads to */
    char partial[PATH_MAX]; /* where it is written meanwhile; "": in its place, as it is no regular file */
} airs_output_file_t;

/* Begin to write `path`, which lives until the end. Links are followed, what is there keeps its permissions, and what is
 * there and no regular file (a device, a pipe) is written to as it is. AIRS_IO. */
airs_status_t airs_output_file_open(airs_output_file_t *self, const char *path, airs_error_t *error);

/* Have it be there: with `sync` once it is on the disk. AIRS_IO: what was there is as it was. Either way it is the end. */
airs_status_t airs_output_file_finish(airs_output_file_t *self, bool sync, airs_error_t *error);

/* The end, without having written it. */
void airs_output_file_abandon(airs_output_file_t *self);

/* AIRS_IO with the path and errno. */
airs_status_t airs_output_file_fail(const char *path, airs_error_t *error);

#endif
