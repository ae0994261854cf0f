/* What one component holds: capability grants (upstream's record capability-grant), each a set of permissions with
 * the time when it was granted and the time when it ends. Whatever none of them covers is denied. */
#ifndef AIRSSYS_SECURITY_CAPABILITY_H
#define AIRSSYS_SECURITY_CAPABILITY_H

#include <airssys/allocator.h>
#include <airssys/clock.h>

#include "security/permission.h"

#define AIRS_GRANT_FOREVER UINT64_MAX

typedef struct airs_capability_grant {
    const airs_permission_t *permissions;
    size_t permission_count;
    /* Wall clock, nanoseconds since 1970. When it was granted is for people to know: a clock that is set back takes
     * nothing away. From expires_at_ns on it covers nothing. */
    uint64_t granted_at_ns;
    uint64_t expires_at_ns; /* AIRS_GRANT_FOREVER: never */
} airs_capability_grant_t;

/* Immutable, counted. */
typedef struct airs_capabilities airs_capabilities_t;

/* Copies the grants. `storage_quota`: bytes that the component may keep; 0: as much as the node gives by default.
 * AIRS_OUT_OF_MEMORY; AIRS_INVALID_ARGUMENT when a pattern is none for its actions. The caller owns one
 * reference. */
airs_status_t airs_capabilities_create(const airs_allocator_t *allocator,
                                       const airs_capability_grant_t *grants, size_t count,
                                       uint64_t storage_quota, airs_capabilities_t **out,
                                       airs_error_t *error);

/* What a component has of which nobody says anything else: messages to, and supervision of, components of its own
 * application, its own storage, the host's services, and all topics; for ever. Static; counting it does nothing. */
airs_capabilities_t *airs_capabilities_common(void);

/* Whether both hold the same. */
bool airs_capabilities_equal(const airs_capabilities_t *one, const airs_capabilities_t *other);

/* Any thread. `ref` returns its argument; `unref` takes NULL. */
airs_capabilities_t *airs_capabilities_ref(airs_capabilities_t *capabilities);
void airs_capabilities_unref(airs_capabilities_t *capabilities);

/* The permission that covers this for longest, held by a component of the application `own_ns`, and in
 * *expires_at_ns (may be NULL) until when. NULL: none does now. `clock` is looked at only where a grant expires. */
const airs_permission_t *airs_capabilities_find(const airs_capabilities_t *capabilities, airs_str_t own_ns,
                                                airs_action_t action, const airs_resource_t *resource,
                                                airs_clock_t *clock, uint64_t *expires_at_ns);

/* Whether the action is permitted now on anything at all. */
bool airs_capabilities_hold(const airs_capabilities_t *capabilities, airs_action_t action,
                            airs_clock_t *clock);

/* Whether the action is permitted on everything, for ever. */
bool airs_capabilities_hold_all(const airs_capabilities_t *capabilities, airs_action_t action);

/* When the last grant that covered this ended (wall clock); 0: none did. */
uint64_t airs_capabilities_ended(const airs_capabilities_t *capabilities, airs_str_t own_ns,
                                 airs_action_t action, const airs_resource_t *resource, airs_clock_t *clock);

size_t airs_capabilities_count(const airs_capabilities_t *capabilities);
const airs_capability_grant_t *airs_capabilities_at(const airs_capabilities_t *capabilities, size_t index);
uint64_t airs_capabilities_storage_quota(const airs_capabilities_t *capabilities);

#endif
