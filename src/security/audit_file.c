#include "security/audit_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/memory.h"

/* For a dot and a number. */
#define SUFFIX_MAX 12

static airs_status_t refuse(const airs_audit_file_t *file, airs_error_t *error, const char *why) {
    return airs_error_set(error, AIRS_IO, "%s: %s", file->path, why);
}

/* Why the open file cannot be the audit's, and what it is in *found; NULL: it can. */
static const char *fault_of(int descriptor, struct stat *found) {
    if (fstat(descriptor, found) != 0) {
        return strerror(errno);
    }
    if (!S_ISREG(found->st_mode)) {
        return "is not a regular file";
    }
    if (found->st_uid != geteuid()) {
        return "belongs to somebody else";
    }
    bool private = (found->st_mode & 0777) == 0600 || fchmod(descriptor, S_IRUSR | S_IWUSR) == 0;
    return private ? NULL : strerror(errno);
}

/* What is there already may be a link to elsewhere, or readable by others. */
static airs_status_t open_file(airs_audit_file_t *file, airs_error_t *error) {
    struct stat found;
    int flags = O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;
    file->descriptor = open(file->path, flags, S_IRUSR | S_IWUSR);
    if (file->descriptor < 0) {
        return refuse(file, error, errno == ELOOP ? "is a symbolic link" : strerror(errno));
    }
    const char *why = fault_of(file->descriptor, &found);
    if (why != NULL) {
        close(file->descriptor);
        file->descriptor = -1;
        return refuse(file, error, why);
    }
    file->size = (uint64_t)found.st_size;
    return AIRS_OK;
}

airs_status_t airs_audit_file_open(airs_audit_file_t *file, const airs_allocator_t *allocator,
                                   const char *path, uint64_t max_bytes, unsigned kept, airs_error_t *error) {
    size_t size = strlen(path) + 1;
    *file =
        (airs_audit_file_t){.allocator = allocator, .max_bytes = max_bytes, .kept = kept, .descriptor = -1};
    file->path = airs_alloc(allocator, 3 * size + 2 * (size_t)SUFFIX_MAX);
    if (file->path == NULL) {
        return airs_error_set(error, AIRS_OUT_OF_MEMORY, "no memory for an audit file");
    }
    memcpy(file->path, path, size);
    file->other = file->path + size;
    airs_status_t status = open_file(file, error);
    if (status != AIRS_OK) {
        airs_audit_file_close(file);
    }
    return status;
}

void airs_audit_file_close(airs_audit_file_t *file) {
    if (file->descriptor >= 0) {
        close(file->descriptor);
    }
    file->descriptor = -1;
    airs_release(file->allocator, file->path);
    file->path = NULL;
}

/* Older ones may be missing, so that renaming fails is nothing; what cannot be renamed is written over. */
static bool rotate(airs_audit_file_t *file) {
    size_t room = strlen(file->path) + SUFFIX_MAX;
    char *from = file->other;
    char *to = file->other + room;
    for (unsigned i = file->kept; i > 0; i--) {
        snprintf(to, room, "%s.%u", file->path, i);
        if (i == 1) {
            snprintf(from, room, "%s", file->path);
        } else {
            snprintf(from, room, "%s.%u", file->path, i - 1);
        }
        (void)rename(from, to);
    }
    close(file->descriptor);
    file->descriptor = -1;
    if (file->kept == 0) {
        (void)unlink(file->path);
    }
    return open_file(file, NULL) == AIRS_OK;
}

bool airs_audit_file_write(airs_audit_file_t *file, airs_str_t line) {
    if (file->descriptor < 0 && open_file(file, NULL) != AIRS_OK) {
        return false;
    }
    if (file->size > 0 && file->size + line.size > file->max_bytes && !rotate(file)) {
        return false;
    }
    for (size_t at = 0; at < line.size;) {
        ssize_t written = write(file->descriptor, line.data + at, line.size - at);
        if (written < 0 && errno == EINTR) {
            continue;
        }
        if (written <= 0) {
            return false;
        }
        at += (size_t)written;
        file->size += (uint64_t)written;
    }
    return true;
}
