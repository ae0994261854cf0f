#include "cli/output_file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/complaint.h"
#include "cli/exit_code.h"
#include "cli/unfinished_file.h"

#define NEW_MODE 0666 /* of a file that was not there; the umask takes from it */
#define MODE_BITS 07777

airs_status_t airs_output_file_fail(const char *path, airs_error_t *error) {
    return airs_error_set(error, AIRS_IO, "cannot write %s: %s", path, strerror(errno));
}

static bool write_all(FILE *file, airs_bytes_t bytes) {
    return bytes.size == 0 || fwrite(bytes.data, 1, bytes.size, file) == bytes.size;
}

static airs_status_t write_standard_output(airs_bytes_t bytes, airs_error_t *error) {
    if (!write_all(stdout, bytes) || fflush(stdout) != 0) {
        return airs_output_file_fail("standard output", error);
    }
    return AIRS_OK;
}

/* Where it goes, and where it is written meanwhile. */
static void find_place(airs_output_file_t *self, bool exists, bool regular) {
    struct stat link;
    self->partial[0] = '\0';
    if (exists ? !regular : lstat(self->path, &link) == 0) {
        return; /* a device or a pipe; or a link to what is not there, which is made where the link says */
    }
    if (!exists || realpath(self->path, self->place) == NULL) {
        int size = snprintf(self->place, sizeof self->place, "%s", self->path);
        if (size < 0 || (size_t)size >= sizeof self->place) {
            return; /* too long a path for anything */
        }
    }
    int size = snprintf(self->partial, sizeof self->partial, "%s.%ld.partial", self->place, (long)getpid());
    if (size < 0 || (size_t)size >= sizeof self->partial) {
        self->partial[0] = '\0';
    }
}

/* Nobody may have put it there for us to write through; one of ours that died is in the way. */
static FILE *open_partial(const char *path, mode_t mode, bool keep_mode) {
    (void)unlink(path);
    int descriptor = airs_unfinished_file_create(path, mode);
    if (descriptor >= 0 && keep_mode) {
        (void)fchmod(descriptor, mode); /* what the umask took */
    }
    FILE *file = descriptor >= 0 ? fdopen(descriptor, "wb") : NULL;
    if (file == NULL && descriptor >= 0) {
        int failure = errno;
        close(descriptor);
        (void)unlink(path);
        airs_unfinished_file_settle(path);
        errno = failure;
    }
    return file;
}

airs_status_t airs_output_file_open(airs_output_file_t *self, const char *path, airs_error_t *error) {
    struct stat there;
    bool exists = stat(path, &there) == 0;
    *self = (airs_output_file_t){.path = path};
    find_place(self, exists, exists && S_ISREG(there.st_mode));
    self->file = self->partial[0] == '\0'
                     ? fopen(path, "wbe")
                     : open_partial(self->partial, exists ? there.st_mode & MODE_BITS : NEW_MODE, exists);
    return self->file != NULL ? AIRS_OK : airs_output_file_fail(path, error);
}

void airs_output_file_abandon(airs_output_file_t *self) {
    if (self->file != NULL) {
        (void)fclose(self->file);
        self->file = NULL;
    }
    if (self->partial[0] != '\0') {
        (void)unlink(self->partial);
        airs_unfinished_file_settle(self->partial);
    }
}

airs_status_t airs_output_file_finish(airs_output_file_t *self, bool sync, airs_error_t *error) {
    bool in_place = self->partial[0] == '\0';
    bool written = fflush(self->file) == 0 && ferror(self->file) == 0;
    written = written && (!sync || in_place || fsync(fileno(self->file)) == 0);
    airs_status_t status = written ? AIRS_OK : airs_output_file_fail(self->path, error);
    if (fclose(self->file) != 0 && status == AIRS_OK) {
        status = airs_output_file_fail(self->path, error);
    }
    self->file = NULL;
    if (status == AIRS_OK && !in_place && rename(self->partial, self->place) != 0) {
        status = airs_output_file_fail(self->path, error);
    }
    if (status != AIRS_OK) {
        airs_output_file_abandon(self);
    } else {
        airs_unfinished_file_settle(self->partial);
    }
    return status;
}

int airs_output_finish(const char *verb) {
    if (fflush(stdout) == 0 && ferror(stdout) == 0) {
        return AIRS_EXIT_OK;
    }
    airs_complain(verb, "cannot write standard output: %s", strerror(errno));
    return AIRS_EXIT_FAILURE;
}

airs_status_t airs_output_file_write(const char *path, airs_bytes_t bytes, airs_error_t *error) {
    airs_output_file_t self;
    if (strcmp(path, "-") == 0) {
        return write_standard_output(bytes, error);
    }
    airs_status_t status = airs_output_file_open(&self, path, error);
    if (status != AIRS_OK) {
        return status;
    }
    if (!write_all(self.file, bytes)) {
        status = airs_output_file_fail(path, error);
        airs_output_file_abandon(&self);
        return status;
    }
    return airs_output_file_finish(&self, false, error);
}
