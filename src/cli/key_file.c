#include "cli/key_file.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/unfinished_file.h"
#include "core/file.h"

#define SECRET_MODE 0600
#define PUBLIC_MODE 0644

airs_status_t airs_key_file_create(const char *path, airs_bytes_t content, bool secret, airs_error_t *error) {
    int file = airs_unfinished_file_create(path, secret ? SECRET_MODE : PUBLIC_MODE);
    if (file < 0 && errno == EEXIST) {
        return airs_error_set(error, AIRS_ALREADY_EXISTS, "%s is there already; a key is not overwritten",
                              path);
    }
    if (file < 0) {
        return airs_error_set(error, AIRS_IO, "cannot write %s: %s", path, strerror(errno));
    }
    bool written = airs_file_write_fully(file, content) && fsync(file) == 0;
    int failure = errno;
    if (close(file) != 0 && written) {
        written = false;
        failure = errno;
    }
    if (!written) {
        (void)unlink(path);
        airs_unfinished_file_settle(path);
        return airs_error_set(error, AIRS_IO, "cannot write %s: %s", path, strerror(failure));
    }
    return AIRS_OK;
}

/* Into a buffer of one byte more than a key has, so that what is longer is seen. No stream: those keep copies. */
static ssize_t read_some(int file, uint8_t *out, size_t size) {
    size_t used = 0;
    while (used < size) {
        ssize_t got = read(file, out + used, size - used);
        if (got == 0) {
            break;
        }
        if (got > 0) {
            used += (size_t)got;
        } else if (errno != EINTR) {
            return -1;
        }
    }
    return (ssize_t)used;
}

airs_status_t airs_signing_key_load(const char *path, airs_signing_key_t *out, bool *exposed,
                                    airs_error_t *error) {
    uint8_t content[AIRS_SIGNING_KEY_FILE_SIZE + 1];
    struct stat about;
    int file = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t size = file >= 0 && fstat(file, &about) == 0 ? read_some(file, content, sizeof content) : -1;
    int failure = errno;
    if (file >= 0) {
        close(file);
    }
    if (size < 0) {
        return airs_error_set(error, AIRS_IO, "cannot read %s: %s", path, strerror(failure));
    }
    *exposed = S_ISREG(about.st_mode) && (about.st_mode & (S_IRWXG | S_IRWXO)) != 0;
    airs_status_t status = airs_signing_key_parse(airs_bytes(content, (size_t)size), out, error);
    sodium_memzero(content, sizeof content);
    if (status != AIRS_OK) {
        airs_error_prefix(error, "%s", path);
    }
    return status;
}
