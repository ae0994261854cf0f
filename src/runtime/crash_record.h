/* The format of a crash file: eight bytes that say what it is, a version, a HEADER entry (what crashed, how, and in
 * what engine), the journal, and a checksum over all of it. docs/guide/replay.md says what it is for. */
#ifndef AIRSSYS_RUNTIME_CRASH_RECORD_H
#define AIRSSYS_RUNTIME_CRASH_RECORD_H

#include <airssys/error.h>

#include "core/runtime_engine.h"
#include "runtime/journal.h"
#include "security/digest.h"

/* BLAKE2b. It tells damage, not forgery. */
#define AIRS_CRASH_CHECKSUM_SIZE 32

/* The magic and the version. */
#define AIRS_CRASH_PREFIX_SIZE 12

/* Views into whatever it was made of or read from. */
typedef struct airs_crash_record {
    airs_str_t airssys_version;
    airs_str_t engine_version;
    airs_str_t machine;   /* "x86_64" */
    airs_digest_t digest; /* of the component's file */
    airs_str_t source;    /* the component's path as it was loaded, or its name */
    airs_str_t id;        /* of the actor */
    uint64_t crashed_ns;  /* since 1970 */
    airs_instance_limits_t limits;
    uint64_t engine_memory_bytes; /* the largest linear memory */
    uint64_t slice_fuel;          /* 0: slices are counted in time */
    bool consume_fuel;
    uint64_t guest_stack_bytes;
    uint64_t fiber_stack_bytes;
    airs_status_t status;
    airs_str_t reason; /* with the backtrace; zero-terminated when it was read */
    uint64_t entries;  /* of the journal that are counted */
} airs_crash_record_t;

/* Begins a crash file: the magic, the version and the header. `out` belongs to the caller. AIRS_OUT_OF_MEMORY. */
airs_status_t airs_crash_record_encode(const airs_allocator_t *allocator, const airs_crash_record_t *record,
                                       uint8_t **out, size_t *size);

/* A checksum over parts of which the last one is the checksum itself, left out and filled. */
void airs_crash_record_seal(const airs_bytes_t *parts, size_t count,
                            uint8_t checksum[AIRS_CRASH_CHECKSUM_SIZE]);

/* Reads a whole crash file, which is not trusted. `*journal` is the part with the entries. AIRS_INVALID_ARGUMENT:
 * `error` says what is wrong with it: not a crash file, of another version, cut off, or damaged. */
airs_status_t airs_crash_record_decode(airs_bytes_t file, airs_crash_record_t *out, airs_bytes_t *journal,
                                       airs_error_t *error);

/* Whether this end comes again wherever the journal is run: those by time, memory or stack depth depend on the
 * machine, and others are somebody's decision. */
bool airs_crash_comes_again(airs_status_t status);

#endif
