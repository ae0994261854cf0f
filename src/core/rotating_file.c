#include "core/rotating_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/check.h"
#include "core/file.h"
#include "core/memory.h"

/* For a dot and a number. */
#define SUFFIX_MAX 12

static airs_status_t refuse(const airs_rotating_file_t *file, airs_error_t *error, const char *why) {
    return airs_error_set(error, AIRS_IO, "%s: %s", file->path, why);
}

/* Why the open file cannot be written to, and what it is in *found; NULL: it can. */
static const char *fault_of(const airs_rotating_file_t *file, struct stat *found) {
    if (fstat(file->descriptor, found) != 0) {
        return strerror(errno);
    }
    if (!S_ISREG(found->st_mode)) {
        errno = EINVAL;
        return "is not a regular file";
    }
    if (!file->is_private) {
        return NULL;
    }
    if (found->st_uid != geteuid()) {
        errno = EPERM;
        return "belongs to somebody else";
    }
    bool private = (found->st_mode & 0777) == 0600 || fchmod(file->descriptor, S_IRUSR | S_IWUSR) == 0;
    return private ? NULL : strerror(errno);
}

static const char *prepare(airs_rotating_file_t *file) {
    struct stat found;
    const char *why = fault_of(file, &found);
    if (why == NULL && file->truncate && ftruncate(file->descriptor, 0) != 0) {
        why = strerror(errno);
    }
    if (why == NULL) {
        file->size = file->truncate ? 0 : (uint64_t)found.st_size;
        file->truncate = false;
    }
    return why;
}

/* What is there already may be a link to elsewhere, or readable by others. */
airs_status_t airs_rotating_file_open(airs_rotating_file_t *file, airs_error_t *error) {
    int flags = O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;
    if (file->descriptor >= 0) {
        return AIRS_OK;
    }
    file->descriptor = open(file->path, flags, file->is_private ? S_IRUSR | S_IWUSR : 0666);
    if (file->descriptor < 0) {
        return refuse(file, error, errno == ELOOP ? "is a symbolic link" : strerror(errno));
    }
    const char *why = prepare(file);
    if (why != NULL) {
        int reason = errno;
        airs_rotating_file_close(file);
        errno = reason;
        return refuse(file, error, why);
    }
    return AIRS_OK;
}

airs_status_t airs_rotating_file_init(airs_rotating_file_t *file, const airs_allocator_t *allocator,
                                      const airs_rotating_file_options_t *options, airs_error_t *error) {
    size_t size = strlen(options->path) + 1;
    *file = (airs_rotating_file_t){
        .allocator = allocator,
        .max_bytes = options->max_bytes,
        .kept = options->kept,
        .is_private = options->is_private,
        .truncate = options->truncate,
        .descriptor = -1,
    };
    file->path = airs_alloc(allocator, 3 * size + 2 * (size_t)SUFFIX_MAX);
    if (file->path == NULL) {
        return airs_error_set(error, AIRS_OUT_OF_MEMORY, "no memory for a file's path");
    }
    memcpy(file->path, options->path, size);
    file->other = file->path + size;
    return AIRS_OK;
}

void airs_rotating_file_close(airs_rotating_file_t *file) {
    if (file->descriptor >= 0) {
        close(file->descriptor);
    }
    file->descriptor = -1;
}

void airs_rotating_file_free(airs_rotating_file_t *file) {
    airs_rotating_file_close(file);
    airs_release(file->allocator, file->path);
    file->path = NULL;
}

/* Older ones may be missing, so that renaming fails is nothing; what cannot be renamed is written over. */
static bool rotate(airs_rotating_file_t *file) {
    size_t room = strlen(file->path) + SUFFIX_MAX;
    char *from = file->other;
    char *to = file->other + room;
    for (unsigned i = file->kept; i > 0; i--) {
        (void)snprintf(to, room, "%s.%u", file->path, i);
        if (i == 1) {
            (void)snprintf(from, room, "%s", file->path);
        } else {
            (void)snprintf(from, room, "%s.%u", file->path, i - 1);
        }
        (void)rename(from, to);
    }
    airs_rotating_file_close(file);
    if (file->kept == 0) {
        (void)unlink(file->path);
    }
    return airs_rotating_file_open(file, NULL) == AIRS_OK;
}

/* A disk that is full takes a part of a line, and the next line would stand behind it in the same one. */
static void cut_off_part(const airs_rotating_file_t *file, airs_str_t line) {
    struct stat found;
    AIRS_ASSERT(file->descriptor >= 0); /* it was written to */
    if (fstat(file->descriptor, &found) == 0 && (uint64_t)found.st_size > file->size &&
        (uint64_t)found.st_size - file->size < line.size) {
        (void)!ftruncate(file->descriptor, (off_t)file->size);
    }
}

bool airs_rotating_file_write(airs_rotating_file_t *file, airs_str_t line) {
    if (airs_rotating_file_open(file, NULL) != AIRS_OK) {
        return false;
    }
    if (file->size > 0 && file->size + line.size > file->max_bytes && !rotate(file)) {
        return false;
    }
    if (!airs_file_write_fully(file->descriptor, airs_bytes(line.data, line.size))) {
        int reason = errno;
        cut_off_part(file, line);
        airs_rotating_file_close(file); /* how much there is is seen when it is opened anew */
        errno = reason;
        return false;
    }
    file->size += line.size;
    return true;
}
