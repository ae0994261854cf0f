/* Memory that crosses the border of the component, and shorthands over the generated types. */
#ifndef AIRS_SDK_MEMORY_H
#define AIRS_SDK_MEMORY_H

#include "airssys.h"
#include "guest.h"

/* As malloc; NULL when there is none. */
void *airs_sdk_alloc(size_t size);

/* Frees what airs_sdk_alloc, cabi_realloc or malloc gave. bindings.c has the generated bindings call it
 * for `free`. NULL is fine. */
void airs_sdk_free(void *block);

/* A copy, or false when there is no memory. A copy of nothing has data NULL. */
bool airs_sdk_copy(const void *data, size_t size, uint8_t **out);

/* A copy for the rest of the actor's life, zero-terminated, outside the memory of calls. Traps when there
 * is no memory. */
char *airs_sdk_keep(airs_str_t text);

static inline airs_str_t airs_sdk_str(guest_string_t text) {
    return (airs_str_t){(const char *)text.ptr, text.len};
}

/* The generated types have no const, but imports do not write to what they are given. */
static inline guest_string_t airs_sdk_string(airs_str_t text) {
    return (guest_string_t){(uint8_t *)(uintptr_t)text.data, text.size};
}

static inline airs_id_t airs_sdk_id(airssys_core_types_component_id_t id) {
    return (airs_id_t){airs_sdk_str(id.namespace_), airs_sdk_str(id.name), airs_sdk_str(id.instance)};
}

static inline airssys_core_types_component_id_t airs_sdk_component_id(airs_id_t id) {
    return (airssys_core_types_component_id_t){airs_sdk_string(id.ns), airs_sdk_string(id.name),
                                               airs_sdk_string(id.instance)};
}

/* The largest length <= `most` at which UTF-8 text can be cut without splitting a character: the runtime
 * ends an actor that hands it half a one. */
size_t airs_sdk_cut(airs_str_t text, size_t most);

/* What a call has printed is out when it ends. */
void airs_sdk_flush_output(void);

/* Keeps the text for airs_error_text and returns `status`. */
airs_status_t airs_sdk_fail(airs_status_t status, airs_str_t text);

#endif
