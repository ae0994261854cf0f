#include "node/admin/admin_exchange.h"

#include <stdarg.h>
#include <stdio.h>

#include "core/memory.h"

#define FAILURE_TYPE "application/vnd.airssys.error+json"

airs_admin_exchange_t *airs_admin_exchange_create(const airs_allocator_t *allocator) {
    airs_admin_exchange_t *exchange = airs_alloc_zeroed(allocator, sizeof *exchange);
    if (exchange != NULL) {
        exchange->allocator = allocator;
        airs_text_init(&exchange->type, allocator);
        airs_text_init(&exchange->sender, allocator);
        airs_text_init(&exchange->content, allocator);
    }
    return exchange;
}

void airs_admin_exchange_destroy(airs_admin_exchange_t *exchange) {
    if (exchange == NULL) {
        return;
    }
    const airs_allocator_t *allocator = exchange->allocator;
    for (size_t i = 0; i < exchange->parameter_count; i++) {
        airs_release(allocator, (void *)exchange->parameters[i].name); /* the value is in the same block */
    }
    airs_release(allocator, exchange->path);
    airs_release(allocator, exchange->content_type);
    airs_release(allocator, exchange->body);
    airs_text_free(&exchange->type);
    airs_text_free(&exchange->sender);
    airs_text_free(&exchange->content);
    airs_release(allocator, exchange);
}

airs_status_t airs_admin_exchange_add_parameter(airs_admin_exchange_t *exchange, airs_str_t text) {
    const char *equal = text.size > 0 ? memchr(text.data, '=', text.size) : NULL;
    bool broken = equal == NULL || memchr(text.data, '\0', text.size) != NULL;
    if (broken || exchange->parameter_count == AIRS_ADMIN_PARAMETERS_MAX) {
        return AIRS_INVALID_ARGUMENT;
    }
    char *copy = airs_alloc(exchange->allocator, text.size + 1);
    if (copy == NULL) {
        return AIRS_OUT_OF_MEMORY;
    }
    memcpy(copy, text.data, text.size);
    copy[text.size] = '\0';
    char *value = copy + (equal - text.data);
    *value++ = '\0';
    exchange->parameters[exchange->parameter_count++] = (airs_admin_parameter_t){copy, value};
    return AIRS_OK;
}

const char *airs_admin_exchange_parameter(const airs_admin_exchange_t *exchange, const char *name) {
    for (size_t i = 0; i < exchange->parameter_count; i++) {
        if (strcmp(exchange->parameters[i].name, name) == 0) {
            return exchange->parameters[i].value;
        }
    }
    return NULL;
}

airs_status_t airs_admin_exchange_expect_body(airs_admin_exchange_t *exchange, size_t size) {
    exchange->body = size > 0 ? airs_alloc(exchange->allocator, size) : NULL;
    if (size > 0 && exchange->body == NULL) {
        return AIRS_OUT_OF_MEMORY;
    }
    exchange->body_size = size;
    return AIRS_OK;
}

void airs_admin_exchange_fill_body(airs_admin_exchange_t *exchange, airs_bytes_t bytes) {
    size_t room = exchange->body_size - exchange->body_filled;
    size_t size = bytes.size < room ? bytes.size : room;
    if (size > 0) {
        memcpy(exchange->body + exchange->body_filled, bytes.data, size);
        exchange->body_filled += size;
    }
}

void airs_admin_exchange_answer(airs_admin_exchange_t *exchange, int http_status, airs_str_t type) {
    static const char headroom[AIRS_ADMIN_HEADROOM] = {0};
    exchange->http_status = http_status;
    airs_text_clear(&exchange->type);
    airs_text_append(&exchange->type, type);
    airs_text_clear(&exchange->content);
    airs_text_append(&exchange->content, airs_str_n(headroom, sizeof headroom));
}

static void AIRS_PRINTF(4, 0) refuse(airs_admin_exchange_t *exchange, int http_status, airs_status_t status,
                                     const char *format, va_list arguments) {
    char message[AIRS_ERROR_TEXT_MAX];
    if (vsnprintf(message, sizeof message, format, arguments) < 0) {
        message[0] = '\0';
    }
    airs_admin_exchange_answer(exchange, http_status, airs_str(FAILURE_TYPE));
    airs_text_append_format(&exchange->content, "{\"error\":\"%s\",\"message\":", airs_status_name(status));
    airs_text_append_json(&exchange->content,
                          airs_str(message[0] != '\0' ? message : airs_status_text(status)));
    airs_text_append(&exchange->content, airs_str("}\n"));
}

void airs_admin_exchange_fail(airs_admin_exchange_t *exchange, airs_status_t status, const char *format,
                              ...) {
    va_list arguments;
    va_start(arguments, format);
    refuse(exchange, airs_admin_http_status(status), status, format, arguments);
    va_end(arguments);
}

void airs_admin_exchange_refuse(airs_admin_exchange_t *exchange, int http_status, airs_status_t status,
                                const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    refuse(exchange, http_status, status, format, arguments);
    va_end(arguments);
}

airs_bytes_t airs_admin_exchange_content(const airs_admin_exchange_t *exchange) {
    const airs_text_t *content = &exchange->content;
    if (content->size <= AIRS_ADMIN_HEADROOM) {
        return airs_bytes(NULL, 0);
    }
    return airs_bytes(content->data + AIRS_ADMIN_HEADROOM, content->size - AIRS_ADMIN_HEADROOM);
}

int airs_admin_http_status(airs_status_t status) {
    switch (status) {
    case AIRS_OK:
        return 200;
    case AIRS_INVALID_ARGUMENT:
    case AIRS_INVALID_MESSAGE:
        return 400;
    case AIRS_CAPABILITY_DENIED:
    case AIRS_UNTRUSTED:
        return 403;
    case AIRS_TARGET_NOT_FOUND:
    case AIRS_COMPONENT_NOT_FOUND:
    case AIRS_NOT_FOUND:
        return 404;
    case AIRS_NOT_RUNNING:
    case AIRS_STOPPED:
    case AIRS_INVALID_STATE:
    case AIRS_CANCELLED:
    case AIRS_DEADLOCK:
        return 409;
    case AIRS_MESSAGE_TOO_LARGE:
        return 413;
    case AIRS_UNSUPPORTED_CODEC:
        return 415;
    case AIRS_MANIFEST_INVALID:
    case AIRS_IO:
    case AIRS_LOAD_FAILED:
    case AIRS_INVALID_COMPONENT:
    case AIRS_EXPORT_NOT_FOUND:
    case AIRS_EXPORT_TYPE_MISMATCH:
    case AIRS_IMPORT_NOT_PROVIDED:
    case AIRS_COMPONENT_TOO_LARGE:
    case AIRS_COMPONENT_TOO_COMPLEX:
    case AIRS_COMPILE_MEMORY_EXCEEDED:
    case AIRS_COMPILE_TIME_EXCEEDED:
        return 422;
    case AIRS_QUEUE_FULL:
    case AIRS_TOO_MANY_REQUESTS:
        return 429;
    case AIRS_HANDLE_MESSAGE_FAILED:
    case AIRS_GUEST_ERROR:
    case AIRS_TRAP:
    case AIRS_EXECUTION_TIME_EXCEEDED:
    case AIRS_PARKED_TIME_EXCEEDED:
    case AIRS_RESOURCE_LIMIT:
    case AIRS_STACK_OVERFLOW:
    case AIRS_OUT_OF_FUEL:
    case AIRS_HEALTH_CHECKS_FAILED:
    case AIRS_ROLLED_BACK:
    case AIRS_INVALID_RESULT:
        return 502;
    case AIRS_OUT_OF_MEMORY:
    case AIRS_QUOTA_EXCEEDED:
        return 503;
    case AIRS_TIMEOUT:
        return 504;
    default:
        return 500;
    }
}
