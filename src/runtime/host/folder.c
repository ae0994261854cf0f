#include "runtime/host/folder.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/memory.h"

/* The next name of `path` into `name`; false: there is none, or (errno is then not 0) it is no name. */
static bool next_name(airs_str_t *path, char name[NAME_MAX + 1]) {
    errno = 0;
    while (path->size > 0 && path->data[0] == '/') {
        *path = airs_str_n(path->data + 1, path->size - 1);
    }
    const char *slash = path->size > 0 ? memchr(path->data, '/', path->size) : NULL;
    size_t size = slash != NULL ? (size_t)(slash - path->data) : path->size;
    if (size == 0) {
        return false;
    }
    if (size > NAME_MAX || memchr(path->data, '\0', size) != NULL) {
        errno = ENAMETOOLONG;
        return false;
    }
    snprintf(name, NAME_MAX + 1, "%.*s", (int)size, path->data);
    *path = airs_str_n(path->data + size, path->size - size);
    return true;
}

/* Name by name, and no link on the way: -1 with errno. */
static int open_without_links(airs_str_t path) {
    char name[NAME_MAX + 1];
    int folder = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    while (folder >= 0 && next_name(&path, name)) {
        int inner = openat(folder, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        int failure = errno;
        close(folder);
        errno = failure;
        folder = inner;
    }
    if (folder >= 0 && errno != 0) {
        int failure = errno;
        close(folder);
        errno = failure;
        folder = -1;
    }
    return folder;
}

static void narrow(airs_validity_t *validity, const airs_validity_t *by) {
    validity->generation = by->generation;
    validity->expires_at_ns = by->expires_at_ns < validity->expires_at_ns ? by->expires_at_ns
                                                                          : validity->expires_at_ns;
}

static airs_status_t decide(airs_security_context_t *security, airs_action_t action, airs_str_t path,
                            airs_validity_t *validity, airs_error_t *error) {
    airs_validity_t found;
    airs_resource_t resource = airs_resource_path(path);
    airs_status_t status = airs_security_decide(security, action, &resource, &found, error);
    if (status == AIRS_OK) {
        narrow(validity, &found);
    }
    return status;
}

static bool may(airs_security_context_t *security, airs_action_t action, airs_str_t path,
                airs_validity_t *validity) {
    return decide(security, action, path, validity, NULL) == AIRS_OK;
}

static airs_folder_t *find(airs_folders_t *folders, airs_str_t guest_path) {
    for (size_t i = 0; i < folders->count; i++) {
        if (airs_str_equal(folders->items[i].guest_path, guest_path)) {
            return &folders->items[i];
        }
    }
    return NULL;
}

#define READ AIRS_ACTION_BIT(FILE_READ)
#define WRITE AIRS_ACTION_BIT(FILE_WRITE)

static bool is_folder(const airs_permission_t *permission) {
    return permission->scope == AIRS_SCOPE_PATTERN && (permission->actions & (READ | WRITE)) != 0 &&
           memchr(permission->pattern.data, '*', permission->pattern.size) == NULL;
}

static airs_status_t open_one(airs_folders_t *folders, airs_security_context_t *security,
                              const airs_permission_t *permission, airs_error_t *error) {
    airs_str_t path = permission->pattern;
    airs_str_t guest_path = permission->guest_path.size > 0 ? permission->guest_path : path;
    if (find(folders, guest_path) != NULL ||
        !may(security, AIRS_ACTION_FILE_READ, path, &folders->validity)) {
        return AIRS_OK;
    }
    /* Only who was granted that asks for it: a folder to read from is no attempt to write. */
    airs_resource_t resource = airs_resource_path(path);
    bool writable = airs_security_sees(security, AIRS_ACTION_FILE_WRITE, &resource);
    if (writable || (permission->actions & WRITE) != 0) {
        writable = may(security, AIRS_ACTION_FILE_WRITE, path, &folders->validity);
    }
    int descriptor = open_without_links(path);
    if (descriptor < 0) {
        return airs_error_set(error, AIRS_IO, "the folder %.*s cannot be opened: %s", AIRS_STR_ARG(path),
                              errno == ELOOP || errno == ENOTDIR ? "a part of its path is no folder (a link, "
                                                                   "say)"
                                                                 : strerror(errno));
    }
    folders->items[folders->count++] = (airs_folder_t){path, guest_path, writable, descriptor};
    return AIRS_OK;
}

static size_t count_folders(const airs_capabilities_t *capabilities) {
    size_t count = 0;
    for (size_t i = 0; i < airs_capabilities_count(capabilities); i++) {
        const airs_capability_grant_t *grant = airs_capabilities_at(capabilities, i);
        for (size_t k = 0; k < grant->permission_count; k++) {
            count += is_folder(&grant->permissions[k]);
        }
    }
    return count;
}

static airs_status_t open_all(airs_folders_t *folders, airs_security_context_t *security,
                              airs_error_t *error) {
    const airs_capabilities_t *capabilities = airs_security_context_capabilities(security);
    airs_status_t status = AIRS_OK;
    for (size_t i = 0; i < airs_capabilities_count(capabilities); i++) {
        const airs_capability_grant_t *grant = airs_capabilities_at(capabilities, i);
        for (size_t k = 0; k < grant->permission_count && status == AIRS_OK; k++) {
            if (is_folder(&grant->permissions[k])) {
                status = open_one(folders, security, &grant->permissions[k], error);
            }
        }
    }
    return status;
}

airs_status_t airs_folders_open(const airs_allocator_t *allocator, airs_security_context_t *security,
                                airs_folders_t *out, airs_error_t *error) {
    size_t count = count_folders(airs_security_context_capabilities(security));
    *out = (airs_folders_t){.allocator = allocator, .validity = {.expires_at_ns = AIRS_GRANT_FOREVER}};
    if (count == 0) {
        return AIRS_OK;
    }
    out->items = airs_alloc_array(allocator, count, sizeof *out->items);
    if (out->items == NULL) {
        return airs_error_set(error, AIRS_OUT_OF_MEMORY, "no memory for the component's folders");
    }
    airs_status_t status = open_all(out, security, error);
    if (status != AIRS_OK) {
        airs_folders_free(out);
    }
    return status;
}

void airs_folders_close(airs_folders_t *folders) {
    for (size_t i = 0; i < folders->count; i++) {
        if (folders->items[i].descriptor >= 0) {
            close(folders->items[i].descriptor);
        }
        folders->items[i].descriptor = -1;
    }
}

airs_status_t airs_folders_check(airs_folders_t *folders, airs_security_context_t *security,
                                 airs_error_t *error) {
    if (folders->count == 0 || airs_security_holds(security, &folders->validity)) {
        return AIRS_OK;
    }
    airs_validity_t validity = {.expires_at_ns = AIRS_GRANT_FOREVER};
    for (size_t i = 0; i < folders->count; i++) {
        const airs_folder_t *folder = &folders->items[i];
        airs_status_t status = decide(security, AIRS_ACTION_FILE_READ, folder->path, &validity, error);
        if (status == AIRS_OK && folder->writable) {
            status = decide(security, AIRS_ACTION_FILE_WRITE, folder->path, &validity, error);
        }
        if (status != AIRS_OK) {
            return status;
        }
    }
    folders->validity = validity;
    return AIRS_OK;
}

void airs_folders_free(airs_folders_t *folders) {
    airs_folders_close(folders);
    if (folders->items != NULL) {
        airs_release(folders->allocator, folders->items);
    }
    *folders = (airs_folders_t){0};
}
