#include "runtime/host/logging.h"

#include "runtime/host/function.h"
#include "runtime/host/guest_log.h"
#include "runtime/host/values.h"
#include "security/security_context.h"

#define CRITICAL 5

/* The log has no level above error: what is critical is an error that says so. */
static unsigned level_of(const wasm_name_t *name) {
    static const char *const levels[] = {"trace", "debug", "info", "warn", "error"};
    for (unsigned i = 0; i < CRITICAL; i++) {
        if (airs_str_equal(airs_str_n(name->data, name->size), airs_str(levels[i]))) {
            return i;
        }
    }
    return CRITICAL;
}

static bool allowed(airs_wasm_instance_t *instance) {
    airs_resource_t nothing = airs_resource_none();
    return airs_security_check(instance->security, AIRS_ACTION_LOG, &nothing, NULL) == AIRS_OK;
}

/* There is no error to refuse with: what may not be logged is dropped, as in airssys:core. */
static wasmtime_error_t *log_message(airs_wasm_instance_t *instance, const wasmtime_component_val_t *args,
                                     wasmtime_component_val_t *results) {
    (void)results;
    unsigned level = level_of(&args[0].of.enumeration);
    airs_str_t context = airs_value_text(&args[1]);
    airs_log_field_t fields[2];
    airs_log_record_t record = {
        .level = level == CRITICAL ? AIRS_LOG_ERROR : (airs_log_level_t)level,
        .source = airs_str(airs_component_id_text(instance->host.id)),
        .message = airs_value_text(&args[2]),
        .fields = fields,
    };
    if (record.level < instance->host.log->level || !allowed(instance)) {
        return NULL;
    }
    if (context.size > 0) {
        fields[record.field_count++] = (airs_log_field_t){airs_str("context"), context};
    }
    if (level == CRITICAL) {
        fields[record.field_count++] = (airs_log_field_t){airs_str("critical"), airs_str("true")};
    }
    airs_guest_log_write(instance, &record);
    return NULL;
}

static const airs_host_function_t functions[] = {
    {.name = "log",
     .type = "func(enum{trace, debug, info, warn, error, critical}, string, string)",
     .call = log_message},
};

const airs_host_interface_t airs_host_logging_interface = {"wasi:logging/logging@0.1.0-draft", functions,
                                                           sizeof functions / sizeof *functions};

wasmtime_error_t *airs_host_logging_link(wasmtime_component_linker_t *linker) {
    return airs_host_interface_link(linker, &airs_host_logging_interface);
}
