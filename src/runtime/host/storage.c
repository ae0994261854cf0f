#include "runtime/host/storage.h"

#include "runtime/host/text.h"
#include "runtime/instance.h"
#include "security/security_context.h"

static uint8_t refuse(airs_status_t status, const airs_error_t *error, airs_ext_text_t *reason) {
    switch (status) {
    case AIRS_OK:
        return AIRS_EXT_STORAGE_OK;
    case AIRS_NOT_FOUND:
        airs_host_reason(reason, "%s", error->text);
        return AIRS_EXT_STORAGE_NOT_FOUND;
    case AIRS_ALREADY_EXISTS:
        airs_host_reason(reason, "%s", error->text);
        return AIRS_EXT_STORAGE_ALREADY_EXISTS;
    case AIRS_QUOTA_EXCEEDED:
        return AIRS_EXT_STORAGE_QUOTA_EXCEEDED;
    case AIRS_INVALID_KEY:
        airs_host_reason(reason, "%s", error->text);
        return AIRS_EXT_STORAGE_INVALID_KEY;
    default:
        airs_host_reason(reason, "%s: %s", airs_status_name(status), error->text);
        return AIRS_EXT_STORAGE_IO_ERROR;
    }
}

/* What it was granted, or what the node gives where nobody says. */
static uint64_t quota_of(const airs_wasm_instance_t *instance) {
    uint64_t granted =
        airs_capabilities_storage_quota(airs_security_context_capabilities(instance->security));
    return granted > 0 ? granted : instance->host.storage_quota;
}

/* The component's space, opened now if it was not yet. */
static airs_status_t open_space(airs_wasm_instance_t *instance, airs_error_t *error) {
    airs_storage_backend_t *backend = instance->host.storage;
    if (instance->storage != NULL) {
        return AIRS_OK;
    }
    if (backend == NULL) {
        return airs_error_set(error, AIRS_UNSUPPORTED, "this node has no storage");
    }
    return backend->ops->open(backend, instance->host.storage_space, quota_of(instance), &instance->storage,
                              error);
}

/* The same once `action` on `key` is allowed. */
static airs_status_t open_for(airs_wasm_instance_t *instance, airs_action_t action, airs_str_t key,
                              airs_error_t *error) {
    error->text[0] = '\0';
    airs_resource_t resource = airs_resource_key(key);
    airs_status_t status = airs_security_check(instance->security, action, &resource, error);
    return status == AIRS_OK ? open_space(instance, error) : status;
}

/* For what is about the space as a whole: whoever may do something there may ask. */
static airs_status_t open_for_any(airs_wasm_instance_t *instance, airs_action_t action, airs_error_t *error) {
    error->text[0] = '\0';
    airs_status_t status = airs_security_check_any(instance->security, action, error);
    return status == AIRS_OK ? open_space(instance, error) : status;
}

static const airs_storage_backend_ops_t *ops_of(const airs_wasm_instance_t *instance) {
    return instance->host.storage->ops;
}

static void take_value(void *context, airs_bytes_t value) {
    airs_ext_collect(context, (airs_ext_bytes_t){value.data, value.size});
}

static uint8_t get(void *host, airs_ext_bytes_t key, airs_ext_collector_t *into, airs_ext_text_t *reason) {
    airs_wasm_instance_t *instance = host;
    airs_error_t error;
    airs_status_t status = open_for(instance, AIRS_ACTION_STORAGE_READ, airs_host_str(key), &error);
    if (status == AIRS_OK) {
        status = ops_of(instance)->get(instance->storage, airs_host_str(key), take_value, into, &error);
        /* A get of what is not there answers none. */
        status = status == AIRS_NOT_FOUND ? AIRS_OK : status;
    }
    return refuse(status, &error, reason);
}

static uint8_t set(void *host, airs_ext_bytes_t key, airs_ext_bytes_t value, airs_ext_text_t *reason) {
    airs_wasm_instance_t *instance = host;
    airs_error_t error;
    airs_status_t status = open_for(instance, AIRS_ACTION_STORAGE_WRITE, airs_host_str(key), &error);
    if (status == AIRS_OK) {
        status = ops_of(instance)->set(instance->storage, airs_host_str(key),
                                       airs_bytes(value.data, value.size), &error);
    }
    return refuse(status, &error, reason);
}

static uint8_t delete_key(void *host, airs_ext_bytes_t key, airs_ext_text_t *reason) {
    airs_wasm_instance_t *instance = host;
    airs_error_t error;
    airs_status_t status = open_for(instance, AIRS_ACTION_STORAGE_DELETE, airs_host_str(key), &error);
    if (status == AIRS_OK) {
        status = ops_of(instance)->remove(instance->storage, airs_host_str(key), &error);
    }
    return refuse(status, &error, reason);
}

static uint8_t exists(void *host, airs_ext_bytes_t key, bool *out, airs_ext_text_t *reason) {
    airs_wasm_instance_t *instance = host;
    airs_error_t error;
    airs_status_t status = open_for(instance, AIRS_ACTION_STORAGE_READ, airs_host_str(key), &error);
    if (status == AIRS_OK) {
        status = ops_of(instance)->exists(instance->storage, airs_host_str(key), out, &error);
    }
    return refuse(status, &error, reason);
}

typedef struct listing {
    airs_wasm_instance_t *instance;
    airs_ext_collector_t *into;
    bool sees_all;
} listing_t;

/* Keys that the component may not read are not shown. */
static bool take_key(void *context, airs_str_t key) {
    const listing_t *listing = context;
    airs_resource_t resource = airs_resource_key(key);
    if (listing->sees_all ||
        airs_security_sees(listing->instance->security, AIRS_ACTION_STORAGE_READ, &resource)) {
        airs_ext_collect(listing->into, airs_host_bytes_of(key));
    }
    return true;
}

static uint8_t list_keys(void *host, airs_ext_bytes_t prefix, airs_ext_collector_t *into,
                         airs_ext_text_t *reason) {
    airs_wasm_instance_t *instance = host;
    airs_error_t error;
    airs_status_t status = open_for_any(instance, AIRS_ACTION_STORAGE_READ, &error);
    if (status == AIRS_OK) {
        listing_t listing = {instance, into,
                             airs_security_sees_all(instance->security, AIRS_ACTION_STORAGE_READ)};
        status = ops_of(instance)->list(instance->storage, airs_host_str(prefix), take_key, &listing, &error);
    }
    return refuse(status, &error, reason);
}

static uint8_t usage(void *host, uint64_t out[3], airs_ext_text_t *reason) {
    airs_wasm_instance_t *instance = host;
    airs_storage_usage_t used;
    airs_error_t error;
    airs_status_t status = open_for_any(instance, AIRS_ACTION_STORAGE_READ, &error);
    if (status == AIRS_OK) {
        status = ops_of(instance)->usage(instance->storage, &used, &error);
    }
    if (status == AIRS_OK) {
        out[0] = used.used_bytes;
        out[1] = used.quota_bytes;
        out[2] = used.key_count;
    }
    return refuse(status, &error, reason);
}

wasmtime_error_t *airs_host_storage_link(wasmtime_component_linker_t *linker) {
    static const airs_ext_storage_t host = {
        .get = get,
        .set = set,
        .remove = delete_key,
        .exists = exists,
        .list_keys = list_keys,
        .usage = usage,
    };
    return airs_ext_linker_add_storage(linker, &host);
}
