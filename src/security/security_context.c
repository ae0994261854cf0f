#include "security/security_context.h"

#include <stdio.h>

#include "core/memory.h"
#include "core/timestamp.h"

struct airs_security_context {
    const airs_allocator_t *allocator;
    airs_component_id_t *id;
    airs_str_t ns; /* into `id` */
    airs_capabilities_t *capabilities;
    airs_authority_t *authority; /* NULL: none */
    airs_audit_source_t *account;
    /* The policy of the authority's generation `generation`; NULL: none. `view` is NULL as well where there was no
     * memory for it: then the policy is asked rule by rule. */
    uint64_t generation;
    airs_policy_t *policy;
    airs_policy_view_t *view;
    airs_security_witness_t *witness; /* NULL: none */
};

static void forget_policy(airs_security_context_t *context) {
    airs_policy_view_release(context->view);
    airs_policy_unref(context->policy);
    context->view = NULL;
    context->policy = NULL;
}

static airs_str_t id_text(const airs_security_context_t *context) {
    return airs_str(airs_component_id_text(context->id));
}

static airs_status_t take_policy(airs_security_context_t *context) {
    forget_policy(context);
    context->policy = airs_authority_policy(context->authority, &context->generation);
    return context->policy != NULL ? airs_policy_view(context->policy, id_text(context), &context->view)
                                   : AIRS_OK;
}

airs_status_t airs_security_context_create(const airs_allocator_t *allocator, airs_component_id_t *id,
                                           airs_capabilities_t *capabilities, airs_authority_t *authority,
                                           airs_security_context_t **out) {
    airs_security_context_t *self = airs_alloc(allocator, sizeof *self);
    if (self == NULL) {
        return AIRS_OUT_OF_MEMORY;
    }
    *self = (airs_security_context_t){.allocator = allocator,
                                      .id = airs_component_id_ref(id),
                                      .ns = airs_component_id_view(id).ns,
                                      .authority = authority};
    self->capabilities =
        airs_capabilities_ref(capabilities != NULL ? capabilities : airs_capabilities_common());
    airs_status_t status = AIRS_OK;
    if (authority != NULL && airs_authority_audit(authority) != NULL) {
        self->account = airs_audit_source(airs_authority_audit(authority), airs_component_id_view(id));
        status = self->account != NULL ? AIRS_OK : AIRS_OUT_OF_MEMORY;
        airs_audit_capabilities(self->account, self->ns, self->capabilities);
    }
    if (status == AIRS_OK && authority != NULL) {
        status = take_policy(self);
    }
    if (status != AIRS_OK) {
        airs_security_context_destroy(self);
        return status;
    }
    *out = self;
    return AIRS_OK;
}

void airs_security_context_destroy(airs_security_context_t *context) {
    if (context != NULL) {
        forget_policy(context);
        airs_capabilities_unref(context->capabilities);
        airs_component_id_unref(context->id);
        airs_release(context->allocator, context);
    }
}

/* ---- denials -------------------------------------------------------------------------------- */

/* A policy's rule for people: "policy.toml:12: nobody needs this". Returns `out`. */
static const char *rule_text(const airs_policy_t *policy, const airs_ruling_t *ruling, char *out,
                             size_t size) {
    char place[32] = "";
    if (ruling->rule == NULL) {
        snprintf(out, size, "%s: denies whatever no rule allows", airs_policy_name(policy));
        return out;
    }
    if (ruling->rule->line > 0) {
        snprintf(place, sizeof place, ":%u", (unsigned)ruling->rule->line);
    }
    snprintf(out, size, "%s%s: rule %zu%s%.*s", airs_policy_name(policy), place, ruling->number,
             ruling->rule->reason.size > 0 ? ", " : "", AIRS_STR_ARG(ruling->rule->reason));
    return out;
}

/* "messaging.send by shop/cart/0 to bank/vault/0". Ids and keys of a guest may be of any length: so much of each is
 * shown. */
#define DEED_MAX (AIRS_ID_MAX + AIRS_RESOURCE_TEXT_MAX + 128)

static const char *deed_text(const airs_security_context_t *context, airs_action_t action,
                             const airs_resource_t *resource, char out[DEED_MAX]) {
    static const char *const JOINS[] = {[AIRS_RESOURCE_NONE] = "%s by %s%s",
                                        [AIRS_RESOURCE_ID] = "%s by %s to %s",
                                        [AIRS_RESOURCE_KEY] = "%s by %s of the key \"%s\"",
                                        [AIRS_RESOURCE_TOPIC] = "%s by %s of the topic \"%s\"",
                                        [AIRS_RESOURCE_PATH] = "%s by %s of \"%s\"",
                                        [AIRS_RESOURCE_HOST] = "%s by %s with %s",
                                        [AIRS_RESOURCE_VARIABLE] = "%s by %s of the variable \"%s\""};
    char text[AIRS_RESOURCE_TEXT_MAX];
    airs_resource_text(resource, text);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    snprintf(out, DEED_MAX, JOINS[resource->kind], airs_action_text(action),
             airs_component_id_text(context->id), text);
#pragma GCC diagnostic pop
    return out;
}

static airs_clock_t *clock_of(const airs_security_context_t *context) {
    return context->authority != NULL ? airs_authority_clock(context->authority) : airs_clock_system();
}

/* When what was granted ended, as text; "": nothing was. Returns `out`. */
static const char *ended_text(const airs_security_context_t *context, airs_action_t action,
                              const airs_resource_t *resource, char out[AIRS_TIMESTAMP_MAX]) {
    uint64_t ended =
        airs_capabilities_ended(context->capabilities, context->ns, action, resource, clock_of(context));
    out[0] = '\0';
    return ended > 0 ? airs_timestamp_text(ended, 0, out) : out;
}

static bool has_common(const airs_security_context_t *context) {
    return context->capabilities == airs_capabilities_common();
}

static airs_status_t explain_denial(const airs_security_context_t *context, airs_action_t action,
                                    const airs_resource_t *resource, const airs_ruling_t *ruling,
                                    airs_error_t *error) {
    char deed[DEED_MAX];
    char rule[512];
    char ended[AIRS_TIMESTAMP_MAX];
    deed_text(context, action, resource, deed);
    if (ruling != NULL) {
        return airs_error_set(error, AIRS_CAPABILITY_DENIED, "%s is denied by the policy, %s", deed,
                              rule_text(context->policy, ruling, rule, sizeof rule));
    }
    if (resource->kind == AIRS_RESOURCE_ID && has_common(context)) {
        return airs_error_set(error, AIRS_CAPABILITY_DENIED,
                              "%s is not granted: a component may message components of "
                              "its own application only, whose ids begin with \"%.*s/\"",
                              deed, AIRS_STR_ARG(context->ns));
    }
    if (ended_text(context, action, resource, ended)[0] != '\0') {
        return airs_error_set(error, AIRS_CAPABILITY_DENIED, "%s is not granted any more: that ended at %s",
                              deed, ended);
    }
    return airs_error_set(error, AIRS_CAPABILITY_DENIED, "%s is not granted", deed);
}

/* `ruling` NULL: no capability covers it. */
__attribute__((noinline, cold)) static airs_status_t deny(const airs_security_context_t *context,
                                                          airs_action_t action,
                                                          const airs_resource_t *resource,
                                                          const airs_ruling_t *ruling, airs_error_t *error) {
    char rule[512] = "no capability covers it";
    char ended[AIRS_TIMESTAMP_MAX];
    if (resource->kind != airs_action_resource(action)) {
        return airs_error_set(error, AIRS_CAPABILITY_DENIED,
                              "%s by %s is asked for on the wrong kind of resource", airs_action_text(action),
                              airs_component_id_text(context->id));
    }
    if (ruling != NULL) {
        rule_text(context->policy, ruling, rule, sizeof rule);
    } else if (ended_text(context, action, resource, ended)[0] != '\0') {
        snprintf(rule, sizeof rule, "the capability that covered it ended at %s", ended);
    }
    airs_audit_denied(context->account, airs_component_id_view(context->id).instance, action, resource, rule);
    return error != NULL ? explain_denial(context, action, resource, ruling, error) : AIRS_CAPABILITY_DENIED;
}

/* ---- decisions ------------------------------------------------------------------------------ */

/* A policy that cannot be put in order for want of memory is asked rule by rule: slower, and just as right. */
static void keep_up(airs_security_context_t *context) {
    if (context->authority != NULL && airs_authority_generation(context->authority) != context->generation) {
        (void)take_policy(context);
    }
}

static airs_ruling_t ask_policy(const airs_security_context_t *context, airs_action_t action,
                                const airs_resource_t *resource) {
    if (context->view != NULL) {
        return airs_policy_view_ask(context->view, action, resource);
    }
    return context->policy != NULL ? airs_policy_ask(context->policy, id_text(context), action, resource)
                                   : (airs_ruling_t){.effect = AIRS_EFFECT_NONE};
}

static bool policy_denies(const airs_security_context_t *context, const airs_ruling_t *ruling) {
    return ruling->effect == AIRS_EFFECT_DENY ||
           (ruling->effect == AIRS_EFFECT_NONE && context->policy != NULL &&
            airs_policy_standard(context->policy) == AIRS_EFFECT_DENY);
}

static bool is_covered(const airs_security_context_t *context, airs_action_t action,
                       const airs_resource_t *resource, uint64_t *expires_at_ns) {
    return airs_capabilities_find(context->capabilities, context->ns, action, resource, clock_of(context),
                                  expires_at_ns) != NULL;
}

static airs_status_t decide(airs_security_context_t *context, airs_action_t action,
                            const airs_resource_t *resource, airs_validity_t *validity, airs_error_t *error) {
    uint64_t expires_at_ns = 0;
    keep_up(context);
    airs_ruling_t ruling = ask_policy(context, action, resource);
    if (policy_denies(context, &ruling)) {
        return deny(context, action, resource, &ruling, error);
    }
    if (!is_covered(context, action, resource, &expires_at_ns)) {
        return deny(context, action, resource, NULL, error);
    }
    if (validity != NULL) {
        *validity = (airs_validity_t){context->generation, expires_at_ns};
    }
    return AIRS_OK;
}

/* Does the witness decide? */
static bool is_decided(const airs_security_context_t *context) {
    return context->witness != NULL && context->witness->decide != NULL;
}

/* Tell the witness of a denial. Returns the status. */
static airs_status_t tell(const airs_security_context_t *context, airs_action_t action,
                          const airs_resource_t *resource, airs_status_t status, const airs_error_t *error) {
    airs_security_witness_t *witness = context->witness;
    if (status != AIRS_OK && witness != NULL && witness->denied != NULL) {
        witness->denied(witness, action, resource, error != NULL ? error->text : "");
    }
    return status;
}

airs_status_t airs_security_decide(airs_security_context_t *context, airs_action_t action,
                                   const airs_resource_t *resource, airs_validity_t *validity,
                                   airs_error_t *error) {
    if (is_decided(context)) {
        if (validity != NULL) {
            *validity = (airs_validity_t){.expires_at_ns = AIRS_GRANT_FOREVER};
        }
        return context->witness->decide(context->witness, action, resource, error);
    }
    return tell(context, action, resource, decide(context, action, resource, validity, error), error);
}

void airs_security_context_set_witness(airs_security_context_t *context, airs_security_witness_t *witness) {
    context->witness = witness;
}

airs_status_t airs_security_check(airs_security_context_t *context, airs_action_t action,
                                  const airs_resource_t *resource, airs_error_t *error) {
    return airs_security_decide(context, action, resource, NULL, error);
}

bool airs_security_holds(const airs_security_context_t *context, const airs_validity_t *validity) {
    return !is_decided(context) &&
           (context->authority == NULL ||
            airs_authority_generation(context->authority) == validity->generation) &&
           (validity->expires_at_ns == AIRS_GRANT_FOREVER ||
            airs_clock_wall(clock_of(context)) < validity->expires_at_ns);
}

bool airs_security_forbids(airs_security_context_t *context, airs_action_t action,
                           const airs_resource_t *resource) {
    keep_up(context);
    airs_ruling_t ruling = ask_policy(context, action, resource);
    return ruling.effect == AIRS_EFFECT_DENY;
}

bool airs_security_sees_for(airs_security_context_t *context, airs_action_t action,
                            const airs_resource_t *resource, airs_validity_t *validity) {
    uint64_t expires_at_ns = AIRS_GRANT_FOREVER;
    if (is_decided(context)) {
        *validity = (airs_validity_t){.expires_at_ns = AIRS_GRANT_FOREVER};
        return context->witness->decide(context->witness, action, resource, NULL) == AIRS_OK;
    }
    keep_up(context);
    airs_ruling_t ruling = ask_policy(context, action, resource);
    bool sees = !policy_denies(context, &ruling) && is_covered(context, action, resource, &expires_at_ns);
    (void)tell(context, action, resource, sees ? AIRS_OK : AIRS_CAPABILITY_DENIED, NULL);
    *validity = (airs_validity_t){context->generation, expires_at_ns};
    return sees;
}

bool airs_security_sees(airs_security_context_t *context, airs_action_t action,
                        const airs_resource_t *resource) {
    airs_validity_t validity;
    return airs_security_sees_for(context, action, resource, &validity);
}

bool airs_security_holds_any(const airs_security_context_t *context, airs_action_t action) {
    return airs_capabilities_hold(context->capabilities, action, clock_of(context));
}

airs_status_t airs_security_check_any(airs_security_context_t *context, airs_action_t action,
                                      airs_error_t *error) {
    static const airs_resource_t nothing = {.kind = AIRS_RESOURCE_NONE};
    if (is_decided(context)) {
        return context->witness->decide(context->witness, action, &nothing, error);
    }
    if (airs_security_holds_any(context, action)) {
        return AIRS_OK;
    }
    airs_audit_denied(context->account, airs_component_id_view(context->id).instance, action, &nothing,
                      "no capability covers it");
    airs_status_t status = airs_error_set(error, AIRS_CAPABILITY_DENIED, "%s by %s is not granted",
                                          airs_action_text(action), airs_component_id_text(context->id));
    return tell(context, action, &nothing, status, error);
}

bool airs_security_sees_all(airs_security_context_t *context, airs_action_t action) {
    keep_up(context);
    return !is_decided(context) && context->policy == NULL &&
           airs_capabilities_hold_all(context->capabilities, action);
}

airs_component_id_t *airs_security_context_id(const airs_security_context_t *context) { return context->id; }

airs_str_t airs_security_context_namespace(const airs_security_context_t *context) { return context->ns; }

const airs_capabilities_t *airs_security_context_capabilities(const airs_security_context_t *context) {
    return context->capabilities;
}
