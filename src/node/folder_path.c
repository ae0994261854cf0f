#include "node/folder_path.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/memory.h"
#include "core/utf8.h"
#include "security/pattern.h"

static airs_status_t refuse(int failure, airs_error_t *error) {
    return airs_error_set(error, AIRS_IO, "%s",
                          failure == ENOENT    ? "no such folder"
                          : failure == ENOTDIR ? "is no folder"
                                               : strerror(failure));
}

static bool is_text(airs_str_t text) {
    for (size_t at = 0; at < text.size;) {
        uint32_t character = 0;
        size_t length = airs_utf8_decode(airs_str_n(text.data + at, text.size - at), &character);
        if (length == 0 || airs_utf8_is_control(character)) {
            return false;
        }
        at += length;
    }
    return text.size > 0;
}

static bool has_star(const char *path) { return strchr(path, '*') != NULL; }

airs_status_t airs_folder_find(const airs_allocator_t *allocator, const char *path, char **out,
                               airs_error_t *error) {
    char real[PATH_MAX];
    struct stat about;
    if (has_star(path)) {
        return airs_error_set(error, AIRS_INVALID_ARGUMENT,
                              "a folder is granted by its path, without wildcards");
    }
    if (realpath(path, real) == NULL || stat(real, &about) != 0) {
        return refuse(errno, error);
    }
    if (!S_ISDIR(about.st_mode)) {
        return refuse(ENOTDIR, error);
    }
    if (!is_text(airs_str(real)) || has_star(real)) {
        return airs_error_set(error, AIRS_INVALID_ARGUMENT,
                              "its path is not UTF-8 without control characters and stars");
    }
    size_t size = strlen(real) + 1;
    *out = airs_alloc(allocator, size);
    if (*out == NULL) {
        return airs_error_set(error, AIRS_OUT_OF_MEMORY, "%s", airs_status_text(AIRS_OUT_OF_MEMORY));
    }
    memcpy(*out, real, size);
    return AIRS_OK;
}

airs_status_t airs_folder_check_guest_path(airs_str_t path, airs_error_t *error) {
    bool is_good = is_text(path);
    for (airs_segments_t rest = airs_segments('/', path); is_good && !rest.ended;
         rest = airs_segments_rest(&rest)) {
        is_good = !airs_str_equal(airs_segments_first(&rest), airs_str(".."));
    }
    return is_good ? AIRS_OK
                   : airs_error_set(error, AIRS_INVALID_ARGUMENT,
                                    "a guest finds a folder at a path like \"data\" or \"/data\", without "
                                    "\"..\" and control characters");
}
