#include "memory.h"

#include <stdarg.h>
#include <stdio.h>

void airs_log_str(airs_log_level_t level, airs_str_t text) {
    guest_string_t message = airs_sdk_string(text);
    airssys_core_host_services_log((airssys_core_types_log_level_t)level, &message, NULL);
}

void airs_log(airs_log_level_t level, const char *format, ...) {
    char text[1024];
    va_list arguments;
    va_start(arguments, format);
    int size = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (size > 0) {
        /* A longer text is all of the buffer, and its last character may be half a one. */
        bool whole = (size_t)size < sizeof text;
        airs_str_t kept = airs_str_n(text, whole ? (size_t)size : sizeof text - 1);
        airs_log_str(level, airs_str_n(text, whole ? kept.size : airs_sdk_cut(kept, sizeof text - 4)));
    }
}

void airs_sleep(uint64_t milliseconds) { airssys_core_host_services_sleep_millis(milliseconds); }

uint64_t airs_now_ns(void) {
    airssys_core_types_timestamp_t now;
    airssys_core_host_services_current_time(&now);
    return now.seconds * UINT64_C(1000000000) + now.nanoseconds;
}

uint64_t airs_now_ms(void) { return airssys_core_host_services_current_time_millis(); }

void airs_list(bool (*each)(void *context, airs_id_t id), void *context) {
    airssys_core_host_services_list_component_id_t list;
    airssys_core_host_services_list_components(&list);
    bool more = true;
    for (size_t i = 0; i < list.len; i++) {
        more = more && each(context, airs_sdk_id(list.ptr[i]));
        airssys_core_types_component_id_free(&list.ptr[i]);
    }
    if (list.len != 0) {
        airs_sdk_free(list.ptr);
    }
}

static airs_str_t describe_error(const airssys_core_errors_component_error_t *error) {
    switch (error->tag) {
    case AIRSSYS_CORE_ERRORS_COMPONENT_ERROR_INITIALIZATION_FAILED:
        return airs_sdk_str(error->val.initialization_failed);
    case AIRSSYS_CORE_ERRORS_COMPONENT_ERROR_SHUTDOWN_FAILED:
        return airs_sdk_str(error->val.shutdown_failed);
    case AIRSSYS_CORE_ERRORS_COMPONENT_ERROR_INVALID_STATE:
        return airs_sdk_str(error->val.invalid_state);
    default:
        return (airs_str_t){NULL, 0};
    }
}

airs_status_t airs_describe(airs_id_t id, void (*take)(void *context, const airs_info_t *info),
                            void *context) {
    airssys_core_types_component_id_t of = airs_sdk_component_id(id);
    airssys_core_host_services_component_info_t info;
    airssys_core_errors_component_error_t error;
    if (!airssys_core_host_services_get_component_metadata(&of, &info, &error)) {
        airs_sdk_fail(AIRS_TARGET_NOT_FOUND, describe_error(&error));
        airssys_core_errors_component_error_free(&error);
        return AIRS_TARGET_NOT_FOUND;
    }
    airs_info_t view = {airs_sdk_str(info.name), airs_sdk_str(info.version), airs_sdk_str(info.health)};
    take(context, &view);
    airssys_core_host_services_component_info_free(&info);
    return AIRS_OK;
}
