#include "node/trusted_load.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/file.h"
#include "core/log.h"
#include "core/memory.h"
#include "node/import_report.h"
#include "node/manifest_compile.h"
#include "security/component_shape.h"
#include "security/trust.h"

#define LOG_SOURCE "trust"

static airs_status_t fail(const char *path, int number, airs_error_t *error) {
    return airs_error_set(error, AIRS_IO, "%s: %s", path, strerror(number));
}

static airs_status_t read_file(const airs_allocator_t *allocator, int file, const char *path,
                               const airs_load_limits_t *limits, airs_bytes_t *out, airs_error_t *error) {
    struct stat about;
    if (fstat(file, &about) != 0) {
        return fail(path, errno, error);
    }
    if (!S_ISREG(about.st_mode)) {
        return airs_error_set(error, AIRS_IO, "%s: not a file", path);
    }
    airs_status_t status = airs_component_check_size((uint64_t)about.st_size, limits, error);
    if (status == AIRS_OK) {
        status = airs_file_read_descriptor(allocator, file, (size_t)limits->file_bytes, out, error);
    }
    if (status != AIRS_OK) {
        airs_error_prefix(error, "%s", path);
    }
    return status;
}

/* By the path without links: what is told to be in a folder is what is read. */
static airs_status_t read_source(const airs_allocator_t *allocator, const char *path,
                                 const airs_load_limits_t *limits, char resolved[PATH_MAX], airs_bytes_t *out,
                                 airs_error_t *error) {
    if (realpath(path, resolved) == NULL) {
        return fail(path, errno, error);
    }
    /* Not blocking: a pipe that nobody writes to is refused, not waited for. */
    int file = open(resolved, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
    if (file < 0) {
        return fail(path, errno, error);
    }
    airs_status_t status = read_file(allocator, file, path, limits, out, error);
    close(file);
    return status;
}

static void report(airs_log_t *log, const char *name, const airs_trust_t *trust,
                   const airs_trust_answer_t *answer, const airs_error_t *warning) {
    if (answer->ground == AIRS_TRUST_GROUND_KEY) {
        airs_log_printf(log, AIRS_LOG_DEBUG, airs_str(LOG_SOURCE), "component %s: signed with the key %s",
                        name, answer->key);
    } else if (answer->ground != AIRS_TRUST_GROUND_NONE) {
        airs_log_printf(log, AIRS_LOG_DEBUG, airs_str(LOG_SOURCE), "component %s: %s", name,
                        airs_trust_ground_text(answer->ground));
    } else if (airs_trust_mode(trust) == AIRS_TRUST_WARN) {
        airs_log_printf(log, AIRS_LOG_WARN, airs_str(LOG_SOURCE),
                        "component %s is not trusted, and loaded all the same: %s", name, warning->text);
    }
}

/* Read the component's file and hold it to the manifest. The caller releases what was read. `ground`: why it may be
 * loaded. */
static airs_status_t read_trusted(const airs_manifest_t *manifest, const airs_manifest_component_t *component,
                                  const airs_allocator_t *allocator, airs_log_t *log, airs_bytes_t *out,
                                  airs_trust_ground_t *ground, airs_error_t *error) {
    char resolved[PATH_MAX];
    airs_bytes_t content = {NULL, 0};
    airs_trust_answer_t answer;
    airs_load_limits_t limits = airs_manifest_load_limits(manifest, component);
    airs_load_limits_resolve(&limits);
    airs_error_t reason = {AIRS_OK, ""};
    airs_status_t status = read_source(allocator, component->source, &limits, resolved, &content, error);
    if (status != AIRS_OK) {
        return status;
    }
    airs_trust_question_t question = {.ns = airs_str(manifest->ns),
                                      .name = component->source,
                                      .path = resolved,
                                      .content = content,
                                      .pinned = component->digest};
    status = airs_trust_check(manifest->trust, &question, &answer, &reason);
    if (status != AIRS_OK) {
        airs_release(allocator, (void *)content.data);
        return airs_error_set(error, status, "%s", reason.text);
    }
    report(log, component->name, manifest->trust, &answer, &reason);
    *ground = answer.ground;
    *out = content;
    return AIRS_OK;
}

/* Whether it runs as the manifest thinks it does. */
static airs_status_t check_run(airs_node_t *node, const airs_manifest_component_t *plan,
                               airs_component_t component, airs_error_t *error) {
    bool is_command = airs_node_is_command(node, component);
    if (is_command && !plan->run.given) {
        return airs_error_set(
            error, AIRS_EXPORT_NOT_FOUND,
            "it is a command (it exports wasi:cli/run), so the manifest has to say how it is "
            "run: run = {} is once, run = { every = \"10s\" } again and again");
    }
    if (!is_command && plan->run.given) {
        return airs_error_set(error, AIRS_EXPORT_NOT_FOUND,
                              "the manifest has a `run` for it, but it is an actor and no command");
    }
    return AIRS_OK;
}

airs_status_t airs_trusted_load(airs_node_t *node, const airs_manifest_t *manifest,
                                const airs_manifest_component_t *component, const airs_allocator_t *allocator,
                                airs_log_t *log, airs_component_t *out, airs_error_t *error) {
    airs_bytes_t content = {NULL, 0};
    airs_trust_ground_t ground = AIRS_TRUST_GROUND_NONE;
    airs_status_t status = read_trusted(manifest, component, allocator, log, &content, &ground, error);
    if (status == AIRS_OK) {
        airs_load_options_t options = AIRS_LOAD_OPTIONS_INIT;
        options.bytes = content;
        options.name = component->source;
        options.untrusted = ground == AIRS_TRUST_GROUND_NONE;
        options.limits = airs_manifest_load_limits(manifest, component);
        status = airs_node_load_with(node, &options, out, error);
        airs_release(allocator, (void *)content.data);
    }
    if (status != AIRS_OK) {
        return status;
    }
    status = check_run(node, component, *out, error);
    if (status == AIRS_OK) {
        airs_import_report_log(node, *out, component, allocator, log);
    } else {
        airs_node_unload(node, *out);
        *out = 0;
    }
    return status;
}

airs_status_t airs_trusted_check(const airs_manifest_t *manifest, const airs_manifest_component_t *component,
                                 const airs_allocator_t *allocator, airs_log_t *log, airs_error_t *error) {
    airs_bytes_t content = {NULL, 0};
    airs_trust_ground_t ground = AIRS_TRUST_GROUND_NONE;
    airs_status_t status = read_trusted(manifest, component, allocator, log, &content, &ground, error);
    airs_release(allocator, (void *)content.data);
    return status;
}
