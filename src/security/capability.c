#include "security/capability.h"

#include <stdatomic.h>

#include "core/memory.h"

struct airs_capabilities {
    const airs_allocator_t *allocator; /* NULL: static, not counted */
    /* Relaxed when it goes up, for who does that has a reference already; the last one down is acquire after
     * everybody else's release, so that nothing is read after it is freed. */
    _Atomic size_t references;
    airs_capability_grant_t *grants;
    size_t count;
    uint64_t storage_quota;
};

#define MESSAGING (AIRS_ACTION_BIT(SEND) | AIRS_ACTION_BIT(REQUEST) | AIRS_ACTION_BIT(BROADCAST))
#define SUPERVISION \
    (AIRS_ACTION_BIT(SPAWN) | AIRS_ACTION_BIT(STOP) | AIRS_ACTION_BIT(LINK) | AIRS_ACTION_BIT(MONITOR))
#define STORAGE \
    (AIRS_ACTION_BIT(STORAGE_READ) | AIRS_ACTION_BIT(STORAGE_WRITE) | AIRS_ACTION_BIT(STORAGE_DELETE))
#define SERVICES                                                                        \
    (AIRS_ACTION_BIT(LOG) | AIRS_ACTION_BIT(CLOCK) | AIRS_ACTION_BIT(LIST_COMPONENTS) | \
     AIRS_ACTION_BIT(METADATA) | AIRS_ACTION_BIT(SLEEP))
#define CONFIG AIRS_ACTION_BIT(CONFIG_READ)
#define TOPICS (AIRS_ACTION_BIT(TOPIC_PUBLISH) | AIRS_ACTION_BIT(TOPIC_SUBSCRIBE))

/* Messaging first, as it is asked for most. Storage has no scope of its own: a component reaches only its own space
 * anyway, and so it is with what it is configured with. Topics are the node's. */
static const airs_permission_t COMMON[] = {
    {.actions = MESSAGING | SUPERVISION, .scope = AIRS_SCOPE_OWN_APPLICATION},
    {.actions = STORAGE | CONFIG | SERVICES | TOPICS, .scope = AIRS_SCOPE_ANY},
};

static airs_capability_grant_t common_grant = {.permissions = COMMON,
                                               .permission_count = sizeof COMMON / sizeof COMMON[0],
                                               .expires_at_ns = AIRS_GRANT_FOREVER};

static airs_capabilities_t common = {.grants = &common_grant, .count = 1};

airs_capabilities_t *airs_capabilities_common(void) { return &common; }

airs_capabilities_t *airs_capabilities_ref(airs_capabilities_t *capabilities) {
    if (capabilities->allocator != NULL) {
        atomic_fetch_add_explicit(&capabilities->references, 1, memory_order_relaxed);
    }
    return capabilities;
}

void airs_capabilities_unref(airs_capabilities_t *capabilities) {
    if (capabilities != NULL && capabilities->allocator != NULL &&
        atomic_fetch_sub_explicit(&capabilities->references, 1, memory_order_acq_rel) == 1) {
        airs_release(capabilities->allocator, capabilities);
    }
}

static airs_status_t check_permission(const airs_permission_t *permission, airs_error_t *error) {
    airs_status_t status = AIRS_OK;
    for (unsigned i = 0; i < AIRS_ACTION_COUNT && status == AIRS_OK; i++) {
        if (permission->scope == AIRS_SCOPE_PATTERN && (permission->actions & (UINT32_C(1) << i)) != 0) {
            status = airs_permission_check_pattern((airs_action_t)i, permission->pattern, error);
        }
    }
    return status;
}

/* Sizes of what is in the one block behind the structure. */
typedef struct extent {
    size_t permissions;
    size_t text;
} extent_t;

static airs_status_t measure(const airs_capability_grant_t *grants, size_t count, extent_t *out,
                             airs_error_t *error) {
    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; k < grants[i].permission_count; k++) {
            const airs_permission_t *permission = &grants[i].permissions[k];
            airs_status_t status = check_permission(permission, error);
            if (status != AIRS_OK) {
                return status;
            }
            out->text += permission->scope == AIRS_SCOPE_PATTERN ? permission->pattern.size : 0;
            out->text += permission->guest_path.size;
        }
        out->permissions += grants[i].permission_count;
    }
    return AIRS_OK;
}

static void fill(airs_capabilities_t *self, const airs_capability_grant_t *grants, airs_permission_t *next,
                 char *text) {
    for (size_t i = 0; i < self->count; i++) {
        self->grants[i] = grants[i];
        self->grants[i].permissions = next;
        for (size_t k = 0; k < grants[i].permission_count; k++, next++) {
            *next = grants[i].permissions[k];
            airs_str_t pattern = next->scope == AIRS_SCOPE_PATTERN ? next->pattern : airs_str("");
            next->pattern = airs_str_n(text, pattern.size);
            text = airs_copy(text, pattern.data, pattern.size);
            airs_str_t guest_path = next->guest_path;
            next->guest_path = airs_str_n(text, guest_path.size);
            text = airs_copy(text, guest_path.data, guest_path.size);
        }
    }
}

airs_status_t airs_capabilities_create(const airs_allocator_t *allocator,
                                       const airs_capability_grant_t *grants, size_t count,
                                       uint64_t storage_quota, airs_capabilities_t **out,
                                       airs_error_t *error) {
    extent_t extent = {0, 0};
    airs_status_t status = measure(grants, count, &extent, error);
    if (status != AIRS_OK) {
        return status;
    }
    size_t size = sizeof(airs_capabilities_t) + count * sizeof *grants +
                  extent.permissions * sizeof(airs_permission_t) + extent.text;
    airs_capabilities_t *self = airs_alloc(allocator, size);
    if (self == NULL) {
        return airs_error_set(error, AIRS_OUT_OF_MEMORY, "no memory for a component's capabilities");
    }
    *self = (airs_capabilities_t){
        .allocator = allocator, .references = 1, .count = count, .storage_quota = storage_quota};
    self->grants = (airs_capability_grant_t *)(void *)(self + 1);
    airs_permission_t *permissions = (airs_permission_t *)(void *)(self->grants + count);
    fill(self, grants, permissions, (char *)(permissions + extent.permissions));
    *out = self;
    return AIRS_OK;
}

static bool same_permissions(const airs_capability_grant_t *one, const airs_capability_grant_t *other) {
    for (size_t i = 0; i < one->permission_count; i++) {
        const airs_permission_t *a = &one->permissions[i];
        const airs_permission_t *b = &other->permissions[i];
        if (a->actions != b->actions || a->scope != b->scope || !airs_str_equal(a->pattern, b->pattern) ||
            !airs_str_equal(a->guest_path, b->guest_path)) {
            return false;
        }
    }
    return true;
}

bool airs_capabilities_equal(const airs_capabilities_t *one, const airs_capabilities_t *other) {
    if (one->count != other->count || one->storage_quota != other->storage_quota) {
        return false;
    }
    for (size_t i = 0; i < one->count; i++) {
        const airs_capability_grant_t *a = &one->grants[i];
        const airs_capability_grant_t *b = &other->grants[i];
        if (a->expires_at_ns != b->expires_at_ns || a->permission_count != b->permission_count ||
            !same_permissions(a, b)) {
            return false;
        }
    }
    return true;
}

static bool is_over(const airs_capability_grant_t *grant, airs_clock_t *clock) {
    return grant->expires_at_ns != AIRS_GRANT_FOREVER && airs_clock_wall(clock) >= grant->expires_at_ns;
}

static const airs_permission_t *find_in(const airs_capability_grant_t *grant, airs_str_t own_ns,
                                        airs_action_t action, const airs_resource_t *resource) {
    for (size_t i = 0; i < grant->permission_count; i++) {
        if (airs_permission_covers(&grant->permissions[i], own_ns, action, resource)) {
            return &grant->permissions[i];
        }
    }
    return NULL;
}

const airs_permission_t *airs_capabilities_find(const airs_capabilities_t *capabilities, airs_str_t own_ns,
                                                airs_action_t action, const airs_resource_t *resource,
                                                airs_clock_t *clock, uint64_t *expires_at_ns) {
    const airs_permission_t *found = NULL;
    uint64_t until = 0;
    for (size_t i = 0; i < capabilities->count && until != AIRS_GRANT_FOREVER; i++) {
        const airs_capability_grant_t *grant = &capabilities->grants[i];
        if (grant->expires_at_ns <= until) {
            continue;
        }
        const airs_permission_t *permission = find_in(grant, own_ns, action, resource);
        if (permission != NULL && !is_over(grant, clock)) {
            found = permission;
            until = grant->expires_at_ns;
        }
    }
    if (expires_at_ns != NULL) {
        *expires_at_ns = until;
    }
    return found;
}

uint64_t airs_capabilities_ended(const airs_capabilities_t *capabilities, airs_str_t own_ns,
                                 airs_action_t action, const airs_resource_t *resource, airs_clock_t *clock) {
    uint64_t ended = 0;
    for (size_t i = 0; i < capabilities->count; i++) {
        const airs_capability_grant_t *grant = &capabilities->grants[i];
        if (grant->expires_at_ns > ended && is_over(grant, clock) &&
            find_in(grant, own_ns, action, resource) != NULL) {
            ended = grant->expires_at_ns;
        }
    }
    return ended;
}

static bool has_action(const airs_capability_grant_t *grant, airs_action_t action, bool on_everything) {
    for (size_t i = 0; i < grant->permission_count; i++) {
        const airs_permission_t *permission = &grant->permissions[i];
        if ((permission->actions & (UINT32_C(1) << (unsigned)action)) != 0 &&
            (!on_everything || permission->scope == AIRS_SCOPE_ANY)) {
            return true;
        }
    }
    return false;
}

bool airs_capabilities_hold(const airs_capabilities_t *capabilities, airs_action_t action,
                            airs_clock_t *clock) {
    for (size_t i = 0; i < capabilities->count; i++) {
        if (has_action(&capabilities->grants[i], action, false) &&
            !is_over(&capabilities->grants[i], clock)) {
            return true;
        }
    }
    return false;
}

bool airs_capabilities_hold_all(const airs_capabilities_t *capabilities, airs_action_t action) {
    for (size_t i = 0; i < capabilities->count; i++) {
        if (capabilities->grants[i].expires_at_ns == AIRS_GRANT_FOREVER &&
            has_action(&capabilities->grants[i], action, true)) {
            return true;
        }
    }
    return false;
}

size_t airs_capabilities_count(const airs_capabilities_t *capabilities) { return capabilities->count; }

const airs_capability_grant_t *airs_capabilities_at(const airs_capabilities_t *capabilities, size_t index) {
    return &capabilities->grants[index];
}

uint64_t airs_capabilities_storage_quota(const airs_capabilities_t *capabilities) {
    return capabilities->storage_quota;
}
