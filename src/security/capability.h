/* What a component may do: actions on resources. Whatever no capability covers is denied. */
#ifndef AIRSSYS_SECURITY_CAPABILITY_H
#define AIRSSYS_SECURITY_CAPABILITY_H

#include <airssys/id.h>

/* X(name, number, group, verb, resource kind): one for each thing that a host import may be asked to do. The
 * numbers are bit positions. */
#define AIRS_ACTION_MAP(X)                                                   \
    X(SEND, 0, "messaging", "send", AIRS_RESOURCE_ID)                        \
    X(REQUEST, 1, "messaging", "request", AIRS_RESOURCE_ID)                  \
    X(BROADCAST, 2, "messaging", "broadcast", AIRS_RESOURCE_ID)              \
    X(STORAGE_READ, 3, "storage", "read", AIRS_RESOURCE_KEY)                 \
    X(STORAGE_WRITE, 4, "storage", "write", AIRS_RESOURCE_KEY)               \
    X(STORAGE_DELETE, 5, "storage", "delete", AIRS_RESOURCE_KEY)             \
    X(LOG, 6, "services", "log", AIRS_RESOURCE_NONE)                         \
    X(CLOCK, 7, "services", "clock", AIRS_RESOURCE_NONE)                     \
    X(LIST_COMPONENTS, 8, "services", "list-components", AIRS_RESOURCE_NONE) \
    X(METADATA, 9, "services", "metadata", AIRS_RESOURCE_ID)                 \
    X(SLEEP, 10, "services", "sleep", AIRS_RESOURCE_NONE)                    \
    X(TOPIC_PUBLISH, 11, "topics", "publish", AIRS_RESOURCE_TOPIC)           \
    X(TOPIC_SUBSCRIBE, 12, "topics", "subscribe", AIRS_RESOURCE_TOPIC)

typedef enum airs_action {
#define AIRS_ACTION_ENUM(name, number, group, verb, kind) AIRS_ACTION_##name = (number),
    AIRS_ACTION_MAP(AIRS_ACTION_ENUM)
#undef AIRS_ACTION_ENUM
} airs_action_t;

/* "messaging.send", "services.sleep", …; "unknown" for another number. Static. */
const char *airs_action_text(airs_action_t action);

typedef enum airs_resource_kind {
    AIRS_RESOURCE_NONE, /* the action is on nothing in particular */
    AIRS_RESOURCE_ID,
    AIRS_RESOURCE_KEY,
    AIRS_RESOURCE_TOPIC, /* a topic, or the pattern of a subscription */
} airs_resource_kind_t;

/* The kind of resource that an action is on. */
airs_resource_kind_t airs_action_resource(airs_action_t action);

/* A borrowed view of what an action is on. */
typedef struct airs_resource {
    airs_resource_kind_t kind;
    airs_id_t id;    /* AIRS_RESOURCE_ID */
    airs_str_t text; /* AIRS_RESOURCE_KEY, AIRS_RESOURCE_TOPIC */
} airs_resource_t;

static inline airs_resource_t airs_resource_none(void) {
    return (airs_resource_t){.kind = AIRS_RESOURCE_NONE};
}

static inline airs_resource_t airs_resource_id(airs_id_t id) {
    return (airs_resource_t){.kind = AIRS_RESOURCE_ID, .id = id};
}

static inline airs_resource_t airs_resource_key(airs_str_t key) {
    return (airs_resource_t){.kind = AIRS_RESOURCE_KEY, .text = key};
}

static inline airs_resource_t airs_resource_topic(airs_str_t topic) {
    return (airs_resource_t){.kind = AIRS_RESOURCE_TOPIC, .text = topic};
}

/* Which resources a capability covers. */
typedef enum airs_scope {
    AIRS_SCOPE_OWN_APPLICATION, /* ids in the holder's namespace */
    AIRS_SCOPE_PATTERN,         /* keys, and ids as text, that match the pattern; no topics */
    AIRS_SCOPE_ANY,
} airs_scope_t;

/* A set of actions on a set of resources. */
typedef struct airs_capability {
    uint32_t actions; /* AIRS_ACTION_BIT(SEND) | … */
    airs_scope_t scope;
    airs_str_t pattern; /* AIRS_SCOPE_PATTERN, see security/pattern.h; borrowed */
} airs_capability_t;

#define AIRS_ACTION_BIT(name) (UINT32_C(1) << AIRS_ACTION_##name)

/* Whether the capability covers this, held by a component of the application `own_ns`. Any thread. */
bool airs_capability_covers(const airs_capability_t *capability, airs_str_t own_ns, airs_action_t action,
                            const airs_resource_t *resource);

#endif
