/* Runs a crash again: the component of a crash file in an engine of its own, called as the journal says, with imports
 * that answer what the journal says. There is nothing else in its world: no other actor, no network, no file, no clock.
 *
 * A guest that asks for something else than it did, or with other arguments, has diverged; that is found where it
 * happens, and said. One thread uses a replayer. */
#ifndef AIRSSYS_RUNTIME_REPLAYER_H
#define AIRSSYS_RUNTIME_REPLAYER_H

#include <airssys/log.h>

#include "core/runtime_engine.h"
#include "runtime/crash_record.h"

typedef struct airs_replayer airs_replayer_t;

/* Reads the crash file, which must live as long as the replayer and is not trusted, and looks through its journal.
 * AIRS_INVALID_ARGUMENT says what is wrong with it, AIRS_OUT_OF_MEMORY. */
airs_status_t airs_replayer_create(const airs_allocator_t *allocator, airs_bytes_t file,
                                   airs_replayer_t **out, airs_error_t *error);

/* NULL is fine. */
void airs_replayer_destroy(airs_replayer_t *replayer);

/* What crashed, and how. Lives as long as the replayer. */
const airs_crash_record_t *airs_replayer_record(const airs_replayer_t *replayer);

/* When it started, since 1970. */
uint64_t airs_replayer_started_ns(const airs_replayer_t *replayer);

/* One thing that happens; borrowed for the callback. */
typedef struct airs_replay_step {
    uint64_t number;      /* from 1; of the end of a call: that of the entry before */
    const char *name;     /* "handle-message", "send"; of the end of a call "end" */
    bool is_call;         /* of an export; otherwise of an import, or an end */
    bool is_end;          /* of the call */
    airs_str_t detail;    /* "from app/a/0", "key \"x\""; may be empty */
    bool has_payload;     /* it carries one: of a message, a value that is stored */
    airs_bytes_t payload; /* likewise */
    airs_str_t outcome;   /* what it was answered: "ok", "queue-full: …", "17"; empty for a call */
    bool has_answer;      /* and it carried something: a response, a value */
    airs_bytes_t answer;
} airs_replay_step_t;

/* Zeroed members mean none. */
typedef struct airs_replay_options {
    const char *component; /* the file; NULL: where it was when it crashed */
    const char
        *cache_dir; /* this and the next as airs_wasm_engine_options_t; it is compiled by the other process */
    const char *compiler;
    airs_log_t *log; /* takes what the guest logs and writes, at every level */
    uint64_t until;  /* stop before the entry with this number takes effect; 0: go on to the end */
    void (*step)(void *context, const airs_replay_step_t *step);
    void *context;
} airs_replay_options_t;

typedef enum airs_replay_end {
    AIRS_REPLAY_SAME,        /* status, reason and backtrace are those of the crash */
    AIRS_REPLAY_AS_RECORDED, /* it came as far, and its end is one that depends on the machine: taken as recorded */
    AIRS_REPLAY_STOPPED,  /* as `until` asked */
    AIRS_REPLAY_DIVERGED, /* it went another way, or ended otherwise */
} airs_replay_end_t;

/* How it went; valid until the replayer's end. */
typedef struct airs_replay_result {
    airs_replay_end_t end;
    airs_status_t status; /* SAME and DIVERGED: how the last call ended here; AIRS_OK: it did not fail */
    /* With the backtrace; "" for AIRS_OK. STOPPED: the backtrace of where the guest is, a little behind the entry, which
     * begins with a line's end; "" when it is not within a call. */
    const char *reason;
    uint64_t number;     /* of the last entry that was reached */
    const char *trouble; /* DIVERGED: what was other, and where; otherwise "" */
} airs_replay_result_t;

/* Once for each replayer. AIRS_IO, AIRS_INVALID_COMPONENT (the file is not the component that crashed) and what else
 * loading answers; AIRS_OUT_OF_MEMORY. */
airs_status_t airs_replayer_run(airs_replayer_t *replayer, const airs_replay_options_t *options,
                                airs_replay_result_t *out, airs_error_t *error);

#endif
