#include "security/permission.h"

#include <stdio.h>

#include "core/topic.h"
#include "core/utf8.h"
#include "security/host_pattern.h"
#include "security/pattern.h"
#include "security/topic_pattern.h"

typedef struct action_name {
    const char *group;
    const char *verb;
    const char *text;
    airs_resource_kind_t kind;
} action_name_t;

static const action_name_t ACTIONS[AIRS_ACTION_COUNT] = {
#define ACTION_NAME(name, number, group, verb, kind) \
    [AIRS_ACTION_##name] = {group, verb, group "." verb, (kind)},
    AIRS_ACTION_MAP(ACTION_NAME)
#undef ACTION_NAME
};

static bool is_action(airs_action_t action) { return (unsigned)action < AIRS_ACTION_COUNT; }

const char *airs_action_text(airs_action_t action) {
    return is_action(action) ? ACTIONS[action].text : "unknown";
}

airs_resource_kind_t airs_action_resource(airs_action_t action) {
    return is_action(action) ? ACTIONS[action].kind : AIRS_RESOURCE_NONE;
}

static bool names_action(airs_str_t text, const action_name_t *action) {
    if (airs_str_equal(text, airs_str("*")) || airs_str_equal(text, airs_str(action->text))) {
        return true;
    }
    size_t group = strlen(action->group);
    return text.size == group + 2 && memcmp(text.data, action->group, group) == 0 &&
           memcmp(text.data + group, ".*", 2) == 0;
}

uint32_t airs_action_parse(airs_str_t text) {
    uint32_t actions = 0;
    for (unsigned i = 0; i < AIRS_ACTION_COUNT; i++) {
        actions |= names_action(text, &ACTIONS[i]) ? UINT32_C(1) << i : 0;
    }
    return actions;
}

/* ---- resources ------------------------------------------------------------------------------ */

airs_status_t airs_resource_parse(airs_action_t action, airs_str_t text, airs_resource_t *out,
                                  airs_error_t *error) {
    *out = (airs_resource_t){.kind = airs_action_resource(action), .text = text};
    switch (out->kind) {
    case AIRS_RESOURCE_ID:
        return airs_id_parse(text, &out->id, error);
    case AIRS_RESOURCE_HOST:
        return airs_host_parse(text, &out->text, &out->port, error);
    case AIRS_RESOURCE_TOPIC:
        return action == AIRS_ACTION_TOPIC_SUBSCRIBE ? airs_topic_check_pattern(text, error)
                                                     : airs_topic_check(text, error);
    case AIRS_RESOURCE_PATH:
        return text.size > 0 && text.data[0] == '/'
                   ? AIRS_OK
                   : airs_error_set(error, AIRS_INVALID_ARGUMENT, "a path must begin with \"/\"");
    case AIRS_RESOURCE_NONE:
        return text.size == 0 ? AIRS_OK
                              : airs_error_set(error, AIRS_INVALID_ARGUMENT,
                                               "%s is on nothing in particular, so it takes no resource",
                                               airs_action_text(action));
    case AIRS_RESOURCE_KEY:
    case AIRS_RESOURCE_VARIABLE:
        break;
    }
    return text.size > 0 ? AIRS_OK
                         : airs_error_set(error, AIRS_INVALID_ARGUMENT, "%s needs a resource",
                                          airs_action_text(action));
}

/* What is shown of each part. */
#define SHOWN_MAX 128
#define SHOWN(text) \
    (int)((text).size < SHOWN_MAX ? (text).size : SHOWN_MAX), ((text).data != NULL ? (text).data : "")

const char *airs_resource_text(const airs_resource_t *resource, char out[AIRS_RESOURCE_TEXT_MAX]) {
    size_t size = AIRS_RESOURCE_TEXT_MAX;
    switch (resource->kind) {
    case AIRS_RESOURCE_ID: {
        const airs_id_t *id = &resource->id;
        snprintf(out, size, "%.*s/%.*s/%.*s", SHOWN(id->ns), SHOWN(id->name), SHOWN(id->instance));
        break;
    }
    case AIRS_RESOURCE_HOST:
        if (resource->port == 0) {
            snprintf(out, size, "%.*s", SHOWN(resource->text));
            break;
        }
        snprintf(out, size, memchr(resource->text.data, ':', resource->text.size) ? "[%.*s]:%u" : "%.*s:%u",
                 SHOWN(resource->text), (unsigned)resource->port);
        break;
    case AIRS_RESOURCE_KEY:
    case AIRS_RESOURCE_TOPIC:
    case AIRS_RESOURCE_PATH:
    case AIRS_RESOURCE_VARIABLE:
        snprintf(out, size, "%.*s", (int)(resource->text.size < size ? resource->text.size : size - 1),
                 resource->text.data != NULL ? resource->text.data : "");
        break;
    case AIRS_RESOURCE_NONE:
        out[0] = '\0';
        break;
    }
    return out;
}

/* An id's text without making it. False: it is too long to be anybody's. */
static bool id_text(airs_id_t id, char out[AIRS_ID_MAX + 2], airs_str_t *text) {
    const airs_str_t parts[] = {id.ns, id.name, id.instance};
    size_t size = 0;
    for (size_t i = 0; i < 3; i++) {
        if (parts[i].size > AIRS_ID_MAX || size + parts[i].size + (i > 0) > AIRS_ID_MAX + 2) {
            return false;
        }
        if (i > 0) {
            out[size++] = '/';
        }
        if (parts[i].size > 0) {
            memcpy(out + size, parts[i].data, parts[i].size);
        }
        size += parts[i].size;
    }
    *text = airs_str_n(out, size);
    return true;
}

/* A target that stands for several instances: any live one, or all of them. */
static bool is_group(airs_id_t id) {
    return id.instance.size == 0 || airs_str_equal(id.instance, airs_str("*"));
}

static bool id_matches(airs_str_t pattern, airs_id_t id) {
    char buffer[AIRS_ID_MAX + 2];
    airs_str_t text;
    return id_text(id, buffer, &text) && airs_pattern_match(pattern, text);
}

static airs_str_t last_but_runs(airs_str_t pattern) {
    airs_str_t last = airs_str("*");
    for (airs_segments_t rest = airs_segments('/', pattern); !rest.ended; rest = airs_segments_rest(&rest)) {
        airs_str_t segment = airs_segments_first(&rest);
        last = airs_segment_is_run(segment) ? last : segment;
    }
    return last;
}

/* Of a group: whether there is an instance that matches. What takes an instance is a wildcard, and takes any, or it is
 * the last segment that is no run of wildcards. */
static bool id_overlaps(airs_str_t pattern, airs_id_t id) {
    if (id_matches(pattern, id)) {
        return true;
    }
    if (!is_group(id)) {
        return false;
    }
    id.instance = airs_str("*");
    if (id_matches(pattern, id)) {
        return true;
    }
    id.instance = last_but_runs(pattern);
    return id_matches(pattern, id);
}

static bool path_is_plain(airs_str_t path) {
    for (airs_segments_t rest = airs_segments('/', path); !rest.ended; rest = airs_segments_rest(&rest)) {
        airs_str_t segment = airs_segments_first(&rest);
        if (airs_str_equal(segment, airs_str(".")) || airs_str_equal(segment, airs_str(".."))) {
            return false;
        }
    }
    return path.size > 0 && path.data[0] == '/';
}

/* The pattern is that of a folder: it takes the folder and what is below it. */
static bool path_matches(airs_str_t pattern, airs_str_t path) {
    if (!path_is_plain(path)) {
        return false;
    }
    for (size_t end = 1; end <= path.size; end++) {
        if ((end == path.size || path.data[end] == '/') &&
            airs_pattern_match(pattern, airs_str_n(path.data, end))) {
            return true;
        }
    }
    return false;
}

/* A folder is touched by what is forbidden inside it as well. */
static bool path_overlaps(airs_str_t pattern, airs_str_t path) {
    char buffer[1024];
    if (!path_is_plain(path) || path.size + 4 > sizeof buffer) {
        return true;
    }
    int size = snprintf(buffer, sizeof buffer, "%.*s/**", AIRS_STR_ARG(path));
    return path_matches(pattern, path) ||
           airs_pattern_overlap('/', pattern, airs_str_n(buffer, (size_t)size));
}

/* What asks for no port asks for the name: it is covered with any port, and refused only with all of them. */
static bool is_look_up(airs_action_t action, const airs_resource_t *resource) {
    return action == AIRS_ACTION_OUTBOUND && resource->kind == AIRS_RESOURCE_HOST && resource->port == 0;
}

static bool pattern_covers(airs_str_t pattern, airs_action_t action, const airs_resource_t *resource) {
    switch (resource->kind) {
    case AIRS_RESOURCE_ID:
        return id_matches(pattern, resource->id);
    case AIRS_RESOURCE_KEY:
    case AIRS_RESOURCE_VARIABLE:
        return airs_pattern_match(pattern, resource->text);
    case AIRS_RESOURCE_TOPIC:
        return action == AIRS_ACTION_TOPIC_SUBSCRIBE ? airs_topic_pattern_contains(pattern, resource->text)
                                                     : airs_topic_pattern_match(pattern, resource->text);
    case AIRS_RESOURCE_PATH:
        return path_matches(pattern, resource->text);
    case AIRS_RESOURCE_HOST:
        return is_look_up(action, resource)
                   ? airs_host_pattern_names(pattern, resource->text, false)
                   : airs_host_pattern_match(pattern, resource->text, resource->port);
    case AIRS_RESOURCE_NONE:
        break;
    }
    return false;
}

static bool pattern_touches(airs_str_t pattern, airs_action_t action, const airs_resource_t *resource) {
    switch (resource->kind) {
    case AIRS_RESOURCE_ID:
        return id_overlaps(pattern, resource->id);
    case AIRS_RESOURCE_TOPIC:
        return action == AIRS_ACTION_TOPIC_SUBSCRIBE ? airs_topic_pattern_overlap(pattern, resource->text)
                                                     : airs_topic_pattern_match(pattern, resource->text);
    case AIRS_RESOURCE_PATH:
        return path_overlaps(pattern, resource->text);
    case AIRS_RESOURCE_HOST:
        if (is_look_up(action, resource)) {
            return airs_host_pattern_names(pattern, resource->text, true);
        }
        break;
    case AIRS_RESOURCE_KEY:
    case AIRS_RESOURCE_VARIABLE:
    case AIRS_RESOURCE_NONE:
        break;
    }
    return pattern_covers(pattern, action, resource);
}

typedef bool in_pattern_fn(airs_str_t pattern, airs_action_t action, const airs_resource_t *resource);

static bool is_in(const airs_permission_t *permission, airs_str_t own_ns, airs_action_t action,
                  const airs_resource_t *resource, in_pattern_fn *in_pattern) {
    if (!is_action(action) || (permission->actions & (UINT32_C(1) << (unsigned)action)) == 0 ||
        resource->kind != airs_action_resource(action)) {
        return false;
    }
    switch (permission->scope) {
    case AIRS_SCOPE_OWN_APPLICATION:
        return resource->kind == AIRS_RESOURCE_ID && airs_str_equal(resource->id.ns, own_ns);
    case AIRS_SCOPE_PATTERN:
        return in_pattern(permission->pattern, action, resource);
    case AIRS_SCOPE_ANY:
        return true;
    }
    return false;
}

bool airs_permission_covers(const airs_permission_t *permission, airs_str_t own_ns, airs_action_t action,
                            const airs_resource_t *resource) {
    return is_in(permission, own_ns, action, resource, pattern_covers);
}

bool airs_permission_touches(const airs_permission_t *permission, airs_str_t own_ns, airs_action_t action,
                             const airs_resource_t *resource) {
    return is_in(permission, own_ns, action, resource, pattern_touches);
}

/* ---- patterns that people write ------------------------------------------------------------- */

#define PATTERN_MAX 1024

static airs_status_t check_text(airs_str_t pattern, size_t max, airs_error_t *error) {
    if (pattern.size == 0 || pattern.size > max) {
        return airs_error_set(error, AIRS_INVALID_ARGUMENT, "a pattern has between 1 and %zu bytes", max);
    }
    for (size_t at = 0; at < pattern.size;) {
        uint32_t character = 0;
        size_t length = airs_utf8_decode(airs_str_n(pattern.data + at, pattern.size - at), &character);
        if (length == 0 || airs_utf8_is_control(character)) {
            return airs_error_set(error, AIRS_INVALID_ARGUMENT,
                                  "a pattern is UTF-8 without control characters");
        }
        at += length;
    }
    return AIRS_OK;
}

static airs_status_t check_stars(airs_str_t pattern, char separator, airs_error_t *error) {
    airs_segments_t rest = airs_segments(separator, pattern);
    for (; !rest.ended; rest = airs_segments_rest(&rest)) {
        airs_str_t segment = airs_segments_first(&rest);
        if (segment.size > 0 && memchr(segment.data, '*', segment.size) != NULL &&
            !airs_segment_is_one(segment) && !airs_segment_is_run(segment)) {
            return airs_error_set(error, AIRS_INVALID_ARGUMENT,
                                  "a star stands alone: \"*\" is any one part between \"%c\", \"**\" any "
                                  "number of parts; in \"%.*s\" it would only be a star",
                                  separator, SHOWN(segment));
        }
    }
    return AIRS_OK;
}

static airs_status_t check_id_parts(airs_str_t pattern, airs_error_t *error) {
    size_t parts = 0;
    airs_segments_t rest = airs_segments('/', pattern);
    for (; !rest.ended; rest = airs_segments_rest(&rest), parts++) {
        if (airs_segment_is_run(airs_segments_first(&rest))) {
            return AIRS_OK;
        }
    }
    return parts >= 3 ? AIRS_OK
                      : airs_error_set(error, AIRS_INVALID_ARGUMENT,
                                       "an actor's id has three parts, namespace/name/instance, and this "
                                       "pattern has %zu; all instances of a component are \"%.*s/*\"",
                                       parts, SHOWN(pattern));
}

airs_status_t airs_permission_check_pattern(airs_action_t action, airs_str_t pattern, airs_error_t *error) {
    airs_resource_kind_t kind = airs_action_resource(action);
    airs_status_t status = check_text(pattern,
                                      kind == AIRS_RESOURCE_ID      ? AIRS_ID_MAX + 2
                                      : kind == AIRS_RESOURCE_TOPIC ? AIRS_TOPIC_MAX
                                                                    : PATTERN_MAX,
                                      error);
    if (status != AIRS_OK) {
        return status;
    }
    switch (kind) {
    case AIRS_RESOURCE_ID:
        status = check_stars(pattern, '/', error);
        return status == AIRS_OK ? check_id_parts(pattern, error) : status;
    case AIRS_RESOURCE_TOPIC:
        return airs_topic_pattern_check(pattern, error);
    case AIRS_RESOURCE_HOST:
        return airs_host_pattern_check(pattern, error);
    case AIRS_RESOURCE_PATH:
        if (!path_is_plain(pattern)) {
            return airs_error_set(error, AIRS_INVALID_ARGUMENT,
                                  "a folder is an absolute path without \".\" and \"..\"");
        }
        return check_stars(pattern, '/', error);
    case AIRS_RESOURCE_VARIABLE:
        if (memchr(pattern.data, '=', pattern.size) != NULL) {
            return airs_error_set(error, AIRS_INVALID_ARGUMENT, "the name of a variable has no \"=\"");
        }
        return check_stars(pattern, '/', error);
    case AIRS_RESOURCE_KEY:
        return check_stars(pattern, '/', error);
    case AIRS_RESOURCE_NONE:
        break;
    }
    return airs_error_set(error, AIRS_INVALID_ARGUMENT,
                          "%s is on nothing in particular, so there is no pattern for it",
                          airs_action_text(action));
}
