/* Component values for the imports that go through Wasmtime's dynamic interface. */
#ifndef AIRSSYS_RUNTIME_HOST_VALUES_H
#define AIRSSYS_RUNTIME_HOST_VALUES_H

#include <airssys/allocator.h>
#include <airssys/id.h>
#include <wasmtime.h>

/* Each makes a value that the caller owns; texts are copied. */
wasmtime_component_val_t airs_value_string(airs_str_t text);
wasmtime_component_val_t airs_value_u64(uint64_t number);
wasmtime_component_val_t airs_value_u32(uint32_t number);

wasmtime_component_val_t airs_value_bool(bool yes);

/* result<_, …>, without a value. */
wasmtime_component_val_t airs_value_ok_empty(void);

/* A pair; takes both. */
wasmtime_component_val_t airs_value_pair(wasmtime_component_val_t first, wasmtime_component_val_t second);

/* record component-id */
wasmtime_component_val_t airs_value_id(airs_id_t id);

/* A record of `count` fields, to be filled with airs_value_set_field in the order of wit/. */
wasmtime_component_val_t airs_value_record(size_t count);

/* Takes `value`. */
void airs_value_set_field(wasmtime_component_val_t *record, size_t index, const char *name,
                          wasmtime_component_val_t value);

/* Take `value`. */
wasmtime_component_val_t airs_value_ok(wasmtime_component_val_t value);
wasmtime_component_val_t airs_value_error(const char *name, wasmtime_component_val_t value);

/* The text of a string value, borrowed. */
airs_str_t airs_value_text(const wasmtime_component_val_t *value);

/* The bytes of a list<u8>, which the caller releases; AIRS_OUT_OF_MEMORY. */
airs_status_t airs_value_to_bytes(const airs_allocator_t *allocator, const wasmtime_component_val_t *list,
                                  airs_bytes_t *out);

/* A record component-id as a view, borrowed. */
airs_id_t airs_value_to_id(const wasmtime_component_val_t *record);

#endif
