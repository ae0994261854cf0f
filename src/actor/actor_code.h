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
    airs_output_t *standard_error;
    airs_str_t storage_space; /* as in airs_actor_spec_t, copied */
    bool storage_by_instance; /* likewise */
    uint64_t storage_quota;
    uint64_t record_bytes;
    struct airs_capabilities *capabilities;
    airs_settings_t *settings; /* a reference */
    /* Of a command: as in airs_host_t, and as in airs_actor_spec_t. */
    airs_bytes_t arguments;
    airs_bytes_t standard_input;
    uint64_t every_ms;
} airs_actor_code_t;

/* From a complete specification, whose environment, configuration and space are copied. NULL: no memory. */
airs_actor_code_t *airs_actor_code_create(const airs_allocator_t *allocator,
                                          airs_component_handle_t component, const airs_actor_spec_t *spec);

/* Of another component, told, bound and permitted as `code`, or with a complete `spec` by what that says; where the output
 * and the storage are, and how a command is called and when, stay as they are. NULL: no memory. */
airs_actor_code_t *airs_actor_code_derive(const airs_actor_code_t *code, airs_component_handle_t component,
                                          const airs_actor_spec_t *spec);

static inline airs_actor_code_t *airs_actor_code_ref(airs_actor_code_t *code) {
    airs_refcount_ref(&code->references);
    return code;
}

/* NULL is fine. */
void airs_actor_code_unref(airs_actor_code_t *code);

#endif
