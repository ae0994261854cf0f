/* What a component may be permitted: actions on resources.
 *
 * The names are those of the permissions in upstream's capabilities interface (filesystem, network, storage and
 * messaging), extended by topics, services, environment, supervision and config. Upstream's finer filesystem actions are
 * two here: read includes listing, write includes deleting. docs/reference/capabilities.md is the reference. */
#ifndef AIRSSYS_SECURITY_PERMISSION_H
#define AIRSSYS_SECURITY_PERMISSION_H

#include <airssys/error.h>
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
    X(TOPIC_SUBSCRIBE, 12, "topics", "subscribe", AIRS_RESOURCE_TOPIC)       \
    X(FILE_READ, 13, "filesystem", "read", AIRS_RESOURCE_PATH)               \
    X(FILE_WRITE, 14, "filesystem", "write", AIRS_RESOURCE_PATH)             \
    X(OUTBOUND, 15, "network", "outbound", AIRS_RESOURCE_HOST)               \
    X(INBOUND, 16, "network", "inbound", AIRS_RESOURCE_HOST)                 \
    X(ENVIRONMENT, 17, "environment", "read", AIRS_RESOURCE_VARIABLE)        \
    X(SPAWN, 18, "supervision", "spawn", AIRS_RESOURCE_ID)                   \
    X(STOP, 19, "supervision", "stop", AIRS_RESOURCE_ID)                     \
    X(LINK, 20, "supervision", "link", AIRS_RESOURCE_ID)                     \
    X(MONITOR, 21, "supervision", "monitor", AIRS_RESOURCE_ID)               \
    X(CONFIG_READ, 22, "config", "read", AIRS_RESOURCE_KEY)

typedef enum airs_action {
#define AIRS_ACTION_ENUM(name, number, group, verb, kind) AIRS_ACTION_##name = (number),
    AIRS_ACTION_MAP(AIRS_ACTION_ENUM)
#undef AIRS_ACTION_ENUM
} airs_action_t;

#define AIRS_ACTION_COUNT 23

#define AIRS_ACTION_BIT(name) (UINT32_C(1) << AIRS_ACTION_##name)

/* "messaging.send", "services.sleep", …; "unknown" for another number. Static. */
const char *airs_action_text(airs_action_t action);

/* The actions that a text names, as bits: "messaging.send"; "messaging.*" for all of a group; "*" for all.
 * 0: none. */
uint32_t airs_action_parse(airs_str_t text);

typedef enum airs_resource_kind {
    AIRS_RESOURCE_NONE,     /* the action is on nothing in particular */
    AIRS_RESOURCE_ID,       /* an actor: namespace/name/instance */
    AIRS_RESOURCE_KEY,      /* a storage key, or the name of a setting */
    AIRS_RESOURCE_TOPIC,    /* a topic, or the pattern of a subscription */
    AIRS_RESOURCE_PATH,     /* an absolute path */
    AIRS_RESOURCE_HOST,     /* a name or an address, and a port */
    AIRS_RESOURCE_VARIABLE, /* the name of an environment variable */
} airs_resource_kind_t;

/* The kind of resource that an action is on. */
airs_resource_kind_t airs_action_resource(airs_action_t action);

/* A borrowed view of what an action is on. */
typedef struct airs_resource {
    airs_resource_kind_t kind;
    uint16_t port;   /* AIRS_RESOURCE_HOST; of AIRS_ACTION_OUTBOUND 0: the name is to be looked up */
    airs_id_t id;    /* AIRS_RESOURCE_ID */
    airs_str_t text; /* the others but AIRS_RESOURCE_NONE */
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

static inline airs_resource_t airs_resource_path(airs_str_t path) {
    return (airs_resource_t){.kind = AIRS_RESOURCE_PATH, .text = path};
}

static inline airs_resource_t airs_resource_host(airs_str_t host, uint16_t port) {
    return (airs_resource_t){.kind = AIRS_RESOURCE_HOST, .text = host, .port = port};
}

static inline airs_resource_t airs_resource_variable(airs_str_t name) {
    return (airs_resource_t){.kind = AIRS_RESOURCE_VARIABLE, .text = name};
}

/* A resource from what a person wrote, as `airssys explain` takes it: an id, a key, a topic, a path,
 * "host:port", a variable's name; "" where the action is on nothing. AIRS_INVALID_ARGUMENT. The view points
 * into `text`. */
airs_status_t airs_resource_parse(airs_action_t action, airs_str_t text, airs_resource_t *out,
                                  airs_error_t *error);

/* The resource as text: "shop/cart/0", "example.org:443"; what does not fit is cut. Returns `out`. Parts that
 * a guest made up may hold anything. */
#define AIRS_RESOURCE_TEXT_MAX 288
const char *airs_resource_text(const airs_resource_t *resource, char out[AIRS_RESOURCE_TEXT_MAX]);

/* Which resources a permission is for. */
typedef enum airs_scope {
    AIRS_SCOPE_OWN_APPLICATION, /* ids in the holder's namespace */
    AIRS_SCOPE_PATTERN,         /* what matches the pattern */
    AIRS_SCOPE_ANY,
} airs_scope_t;

/* A set of actions on a set of resources. */
typedef struct airs_permission {
    uint32_t actions; /* AIRS_ACTION_BIT(SEND) | … */
    airs_scope_t scope;
    airs_str_t pattern; /* AIRS_SCOPE_PATTERN; borrowed */
    /* Of a folder: what the holder knows it as; size 0: the same path. Borrowed. */
    airs_str_t guest_path;
} airs_permission_t;

/* Whether a pattern is one for this action: AIRS_INVALID_ARGUMENT says what would be right. What is refused
 * here (a pattern that can never match) is not unsafe, but surely not meant. */
airs_status_t airs_permission_check_pattern(airs_action_t action, airs_str_t pattern, airs_error_t *error);

/* Whether all of `resource` is permitted to a holder of the application `own_ns`: of a subscription every topic
 * that it can bring, of a target without instance every instance. Any thread, no memory. */
bool airs_permission_covers(const airs_permission_t *permission, airs_str_t own_ns, airs_action_t action,
                            const airs_resource_t *resource);

/* Whether any of `resource` is in the permission's set: what a refusal has to ask. */
bool airs_permission_touches(const airs_permission_t *permission, airs_str_t own_ns, airs_action_t action,
                             const airs_resource_t *resource);

#endif
