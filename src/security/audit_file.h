/* A file of lines that only its user can read, bounded in size: when it is full it becomes FILE.1, what was FILE.1
 * becomes FILE.2, and so on. One thread at a time. */
#ifndef AIRSSYS_SECURITY_AUDIT_FILE_H
#define AIRSSYS_SECURITY_AUDIT_FILE_H

#include <airssys/allocator.h>
#include <airssys/bytes.h>
#include <airssys/error.h>

typedef struct airs_audit_file {
    const airs_allocator_t *allocator;
    char *path;
    char *other; /* room for two paths with a number */
    uint64_t max_bytes;
    unsigned kept;
    uint64_t size;
    int descriptor; /* -1: not open */
} airs_audit_file_t;

/* Opens the file, with mode 0600, and goes on behind what is in it. `kept` older ones stay. AIRS_IO: it cannot be
 * written, is no regular file, or belongs to somebody else; AIRS_OUT_OF_MEMORY. */
airs_status_t airs_audit_file_open(airs_audit_file_t *file, const airs_allocator_t *allocator,
                                   const char *path, uint64_t max_bytes, unsigned kept, airs_error_t *error);

void airs_audit_file_close(airs_audit_file_t *file);

/* All of `line`, which stays in one file. False, with errno set: it could not be written; the next one tries
 * again. */
bool airs_audit_file_write(airs_audit_file_t *file, airs_str_t line);

#endif
