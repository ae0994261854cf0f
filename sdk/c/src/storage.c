#include "memory.h"

static airs_status_t failed(airssys_core_errors_storage_error_t *error) {
    airs_status_t status = AIRS_IO_ERROR;
    airs_str_t text = {NULL, 0};
    switch (error->tag) {
    case AIRSSYS_CORE_ERRORS_STORAGE_ERROR_NOT_FOUND:
        status = AIRS_NOT_FOUND;
        text = airs_sdk_str(error->val.not_found);
        break;
    case AIRSSYS_CORE_ERRORS_STORAGE_ERROR_ALREADY_EXISTS:
        status = AIRS_ALREADY_EXISTS;
        text = airs_sdk_str(error->val.already_exists);
        break;
    case AIRSSYS_CORE_ERRORS_STORAGE_ERROR_QUOTA_EXCEEDED:
        status = AIRS_QUOTA_EXCEEDED;
        break;
    case AIRSSYS_CORE_ERRORS_STORAGE_ERROR_INVALID_KEY:
        status = AIRS_INVALID_KEY;
        text = airs_sdk_str(error->val.invalid_key);
        break;
    case AIRSSYS_CORE_ERRORS_STORAGE_ERROR_IO_ERROR:
        text = airs_sdk_str(error->val.io_error);
        break;
    default:
        break;
    }
    airs_sdk_fail(status, text);
    airssys_core_errors_storage_error_free(error);
    return status;
}

airs_status_t airs_storage_get(airs_str_t key, airs_buffer_t *out) {
    guest_string_t name = airs_sdk_string(key);
    airssys_core_storage_option_storage_value_t value;
    airssys_core_errors_storage_error_t error;
    if (!airssys_core_storage_get(&name, &value, &error)) {
        return failed(&error);
    }
    if (!value.is_some) {
        return airs_sdk_fail(AIRS_NOT_FOUND, key);
    }
    *out = (airs_buffer_t){value.val.ptr, value.val.len};
    return AIRS_OK;
}

airs_status_t airs_storage_set(airs_str_t key, airs_bytes_t value) {
    guest_string_t name = airs_sdk_string(key);
    airssys_core_storage_storage_value_t bytes = {(uint8_t *)(uintptr_t)value.data, value.size};
    airssys_core_errors_storage_error_t error;
    return airssys_core_storage_set(&name, &bytes, &error) ? AIRS_OK : failed(&error);
}

airs_status_t airs_storage_delete(airs_str_t key) {
    guest_string_t name = airs_sdk_string(key);
    airssys_core_errors_storage_error_t error;
    return airssys_core_storage_delete(&name, &error) ? AIRS_OK : failed(&error);
}

airs_status_t airs_storage_exists(airs_str_t key, bool *out) {
    guest_string_t name = airs_sdk_string(key);
    airssys_core_errors_storage_error_t error;
    return airssys_core_storage_exists(&name, out, &error) ? AIRS_OK : failed(&error);
}

airs_status_t airs_storage_list(airs_str_t prefix, bool (*each)(void *context, airs_str_t key),
                                void *context) {
    guest_string_t text = airs_sdk_string(prefix);
    guest_list_string_t keys;
    airssys_core_errors_storage_error_t error;
    if (!airssys_core_storage_list_keys(prefix.size != 0 ? &text : NULL, &keys, &error)) {
        return failed(&error);
    }
    for (size_t i = 0; i < keys.len && each(context, airs_sdk_str(keys.ptr[i])); i++) {
    }
    guest_list_string_free(&keys);
    return AIRS_OK;
}

airs_status_t airs_storage_usage(airs_storage_usage_t *out) {
    airssys_core_storage_storage_usage_t usage;
    airssys_core_errors_storage_error_t error;
    if (!airssys_core_storage_usage(&usage, &error)) {
        return failed(&error);
    }
    *out = (airs_storage_usage_t){usage.used_bytes, usage.quota_bytes, usage.key_count};
    return AIRS_OK;
}
