/* Durable keys and values, as an interface: LMDB in a node, memory in tests and where nothing is kept.
 *
 * A space is one component's (or instance's) keys; nothing crosses spaces. Reads are answered at once and never wait
 * for a writer. A write may take its time, until it is as durable as the backend promises: it answers AIRS_PENDING
 * then, and whoever made it parks and asks `waited` when it is woken. What was read after a write was answered has
 * that write in it.
 *
 * The errors are those of storage-error in wit/airssys-core, and what else is told apart: AIRS_INVALID_KEY (empty,
 * longer than AIRS_STORAGE_KEY_MAX, or with a zero byte), AIRS_QUOTA_EXCEEDED, AIRS_NOT_FOUND, AIRS_CONFLICT (see
 * airs_storage_write_t), AIRS_INVALID_ARGUMENT (what is not a number cannot be counted up), AIRS_OUT_OF_MEMORY, and
 * AIRS_IO (the value is too large, the disk is full, or does not work). A write that failed has changed nothing. */
#ifndef AIRSSYS_CORE_STORAGE_BACKEND_H
#define AIRSSYS_CORE_STORAGE_BACKEND_H

#include <airssys/bytes.h>
#include <airssys/error.h>

#define AIRS_STORAGE_KEY_MAX 400
#define AIRS_STORAGE_VALUE_MAX ((size_t)16 << 20)

/* Of all keys and values of one write together. */
#define AIRS_STORAGE_WRITE_MAX ((size_t)64 << 20)

typedef struct airs_storage_usage {
    uint64_t used_bytes;  /* keys and values */
    uint64_t quota_bytes; /* UINT64_MAX: none */
    uint64_t key_count;
} airs_storage_usage_t;

typedef enum airs_storage_write_kind {
    /* Makes all of its changes, in their order, or none. A key that is removed need not be there. */
    AIRS_STORAGE_CHANGE,
    /* Removes the key of its one change. AIRS_NOT_FOUND when it is not there. */
    AIRS_STORAGE_REMOVE,
    /* Makes its one change if the key has the expected value, or is not there as expected; AIRS_CONFLICT otherwise. */
    AIRS_STORAGE_SWAP,
    /* Adds `delta` to the number that the key of its one change has, in decimal digits, and answers the sum; a key
     * that is not there has 0. AIRS_INVALID_ARGUMENT when the value is no such number, or the sum would not be. */
    AIRS_STORAGE_INCREMENT,
} airs_storage_write_kind_t;

typedef struct airs_storage_change {
    airs_str_t key;
    airs_bytes_t value;
    bool removes; /* there is no value: the key goes */
} airs_storage_change_t;

/* What is to be changed, at once: nobody ever sees a part of it, not after a crash either. Borrowed for the call. */
typedef struct airs_storage_write {
    airs_storage_write_kind_t kind;
    const airs_storage_change_t *changes;
    size_t count;

    bool expects_value; /* SWAP: false: that the key is not there */
    airs_bytes_t expected;

    bool
        is_signed; /* INCREMENT: from INT64_MIN to INT64_MAX, and `delta` is one such; else from 0 to UINT64_MAX */
    uint64_t delta;
} airs_storage_write_t;

/* What a write answered beside its status. */
typedef struct airs_storage_result {
    uint64_t number; /* INCREMENT: the sum; an int64_t's bits when it is signed */
} airs_storage_result_t;

/* Which keys are listed: those that start with `prefix` and are behind `after`; empty: all. */
typedef struct airs_storage_range {
    airs_str_t prefix;
    airs_str_t after;
} airs_storage_range_t;

/* Told when a write that is pending has ended: on any thread, possibly before `write` has returned, and not after
 * `close` has. It calls nothing of the backend. */
typedef struct airs_storage_waker {
    void (*wake)(void *context);
    void *context;
} airs_storage_waker_t;

typedef struct airs_storage_backend airs_storage_backend_t;
typedef struct airs_storage_space airs_storage_space_t;

/* Called from any thread; one opened space is used by one thread at a time. */
typedef struct airs_storage_backend_ops {
    /* The space with this name, made when there is none; several may have it open. `quota_bytes` UINT64_MAX: no
     * bound. `waker` is copied. */
    airs_status_t (*open)(airs_storage_backend_t *backend, airs_str_t name, uint64_t quota_bytes,
                          const airs_storage_waker_t *waker, airs_storage_space_t **out, airs_error_t *error);
    /* A write that is pending is made, and nobody hears of it. NULL is fine. */
    void (*close)(airs_storage_space_t *space);

    /* Calls take(context, index, value) for each of the keys that is there, in their order, with a value borrowed for
     * that call: one consistent view of all. What is not there is no error. `take` calls nothing of the backend. */
    airs_status_t (*get)(airs_storage_space_t *space, const airs_str_t *keys, size_t count,
                         void (*take)(void *context, size_t index, airs_bytes_t value), void *context,
                         airs_error_t *error);
    airs_status_t (*exists)(airs_storage_space_t *space, airs_str_t key, bool *out, airs_error_t *error);
    /* Calls each(context, key) for the keys of the range, in byte order, over one consistent view. `each` returns
     * false to stop, and calls nothing of the backend. */
    airs_status_t (*list)(airs_storage_space_t *space, const airs_storage_range_t *range,
                          bool (*each)(void *context, airs_str_t key), void *context, airs_error_t *error);
    airs_status_t (*usage)(airs_storage_space_t *space, airs_storage_usage_t *out, airs_error_t *error);

    /* AIRS_PENDING: it was copied, and `waited` tells how it ended; a space has one such write at a time. */
    airs_status_t (*write)(airs_storage_space_t *space, const airs_storage_write_t *write,
                           airs_storage_result_t *result, airs_error_t *error);
    /* How the write that answered AIRS_PENDING ended, told once; AIRS_PENDING when it has not: the waker will be
     * told. AIRS_INVALID_STATE when there is none. */
    airs_status_t (*waited)(airs_storage_space_t *space, airs_storage_result_t *result, airs_error_t *error);

    /* After all spaces were closed. What is pending is made first. NULL is fine. */
    void (*destroy)(airs_storage_backend_t *backend);
} airs_storage_backend_ops_t;

struct airs_storage_backend {
    const airs_storage_backend_ops_t *ops;
};

struct airs_storage_space {
    airs_storage_backend_t *backend;
};

#endif
