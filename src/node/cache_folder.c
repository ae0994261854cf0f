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

airs_status_t airs_cache_folder(const airs_allocator_t *allocator, char **out, airs_error_t *error) {
    const char *cache = absolute("XDG_CACHE_HOME");
    const char *home = absolute("HOME");
    if (cache == NULL && home == NULL) {
        return airs_error_set(error, AIRS_IO, "neither XDG_CACHE_HOME nor HOME names a folder");
    }
    airs_text_t path;
    airs_text_init(&path, allocator);
    airs_text_append_format(&path, "%s%s/airssys/compiled", cache != NULL ? cache : home,
                            cache != NULL ? "" : "/.cache");
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
