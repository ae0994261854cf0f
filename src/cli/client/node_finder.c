#include "cli/client/node_finder.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/client/http_client.h"
#include "core/memory.h"
#include "node/admin/admin_listener.h"

#define SUFFIX ".sock"
#define SUFFIX_SIZE (sizeof SUFFIX - 1)
#define SOCKET_VARIABLE "AIRSSYS_SOCKET"
#define WHAT_TO_DO \
    "'airssys run' starts a node; --socket FILE or " SOCKET_VARIABLE " names a socket elsewhere"

/* What the user's folder of sockets has. */
typedef struct survey {
    airs_text_t folder;
    airs_text_t live; /* names, with commas between them */
    airs_text_t dead; /* the same, of sockets that nobody listens at */
    airs_text_t last; /* the path of the last live one */
    size_t live_count;
    size_t dead_count;
    int missing; /* errno of the folder; 0: it is there */
} survey_t;

static airs_status_t default_path(const char *application, airs_text_t *out, airs_error_t *error) {
    const airs_allocator_t *allocator = airs_allocator_default();
    char *path = NULL;
    airs_status_t status = airs_admin_default_path(allocator, application, &path, error);
    if (status == AIRS_OK) {
        airs_text_append(out, airs_str(path));
        airs_release(allocator, path);
    }
    return status;
}

static void add_name(airs_text_t *names, size_t *count, airs_str_t name) {
    airs_text_append(names, airs_str((*count)++ > 0 ? ", " : ""));
    airs_text_append(names, name);
}

static void note(survey_t *survey, const char *file) {
    size_t size = strlen(file);
    if (size <= SUFFIX_SIZE || strcmp(file + size - SUFFIX_SIZE, SUFFIX) != 0) {
        return;
    }
    airs_str_t name = airs_str_n(file, size - SUFFIX_SIZE);
    airs_text_t path;
    airs_text_init(&path, airs_allocator_default());
    airs_text_append_format(&path, "%s/%s", airs_text_cstr(&survey->folder), file);
    if (airs_http_probe(airs_text_cstr(&path), NULL, NULL) == AIRS_OK) {
        add_name(&survey->live, &survey->live_count, name);
        airs_text_clear(&survey->last);
        airs_text_append(&survey->last, airs_text_view(&path));
    } else {
        add_name(&survey->dead, &survey->dead_count, name);
    }
    airs_text_free(&path);
}

/* In /tmp anybody could have made the folder, to be told what is meant for a node. */
static airs_status_t check_owner(const char *folder, airs_error_t *error) {
    struct stat information;
    if (lstat(folder, &information) == 0 &&
        (!S_ISDIR(information.st_mode) || information.st_uid != geteuid())) {
        return airs_error_set(error, AIRS_IO, "%s is not used: it is no folder of this user's own", folder);
    }
    return AIRS_OK;
}

static airs_status_t look_around(survey_t *survey, airs_error_t *error) {
    airs_status_t status = default_path("any", &survey->folder, error);
    if (status == AIRS_OK && airs_text_status(&survey->folder) != AIRS_OK) {
        status = airs_error_set(error, AIRS_OUT_OF_MEMORY, "%s", airs_status_text(AIRS_OUT_OF_MEMORY));
    }
    if (status != AIRS_OK) {
        return status;
    }
    char *slash = strrchr(survey->folder.data, '/');
    *slash = '\0';
    survey->folder.size = (size_t)(slash - survey->folder.data);
    status = check_owner(airs_text_cstr(&survey->folder), error);
    DIR *folder = status == AIRS_OK ? opendir(airs_text_cstr(&survey->folder)) : NULL;
    if (folder == NULL) {
        survey->missing = errno;
        return status;
    }
    for (const struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
        note(survey, entry->d_name);
    }
    closedir(folder);
    return AIRS_OK;
}

static airs_status_t take_only(const survey_t *survey, airs_text_t *path, airs_error_t *error) {
    const char *folder = airs_text_cstr(&survey->folder);
    if (survey->live_count == 1) {
        airs_text_append(path, airs_text_view(&survey->last));
        return AIRS_OK;
    }
    if (survey->live_count > 1) {
        return airs_error_set(error, AIRS_NOT_FOUND, "several nodes run: %s; choose one with --node NAME",
                              airs_text_cstr(&survey->live));
    }
    if (survey->dead_count > 0) {
        return airs_error_set(error, AIRS_NOT_RUNNING,
                              "no node runs: nobody listens any more at what is in %s (%s); " WHAT_TO_DO,
                              folder, airs_text_cstr(&survey->dead));
    }
    if (survey->missing != 0) {
        return airs_error_set(error, AIRS_NOT_FOUND, "no node runs: %s: %s; " WHAT_TO_DO, folder,
                              strerror(survey->missing));
    }
    return airs_error_set(error, AIRS_NOT_FOUND, "no node runs: there is no socket in %s; " WHAT_TO_DO,
                          folder);
}

static airs_status_t take_named(const survey_t *survey, const char *node, airs_text_t *path,
                                airs_error_t *error) {
    const char *folder = airs_text_cstr(&survey->folder);
    airs_text_append_format(path, "%s/%s" SUFFIX, folder, node);
    airs_status_t status = airs_http_probe(airs_text_cstr(path), NULL, error);
    if (status != AIRS_NOT_FOUND) {
        return status;
    }
    if (survey->live_count == 0) {
        return airs_error_set(
            error, status, "no node runs as '%s': there is no such socket in %s; " WHAT_TO_DO, node, folder);
    }
    return airs_error_set(error, status, "no node runs as '%s'; there is: %s", node,
                          airs_text_cstr(&survey->live));
}

static airs_status_t find_in_folder(const char *node, airs_text_t *path, airs_error_t *error) {
    survey_t survey = {.missing = 0};
    const airs_allocator_t *allocator = airs_allocator_default();
    airs_text_init(&survey.folder, allocator);
    airs_text_init(&survey.live, allocator);
    airs_text_init(&survey.dead, allocator);
    airs_text_init(&survey.last, allocator);
    airs_status_t status = look_around(&survey, error);
    if (status == AIRS_OK) {
        status = node != NULL ? take_named(&survey, node, path, error) : take_only(&survey, path, error);
    }
    airs_text_free(&survey.folder);
    airs_text_free(&survey.live);
    airs_text_free(&survey.dead);
    airs_text_free(&survey.last);
    return status;
}

airs_status_t airs_node_find(const char *socket, const char *node, airs_text_t *path, airs_error_t *error) {
    const char *variable = secure_getenv(SOCKET_VARIABLE);
    airs_status_t status = AIRS_OK;
    if (socket == NULL && node == NULL && variable != NULL && variable[0] != '\0') {
        socket = variable;
    }
    if (socket != NULL) {
        airs_text_append(path, airs_str(socket));
    } else if (node != NULL && strchr(node, '/') != NULL) {
        return airs_error_set(error, AIRS_INVALID_ARGUMENT,
                              "'%s' is no name of a node; a path is given with --socket", node);
    } else {
        status = find_in_folder(node, path, error);
    }
    if (status == AIRS_OK && airs_text_status(path) != AIRS_OK) {
        return airs_error_set(error, AIRS_OUT_OF_MEMORY, "%s", airs_status_text(AIRS_OUT_OF_MEMORY));
    }
    return status;
}
