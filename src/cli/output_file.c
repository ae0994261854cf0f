#include "cli/output_file.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static airs_status_t fail(const char *path, airs_error_t *error) {
    return airs_error_set(error, AIRS_IO, "cannot write %s: %s", path, strerror(errno));
}

static bool write_all(FILE *file, airs_bytes_t bytes) {
    return bytes.size == 0 || fwrite(bytes.data, 1, bytes.size, file) == bytes.size;
}

static airs_status_t write_standard_output(airs_bytes_t bytes, airs_error_t *error) {
    if (!write_all(stdout, bytes) || fflush(stdout) != 0) {
        return fail("standard output", error);
    }
    return AIRS_OK;
}

/* What is there and no regular file (a device, a pipe) is written to as it is. */
static bool is_replaceable(const char *path) {
    struct stat information;
    return stat(path, &information) != 0 || S_ISREG(information.st_mode);
}

static airs_status_t write_file(const char *path, airs_bytes_t bytes, airs_error_t *error) {
    FILE *file = fopen(path, "wbe");
    if (file == NULL) {
        return fail(path, error);
    }
    bool written = write_all(file, bytes);
    if (fclose(file) != 0 || !written) {
        return fail(path, error);
    }
    return AIRS_OK;
}

airs_status_t airs_output_file_write(const char *path, airs_bytes_t bytes, airs_error_t *error) {
    char partial[PATH_MAX];
    if (strcmp(path, "-") == 0) {
        return write_standard_output(bytes, error);
    }
    int length = snprintf(partial, sizeof partial, "%s.%ld.partial", path, (long)getpid());
    if (!is_replaceable(path) || length < 0 || (size_t)length >= sizeof partial) {
        return write_file(path, bytes, error);
    }
    airs_status_t status = write_file(partial, bytes, error);
    if (status == AIRS_OK && rename(partial, path) != 0) {
        status = fail(path, error);
    }
    if (status != AIRS_OK) {
        int kept = errno;
        unlink(partial);
        errno = kept;
    }
    return status;
}
