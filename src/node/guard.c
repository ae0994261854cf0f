#include "node/guard.h"

#include <pthread.h>

#include "core/memory.h"

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

void airs_guard_destroy(airs_guard_t *guard) {
    if (guard == NULL) {
        return;
    }
    airs_authority_destroy(guard->authority);
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

/* The bits of an action that are on nothing in particular have no pattern; the others do. */
static size_t permissions_of(const airs_grant_t *grant, airs_permission_t out[2]) {
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
        out[count++] = (airs_permission_t){
            .actions = actions & ~bare, .scope = AIRS_SCOPE_PATTERN, .pattern = airs_str(grant->pattern)};
    }
    return count;
}

airs_status_t airs_guard_make_capabilities(const airs_allocator_t *allocator, const airs_grant_t *grants,
                                           size_t count, uint64_t storage_quota, uint64_t now_ns,
                                           airs_capabilities_t **out, airs_error_t *error) {
    airs_capability_grant_t *made = airs_alloc_array(allocator, count + 1, sizeof *made);
    airs_permission_t *permissions = airs_alloc_array(allocator, 2 * count + 1, sizeof *permissions);
    airs_status_t status = made != NULL && permissions != NULL ? AIRS_OK : AIRS_OUT_OF_MEMORY;
    if (status != AIRS_OK) {
        airs_error_set(error, status, "%s", airs_status_text(status));
    }
    for (size_t i = 0; i < count && status == AIRS_OK; i++) {
        uint64_t expires = grants[i].expires_at_ns != 0 ? grants[i].expires_at_ns : AIRS_GRANT_FOREVER;
        made[i] = (airs_capability_grant_t){&permissions[2 * i],
                                            permissions_of(&grants[i], &permissions[2 * i]), now_ns, expires};
        if (made[i].permission_count == 0) {
            status =
                airs_error_set(error, AIRS_INVALID_ARGUMENT, "there is no action \"%s\"", grants[i].action);
        }
    }
    if (status == AIRS_OK) {
        status = airs_capabilities_create(allocator, made, count, storage_quota, out, error);
    }
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
