/* What the parts of a recorder share. */
#ifndef AIRSSYS_RUNTIME_RECORDER_STATE_H
#define AIRSSYS_RUNTIME_RECORDER_STATE_H

#include <airssys/random.h>

#include "core/crash_sink.h"
#include "runtime/journal.h"
#include "runtime/recorder.h"
#include "security/security_context.h"

typedef struct airs_recorded_space {
    airs_storage_space_t base;
    airs_storage_space_t *real;
    airs_recorder_t *recorder;
    airs_entry_kind_t kind; /* of the write in hand */
    uint32_t arguments;     /* likewise */
} airs_recorded_space_t;

struct airs_recorder {
    airs_journal_t journal;
    const airs_wasm_engine_t *engine;
    const airs_loaded_component_t *component;
    airs_instance_limits_t limits;
    airs_host_t real; /* as it was handed in */
    bool told;        /* that recording has stopped, or of the crash */

    /* What the instance has instead. */
    airs_clock_t clock;
    airs_random_t random;
    airs_message_router_t router;
    airs_storage_backend_t storage;
    airs_recorded_space_t space;
    airs_security_witness_t witness;
};

/* The structure around a member that was handed out. */
#define AIRS_RECORDER_OF(pointer, member) \
    ((airs_recorder_t *)(void *)((char *)(pointer) - offsetof(airs_recorder_t, member)))

/* Appends, and says so in the log when that was the end of recording. */
void airs_recorder_note(airs_recorder_t *recorder, airs_entry_kind_t kind, const airs_field_t *fields,
                        size_t count);

/* A status with its text as two fields. A text is only what a failure has. */
static inline airs_field_t airs_recorder_text(airs_status_t status, const airs_error_t *error) {
    bool has_text = status != AIRS_OK && status != AIRS_PENDING && error != NULL;
    return airs_field_text(has_text ? airs_str(error->text) : airs_str_n(NULL, 0));
}

/* Note what a call was asked and answered; returns the answer. */
airs_status_t airs_recorder_noted(airs_recorder_t *recorder, airs_entry_kind_t kind, uint32_t arguments,
                                  airs_status_t status, const airs_error_t *error);

/* A hash of ids and whatever else a guest asks with. */
uint32_t airs_journal_hash_id(uint32_t before, airs_id_t id);
uint32_t airs_journal_hash_text(uint32_t before, airs_str_t text);
uint32_t airs_journal_hash_number(uint32_t before, uint64_t number);

/* What is asked of storage, and the entry that a write has. */
uint32_t airs_journal_hash_keys(const airs_str_t *keys, size_t count);
uint32_t airs_journal_hash_range(const airs_storage_range_t *range);
uint32_t airs_journal_hash_write(const airs_storage_write_t *write);
airs_entry_kind_t airs_journal_write_kind(const airs_storage_write_t *write);

/* What somebody may not do. */
uint32_t airs_journal_hash_deed(airs_action_t action, const airs_resource_t *resource);

/* What a call answered. */
uint32_t airs_journal_hash_result(airs_call_kind_t kind, const airs_call_result_t *result);

extern const airs_message_router_ops_t airs_recorder_router_ops;
extern const airs_storage_backend_ops_t airs_recorder_storage_ops;

#endif
