#include "node/admin/admin_listener.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/memory.h"
#include "core/text.h"

#define BACKLOG 64
#define ADDRESS_MAX (sizeof((struct sockaddr_un *)0)->sun_path - 1)

/* ---- paths ---- */

/* What a text holds, or why it could not be written. */
static airs_status_t take_path(airs_text_t *path, char **out, airs_error_t *error) {
    if (airs_text_status(path) != AIRS_OK) {
        airs_text_free(path);
        airs_error_set(error, AIRS_OUT_OF_MEMORY, "%s", airs_status_text(AIRS_OUT_OF_MEMORY));
        return AIRS_OUT_OF_MEMORY;
    }
    *out = path->data; /* the text's memory is the allocator's */
    return AIRS_OK;
}

/* With `process` other than 0 in its name. */
static airs_status_t default_path(const airs_allocator_t *allocator, const char *application, pid_t process,
                                  char **out, airs_error_t *error) {
    const char *runtime = secure_getenv("XDG_RUNTIME_DIR");
    airs_text_t path;
    airs_text_init(&path, allocator);
    if (runtime != NULL && runtime[0] == '/') {
        airs_text_append_format(&path, "%s/airssys", runtime);
    } else {
        airs_text_append_format(&path, "/tmp/airssys-%lu", (unsigned long)geteuid());
    }
    airs_text_append_format(&path, "/%s", application);
    if (process != 0) {
        airs_text_append_format(&path, ".%ld", (long)process);
    }
    airs_text_append(&path, airs_str(".sock"));
    return take_path(&path, out, error);
}

airs_status_t airs_admin_default_path(const airs_allocator_t *allocator, const char *application, char **out,
                                      airs_error_t *error) {
    return default_path(allocator, application, 0, out, error);
}

/* The folder of a path, opened; -1 with errno. */
static int open_folder(const char *path, int flags) {
    char copy[ADDRESS_MAX + 1];
    (void)strcpy(copy, path); /* NOLINT: is_address has looked at the length */
    return open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC | flags);
}

static airs_status_t check_length(const char *path, airs_error_t *error) {
    if (strlen(path) <= ADDRESS_MAX && path[0] != '\0') {
        return AIRS_OK;
    }
    return airs_error_set(error, AIRS_INVALID_ARGUMENT,
                          "%s: a socket's path has 1 to %zu bytes, and this one has %zu", path, ADDRESS_MAX,
                          strlen(path));
}

/* Make the default folder, unless it is there. In /tmp anybody could have made it: then it is not used. */
static airs_status_t open_own_folder(const char *path, int *out, airs_error_t *error) {
    char folder[ADDRESS_MAX + 1];
    struct stat information;
    (void)strcpy(folder, path); /* NOLINT: check_length has looked */
    *strrchr(folder, '/') = '\0';
    if (mkdir(folder, 0700) != 0 && errno != EEXIST) {
        return airs_error_set(error, AIRS_IO, "cannot make the folder %s: %s", folder, strerror(errno));
    }
    int descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (descriptor < 0 || fstat(descriptor, &information) != 0) {
        airs_error_set(error, AIRS_IO, "cannot use the folder %s: %s", folder, strerror(errno));
    } else if (information.st_uid != geteuid() || (information.st_mode & 0077) != 0) {
        airs_error_set(error, AIRS_IO,
                       "cannot use the folder %s: it must be this user's own, with the mode 0700", folder);
    } else {
        *out = descriptor;
        return AIRS_OK;
    }
    if (descriptor >= 0) {
        close(descriptor);
    }
    return AIRS_IO;
}

/* ---- what is there already ---- */

static struct sockaddr_un address_of(const char *path) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    (void)strcpy(address.sun_path, path); /* NOLINT: check_length has looked */
    return address;
}

/* Who listens at `path`: AIRS_NOT_FOUND: nobody, and the path is free now; AIRS_ALREADY_EXISTS: *other. */
static airs_status_t clear_path(const char *path, pid_t *other, airs_error_t *error) {
    struct stat information;
    if (lstat(path, &information) != 0) {
        return errno == ENOENT ? AIRS_NOT_FOUND
                               : airs_error_set(error, AIRS_IO, "%s: %s", path, strerror(errno));
    }
    if (!S_ISSOCK(information.st_mode)) {
        return airs_error_set(error, AIRS_IO,
                              "%s is there and is no socket; remove it, or choose another path", path);
    }
    struct sockaddr_un address = address_of(path);
    struct ucred peer = {0};
    socklen_t size = sizeof peer;
    int probe = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (probe < 0) {
        return airs_error_set(error, AIRS_IO, "cannot make a socket: %s", strerror(errno));
    }
    int failed = connect(probe, (const struct sockaddr *)&address, sizeof address) == 0 ? 0 : errno;
    if (failed == 0) {
        (void)getsockopt(probe, SOL_SOCKET, SO_PEERCRED, &peer, &size);
    }
    close(probe);
    *other = peer.pid;
    if (failed == 0 || failed == EAGAIN) { /* EAGAIN: it has more connections to take than it wants */
        return AIRS_ALREADY_EXISTS;
    }
    if (failed != ECONNREFUSED) {
        return airs_error_set(error, AIRS_IO, "%s: %s", path, strerror(failed));
    }
    if (unlink(path) != 0) {
        return airs_error_set(error, AIRS_IO, "cannot replace %s, which a process left behind: %s", path,
                              strerror(errno));
    }
    return AIRS_NOT_FOUND;
}

/* ---- listening ---- */

static airs_status_t listen_at(airs_admin_listener_t *listener, const char *path, airs_error_t *error) {
    struct sockaddr_un address = address_of(path);
    struct stat information;
    int descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    /* The mode before the name: there is no moment at which others could connect. */
    if (descriptor < 0 || fchmod(descriptor, 0600) != 0 ||
        bind(descriptor, (const struct sockaddr *)&address, sizeof address) != 0) {
        airs_error_set(error, AIRS_IO, "cannot listen at %s: %s", path, strerror(errno));
    } else if (chmod(path, 0600) != 0 || lstat(path, &information) != 0 || listen(descriptor, BACKLOG) != 0) {
        airs_error_set(error, AIRS_IO, "cannot listen at %s: %s", path, strerror(errno));
        (void)unlink(path);
    } else {
        listener->descriptor = descriptor;
        listener->device = information.st_dev;
        listener->number = information.st_ino;
        return AIRS_OK;
    }
    if (descriptor >= 0) {
        close(descriptor);
    }
    return AIRS_IO;
}

/* The folder is locked meanwhile: of two processes that find the same dead socket only one replaces it. */
static airs_status_t claim(airs_admin_listener_t *listener, int folder, const char *path,
                           airs_error_t *error) {
    pid_t other = 0;
    (void)flock(folder, LOCK_EX);
    airs_status_t status = clear_path(path, &other, error);
    if (status == AIRS_NOT_FOUND) {
        status = listen_at(listener, path, error);
    } else if (status == AIRS_ALREADY_EXISTS) {
        listener->other = other;
    }
    (void)flock(folder, LOCK_UN);
    return status;
}

static airs_status_t open_given(airs_admin_listener_t *listener, const char *path, airs_error_t *error) {
    airs_status_t status = check_length(path, error);
    if (status != AIRS_OK) {
        return status;
    }
    int folder = open_folder(path, 0);
    if (folder < 0) {
        return airs_error_set(error, AIRS_IO, "cannot use the folder of %s: %s", path, strerror(errno));
    }
    airs_text_t copy;
    airs_text_init(&copy, listener->allocator);
    airs_text_append(&copy, airs_str(path));
    status = take_path(&copy, &listener->path, error);
    if (status == AIRS_OK) {
        status = claim(listener, folder, path, error);
    }
    if (status == AIRS_ALREADY_EXISTS) {
        airs_error_set(error, status,
                       "%s is the socket of the process %ld, which is alive; stop that one, or choose another"
                       " path with --socket or admin.socket",
                       path, (long)listener->other);
    }
    close(folder);
    return status;
}

static airs_status_t open_default(airs_admin_listener_t *listener, const char *application,
                                  airs_error_t *error) {
    int folder = -1;
    airs_status_t status = default_path(listener->allocator, application, 0, &listener->path, error);
    if (status == AIRS_OK) {
        status = check_length(listener->path, error);
    }
    if (status == AIRS_OK) {
        status = open_own_folder(listener->path, &folder, error);
    }
    if (status != AIRS_OK) {
        return status;
    }
    status = claim(listener, folder, listener->path, error);
    if (status == AIRS_ALREADY_EXISTS) {
        airs_release(listener->allocator, listener->path);
        listener->path = NULL;
        status = default_path(listener->allocator, application, getpid(), &listener->path, error);
        if (status == AIRS_OK) {
            status = check_length(listener->path, error);
        }
        if (status == AIRS_OK) {
            status = claim(listener, folder, listener->path, error);
        }
    }
    close(folder);
    return status;
}

airs_status_t airs_admin_listener_open(airs_admin_listener_t *listener, const airs_allocator_t *allocator,
                                       const char *path, const char *application, airs_error_t *error) {
    *listener = (airs_admin_listener_t){.allocator = allocator, .descriptor = -1};
    airs_status_t status = path != NULL ? open_given(listener, path, error)
                                        : open_default(listener, application, error);
    if (status != AIRS_OK) {
        airs_release(allocator, listener->path);
        listener->path = NULL;
    }
    return status;
}

void airs_admin_listener_close(airs_admin_listener_t *listener) {
    struct stat information;
    if (listener->descriptor < 0) {
        return;
    }
    int folder = open_folder(listener->path, 0);
    if (folder >= 0) {
        (void)flock(folder, LOCK_EX);
    }
    if (lstat(listener->path, &information) == 0 && information.st_dev == listener->device &&
        information.st_ino == listener->number) {
        (void)unlink(listener->path);
    }
    if (folder >= 0) {
        close(folder);
    }
    close(listener->descriptor);
    listener->descriptor = -1;
    airs_release(listener->allocator, listener->path);
    listener->path = NULL;
}

bool airs_admin_peer_allowed(int descriptor) {
    struct ucred peer;
    socklen_t size = sizeof peer;
    if (getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) {
        return false;
    }
    return peer.uid == geteuid() || peer.uid == 0;
}
