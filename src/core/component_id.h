/* An owned, counted, immutable actor id: what the registry, messages and actors share. */
#ifndef AIRSSYS_CORE_COMPONENT_ID_H
#define AIRSSYS_CORE_COMPONENT_ID_H

#include <airssys/allocator.h>
#include <airssys/id.h>

typedef struct airs_component_id airs_component_id_t;

/* Copies the three parts. AIRS_INVALID_ARGUMENT when they are not an id (see airs_id_parse; an empty
 * instance is allowed: it names a group), AIRS_OUT_OF_MEMORY. The caller owns one reference. */
airs_status_t airs_component_id_create(const airs_allocator_t *allocator, airs_id_t id,
                                       airs_component_id_t **out, airs_error_t *error);

/* Any thread. `ref` returns its argument; `unref` takes NULL and frees with the last reference. */
airs_component_id_t *airs_component_id_ref(airs_component_id_t *id);
void airs_component_id_unref(airs_component_id_t *id);

/* The same for `count` references at once: a sender takes many and hands one out with each message, a
 * receiver gives back those of a run of messages together, so that neither does an atomic operation for each. */
void airs_component_id_ref_many(airs_component_id_t *id, uint64_t count);
void airs_component_id_unref_many(airs_component_id_t *id, uint64_t count);

/* The parts, valid as long as the caller's reference. */
airs_id_t airs_component_id_view(const airs_component_id_t *id);

/* The same where it is kept, valid as long as the caller's reference: a copy costs more than most of what is done with
 * it when a message is sent. */
const airs_id_t *airs_component_id_parts(const airs_component_id_t *id);

/* Does the view say the same? Cheaper than airs_id_equal: it is asked with every message that is sent. */
bool airs_component_id_is(const airs_component_id_t *id, const airs_id_t *view);

/* "namespace/name/instance", zero-terminated, valid as long as the caller's reference. */
const char *airs_component_id_text(const airs_component_id_t *id);

/* The hash that airs_id_hash gives for its view; computed once. */
uint64_t airs_component_id_hash(const airs_component_id_t *id);

/* The same of airs_id_hash_component. */
uint64_t airs_component_id_component_hash(const airs_component_id_t *id);

/* Hash of a view (xxHash3 over the parts, so that "a"/"bc" and "ab"/"c" differ). Not for storage:
 * it may differ between versions. */
uint64_t airs_id_hash(airs_id_t id);

/* The same in two steps: of what names the component, whatever the instance, and with an instance of it. */
uint64_t airs_id_hash_component(airs_id_t id);
uint64_t airs_id_hash_instance(uint64_t component, airs_str_t instance);

/* AIRS_INVALID_ARGUMENT when the parts are not an id: an empty namespace or name, a slash in name or
 * instance, control characters, bytes that are not UTF-8, or more than AIRS_ID_MAX bytes together. */
airs_status_t airs_id_check(airs_id_t id, airs_error_t *error);

#endif
