#include "core/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/memory.h"
#include "core/system_error.h"

#define READ_STEP ((size_t)64 << 10)

static airs_status_t io_error(airs_error_t *error, int number) {
    if (number == ENOENT) {
        return airs_error_set(error, AIRS_IO, "no such file");
    }
    if (number == EISDIR) {
        return airs_error_set(error, AIRS_IO, "is a directory, not a file");
    }
    char why[AIRS_SYSTEM_ERROR_MAX];
    return airs_error_set(error, AIRS_IO, "%s", airs_system_error_text(number, why));
}

/* Make room for another step; false: no memory. */
static bool grow(const airs_allocator_t *allocator, uint8_t **buffer, size_t *capacity, size_t used) {
    if (*capacity - used >= READ_STEP) {
        return true;
    }
    size_t larger = *capacity * 2 + READ_STEP;
    uint8_t *moved = airs_resize_array(allocator, *buffer, larger, 1);
    if (moved == NULL) {
        return false;
    }
    *buffer = moved;
    *capacity = larger;
    return true;
}

static airs_status_t read_all(const airs_allocator_t *allocator, int descriptor, size_t max_size,
                              uint8_t **buffer, size_t *used, airs_error_t *error) {
    size_t capacity = READ_STEP;
    for (;;) {
        if (!grow(allocator, buffer, &capacity, *used)) {
            return airs_error_set(error, AIRS_OUT_OF_MEMORY, "%s", airs_status_text(AIRS_OUT_OF_MEMORY));
        }
        ssize_t got = read(descriptor, *buffer + *used, READ_STEP);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return io_error(error, errno);
        }
        if (got == 0) {
            return AIRS_OK;
        }
        *used += (size_t)got;
        if (*used > max_size) {
            return airs_error_set(error, AIRS_IO, "has more than the %zu bytes allowed", max_size);
        }
    }
}

airs_status_t airs_file_read_descriptor(const airs_allocator_t *allocator, int descriptor, size_t max_size,
                                        airs_bytes_t *out, airs_error_t *error) {
    uint8_t *buffer = airs_alloc(allocator, READ_STEP);
    size_t used = 0;
    airs_status_t status = AIRS_OUT_OF_MEMORY;
    if (buffer != NULL) {
        status = read_all(allocator, descriptor, max_size, &buffer, &used, error);
    } else {
        airs_error_set(error, status, "%s", airs_status_text(status));
    }
    if (status == AIRS_OK) {
        *out = airs_bytes(buffer, used);
    } else {
        airs_release(allocator, buffer);
    }
    return status;
}

airs_status_t airs_file_read(const airs_allocator_t *allocator, const char *path, size_t max_size,
                             airs_bytes_t *out, airs_error_t *error) {
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) {
        return io_error(error, errno);
    }
    airs_status_t status = airs_file_read_descriptor(allocator, descriptor, max_size, out, error);
    close(descriptor);
    return status;
}

bool airs_file_read_fully(int file, void *into, size_t size) {
    for (size_t done = 0; done < size;) {
        ssize_t got = read(file, (char *)into + done, size - done);
        if (got > 0) {
            done += (size_t)got;
        } else if (got == 0) {
            errno = EIO;
            return false;
        } else if (errno != EINTR) {
            return false;
        }
    }
    return true;
}

bool airs_file_write_fully(int file, airs_bytes_t bytes) {
    for (size_t done = 0; done < bytes.size;) {
        ssize_t put = write(file, bytes.data + done, bytes.size - done);
        if (put > 0) {
            done += (size_t)put;
        } else if (put == 0) {
            errno = EIO;
            return false;
        } else if (errno != EINTR) {
            return false;
        }
    }
    return true;
}

void airs_folder_each(int folder, void (*each)(void *context, const char *name), void *context) {
    int copy = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *entries = copy >= 0 ? fdopendir(copy) : NULL;
    if (entries == NULL) {
        if (copy >= 0) {
            close(copy);
        }
        return;
    }
    for (struct dirent *entry = readdir(entries); entry != NULL; entry = readdir(entries)) {
        each(context, entry->d_name);
    }
    closedir(entries);
}

airs_status_t airs_file_check(const char *path, airs_error_t *error) {
    struct stat information;
    if (stat(path, &information) != 0) {
        return io_error(error, errno);
    }
    if (S_ISDIR(information.st_mode)) {
        return io_error(error, EISDIR);
    }
    if (!S_ISREG(information.st_mode)) {
        return airs_error_set(error, AIRS_IO, "is not a regular file");
    }
    if (access(path, R_OK) != 0) {
        return io_error(error, errno);
    }
    return AIRS_OK;
}
