#include "runtime/host/keyvalue.h"

#include <stdio.h>

#include "core/memory.h"
#include "core/utf8.h"
#include "runtime/host/bucket_table.h"
#include "runtime/host/storage.h"
#include "runtime/host/text.h"
#include "runtime/instance.h"
#include "security/security_context.h"

/* Of one batch, and of one page of a list. */
#define KEYS_MAX 10000

/* Of the values of one batch, together. */
#define VALUES_MAX AIRS_STORAGE_WRITE_MAX

/* A mark, a name, a mark, a key. */
#define FULL_KEY_MAX (AIRS_BUCKET_NAME_MAX + 2 + AIRS_STORAGE_KEY_MAX)

static uint8_t refuse(airs_status_t status, const airs_error_t *error, airs_ext_text_t *reason) {
    switch (status) {
    case AIRS_OK:
        return AIRS_EXT_KEYVALUE_OK;
    case AIRS_PENDING:
        return AIRS_EXT_PENDING;
    case AIRS_UNSUPPORTED: /* there is no storage */
        return AIRS_EXT_KEYVALUE_NO_SUCH_STORE;
    case AIRS_CAPABILITY_DENIED:
        return AIRS_EXT_KEYVALUE_ACCESS_DENIED;
    default:
        airs_host_reason(reason, "%s: %s", airs_status_name(status),
                         error->text[0] != '\0' ? error->text : airs_status_text(status));
        return AIRS_EXT_KEYVALUE_OTHER;
    }
}

/* ---- keys ---- */

/* A key of a bucket: as the storage has it, and as capabilities see it. */
typedef struct full_key {
    airs_str_t stored;
    airs_str_t shown;
} full_key_t;

typedef struct key_buffer {
    char stored[FULL_KEY_MAX];
    char shown[FULL_KEY_MAX];
} key_buffer_t;

/* "\x1fNAME\x1f", or nothing. */
static airs_str_t prefix_of(airs_str_t name, char *out) {
    if (name.size == 0) {
        return airs_str_n(out, 0);
    }
    out[0] = AIRS_BUCKET_MARK;
    memcpy(out + 1, name.data, name.size);
    out[1 + name.size] = AIRS_BUCKET_MARK;
    return airs_str_n(out, name.size + 2);
}

static airs_status_t make_key(airs_str_t name, airs_str_t key, key_buffer_t *buffer, full_key_t *out,
                              airs_error_t *error) {
    if (key.size == 0 || key.size > AIRS_STORAGE_KEY_MAX || airs_bucket_has_mark(key)) {
        return airs_error_set(error, AIRS_INVALID_KEY,
                              "a key of a bucket has 1 to %d bytes, and does not begin with U+001F",
                              AIRS_STORAGE_KEY_MAX);
    }
    if (name.size == 0) {
        *out = (full_key_t){key, key};
        return AIRS_OK;
    }
    out->stored = prefix_of(name, buffer->stored);
    if (out->stored.size + key.size > AIRS_STORAGE_KEY_MAX) {
        return airs_error_set(error, AIRS_INVALID_KEY, "a key of the bucket \"%.*s\" has at most %zu bytes",
                              AIRS_STR_ARG(name), AIRS_STORAGE_KEY_MAX - out->stored.size);
    }
    memcpy(buffer->stored + out->stored.size, key.data, key.size);
    out->stored.size += key.size;
    int size =
        snprintf(buffer->shown, sizeof buffer->shown, "%.*s/%.*s", AIRS_STR_ARG(name), AIRS_STR_ARG(key));
    out->shown = airs_str_n(buffer->shown, (size_t)size);
    /* What is behind a zero character would not be seen. */
    return memchr(key.data, '\0', key.size) == NULL
               ? AIRS_OK
               : airs_error_set(error, AIRS_INVALID_KEY, "a key has no zero character");
}

static airs_str_t name_of(const airs_bucket_t *bucket) { return airs_str_n(bucket->name, bucket->name_size); }

/* ---- what is asked ---- */

/* A call on a bucket. */
typedef struct asked {
    airs_wasm_instance_t *instance;
    const airs_storage_backend_ops_t *ops;
    airs_error_t error;
} asked_t;

static airs_status_t begin(airs_wasm_instance_t *instance, asked_t *asked) {
    asked->instance = instance;
    asked->error.text[0] = '\0';
    airs_status_t status = airs_host_storage_open(instance, &asked->error);
    asked->ops = status == AIRS_OK ? instance->host.storage->ops : NULL;
    return status;
}

static airs_status_t allow(asked_t *asked, airs_action_t action, airs_str_t key) {
    airs_resource_t resource = airs_resource_key(key);
    return airs_security_check(asked->instance->security, action, &resource, &asked->error);
}

static airs_bucket_t *bucket_of(airs_wasm_instance_t *instance, uint32_t number) {
    return airs_bucket_table_bucket(&instance->buckets, number);
}

/* ---- buckets ---- */

/* Whether there can be such a bucket: what is in it is made when it is written to. */
static bool is_bucket_name(airs_str_t name) {
    bool plain = name.size > 0 && name.size <= AIRS_BUCKET_NAME_MAX && airs_utf8_valid(name);
    for (size_t i = 0; plain && i < name.size;) {
        uint32_t character = 0;
        size_t size = airs_utf8_decode(airs_str_n(name.data + i, name.size - i), &character);
        plain = character != '/' && !airs_utf8_is_control(character);
        i += size;
    }
    return plain;
}

static bool is_own_space(airs_str_t name) {
    return name.size == 0 || airs_str_equal(name, airs_str("default"));
}

/* Whoever may do something there may open it. */
static airs_status_t allow_open(airs_wasm_instance_t *instance, airs_error_t *error) {
    static const airs_action_t actions[] = {AIRS_ACTION_STORAGE_READ, AIRS_ACTION_STORAGE_WRITE,
                                            AIRS_ACTION_STORAGE_DELETE};
    airs_status_t status = AIRS_CAPABILITY_DENIED;
    for (size_t i = 0; i < sizeof actions / sizeof *actions && status != AIRS_OK; i++) {
        status = airs_security_check_any(instance->security, actions[i], error);
    }
    return status;
}

static airs_status_t full(airs_status_t status, airs_error_t *error) {
    if (status == AIRS_RESOURCE_LIMIT) {
        return airs_error_set(error, status, "%d buckets and compare-and-swaps are open already",
                              AIRS_BUCKETS_MAX);
    }
    return status == AIRS_OK ? status : airs_error_set(error, status, "%s", airs_status_text(status));
}

static uint8_t open_bucket(void *host, airs_ext_bytes_t name, uint32_t *number, airs_ext_text_t *reason) {
    airs_wasm_instance_t *instance = host;
    airs_str_t text = airs_host_str(name);
    airs_bucket_t *bucket = NULL;
    airs_error_t error;
    if (!is_own_space(text) && !is_bucket_name(text)) {
        return AIRS_EXT_KEYVALUE_NO_SUCH_STORE;
    }
    error.text[0] = '\0';
    airs_status_t status = allow_open(instance, &error);
    if (status == AIRS_OK) {
        status = airs_host_storage_open(instance, &error);
    }
    if (status == AIRS_OK) {
        instance->buckets.allocator = instance->engine->options.allocator;
        status = full(airs_bucket_table_add_bucket(&instance->buckets, number, &bucket), &error);
    }
    if (status == AIRS_OK && !is_own_space(text)) {
        bucket->name_size = text.size;
        memcpy(bucket->name, text.data, text.size);
    }
    return refuse(status, &error, reason);
}

static void drop(void *host, uint32_t number) {
    airs_bucket_table_drop(&((airs_wasm_instance_t *)host)->buckets, number);
}

/* ---- reading ---- */

static uint8_t check_count(void *host, size_t count, airs_ext_text_t *reason) {
    (void)host;
    if (count <= KEYS_MAX) {
        return AIRS_EXT_KEYVALUE_OK;
    }
    airs_host_reason(reason, "%zu keys at once; there may be %d", count, KEYS_MAX);
    return AIRS_EXT_KEYVALUE_OTHER;
}

typedef struct taking {
    airs_ext_values_t *into;
    size_t bytes;
} taking_t;

/* What is too much is not taken any more, and the whole answer is refused. */
static void take_value(void *context, size_t index, airs_bytes_t value) {
    taking_t *taking = context;
    taking->bytes += value.size;
    if (taking->bytes <= VALUES_MAX) {
        airs_ext_collect_value(taking->into, index, (airs_ext_bytes_t){value.data, value.size});
    }
}

/* A batch's keys, in one block. */
typedef struct key_list {
    airs_str_t *keys;
    key_buffer_t *buffers;
} key_list_t;

static airs_status_t make_keys(asked_t *asked, const airs_bucket_t *bucket, const airs_ext_bytes_t *keys,
                               size_t count, key_list_t *out) {
    const airs_allocator_t *allocator = asked->instance->engine->options.allocator;
    bool copies = bucket->name_size > 0;
    out->keys = airs_alloc_array(allocator, count + 1, sizeof *out->keys);
    out->buffers = airs_alloc_array(allocator, copies ? count + 1 : 1, sizeof *out->buffers);
    airs_status_t status = out->keys != NULL && out->buffers != NULL ? AIRS_OK : AIRS_OUT_OF_MEMORY;
    for (size_t i = 0; i < count && status == AIRS_OK; i++) {
        full_key_t key;
        status = make_key(name_of(bucket), airs_host_str(keys[i]), &out->buffers[copies ? i : 0], &key,
                          &asked->error);
        if (status == AIRS_OK) {
            out->keys[i] = key.stored;
            status = allow(asked, AIRS_ACTION_STORAGE_READ, key.shown);
        }
    }
    return status;
}

static airs_status_t get_keys(asked_t *asked, const airs_bucket_t *bucket, const airs_ext_bytes_t *keys,
                              size_t count, airs_ext_values_t *into) {
    const airs_allocator_t *allocator = asked->instance->engine->options.allocator;
    key_list_t list = {0};
    taking_t taking = {.into = into};
    airs_status_t status = make_keys(asked, bucket, keys, count, &list);
    if (status == AIRS_OK) {
        status =
            asked->ops->get(asked->instance->storage, list.keys, count, take_value, &taking, &asked->error);
    }
    if (status == AIRS_OK && taking.bytes > VALUES_MAX) {
        status = airs_error_set(&asked->error, AIRS_RESOURCE_LIMIT,
                                "the values have more than %zu MiB together; ask for fewer keys at once",
                                VALUES_MAX >> 20);
    }
    airs_release(allocator, list.keys);
    airs_release(allocator, list.buffers);
    return status;
}

/* The most frequent: one key, without memory. */
static airs_status_t get_key(asked_t *asked, airs_str_t name, airs_str_t key,
                             void (*take)(void *context, size_t index, airs_bytes_t value), void *context) {
    key_buffer_t buffer;
    full_key_t full_key;
    airs_status_t status = make_key(name, key, &buffer, &full_key, &asked->error);
    if (status == AIRS_OK) {
        status = allow(asked, AIRS_ACTION_STORAGE_READ, full_key.shown);
    }
    return status == AIRS_OK
               ? asked->ops->get(asked->instance->storage, &full_key.stored, 1, take, context, &asked->error)
               : status;
}

static uint8_t get(void *host, uint32_t number, const airs_ext_bytes_t *keys, size_t count,
                   airs_ext_values_t *into, airs_ext_text_t *reason) {
    asked_t asked;
    airs_status_t status = begin(host, &asked);
    const airs_bucket_t *bucket = bucket_of(host, number);
    if (status == AIRS_OK && count == 1) {
        taking_t taking = {.into = into};
        status = get_key(&asked, name_of(bucket), airs_host_str(keys[0]), take_value, &taking);
    } else if (status == AIRS_OK && count > 1) {
        status = get_keys(&asked, bucket, keys, count, into);
    }
    return refuse(status, &asked.error, reason);
}

static uint8_t exists(void *host, uint32_t number, airs_ext_bytes_t key, bool *out, airs_ext_text_t *reason) {
    asked_t asked;
    key_buffer_t buffer;
    full_key_t full_key;
    airs_status_t status = begin(host, &asked);
    if (status == AIRS_OK) {
        status =
            make_key(name_of(bucket_of(host, number)), airs_host_str(key), &buffer, &full_key, &asked.error);
    }
    if (status == AIRS_OK) {
        status = allow(&asked, AIRS_ACTION_STORAGE_READ, full_key.shown);
    }
    if (status == AIRS_OK) {
        status = asked.ops->exists(asked.instance->storage, full_key.stored, out, &asked.error);
    }
    return refuse(status, &asked.error, reason);
}

/* ---- listing ---- */

typedef struct listing {
    asked_t *asked;
    const airs_bucket_t *bucket;
    airs_ext_collector_t *into;
    size_t prefix_size;
    bool sees_all;
    bool met_marked; /* it has come to the keys of other buckets */
    bool has_more;
    uint64_t skip;
    uint64_t count;
    size_t last_size;
    char last[AIRS_STORAGE_KEY_MAX];
} listing_t;

static bool is_visible(const listing_t *listing, airs_str_t key) {
    char shown[FULL_KEY_MAX];
    if (listing->sees_all) {
        return true;
    }
    airs_str_t text = key;
    if (listing->bucket->name_size > 0) {
        int size = snprintf(shown, sizeof shown, "%.*s/%.*s", AIRS_STR_ARG(name_of(listing->bucket)),
                            AIRS_STR_ARG(key));
        text = airs_str_n(shown, (size_t)size);
    }
    airs_resource_t resource = airs_resource_key(text);
    return airs_security_sees(listing->asked->instance->security, AIRS_ACTION_STORAGE_READ, &resource);
}

static bool take_key(void *context, airs_str_t stored) {
    listing_t *listing = context;
    airs_str_t key = airs_str_n(stored.data + listing->prefix_size, stored.size - listing->prefix_size);
    if (listing->prefix_size == 0 && airs_bucket_has_mark(key)) {
        listing->met_marked = true;
        return false;
    }
    if (!is_visible(listing, key)) {
        return true;
    }
    if (listing->skip > 0) {
        listing->skip--;
        return true;
    }
    if (listing->count == KEYS_MAX) {
        listing->has_more = true;
        return false;
    }
    airs_ext_collect(listing->into, airs_host_bytes_of(key));
    listing->count++;
    listing->last_size = key.size;
    memcpy(listing->last, key.data, key.size);
    return true;
}

/* Those of the bucket that are behind `after`, by the names they have in it. */
static airs_status_t list_from(listing_t *listing, airs_str_t after) {
    const airs_storage_backend_ops_t *ops = listing->asked->ops;
    airs_storage_space_t *space = listing->asked->instance->storage;
    char prefix[AIRS_BUCKET_NAME_MAX + 2];
    char start[FULL_KEY_MAX];
    airs_storage_range_t range = {.prefix = prefix_of(name_of(listing->bucket), prefix)};
    listing->prefix_size = range.prefix.size;
    if (after.size > 0) {
        memcpy(start, range.prefix.data, range.prefix.size);
        memcpy(start + range.prefix.size, after.data, after.size);
        range.after = airs_str_n(start, range.prefix.size + after.size);
    }
    airs_status_t status = ops->list(space, &range, take_key, listing, &listing->asked->error);
    if (status == AIRS_OK && listing->met_marked) {
        range.after = airs_str(AIRS_BUCKET_BEHIND_MARKED);
        status = ops->list(space, &range, take_key, listing, &listing->asked->error);
    }
    return status;
}

/* A number counts the keys that were listed before. Where that is as far as the last list got, it goes on from there,
 * whatever happened to those before it. */
static airs_str_t resume(listing_t *listing, const airs_bucket_t *bucket, const airs_ext_page_t *page) {
    if (page->skip > 0 && page->skip == bucket->listed) {
        return airs_str_n(bucket->last, bucket->last_size);
    }
    listing->skip = page->skip;
    return airs_host_str(page->after);
}

/* A page without keys is behind the same key as the one before. */
static void remember(airs_bucket_t *bucket, const listing_t *listing, uint64_t listed) {
    if (listing->count > 0 || listed != bucket->listed) {
        bucket->last_size = listing->last_size;
        memcpy(bucket->last, listing->last, listing->last_size);
    }
    bucket->listed = listed;
}

static uint8_t list_keys(void *host, uint32_t number, airs_ext_page_t *page, airs_ext_collector_t *into,
                         airs_ext_text_t *reason) {
    asked_t asked;
    airs_wasm_instance_t *instance = host;
    airs_bucket_t *bucket = bucket_of(instance, number);
    airs_status_t status = begin(instance, &asked);
    if (status == AIRS_OK) {
        status = airs_security_check_any(instance->security, AIRS_ACTION_STORAGE_READ, &asked.error);
    }
    listing_t listing = {.asked = &asked, .bucket = bucket, .into = into};
    if (status == AIRS_OK) {
        listing.sees_all = airs_security_sees_all(instance->security, AIRS_ACTION_STORAGE_READ);
        airs_str_t after = resume(&listing, bucket, page);
        /* No key is that long: what is behind it is behind what is left of it, too. */
        after.size = after.size < AIRS_STORAGE_KEY_MAX ? after.size : AIRS_STORAGE_KEY_MAX;
        status = list_from(&listing, after);
    }
    if (status == AIRS_OK) {
        page->has_more = listing.has_more;
        page->next = page->skip + listing.count;
        remember(bucket, &listing, page->next);
    }
    return refuse(status, &asked.error, reason);
}

/* ---- writing ---- */

typedef struct change_list {
    airs_storage_change_t *changes;
    key_buffer_t *buffers;
} change_list_t;

static airs_status_t make_change(asked_t *asked, const airs_bucket_t *bucket, const airs_ext_change_t *given,
                                 key_buffer_t *buffer, airs_storage_change_t *out) {
    full_key_t key;
    airs_status_t status = make_key(name_of(bucket), airs_host_str(given->key), buffer, &key, &asked->error);
    if (status == AIRS_OK) {
        status =
            allow(asked, given->removes ? AIRS_ACTION_STORAGE_DELETE : AIRS_ACTION_STORAGE_WRITE, key.shown);
    }
    *out = (airs_storage_change_t){.key = key.stored,
                                   .value = airs_bytes(given->value.data, given->value.size),
                                   .removes = given->removes};
    return status;
}

static airs_status_t write_changes(asked_t *asked, const airs_storage_change_t *changes, size_t count) {
    airs_storage_write_t write = {.kind = AIRS_STORAGE_CHANGE, .changes = changes, .count = count};
    airs_storage_result_t result;
    return asked->ops->write(asked->instance->storage, &write, &result, &asked->error);
}

static airs_status_t write_many(asked_t *asked, const airs_bucket_t *bucket, const airs_ext_change_t *given,
                                size_t count) {
    const airs_allocator_t *allocator = asked->instance->engine->options.allocator;
    bool copies = bucket->name_size > 0;
    airs_storage_change_t *changes = airs_alloc_array(allocator, count, sizeof *changes);
    key_buffer_t *buffers = airs_alloc_array(allocator, copies ? count : 1, sizeof *buffers);
    airs_status_t status = changes != NULL && buffers != NULL ? AIRS_OK : AIRS_OUT_OF_MEMORY;
    for (size_t i = 0; i < count && status == AIRS_OK; i++) {
        status = make_change(asked, bucket, &given[i], &buffers[copies ? i : 0], &changes[i]);
    }
    if (status == AIRS_OK) {
        status = write_changes(asked, changes, count);
    }
    airs_release(allocator, changes);
    airs_release(allocator, buffers);
    return status;
}

static uint8_t write_keys(void *host, uint32_t number, const airs_ext_change_t *given, size_t count,
                          airs_ext_text_t *reason) {
    asked_t asked;
    airs_status_t status = begin(host, &asked);
    const airs_bucket_t *bucket = bucket_of(host, number);
    if (status == AIRS_OK && count == 1) {
        key_buffer_t buffer;
        airs_storage_change_t change;
        status = make_change(&asked, bucket, given, &buffer, &change);
        status = status == AIRS_OK ? write_changes(&asked, &change, 1) : status;
    } else if (status == AIRS_OK && count > 1) {
        status = write_many(&asked, bucket, given, count);
    }
    return refuse(status, &asked.error, reason);
}

/* ---- atomics ---- */

/* One key's change that also tells what was there. */
static airs_status_t begin_atomic(asked_t *asked, airs_str_t name, airs_str_t key, key_buffer_t *buffer,
                                  airs_storage_change_t *change) {
    full_key_t full_key;
    airs_status_t status = make_key(name, key, buffer, &full_key, &asked->error);
    if (status == AIRS_OK) {
        status = allow(asked, AIRS_ACTION_STORAGE_READ, full_key.shown);
    }
    if (status == AIRS_OK) {
        status = allow(asked, AIRS_ACTION_STORAGE_WRITE, full_key.shown);
    }
    if (status == AIRS_OK) {
        *change = (airs_storage_change_t){.key = full_key.stored};
    }
    return status;
}

static uint8_t increment(void *host, uint32_t number, airs_ext_bytes_t key, uint64_t delta, bool is_signed,
                         uint64_t *sum, airs_ext_text_t *reason) {
    asked_t asked;
    key_buffer_t buffer;
    airs_storage_change_t change;
    airs_storage_result_t result = {0};
    airs_status_t status = begin(host, &asked);
    if (status == AIRS_OK) {
        status = begin_atomic(&asked, name_of(bucket_of(host, number)), airs_host_str(key), &buffer, &change);
    }
    if (status == AIRS_OK) {
        airs_storage_write_t write = {.kind = AIRS_STORAGE_INCREMENT,
                                      .changes = &change,
                                      .count = 1,
                                      .is_signed = is_signed,
                                      .delta = delta};
        status = asked.ops->write(asked.instance->storage, &write, &result, &asked.error);
        *sum = result.number;
    }
    return refuse(status, &asked.error, reason);
}

typedef struct looking {
    airs_bucket_table_t *table;
    airs_swap_t *swap;
    airs_ext_values_t *into; /* NULL: nobody wants to see it */
    airs_status_t status;
    bool found;
} looking_t;

static void take_current(void *context, size_t index, airs_bytes_t value) {
    looking_t *looking = context;
    looking->found = true;
    looking->status = airs_bucket_table_remember(
        looking->table, looking->swap,
        airs_bytes(value.data != NULL ? (const void *)value.data : "", value.size));
    if (looking->status == AIRS_OK && looking->into != NULL) {
        airs_ext_collect_value(looking->into, index, (airs_ext_bytes_t){value.data, value.size});
    }
}

/* What is there now is what the swap goes by. */
static airs_status_t look(asked_t *asked, airs_swap_t *swap, airs_ext_values_t *into) {
    looking_t looking = {.table = &asked->instance->buckets, .swap = swap, .into = into};
    airs_status_t status = get_key(asked, airs_str_n(swap->name, swap->name_size),
                                   airs_str_n(swap->key, swap->key_size), take_current, &looking);
    if (status == AIRS_OK && !looking.found) {
        status = airs_bucket_table_remember(looking.table, swap, airs_bytes(NULL, 0));
    }
    status = status == AIRS_OK ? looking.status : status;
    return status == AIRS_RESOURCE_LIMIT
               ? airs_error_set(&asked->error, status, "compare-and-swaps remember at most %u MiB together",
                                (unsigned)(AIRS_SNAPSHOTS_MAX >> 20))
               : status;
}

static uint8_t cas_new(void *host, uint32_t number, airs_ext_bytes_t key, uint32_t *out,
                       airs_ext_text_t *reason) {
    asked_t asked;
    airs_wasm_instance_t *instance = host;
    airs_swap_t *swap = NULL;
    airs_status_t status = begin(instance, &asked);
    if (status == AIRS_OK && key.size > AIRS_STORAGE_KEY_MAX) {
        status = airs_error_set(&asked.error, AIRS_INVALID_KEY, "a key has at most %d bytes",
                                AIRS_STORAGE_KEY_MAX);
    }
    if (status == AIRS_OK) {
        status = full(airs_bucket_table_add_swap(&instance->buckets, out, &swap), &asked.error);
    }
    if (status != AIRS_OK) {
        return refuse(status, &asked.error, reason);
    }
    const airs_bucket_t *bucket = bucket_of(instance, number);
    swap->name_size = bucket->name_size;
    memcpy(swap->name, bucket->name, bucket->name_size);
    swap->key_size = key.size;
    airs_copy(swap->key, key.data, key.size);
    status = look(&asked, swap, NULL);
    if (status != AIRS_OK) {
        airs_bucket_table_drop(&instance->buckets, *out);
    }
    return refuse(status, &asked.error, reason);
}

static uint8_t cas_current(void *host, uint32_t number, airs_ext_values_t *into, airs_ext_text_t *reason) {
    asked_t asked;
    airs_wasm_instance_t *instance = host;
    airs_status_t status = begin(instance, &asked);
    if (status == AIRS_OK) {
        status = look(&asked, airs_bucket_table_swap(&instance->buckets, number), into);
    }
    return refuse(status, &asked.error, reason);
}

/* The swap is over: it is gone, or, when another was faster, it goes by what is there now. */
static uint8_t conclude(asked_t *asked, uint32_t number, airs_status_t status, airs_ext_text_t *reason) {
    airs_wasm_instance_t *instance = asked->instance;
    bool failed = status == AIRS_CONFLICT;
    if (failed) {
        status = look(asked, airs_bucket_table_swap(&instance->buckets, number), NULL);
    }
    if (failed && status == AIRS_OK) {
        return AIRS_EXT_KEYVALUE_CAS_FAILED;
    }
    airs_bucket_table_drop(&instance->buckets, number);
    return refuse(status, &asked->error, reason);
}

static uint8_t swap_value(void *host, uint32_t number, airs_ext_bytes_t value, airs_ext_text_t *reason) {
    asked_t asked;
    key_buffer_t buffer;
    airs_storage_change_t change;
    airs_storage_result_t result;
    airs_wasm_instance_t *instance = host;
    const airs_swap_t *swap = airs_bucket_table_swap(&instance->buckets, number);
    airs_status_t status = begin(instance, &asked);
    if (status == AIRS_OK) {
        status = begin_atomic(&asked, airs_str_n(swap->name, swap->name_size),
                              airs_str_n(swap->key, swap->key_size), &buffer, &change);
    }
    if (status == AIRS_OK) {
        change.value = airs_bytes(value.data, value.size);
        airs_storage_write_t write = {.kind = AIRS_STORAGE_SWAP,
                                      .changes = &change,
                                      .count = 1,
                                      .expects_value = swap->has_value,
                                      .expected = airs_bytes(swap->value, swap->value_size)};
        status = asked.ops->write(instance->storage, &write, &result, &asked.error);
    }
    if (status == AIRS_PENDING) {
        instance->swaps = true;
        instance->swapping = number;
        return AIRS_EXT_PENDING;
    }
    return conclude(&asked, number, status, reason);
}

static uint8_t waited(void *host, uint64_t *number, airs_ext_text_t *reason) {
    asked_t asked;
    airs_wasm_instance_t *instance = host;
    airs_storage_result_t result = {0};
    airs_status_t status = begin(instance, &asked);
    status = status == AIRS_OK ? asked.ops->waited(instance->storage, &result, &asked.error) : status;
    *number = result.number;
    if (status != AIRS_PENDING && instance->swaps) {
        instance->swaps = false;
        return conclude(&asked, instance->swapping, status, reason);
    }
    return refuse(status, &asked.error, reason);
}

/* ---- linking ---- */

wasmtime_error_t *airs_host_keyvalue_link(wasmtime_component_linker_t *linker) {
    static const airs_ext_keyvalue_t host = {
        .open = open_bucket,
        .drop_bucket = drop,
        .check_count = check_count,
        .get = get,
        .exists = exists,
        .list_keys = list_keys,
        .write = write_keys,
        .increment = increment,
        .cas_new = cas_new,
        .cas_current = cas_current,
        .swap = swap_value,
        .drop_cas = drop,
        .waited = waited,
    };
    return airs_ext_linker_add_keyvalue(linker, &host);
}

void airs_host_keyvalue_detach(airs_wasm_instance_t *instance) {
    if (instance->buckets.allocator != NULL) {
        airs_bucket_table_free(&instance->buckets);
    }
}
