/* Durable keys and values, as an interface: LMDB in a node, memory in tests.
 *
 * A space is one component's (or instance's) keys; nothing crosses spaces. All functions are called
 * from any thread. The errors are those of storage-error in wit/airssys-core: AIRS_INVALID_KEY
 * (empty, longer than AIRS_STORAGE_KEY_MAX, or with a zero byte), AIRS_QUOTA_EXCEEDED, AIRS_IO,
 * AIRS_NOT_FOUND. */
#ifndef AIRSSYS_CORE_STORAGE_BACKEND_H
#define AIRSSYS_CORE_STORAGE_BACKEND_H

#include <airssys/bytes.h>
#include <airssys/error.h>

#define AIRS_STORAGE_KEY_MAX 400
#define AIRS_STORAGE_VALUE_MAX ((size_t)16 << 20)

typedef struct airs_storage_usage {
    uint64_t used_bytes;  /* keys and values */
    uint64_t quota_bytes; /* UINT64_MAX: none */
    uint64_t key_count;
} airs_storage_usage_t;

typedef struct airs_storage_backend airs_storage_backend_t;
typedef struct airs_storage_space airs_storage_space_t;

typedef struct airs_storage_backend_ops {
    /* The space with this name, made when there is none. `quota_bytes` UINT64_MAX: no bound. */
    airs_status_t (*open)(airs_storage_backend_t *backend, airs_str_t name, uint64_t quota_bytes,
                          airs_storage_space_t **out, airs_error_t *error);
    void (*close)(airs_storage_space_t *space);

    /* Calls take(context, value) with a value borrowed for that call, or not at all when there is no
     * such key (AIRS_NOT_FOUND). */
    airs_status_t (*get)(airs_storage_space_t *space, airs_str_t key,
                         void (*take)(void *context, airs_bytes_t value), void *context, airs_error_t *error);
    airs_status_t (*set)(airs_storage_space_t *space, airs_str_t key, airs_bytes_t value,
                         airs_error_t *error);
    /* AIRS_NOT_FOUND when there was none. */
    airs_status_t (*remove)(airs_storage_space_t *space, airs_str_t key, airs_error_t *error);
    airs_status_t (*exists)(airs_storage_space_t *space, airs_str_t key, bool *out, airs_error_t *error);
    /* Calls each(context, key) for the keys that start with `prefix`, in byte order, over one
     * consistent view. `each` returns false to stop. */
    airs_status_t (*list)(airs_storage_space_t *space, airs_str_t prefix,
                          bool (*each)(void *context, airs_str_t key), void *context, airs_error_t *error);
    airs_status_t (*usage)(airs_storage_space_t *space, airs_storage_usage_t *out, airs_error_t *error);
    void (*destroy)(airs_storage_backend_t *backend);
} airs_storage_backend_ops_t;

struct airs_storage_backend {
    const airs_storage_backend_ops_t *ops;
};

struct airs_storage_space {
    airs_storage_backend_t *backend;
};

#endif
