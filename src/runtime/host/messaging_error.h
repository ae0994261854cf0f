/* From what the router answers to messaging-error, and correlation ids as guests write them: for every import
 * that answers with that error. */
#ifndef AIRSSYS_RUNTIME_HOST_MESSAGING_ERROR_H
#define AIRSSYS_RUNTIME_HOST_MESSAGING_ERROR_H

#include <airs_wasmtime_ext.h>
#include <airssys/error.h>

#include "core/correlation_id.h"

/* Needed before the router is asked: it fills the error only where the status does not say all. */
static inline void airs_host_messaging_prepare(airs_error_t *error) {
    error->status = AIRS_OK;
    error->text[0] = '\0';
}

/* The case of messaging-error for a status, with its text in `reason`; AIRS_EXT_MESSAGING_OK and AIRS_EXT_PENDING
 * for the statuses that are none. Limits that the guest itself has reached are told as queue-full. */
uint8_t airs_host_messaging_answer(airs_status_t status, const airs_error_t *error, airs_ext_text_t *reason);

/* Is the text a correlation id? If not, `reason` says so, for invalid-message. */
bool airs_host_read_correlation(airs_ext_bytes_t text, airs_correlation_id_t *out, airs_ext_text_t *reason);

/* Writes the AIRS_CORRELATION_ID_TEXT_SIZE characters, without a zero. */
void airs_host_write_correlation(const airs_correlation_id_t *id, char *out);

#endif
