/* What an actor's instances are made of: a component, and what they are told and bound by. Counted; never changed
 * once it is made. */
#ifndef AIRSSYS_ACTOR_ACTOR_CODE_H
#define AIRSSYS_ACTOR_ACTOR_CODE_H

#include "actor/actor_system.h"
#include "core/refcount.h"

typedef struct airs_actor_code {
    airs_refcount_t references;
    const airs_allocator_t *allocator;
    airs_component_handle_t component;
    airs_component_config_t config;
    airs_output_t *standard_output;
    airs_str_t storage_space; /* as in airs_actor_spec_t, copied */
    uint64_t storage_quota;
    uint64_t record_bytes;
    struct airs_capabilities *capabilities;
} airs_actor_code_t;

/* From a complete specification, whose environment, configuration and space are copied. NULL: no memory. */
airs_actor_code_t *airs_actor_code_create(const airs_allocator_t *allocator,
                                          airs_component_handle_t component, const airs_actor_spec_t *spec);

/* Of another component, told, bound and permitted as `code`, or with a complete `spec` by what that says; where the output and
 * the storage are stays as it is. NULL: no memory. */
airs_actor_code_t *airs_actor_code_derive(const airs_actor_code_t *code, airs_component_handle_t component,
                                          const airs_actor_spec_t *spec);

static inline airs_actor_code_t *airs_actor_code_ref(airs_actor_code_t *code) {
    airs_refcount_ref(&code->references);
    return code;
}

/* NULL is fine. */
void airs_actor_code_unref(airs_actor_code_t *code);

#endif
