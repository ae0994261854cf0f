#include "node/cache_folder.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/memory.h"
#include "core/text.h"

/* A value that can be the beginning of a path; relative ones are to be ignored, says the XDG Base
 * Directory Specification. */
static const char *absolute(const char *variable) {
    const char *value = secure_getenv(variable);
    return value != NULL && value[0] == '/' ? value : NULL;
}

/* Make every folder above the last one, the user's alone. */
static airs_status_t make_parents(char *path, airs_error_t *error) {
    for (char *slash = strchr(path + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        int failed = mkdir(path, 0700) != 0 && errno != EEXIST ? errno : 0;
        if (failed != 0) {
            airs_error_set(error, AIRS_IO, "cannot make the folder %s: %s", path, strerror(failed));
        }
        *slash = '/';
        if (failed != 0) {
            return AIRS_IO;
        }
    }
    return AIRS_OK;
}

/* "$VARIABLE/airssys/tail/part", or "$HOME/otherwise/airssys/tail/part"; what is missing above the last folder is
 * made. `part` may be NULL. */
static airs_status_t find_folder(const airs_allocator_t *allocator, const char *variable,
                                 const char *otherwise, const char *tail, const char *part, char **out,
                                 airs_error_t *error) {
    const char *base = absolute(variable);
    const char *home = absolute("HOME");
    if (base == NULL && home == NULL) {
        return airs_error_set(error, AIRS_IO, "neither %s nor HOME names a folder", variable);
    }
    airs_text_t path;
    airs_text_init(&path, allocator);
    airs_text_append_format(&path, "%s%s/airssys/%s", base != NULL ? base : home,
                            base != NULL ? "" : otherwise, tail);
    if (part != NULL) {
        airs_text_append_format(&path, "/%s", part);
    }
    airs_status_t status = airs_text_status(&path);
    if (status != AIRS_OK) {
        airs_error_set(error, status, "%s", airs_status_text(status));
    } else {
        status = make_parents(path.data, error);
    }
    if (status == AIRS_OK) {
        *out = path.data; /* the text's memory is the allocator's */
    } else {
        airs_text_free(&path);
    }
    return status;
}

airs_status_t airs_cache_folder(const airs_allocator_t *allocator, char **out, airs_error_t *error) {
    return find_folder(allocator, "XDG_CACHE_HOME", "/.cache", "compiled", NULL, out, error);
}

airs_status_t airs_crash_folder(const airs_allocator_t *allocator, const char *application, char **out,
                                airs_error_t *error) {
    return find_folder(allocator, "XDG_STATE_HOME", "/.local/state", "crashes", application, out, error);
}

airs_status_t airs_storage_folder(const airs_allocator_t *allocator, const char *application, char **out,
                                  airs_error_t *error) {
    return find_folder(allocator, "XDG_STATE_HOME", "/.local/state", "storage", application, out, error);
}
