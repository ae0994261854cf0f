#include "security/security_context.h"

#include "core/memory.h"

#define MESSAGING (AIRS_ACTION_BIT(SEND) | AIRS_ACTION_BIT(REQUEST) | AIRS_ACTION_BIT(BROADCAST))
#define STORAGE \
    (AIRS_ACTION_BIT(STORAGE_READ) | AIRS_ACTION_BIT(STORAGE_WRITE) | AIRS_ACTION_BIT(STORAGE_DELETE))
#define SERVICES                                                                        \
    (AIRS_ACTION_BIT(LOG) | AIRS_ACTION_BIT(CLOCK) | AIRS_ACTION_BIT(LIST_COMPONENTS) | \
     AIRS_ACTION_BIT(METADATA) | AIRS_ACTION_BIT(SLEEP))
#define TOPICS (AIRS_ACTION_BIT(TOPIC_PUBLISH) | AIRS_ACTION_BIT(TOPIC_SUBSCRIBE))

/* What every component has. Messaging first, as it is asked for most. Storage has no scope of its own: a
 * component reaches only its own space anyway. Topics are the node's. */
static const airs_capability_t COMMON[] = {
    {.actions = MESSAGING, .scope = AIRS_SCOPE_OWN_APPLICATION},
    {.actions = STORAGE | SERVICES | TOPICS, .scope = AIRS_SCOPE_ANY},
};

struct airs_security_context {
    const airs_allocator_t *allocator;
    airs_component_id_t *id;
    airs_str_t ns; /* into `id` */
    const airs_capability_t *capabilities;
    size_t capability_count;
};

airs_status_t airs_security_context_create(const airs_allocator_t *allocator, airs_component_id_t *id,
                                           airs_security_context_t **out) {
    airs_security_context_t *self = airs_alloc(allocator, sizeof *self);
    if (self == NULL) {
        return AIRS_OUT_OF_MEMORY;
    }
    *self = (airs_security_context_t){.allocator = allocator,
                                      .id = airs_component_id_ref(id),
                                      .ns = airs_component_id_view(id).ns,
                                      .capabilities = COMMON,
                                      .capability_count = sizeof COMMON / sizeof COMMON[0]};
    *out = self;
    return AIRS_OK;
}

void airs_security_context_destroy(airs_security_context_t *context) {
    if (context != NULL) {
        airs_component_id_unref(context->id);
        airs_release(context->allocator, context);
    }
}

/* Ids and keys of a guest may be of any length: the text shows so much of each part. */
#define SHOWN_MAX 128
#define SHOWN(text) \
    (int)((text).size < SHOWN_MAX ? (text).size : SHOWN_MAX), ((text).data != NULL ? (text).data : "")

__attribute__((noinline, cold)) static airs_status_t deny(const airs_security_context_t *context,
                                                          airs_action_t action,
                                                          const airs_resource_t *resource,
                                                          airs_error_t *error) {
    const char *who = airs_component_id_text(context->id);
    const char *what = airs_action_text(action);
    if (resource->kind != airs_action_resource(action)) {
        return airs_error_set(error, AIRS_CAPABILITY_DENIED,
                              "%s by %s is asked for on the wrong kind of resource", what, who);
    }
    switch (resource->kind) {
    case AIRS_RESOURCE_ID:
        return airs_error_set(
            error, AIRS_CAPABILITY_DENIED,
            "%s by %s to %.*s/%.*s/%.*s is not granted: a component may message components of "
            "its own application only, whose ids begin with \"%.*s/\"",
            what, who, SHOWN(resource->id.ns), SHOWN(resource->id.name), SHOWN(resource->id.instance),
            AIRS_STR_ARG(context->ns));
    case AIRS_RESOURCE_KEY:
        return airs_error_set(error, AIRS_CAPABILITY_DENIED, "%s by %s of the key \"%.*s\" is not granted",
                              what, who, SHOWN(resource->text));
    case AIRS_RESOURCE_TOPIC:
        return airs_error_set(error, AIRS_CAPABILITY_DENIED, "%s by %s of the topic \"%.*s\" is not granted",
                              what, who, SHOWN(resource->text));
    case AIRS_RESOURCE_NONE:
        break;
    }
    return airs_error_set(error, AIRS_CAPABILITY_DENIED, "%s by %s is not granted", what, who);
}

airs_status_t airs_security_check(const airs_security_context_t *context, airs_action_t action,
                                  const airs_resource_t *resource, airs_error_t *error) {
    for (size_t i = 0; i < context->capability_count; i++) {
        if (airs_capability_covers(&context->capabilities[i], context->ns, action, resource)) {
            return AIRS_OK;
        }
    }
    return deny(context, action, resource, error);
}

airs_component_id_t *airs_security_context_id(const airs_security_context_t *context) { return context->id; }

airs_str_t airs_security_context_namespace(const airs_security_context_t *context) { return context->ns; }
