/* Between the extension's views and ours. */
#ifndef AIRSSYS_RUNTIME_HOST_TEXT_H
#define AIRSSYS_RUNTIME_HOST_TEXT_H

#include <airs_wasmtime_ext.h>
#include <airssys/id.h>

static inline airs_str_t airs_host_str(airs_ext_bytes_t text) {
    return airs_str_n((const char *)text.data, text.size);
}

static inline airs_id_t airs_host_id(const airs_ext_id_t *id) {
    return (airs_id_t){airs_host_str(id->ns), airs_host_str(id->name), airs_host_str(id->instance)};
}

static inline airs_ext_bytes_t airs_host_bytes_of(airs_str_t text) {
    return (airs_ext_bytes_t){(const uint8_t *)text.data, text.size};
}

/* Writes a reason, cut to what fits. */
void airs_host_reason(airs_ext_text_t *out, const char *format, ...) AIRS_PRINTF(2, 3);

#endif
