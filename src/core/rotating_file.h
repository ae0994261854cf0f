/* A file of lines, bounded in size: when it is full it becomes FILE.1, what was FILE.1 becomes FILE.2, and so on. One
 * thread at a time. */
#ifndef AIRSSYS_CORE_ROTATING_FILE_H
#define AIRSSYS_CORE_ROTATING_FILE_H

#include <airssys/allocator.h>
#include <airssys/bytes.h>
#include <airssys/error.h>

typedef struct airs_rotating_file_options {
    const char *path; /* copied */
    uint64_t max_bytes;
    unsigned kept; /* how many older ones stay */
    bool
        is_private; /* only its user may read it (mode 0600), and it must be that user's; otherwise the umask says */
    bool truncate; /* what is in it when it is opened first is not kept */
} airs_rotating_file_options_t;

typedef struct airs_rotating_file {
    const airs_allocator_t *allocator;
    char *path;
    char *other; /* room for two paths with a number */
    uint64_t max_bytes;
    unsigned kept;
    bool is_private;
    bool truncate;
    uint64_t size;
    int descriptor; /* -1: not open */
} airs_rotating_file_t;

/* Not open yet. AIRS_OUT_OF_MEMORY. */
airs_status_t airs_rotating_file_init(airs_rotating_file_t *file, const airs_allocator_t *allocator,
                                      const airs_rotating_file_options_t *options, airs_error_t *error);

/* Opens it, if it is not open, and goes on behind what is in it; it is made when it is not there. AIRS_IO: it cannot be
 * written, is a symbolic link or no regular file, or is private and belongs to somebody else. */
airs_status_t airs_rotating_file_open(airs_rotating_file_t *file, airs_error_t *error);

/* The next write opens what then has the path. */
void airs_rotating_file_close(airs_rotating_file_t *file);

/* Closes it as well. */
void airs_rotating_file_free(airs_rotating_file_t *file);

/* All of `line`, which stays in one file. False, with errno set: it could not be written, and no part of it is there; the
 * next one tries again. */
bool airs_rotating_file_write(airs_rotating_file_t *file, airs_str_t line);

#endif
