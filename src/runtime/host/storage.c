#include "runtime/host/storage.h"

#include "runtime/host/bucket_table.h"
#include "runtime/host/text.h"
#include "runtime/instance.h"
#include "security/security_context.h"

static uint8_t refuse(airs_status_t status, const airs_error_t *error, airs_ext_text_t *reason) {
    switch (status) {
    case AIRS_OK:
        return AIRS_EXT_STORAGE_OK;
    case AIRS_PENDING:
        return AIRS_EXT_PENDING;
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

/* A namespace has slashes too, so that the instance "shop/eu/cart" of shop/eu and the component "cart" of the namespace
 * "shop/eu" have one name. No component's ends with a slash; an instance's space does. */
static airs_str_t space_name(const airs_host_t *host, char buffer[AIRS_ID_MAX + 4]) {
    airs_str_t name = host->storage_space;
    if (!host->storage_by_instance) {
        return name;
    }
    memcpy(buffer, name.data, name.size);
    buffer[name.size] = '/';
    return airs_str_n(buffer, name.size + 1);
}

airs_status_t airs_host_storage_open(airs_wasm_instance_t *instance, airs_error_t *error) {
    airs_storage_backend_t *backend = instance->host.storage;
    if (instance->storage != NULL) {
        return AIRS_OK;
    }
    if (backend == NULL) {
        return airs_error_set(error, AIRS_UNSUPPORTED, "this node has no storage");
    }
    char buffer[AIRS_ID_MAX + 4];
    airs_storage_waker_t waker = {instance->host.wake, instance->host.wake_context};
    return backend->ops->open(backend, space_name(&instance->host, buffer), quota_of(instance), &waker,
                              &instance->storage, error);
}

/* The same once `action` on `key` is allowed. What is in a bucket is reached through wasi:keyvalue, where it is granted by
 * the bucket's name. */
static airs_status_t open_for(airs_wasm_instance_t *instance, airs_action_t action, airs_str_t key,
                              airs_error_t *error) {
    error->text[0] = '\0';
    if (airs_bucket_has_mark(key)) {
        return airs_error_set(error, AIRS_INVALID_KEY, "the key begins with U+001F, as those in buckets do");
    }
    airs_resource_t resource = airs_resource_key(key);
    airs_status_t status = airs_security_check(instance->security, action, &resource, error);
    return status == AIRS_OK ? airs_host_storage_open(instance, error) : status;
}

/* For what is about the space as a whole: whoever may do something there may ask. */
static airs_status_t open_for_any(airs_wasm_instance_t *instance, airs_action_t action, airs_error_t *error) {
    error->text[0] = '\0';
    airs_status_t status = airs_security_check_any(instance->security, action, error);
    return status == AIRS_OK ? airs_host_storage_open(instance, error) : status;
}

static const airs_storage_backend_ops_t *ops_of(const airs_wasm_instance_t *instance) {
    return instance->storage->backend->ops;
}

static void take_value(void *context, size_t index, airs_bytes_t value) {
    (void)index;
    airs_ext_put_value(context, (airs_ext_bytes_t){value.data, value.size});
}

/* A get of what is not there answers none. */
static uint8_t get(void *host, airs_ext_bytes_t key, airs_ext_value_t *into, airs_ext_text_t *reason) {
    airs_wasm_instance_t *instance = host;
    airs_str_t text = airs_host_str(key);
    airs_error_t error;
    airs_status_t status = open_for(instance, AIRS_ACTION_STORAGE_READ, text, &error);
    if (status == AIRS_OK) {
        status = ops_of(instance)->get(instance->storage, &text, 1, take_value, into, &error);
    }
    return refuse(status, &error, reason);
}

/* One key's change; the guest parks when the answer is AIRS_EXT_PENDING. */
static uint8_t write_key(airs_wasm_instance_t *instance, airs_action_t action, airs_storage_write_kind_t kind,
                         airs_storage_change_t change, airs_ext_text_t *reason) {
    airs_storage_write_t write = {.kind = kind, .changes = &change, .count = 1};
    airs_storage_result_t result;
    airs_error_t error;
    airs_status_t status = open_for(instance, action, change.key, &error);
    if (status == AIRS_OK) {
        status = ops_of(instance)->write(instance->storage, &write, &result, &error);
    }
    return refuse(status, &error, reason);
}

static uint8_t set(void *host, airs_ext_bytes_t key, airs_ext_bytes_t value, airs_ext_text_t *reason) {
    airs_storage_change_t change = {.key = airs_host_str(key), .value = airs_bytes(value.data, value.size)};
    return write_key(host, AIRS_ACTION_STORAGE_WRITE, AIRS_STORAGE_CHANGE, change, reason);
}

static uint8_t delete_key(void *host, airs_ext_bytes_t key, airs_ext_text_t *reason) {
    airs_storage_change_t change = {.key = airs_host_str(key), .removes = true};
    return write_key(host, AIRS_ACTION_STORAGE_DELETE, AIRS_STORAGE_REMOVE, change, reason);
}

static uint8_t waited(void *host, airs_ext_text_t *reason) {
    airs_wasm_instance_t *instance = host;
    airs_storage_result_t result;
    airs_error_t error;
    airs_status_t status = ops_of(instance)->waited(instance->storage, &result, &error);
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
    bool met_marked; /* it has come to the keys of buckets */
} listing_t;

/* Keys that the component may not read are not shown. */
static bool take_key(void *context, airs_str_t key) {
    listing_t *listing = context;
    if (airs_bucket_has_mark(key)) {
        listing->met_marked = true;
        return false;
    }
    airs_resource_t resource = airs_resource_key(key);
    if (listing->sees_all ||
        airs_security_sees(listing->instance->security, AIRS_ACTION_STORAGE_READ, &resource)) {
        airs_ext_collect(listing->into, airs_host_bytes_of(key));
    }
    return true;
}

static airs_status_t list(airs_wasm_instance_t *instance, airs_str_t prefix, airs_ext_collector_t *into,
                          airs_error_t *error) {
    const airs_storage_backend_ops_t *ops = ops_of(instance);
    listing_t listing = {.instance = instance,
                         .into = into,
                         .sees_all = airs_security_sees_all(instance->security, AIRS_ACTION_STORAGE_READ)};
    airs_storage_range_t range = {.prefix = prefix};
    airs_status_t status = ops->list(instance->storage, &range, take_key, &listing, error);
    if (status == AIRS_OK && listing.met_marked) {
        range.after = airs_str(AIRS_BUCKET_BEHIND_MARKED);
        status = ops->list(instance->storage, &range, take_key, &listing, error);
    }
    return status;
}

static uint8_t list_keys(void *host, airs_ext_bytes_t prefix, airs_ext_collector_t *into,
                         airs_ext_text_t *reason) {
    airs_wasm_instance_t *instance = host;
    airs_error_t error;
    airs_status_t status = open_for_any(instance, AIRS_ACTION_STORAGE_READ, &error);
    if (status == AIRS_OK) {
        status = list(instance, airs_host_str(prefix), into, &error);
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
        .waited = waited,
    };
    return airs_ext_linker_add_storage(linker, &host);
}
