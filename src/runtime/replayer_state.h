/* What the parts of a replayer share. */
#ifndef AIRSSYS_RUNTIME_REPLAYER_STATE_H
#define AIRSSYS_RUNTIME_REPLAYER_STATE_H

#include <airssys/random.h>

#include "core/text.h"
#include "runtime/instance.h"
#include "runtime/journal.h"
#include "runtime/replayer.h"
#include "security/security_context.h"

typedef enum airs_replay_state {
    AIRS_REPLAYING,
    AIRS_REPLAYED_TO_END, /* the journal has ended where the crash was not the guest's own */
    AIRS_REPLAYED_UNTIL,
    AIRS_REPLAY_ASTRAY,
} airs_replay_state_t;

struct airs_replayer {
    const airs_allocator_t *allocator;
    airs_crash_record_t record;
    uint64_t started_ns;
    airs_journal_reader_t reader;
    airs_replay_options_t options;
    airs_replay_state_t state;
    airs_text_t trouble;
    uint64_t number;      /* of the last entry that was reached */
    uint64_t last_call;   /* the number of the last call's entry */
    uint64_t answers;     /* entries that the guest was answered with, to see whether it gets on */
    bool last_call_ended; /* before the crash, which was somebody's decision then */

    /* The world of the instance. */
    airs_runtime_engine_t *engine;
    airs_component_handle_t component;
    airs_component_id_t *id;
    airs_env_var_t *env;
    size_t env_count;
    airs_settings_t *settings; /* NULL: there were none */
    airs_instance_t *instance;
    airs_clock_t clock;
    airs_random_t random;
    airs_log_t log;
    airs_timer_service_t timers;
    airs_message_router_t router;
    airs_storage_backend_t storage;
    airs_storage_space_t space;
    airs_security_witness_t witness;

    /* Of the step that is being shown. */
    airs_text_t detail;
    airs_text_t outcome;

    /* Of the last call. */
    airs_status_t status;
    airs_text_t reason;
};

#define AIRS_REPLAYER_OF(pointer, member) \
    ((airs_replayer_t *)(void *)((char *)(pointer) - offsetof(airs_replayer_t, member)))

/* The guest asks for this: the journal's next entry must be it, with these arguments. False: the replay is over, and
 * what the guest is answered does not matter any more. `*entry` is behind the arguments. */
bool airs_replayer_expect(airs_replayer_t *self, airs_entry_kind_t kind, airs_entry_t *entry);
bool airs_replayer_expect_with(airs_replayer_t *self, airs_entry_kind_t kind, uint32_t arguments,
                               airs_entry_t *entry);

/* An entry that belongs to the one before (PEER, KEY, LIST_END). */
bool airs_replayer_follow(airs_replayer_t *self, airs_entry_t *entry);

/* The status and the text that come next in it; the text goes to `error` (may be NULL). */
airs_status_t airs_replayer_answer(airs_entry_t *entry, airs_error_t *error);

/* What the step shows: begun before the first append to self->detail or self->outcome, and shown when the entry was
 * read; false then when the entry is broken, or was the last to be reached. */
void airs_replayer_begin_step(airs_replayer_t *self);
bool airs_replayer_show(airs_replayer_t *self, airs_entry_t *entry, airs_replay_step_t *step);

/* Over, because of this. */
void airs_replayer_stray(airs_replayer_t *self, const char *format, ...) AIRS_PRINTF(2, 3);

/* "ok", or "queue-full: why". */
void airs_replayer_tell_status(airs_replayer_t *self, airs_status_t status, const airs_error_t *error);
void airs_replayer_tell_id(airs_replayer_t *self, airs_id_t id);

/* What is answered when the replay is over. */
airs_status_t airs_replayer_over(airs_error_t *error);

/* How an id in the journal becomes one; the caller owns it. NULL: it is none, or there is no memory. */
airs_component_id_t *airs_replayer_read_id(airs_replayer_t *self, airs_entry_t *entry);

extern const airs_message_router_ops_t airs_replayer_router_ops;
extern const airs_storage_backend_ops_t airs_replayer_storage_ops;

#endif
