/* The exports of airssys:actor/migration, over the functions that the author wrote. */
#include "../memory.h"

bool exports_airssys_actor_migration_export_state(exports_airssys_actor_migration_message_payload_t *ret,
                                                  exports_airssys_actor_migration_component_error_t *error) {
    airs_outcome_t outcome = airs_on_export_state();
    airs_sdk_flush_output();
    if (outcome.kind == AIRS_OUTCOME_FAIL) {
        error->tag = AIRSSYS_CORE_ERRORS_COMPONENT_ERROR_INVALID_STATE;
        error->val.invalid_state = (guest_string_t){outcome.data, outcome.size};
        return false;
    }
    /* airs_done() is the empty state. */
    *ret = (exports_airssys_actor_migration_message_payload_t){outcome.data, outcome.size};
    return true;
}

bool exports_airssys_actor_migration_import_state(guest_string_t *from_version,
                                                  exports_airssys_actor_migration_message_payload_t *state,
                                                  exports_airssys_actor_migration_component_error_t *error) {
    airs_outcome_t outcome =
        airs_on_import_state(airs_sdk_str(*from_version), airs_bytes(state->ptr, state->len));
    airs_sdk_flush_output();
    guest_string_free(from_version);
    airssys_core_types_message_payload_free(state);
    if (outcome.kind == AIRS_OUTCOME_FAIL) {
        error->tag = AIRSSYS_CORE_ERRORS_COMPONENT_ERROR_INVALID_STATE;
        error->val.invalid_state = (guest_string_t){outcome.data, outcome.size};
        return false;
    }
    airs_buffer_free(&(airs_buffer_t){outcome.data, outcome.size});
    return true;
}
