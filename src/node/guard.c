#include "node/guard.h"

#include <inttypes.h>
#include <pthread.h>
#include <string.h>

#include "core/log.h"
#include "core/memory.h"
#include "node/folder_path.h"

/* Of an audit file, where nobody says. */
#define AUDIT_BYTES ((uint64_t)16 << 20)
#define AUDIT_KEPT 4

typedef struct held {
    struct held *next;
    airs_capabilities_t *capabilities;
} held_t;

struct airs_guard {
    const airs_allocator_t *allocator;
    airs_clock_t *clock;
    airs_log_t *log;
    airs_audit_t *audit; /* NULL: none */
    airs_authority_t *authority;
    pthread_mutex_t lock;
    held_t *held; /* with the lock */
};

static airs_status_t make_audit(airs_guard_t *guard, const airs_node_options_t *options,
                                airs_error_t *error) {
    const airs_audit_options_t audit = {
        .path = options->audit_file,
        .max_bytes = options->audit_bytes != 0 ? options->audit_bytes : AUDIT_BYTES,
        .kept = options->audit_kept != 0 ? options->audit_kept : AUDIT_KEPT,
        .clock = options->clock,
    };
    airs_status_t status = airs_audit_create(options->allocator, &audit, &guard->audit, error);
    if (status != AIRS_OK) {
        airs_error_prefix(error, "the audit cannot be written");
    }
    return status;
}

airs_status_t airs_guard_create(const airs_node_options_t *options, airs_guard_t **out, airs_error_t *error) {
    airs_guard_t *guard = airs_alloc_zeroed(options->allocator, sizeof *guard);
    if (guard == NULL) {
        return airs_error_set(error, AIRS_OUT_OF_MEMORY, "%s", airs_status_text(AIRS_OUT_OF_MEMORY));
    }
    guard->allocator = options->allocator;
    guard->clock = options->clock;
    guard->log = options->log;
    pthread_mutex_init(&guard->lock, NULL);
    airs_status_t status = options->audit_file != NULL ? make_audit(guard, options, error) : AIRS_OK;
    if (status == AIRS_OK) {
        status = airs_authority_create(options->allocator, options->clock, guard->audit, &guard->authority);
        if (status != AIRS_OK) {
            airs_error_set(error, status, "%s", airs_status_text(status));
        }
    }
    if (status != AIRS_OK) {
        airs_guard_destroy(guard);
        return status;
    }
    *out = guard;
    return AIRS_OK;
}

/* What is not in the file: who reads it would not know. */
static void tell_what_is_missing(const airs_guard_t *guard) {
    airs_audit_flush(guard->audit, true);
    airs_audit_counts_t counts = airs_audit_counts(guard->audit);
    if (counts.failed > 0 || counts.omitted > 0) {
        airs_log_printf(guard->log, AIRS_LOG_WARN, airs_str("audit"),
                        "%" PRIu64 " lines could not be written, and %" PRIu64
                        " grants and denials were only counted",
                        counts.failed, counts.omitted);
    }
}

void airs_guard_destroy(airs_guard_t *guard) {
    if (guard == NULL) {
        return;
    }
    airs_authority_destroy(guard->authority);
    if (guard->audit != NULL) {
        tell_what_is_missing(guard);
    }
    airs_audit_destroy(guard->audit);
    while (guard->held != NULL) {
        held_t *next = guard->held->next;
        airs_capabilities_unref(guard->held->capabilities);
        airs_release(guard->allocator, guard->held);
        guard->held = next;
    }
    pthread_mutex_destroy(&guard->lock);
    airs_release(guard->allocator, guard);
}

airs_authority_t *airs_guard_authority(const airs_guard_t *guard) { return guard->authority; }

/* The bits of an action that are on nothing in particular have no pattern; the others do. `folder`: what the pattern of
 * a folder leads to. */
static size_t permissions_of(const airs_grant_t *grant, const char *folder, airs_permission_t out[2]) {
    uint32_t actions = airs_action_parse(airs_str(grant->action));
    uint32_t bare = 0;
    for (unsigned i = 0; i < AIRS_ACTION_COUNT; i++) {
        uint32_t bit = UINT32_C(1) << i;
        bare |= airs_action_resource((airs_action_t)i) == AIRS_RESOURCE_NONE ? actions & bit : 0;
    }
    bare = grant->pattern == NULL ? actions : bare;
    size_t count = 0;
    if (bare != 0) {
        out[count++] = (airs_permission_t){.actions = bare, .scope = AIRS_SCOPE_ANY};
    }
    if (actions != bare) {
        const char *guest_path = grant->guest_path != NULL ? grant->guest_path : grant->pattern;
        out[count++] = (airs_permission_t){.actions = actions & ~bare,
                                           .scope = AIRS_SCOPE_PATTERN,
                                           .pattern = airs_str(folder != NULL ? folder : grant->pattern),
                                           .guest_path = airs_str(folder != NULL ? guest_path : "")};
    }
    return count;
}

#define FOLDERS (AIRS_ACTION_BIT(FILE_READ) | AIRS_ACTION_BIT(FILE_WRITE))

static bool is_folder(const airs_grant_t *grant) {
    return grant->pattern != NULL && (airs_action_parse(airs_str(grant->action)) & FOLDERS) != 0;
}

/* The real paths of the folders among the grants, NULL for the others; released one by one. */
static airs_status_t find_folders(const airs_allocator_t *allocator, const airs_grant_t *grants, size_t count,
                                  char **folders, airs_error_t *error) {
    airs_status_t status = AIRS_OK;
    for (size_t i = 0; i < count && status == AIRS_OK; i++) {
        if (!is_folder(&grants[i])) {
            continue;
        }
        status = airs_folder_find(allocator, grants[i].pattern, &folders[i], error);
        if (status == AIRS_OK && grants[i].guest_path != NULL) {
            status = airs_folder_check_guest_path(airs_str(grants[i].guest_path), error);
        }
        if (status != AIRS_OK) {
            airs_error_prefix(error, "%s", grants[i].pattern);
        }
    }
    return status;
}

static bool grants(const airs_grant_t *grant, uint32_t action) {
    return (airs_action_parse(airs_str(grant->action)) & action) != 0;
}

static const char *guest_path_of(const airs_grant_t *grant) {
    return grant->guest_path != NULL ? grant->guest_path : grant->pattern;
}

/* What WASI cannot tell apart, or could not show. */
static airs_status_t check_folders(const airs_grant_t *all, size_t count, char *const *folders,
                                   airs_error_t *error) {
    for (size_t i = 0; i < count; i++) {
        bool is_read = folders[i] == NULL || grants(&all[i], AIRS_ACTION_BIT(FILE_READ));
        for (size_t k = 0; folders[i] != NULL && k < count; k++) {
            if (folders[k] == NULL) {
                continue;
            }
            bool is_same = strcmp(folders[i], folders[k]) == 0;
            is_read = is_read || (is_same && grants(&all[k], AIRS_ACTION_BIT(FILE_READ)));
            if (!is_same && strcmp(guest_path_of(&all[i]), guest_path_of(&all[k])) == 0) {
                return airs_error_set(error, AIRS_INVALID_ARGUMENT,
                                      "%s and %s cannot both be found at \"%s\" by the guest", folders[i],
                                      folders[k], guest_path_of(&all[i]));
            }
        }
        if (!is_read) {
            return airs_error_set(error, AIRS_INVALID_ARGUMENT,
                                  "%s is granted to be written to but not to be read from; WASI has no such "
                                  "folders, so filesystem.read must be granted, too",
                                  folders[i]);
        }
    }
    return AIRS_OK;
}

static airs_status_t make_grants(const airs_grant_t *all, size_t count, char *const *folders, uint64_t now_ns,
                                 airs_capability_grant_t *made, airs_permission_t *permissions,
                                 airs_error_t *error) {
    for (size_t i = 0; i < count; i++) {
        uint64_t expires = all[i].expires_at_ns != 0 ? all[i].expires_at_ns : AIRS_GRANT_FOREVER;
        made[i] = (airs_capability_grant_t){
            &permissions[2 * i], permissions_of(&all[i], folders[i], &permissions[2 * i]), now_ns, expires};
        if (made[i].permission_count == 0) {
            return airs_error_set(error, AIRS_INVALID_ARGUMENT, "there is no action \"%s\"", all[i].action);
        }
    }
    return AIRS_OK;
}

airs_status_t airs_guard_make_capabilities(const airs_allocator_t *allocator, const airs_grant_t *all,
                                           size_t count, uint64_t storage_quota, uint64_t now_ns,
                                           airs_capabilities_t **out, airs_error_t *error) {
    airs_capability_grant_t *made = airs_alloc_array(allocator, count + 1, sizeof *made);
    airs_permission_t *permissions = airs_alloc_array(allocator, 2 * count + 1, sizeof *permissions);
    char **folders = airs_alloc_zeroed(allocator, (count + 1) * sizeof *folders);
    airs_status_t status = made != NULL && permissions != NULL && folders != NULL ? AIRS_OK
                                                                                  : AIRS_OUT_OF_MEMORY;
    if (status != AIRS_OK) {
        airs_error_set(error, status, "%s", airs_status_text(status));
    }
    status = status == AIRS_OK ? find_folders(allocator, all, count, folders, error) : status;
    status = status == AIRS_OK ? check_folders(all, count, folders, error) : status;
    status = status == AIRS_OK ? make_grants(all, count, folders, now_ns, made, permissions, error) : status;
    if (status == AIRS_OK) {
        status = airs_capabilities_create(allocator, made, count, storage_quota, out, error);
    }
    for (size_t i = 0; folders != NULL && i < count; i++) {
        airs_release(allocator, folders[i]);
    }
    airs_release(allocator, folders);
    airs_release(allocator, made);
    airs_release(allocator, permissions);
    return status;
}

/* `made` is taken. NULL: no memory. */
static airs_capabilities_t *hold(airs_guard_t *guard, airs_capabilities_t *made) {
    pthread_mutex_lock(&guard->lock);
    held_t *held = guard->held;
    while (held != NULL && !airs_capabilities_equal(held->capabilities, made)) {
        held = held->next;
    }
    bool is_new = held == NULL;
    if (is_new) {
        held = airs_alloc(guard->allocator, sizeof *held);
    }
    if (is_new && held != NULL) {
        *held = (held_t){guard->held, made};
        guard->held = held;
    } else {
        airs_capabilities_unref(made);
    }
    pthread_mutex_unlock(&guard->lock);
    return held != NULL ? held->capabilities : NULL;
}

airs_status_t airs_guard_capabilities(airs_guard_t *guard, const airs_spawn_options_t *options,
                                      airs_capabilities_t **out, airs_error_t *error) {
    airs_capabilities_t *made = NULL;
    *out = NULL;
    if (!options->confined) {
        return options->grant_count == 0 ? AIRS_OK
                                         : airs_error_set(error, AIRS_INVALID_ARGUMENT,
                                                          "there are grants, but it is not confined to them");
    }
    airs_status_t status = airs_guard_make_capabilities(guard->allocator, options->grants,
                                                        options->grant_count, options->storage_quota,
                                                        airs_clock_wall(guard->clock), &made, error);
    if (status == AIRS_OK) {
        *out = hold(guard, made);
        status = *out != NULL
                     ? AIRS_OK
                     : airs_error_set(error, AIRS_OUT_OF_MEMORY, "%s", airs_status_text(AIRS_OUT_OF_MEMORY));
    }
    return status;
}
