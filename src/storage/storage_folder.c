#include "storage/storage_folder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static airs_status_t system_error(const char *doing, const char *path, airs_error_t *error) {
    return airs_error_set(error, AIRS_IO, "cannot %s the storage folder %s: %s", doing, path,
                          strerror(errno));
}

static airs_status_t check_folder(int folder, const char *path, airs_error_t *error) {
    struct stat about;
    if (fstat(folder, &about) != 0) {
        return system_error("look at", path, error);
    }
    if (about.st_uid != geteuid()) {
        return airs_error_set(error, AIRS_IO, "the storage folder %s belongs to user %ld, not to this one",
                              path, (long)about.st_uid);
    }
    if ((about.st_mode & 0077) != 0) {
        return airs_error_set(error, AIRS_IO,
                              "the storage folder %s has mode %04o: others may look into it; make it 0700",
                              path, (unsigned)about.st_mode & 07777);
    }
    return AIRS_OK;
}

/* Who wrote its number into the lock file; 0: nobody can tell. */
static long read_owner(int lock) {
    char text[32] = "";
    ssize_t size = pread(lock, text, sizeof text - 1, 0);
    return size > 0 ? strtol(text, NULL, 10) : 0;
}

static airs_status_t lock_file(int lock, const char *path, airs_error_t *error) {
    if (flock(lock, LOCK_EX | LOCK_NB) == 0) {
        return AIRS_OK;
    }
    if (errno != EWOULDBLOCK) {
        return system_error("lock", path, error);
    }
    long owner = read_owner(lock);
    if (owner == (long)getpid()) {
        return airs_error_set(error, AIRS_INVALID_STATE,
                              "the storage in %s is in use by this process already", path);
    }
    return airs_error_set(error, AIRS_INVALID_STATE,
                          "the storage in %s is in use by process %ld; one process at a time may have it",
                          path, owner);
}

/* For those who find it locked; nobody else depends on it. */
static airs_status_t sign(int lock, const char *path, airs_error_t *error) {
    char text[32];
    int size = snprintf(text, sizeof text, "%ld\n", (long)getpid());
    if (ftruncate(lock, 0) != 0 || pwrite(lock, text, (size_t)size, 0) != size) {
        return system_error("write into", path, error);
    }
    return AIRS_OK;
}

static airs_status_t take_lock(int folder, const char *path, int *out, airs_error_t *error) {
    int lock = openat(folder, "lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (lock < 0) {
        return system_error("make the lock of", path, error);
    }
    airs_status_t status = lock_file(lock, path, error);
    if (status == AIRS_OK) {
        status = sign(lock, path, error);
    }
    if (status == AIRS_OK) {
        *out = lock;
    } else {
        (void)close(lock);
    }
    return status;
}

airs_status_t airs_storage_folder_take(const char *path, int *lock, airs_error_t *error) {
    if (mkdir(path, 0700) != 0 && errno != EEXIST) {
        return system_error("make", path, error);
    }
    int folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0) {
        return system_error("open", path, error);
    }
    airs_status_t status = check_folder(folder, path, error);
    if (status == AIRS_OK) {
        status = take_lock(folder, path, lock, error);
    }
    (void)close(folder);
    return status;
}
