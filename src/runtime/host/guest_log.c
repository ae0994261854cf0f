#include "runtime/host/guest_log.h"

#include <inttypes.h>

#include "core/log.h"

void airs_guest_log_tell_dropped(airs_wasm_instance_t *instance) {
    if (instance->log_dropped > 0) {
        airs_log_printf(instance->host.log, AIRS_LOG_WARN,
                        airs_str(airs_component_id_text(instance->host.id)),
                        "%" PRIu64 " log lines were dropped: it may write %" PRIu32 " a second",
                        instance->log_dropped, instance->log_lines.per_second);
        instance->log_dropped = 0;
    }
}

/* By the engine's clock: a recording of the guest's has nothing of this, and its replay drops no lines. */
void airs_guest_log_write(airs_wasm_instance_t *instance, const airs_log_record_t *record) {
    if (!airs_token_bucket_allows(&instance->log_lines, instance->engine->options.clock)) {
        instance->log_dropped++;
        return;
    }
    airs_token_bucket_take(&instance->log_lines, 1);
    airs_guest_log_tell_dropped(instance);
    instance->host.log->write(instance->host.log, record);
}
