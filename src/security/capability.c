#include "security/capability.h"

#include "security/pattern.h"

const char *airs_action_text(airs_action_t action) {
    switch (action) {
#define ACTION_TEXT(name, number, group, verb, kind) \
    case AIRS_ACTION_##name:                         \
        return group "." verb;
        AIRS_ACTION_MAP(ACTION_TEXT)
#undef ACTION_TEXT
    }
    return "unknown";
}

airs_resource_kind_t airs_action_resource(airs_action_t action) {
    static const airs_resource_kind_t KINDS[] = {
#define ACTION_RESOURCE(name, number, group, verb, kind) [AIRS_ACTION_##name] = (kind),
        AIRS_ACTION_MAP(ACTION_RESOURCE)
#undef ACTION_RESOURCE
    };
    return (unsigned)action < sizeof KINDS / sizeof KINDS[0] ? KINDS[action] : AIRS_RESOURCE_NONE;
}

/* The id's text without making it: an id has at most AIRS_ID_MAX bytes, one that has more is nobody's. */
static bool pattern_covers_id(airs_str_t pattern, airs_id_t id) {
    const airs_str_t parts[] = {id.ns, id.name, id.instance};
    char text[AIRS_ID_MAX + 2];
    size_t size = 0;
    for (size_t i = 0; i < 3; i++) {
        if (parts[i].size > AIRS_ID_MAX || size + parts[i].size + (i > 0) > sizeof text) {
            return false;
        }
        if (i > 0) {
            text[size++] = '/';
        }
        if (parts[i].size > 0) {
            memcpy(text + size, parts[i].data, parts[i].size);
        }
        size += parts[i].size;
    }
    return airs_pattern_match(pattern, airs_str_n(text, size));
}

static bool pattern_covers(airs_str_t pattern, const airs_resource_t *resource) {
    switch (resource->kind) {
    case AIRS_RESOURCE_ID:
        return pattern_covers_id(pattern, resource->id);
    case AIRS_RESOURCE_KEY:
        return airs_pattern_match(pattern, resource->text);
    case AIRS_RESOURCE_TOPIC:
    case AIRS_RESOURCE_NONE:
        break;
    }
    return false;
}

bool airs_capability_covers(const airs_capability_t *capability, airs_str_t own_ns, airs_action_t action,
                            const airs_resource_t *resource) {
    if ((unsigned)action >= 32 || (capability->actions & (UINT32_C(1) << (unsigned)action)) == 0 ||
        resource->kind != airs_action_resource(action)) {
        return false;
    }
    switch (capability->scope) {
    case AIRS_SCOPE_OWN_APPLICATION:
        return resource->kind == AIRS_RESOURCE_ID && airs_str_equal(resource->id.ns, own_ns);
    case AIRS_SCOPE_PATTERN:
        return pattern_covers(capability->pattern, resource);
    case AIRS_SCOPE_ANY:
        return true;
    }
    return false;
}
