#include "runtime/host/values.h"

#include "core/memory.h"

wasmtime_component_val_t airs_value_string(airs_str_t text) {
    wasmtime_component_val_t value = {.kind = WASMTIME_COMPONENT_STRING};
    wasm_name_new(&value.of.string, text.size, text.data);
    return value;
}

wasmtime_component_val_t airs_value_u64(uint64_t number) {
    return (wasmtime_component_val_t){.kind = WASMTIME_COMPONENT_U64, .of = {.u64 = number}};
}

wasmtime_component_val_t airs_value_u32(uint32_t number) {
    return (wasmtime_component_val_t){.kind = WASMTIME_COMPONENT_U32, .of = {.u32 = number}};
}

wasmtime_component_val_t airs_value_bool(bool yes) {
    return (wasmtime_component_val_t){.kind = WASMTIME_COMPONENT_BOOL, .of = {.boolean = yes}};
}

wasmtime_component_val_t airs_value_ok_empty(void) {
    return (wasmtime_component_val_t){.kind = WASMTIME_COMPONENT_RESULT, .of = {.result = {.is_ok = true}}};
}

wasmtime_component_val_t airs_value_pair(wasmtime_component_val_t first, wasmtime_component_val_t second) {
    wasmtime_component_val_t value = {.kind = WASMTIME_COMPONENT_TUPLE};
    wasmtime_component_valtuple_new_uninit(&value.of.tuple, 2);
    value.of.tuple.data[0] = first;
    value.of.tuple.data[1] = second;
    return value;
}

airs_status_t airs_value_to_bytes(const airs_allocator_t *allocator, const wasmtime_component_val_t *list,
                                  airs_bytes_t *out) {
    const wasmtime_component_vallist_t *values = &list->of.list;
    uint8_t *bytes = airs_alloc(allocator, values->size + 1);
    if (bytes == NULL) {
        return AIRS_OUT_OF_MEMORY;
    }
    for (size_t i = 0; i < values->size; i++) {
        bytes[i] = values->data[i].of.u8;
    }
    *out = airs_bytes(bytes, values->size);
    return AIRS_OK;
}

wasmtime_component_val_t airs_value_record(size_t count) {
    wasmtime_component_val_t value = {.kind = WASMTIME_COMPONENT_RECORD};
    wasmtime_component_valrecord_new_uninit(&value.of.record, count);
    return value;
}

void airs_value_set_field(wasmtime_component_val_t *record, size_t index, const char *name,
                          wasmtime_component_val_t value) {
    wasm_name_new_from_string(&record->of.record.data[index].name, name);
    record->of.record.data[index].val = value;
}

wasmtime_component_val_t airs_value_id(airs_id_t id) {
    wasmtime_component_val_t record = airs_value_record(3);
    airs_value_set_field(&record, 0, "namespace", airs_value_string(id.ns));
    airs_value_set_field(&record, 1, "name", airs_value_string(id.name));
    airs_value_set_field(&record, 2, "instance", airs_value_string(id.instance));
    return record;
}

wasmtime_component_val_t airs_value_ok(wasmtime_component_val_t value) {
    return (wasmtime_component_val_t){
        .kind = WASMTIME_COMPONENT_RESULT,
        .of = {.result = {.is_ok = true, .val = wasmtime_component_val_new(&value)}},
    };
}

wasmtime_component_val_t airs_value_error(const char *name, wasmtime_component_val_t value) {
    wasmtime_component_val_t variant = {.kind = WASMTIME_COMPONENT_VARIANT};
    wasm_name_new_from_string(&variant.of.variant.discriminant, name);
    variant.of.variant.val = wasmtime_component_val_new(&value);
    return (wasmtime_component_val_t){
        .kind = WASMTIME_COMPONENT_RESULT,
        .of = {.result = {.is_ok = false, .val = wasmtime_component_val_new(&variant)}},
    };
}

airs_str_t airs_value_text(const wasmtime_component_val_t *value) {
    return airs_str_n(value->of.string.data, value->of.string.size);
}

airs_id_t airs_value_to_id(const wasmtime_component_val_t *record) {
    const wasmtime_component_valrecord_entry_t *fields = record->of.record.data;
    return (airs_id_t){airs_value_text(&fields[0].val), airs_value_text(&fields[1].val),
                       airs_value_text(&fields[2].val)};
}
