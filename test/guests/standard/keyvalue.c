/* wasi:keyvalue by commands, in either draft (DRAFT2: the second):
 *
 *   open NAME, get K, set K V, delete K, exists K, increment K N
 *   list        all keys, a line each, and how many pages they came in;   count: how many, if they are in order
 *   from N      (the first draft) the keys of the page behind so many
 *   clear       delete all keys, page by page
 *   many K...   get-many: "K=V" or "-", a line each
 *   put K V K V ...   set-many;   drop K...   delete-many
 *   fill N PREFIX     set-many of N keys PREFIX0, PREFIX1, ...
 *   hold N      open buckets and keep them: how many it got
 *   churn N     open and drop so many
 *   swap K V    (DRAFT2) compare-and-swap by what is there
 *   race K V    (DRAFT2) the same while another is faster: what it finds then
 *   snap K N    (DRAFT2) keep N compare-and-swaps: how many it got
 *
 * The bucket is the one that was opened last. An error is told as "no-such-store", "access-denied" or "other: why". */
#include <airssys.h>

#include <guest.h>

#include <stdio.h>
#include <stdlib.h>

typedef wasi_keyvalue_store_error_t error_t;
typedef wasi_keyvalue_store_borrow_bucket_t bucket_t;

#define WORDS_MAX 64

static airs_str_t words[WORDS_MAX];
static size_t word_count;
static bool is_open;
static wasi_keyvalue_store_own_bucket_t opened;

static char text[1 << 20];
static size_t text_size;

static void put(airs_str_t part) {
    if (part.size <= sizeof text - text_size) {
        memcpy(text + text_size, part.data, part.size);
        text_size += part.size;
    }
}

static airs_str_t str_of(const guest_string_t *string) {
    return airs_str_n((const char *)string->ptr, string->len);
}

static guest_string_t string_of(airs_str_t word) {
    return (guest_string_t){(uint8_t *)(uintptr_t)word.data, word.size};
}

static guest_list_u8_t list_of(airs_str_t word) {
    return (guest_list_u8_t){(uint8_t *)(uintptr_t)word.data, word.size};
}

static airs_outcome_t refused(const error_t *error) {
    switch (error->tag) {
    case WASI_KEYVALUE_STORE_ERROR_NO_SUCH_STORE:
        return airs_fail("no-such-store");
    case WASI_KEYVALUE_STORE_ERROR_ACCESS_DENIED:
        return airs_fail("access-denied");
    default:
        return airs_fail("other: %.*s", AIRS_STR_ARG(str_of(&error->val.other)));
    }
}

static airs_outcome_t told(bool ok, const error_t *error) {
    return ok ? airs_answer(airs_bytes(text, text_size)) : refused(error);
}

static uint64_t number(size_t word) {
    uint64_t value = 0;
    (void)airs_parse_u64(airs_as_bytes(words[word]), &value);
    return value;
}

static airs_outcome_t open_one(error_t *error) {
    guest_string_t name = string_of(word_count > 1 ? words[1] : airs_str(""));
    wasi_keyvalue_store_own_bucket_t bucket;
    if (!wasi_keyvalue_store_open(&name, &bucket, error)) {
        return refused(error);
    }
    if (is_open) {
        wasi_keyvalue_store_bucket_drop_own(opened);
    }
    is_open = true;
    opened = bucket;
    return told(true, error);
}

static airs_outcome_t get(bucket_t bucket, error_t *error) {
    guest_string_t key = string_of(words[1]);
    guest_option_list_u8_t found;
    bool ok = wasi_keyvalue_store_method_bucket_get(bucket, &key, &found, error);
    if (ok) {
        put(found.is_some ? airs_str_n((const char *)found.val.ptr, found.val.len) : airs_str("none"));
    }
    return told(ok, error);
}

static airs_outcome_t exists(bucket_t bucket, error_t *error) {
    guest_string_t key = string_of(words[1]);
    bool there = false;
    bool ok = wasi_keyvalue_store_method_bucket_exists(bucket, &key, &there, error);
    put(airs_str(there ? "yes" : "no"));
    return told(ok, error);
}

static airs_outcome_t increment(bucket_t bucket, error_t *error) {
    guest_string_t key = string_of(words[1]);
    char sum[32];
    char digits[32];
    (void)snprintf(digits, sizeof digits, "%.*s", AIRS_STR_ARG(words[2]));
#ifdef DRAFT2
    int64_t result = 0;
    bool ok = wasi_keyvalue_atomics_increment(bucket, &key, strtoll(digits, NULL, 10), &result, error);
    (void)snprintf(sum, sizeof sum, "%lld", (long long)result);
#else
    uint64_t result = 0;
    bool ok = wasi_keyvalue_atomics_increment(bucket, &key, strtoull(digits, NULL, 10), &result, error);
    (void)snprintf(sum, sizeof sum, "%llu", (unsigned long long)result);
#endif
    put(airs_str(sum));
    return told(ok, error);
}

#ifdef DRAFT2
typedef guest_string_t cursor_t;
#else
typedef uint64_t cursor_t;
#endif

static airs_outcome_t count_keys(bucket_t bucket, error_t *error) {
    wasi_keyvalue_store_key_response_t page = {0};
    cursor_t cursor;
    airs_str_t last = {"", 0};
    unsigned keys = 0;
    unsigned pages = 0;
    do {
        cursor_t *from = pages > 0 ? &cursor : NULL;
        if (!wasi_keyvalue_store_method_bucket_list_keys(bucket, from, &page, error)) {
            return refused(error);
        }
        pages++;
        for (size_t i = 0; i < page.keys.len; i++) {
            airs_str_t key = str_of(&page.keys.ptr[i]);
            size_t size = key.size < last.size ? key.size : last.size;
            int order = memcmp(last.data, key.data, size);
            if (order > 0 || (order == 0 && last.size >= key.size && keys > 0)) {
                return airs_fail("not in order");
            }
            last = key;
            keys++;
        }
        cursor = page.cursor.val;
    } while (page.cursor.is_some);
    return airs_answer_text("%u %u", keys, pages);
}

/* `clears`: each page's keys are deleted before the next is asked for. */
static airs_outcome_t list(bucket_t bucket, bool clears, error_t *error) {
    wasi_keyvalue_store_key_response_t page = {0};
    cursor_t cursor;
    char pages[32];
    unsigned count = 0;
    do {
        cursor_t *from = count > 0 ? &cursor : NULL;
        if (!wasi_keyvalue_store_method_bucket_list_keys(bucket, from, &page, error)) {
            return refused(error);
        }
        count++;
        for (size_t i = 0; i < page.keys.len; i++) {
            put(str_of(&page.keys.ptr[i]));
            put(airs_str("\n"));
        }
        guest_list_string_t keys = page.keys;
        if (clears && !wasi_keyvalue_batch_delete_many(bucket, &keys, error)) {
            return refused(error);
        }
        cursor = page.cursor.val;
    } while (page.cursor.is_some);
    (void)snprintf(pages, sizeof pages, "%u", count);
    put(airs_str(pages));
    return told(true, error);
}

static airs_outcome_t many(bucket_t bucket, error_t *error) {
    static guest_string_t keys[WORDS_MAX];
    guest_list_string_t list = {keys, word_count - 1};
    for (size_t i = 1; i < word_count; i++) {
        keys[i - 1] = string_of(words[i]);
    }
#ifdef PAIRS
    guest_list_tuple2_string_option_list_u8_t found;
#else
    guest_list_option_tuple2_string_list_u8_t found;
#endif
    bool ok = wasi_keyvalue_batch_get_many(bucket, &list, &found, error);
    for (size_t i = 0; ok && i < found.len; i++) {
#ifdef PAIRS
        bool some = found.ptr[i].f1.is_some;
        guest_string_t key = found.ptr[i].f0;
        guest_list_u8_t value = found.ptr[i].f1.val;
        if (!airs_str_equal(str_of(&key), words[i + 1])) {
            return airs_fail("another key");
        }
#else
        bool some = found.ptr[i].is_some;
        guest_string_t key = found.ptr[i].val.f0;
        guest_list_u8_t value = found.ptr[i].val.f1;
#endif
        if (some) {
            put(str_of(&key));
            put(airs_str("="));
            put(airs_str_n((const char *)value.ptr, value.len));
        } else {
            put(airs_str("-"));
        }
        put(airs_str("\n"));
    }
    return told(ok, error);
}

static airs_outcome_t set_many(bucket_t bucket, error_t *error) {
    static guest_tuple2_string_list_u8_t pairs[WORDS_MAX];
    guest_list_tuple2_string_list_u8_t list = {pairs, (word_count - 1) / 2};
    for (size_t i = 0; i < list.len; i++) {
        pairs[i] = (guest_tuple2_string_list_u8_t){string_of(words[2 * i + 1]), list_of(words[2 * i + 2])};
    }
    return told(wasi_keyvalue_batch_set_many(bucket, &list, error), error);
}

static airs_outcome_t fill(bucket_t bucket, error_t *error) {
    static guest_tuple2_string_list_u8_t pairs[20000];
    static char names[20000][24];
    guest_list_tuple2_string_list_u8_t list = {pairs, (size_t)number(1)};
    for (size_t i = 0; i < list.len; i++) {
        (void)snprintf(names[i], sizeof names[i], "%.*s%05zu", AIRS_STR_ARG(words[2]), i);
        pairs[i] = (guest_tuple2_string_list_u8_t){string_of(airs_str(names[i])), list_of(airs_str("v"))};
    }
    return told(wasi_keyvalue_batch_set_many(bucket, &list, error), error);
}

static airs_outcome_t delete_many(bucket_t bucket, error_t *error) {
    static guest_string_t keys[WORDS_MAX];
    guest_list_string_t list = {keys, word_count - 1};
    for (size_t i = 1; i < word_count; i++) {
        keys[i - 1] = string_of(words[i]);
    }
    return told(wasi_keyvalue_batch_delete_many(bucket, &list, error), error);
}

static airs_outcome_t hold(bool drops, error_t *error) {
    guest_string_t name = string_of(airs_str(""));
    wasi_keyvalue_store_own_bucket_t bucket;
    uint64_t got = 0;
    while (got < number(1) && wasi_keyvalue_store_open(&name, &bucket, error)) {
        got++;
        if (drops) {
            wasi_keyvalue_store_bucket_drop_own(bucket);
        }
    }
    return airs_answer_text("%llu", (unsigned long long)got);
}

#ifdef DRAFT2
static airs_outcome_t swap(bucket_t bucket, bool races, error_t *error) {
    guest_string_t key = string_of(words[1]);
    guest_list_u8_t value = list_of(words[2]);
    guest_option_list_u8_t found;
    wasi_keyvalue_atomics_own_cas_t cas;
    wasi_keyvalue_atomics_cas_error_t failure;
    if (!wasi_keyvalue_atomics_static_cas_new(bucket, &key, &cas, error)) {
        return refused(error);
    }
    if (!wasi_keyvalue_atomics_method_cas_current(wasi_keyvalue_atomics_borrow_cas(cas), &found, error)) {
        return refused(error);
    }
    guest_list_u8_t other = list_of(airs_str("other"));
    if (races && !wasi_keyvalue_store_method_bucket_set(bucket, &key, &other, error)) {
        return refused(error);
    }
    if (wasi_keyvalue_atomics_swap(cas, &value, &failure)) {
        put(airs_str("swapped"));
        return told(true, error);
    }
    if (failure.tag == WASI_KEYVALUE_ATOMICS_CAS_ERROR_STORE_ERROR) {
        return refused(&failure.val.store_error);
    }
    cas = failure.val.cas_failed;
    if (!wasi_keyvalue_atomics_method_cas_current(wasi_keyvalue_atomics_borrow_cas(cas), &found, error)) {
        return refused(error);
    }
    put(airs_str("failed: "));
    put(found.is_some ? airs_str_n((const char *)found.val.ptr, found.val.len) : airs_str("none"));
    put(airs_str(wasi_keyvalue_atomics_swap(cas, &value, &failure) ? ", then swapped" : ", again"));
    return told(true, error);
}

static airs_outcome_t snap(bucket_t bucket, error_t *error) {
    guest_string_t key = string_of(words[1]);
    wasi_keyvalue_atomics_own_cas_t cas;
    uint64_t got = 0;
    while (got < number(2) && wasi_keyvalue_atomics_static_cas_new(bucket, &key, &cas, error)) {
        got++;
    }
    return airs_answer_text("%llu", (unsigned long long)got);
}
#endif

#ifndef DRAFT2
static airs_outcome_t list_from(bucket_t bucket, error_t *error) {
    wasi_keyvalue_store_key_response_t page;
    uint64_t cursor = number(1);
    if (!wasi_keyvalue_store_method_bucket_list_keys(bucket, &cursor, &page, error)) {
        return refused(error);
    }
    for (size_t i = 0; i < page.keys.len; i++) {
        put(str_of(&page.keys.ptr[i]));
        put(airs_str("\n"));
    }
    return told(true, error);
}
#endif

static void split(airs_bytes_t payload) {
    const char *at = (const char *)payload.data;
    const char *end = at + payload.size;
    word_count = 0;
    while (at <= end && word_count < WORDS_MAX) {
        const char *space = at < end ? memchr(at, ' ', (size_t)(end - at)) : NULL;
        const char *stop = space != NULL ? space : end;
        words[word_count++] = airs_str_n(at, (size_t)(stop - at));
        at = stop + 1;
    }
}

static bool is(const char *word, size_t arguments) {
    return airs_str_equal(words[0], airs_str(word)) && word_count > arguments;
}

static airs_outcome_t obey(bucket_t bucket, error_t *error) {
    if (is("get", 1)) {
        return get(bucket, error);
    } else if (is("set", 2)) {
        guest_string_t key = string_of(words[1]);
        guest_list_u8_t value = list_of(words[2]);
        return told(wasi_keyvalue_store_method_bucket_set(bucket, &key, &value, error), error);
    } else if (is("delete", 1)) {
        guest_string_t key = string_of(words[1]);
        return told(wasi_keyvalue_store_method_bucket_delete(bucket, &key, error), error);
    } else if (is("exists", 1)) {
        return exists(bucket, error);
    } else if (is("increment", 2)) {
        return increment(bucket, error);
    } else if (is("list", 0) || is("clear", 0)) {
        return list(bucket, is("clear", 0), error);
    } else if (is("count", 0)) {
        return count_keys(bucket, error);
    } else if (is("many", 0)) {
        return many(bucket, error);
    } else if (is("put", 0)) {
        return set_many(bucket, error);
    } else if (is("drop", 0)) {
        return delete_many(bucket, error);
    } else if (is("fill", 2)) {
        return fill(bucket, error);
#ifdef DRAFT2
    } else if (is("swap", 2) || is("race", 2)) {
        return swap(bucket, is("race", 2), error);
    } else if (is("snap", 2)) {
        return snap(bucket, error);
#else
    } else if (is("from", 1)) {
        return list_from(bucket, error);
#endif
    }
    return airs_fail("not a command: %.*s", AIRS_STR_ARG(words[0]));
}

airs_outcome_t airs_on_message(const airs_message_t *message) {
    error_t error = {0};
    split(message->payload);
    text_size = 0;
    if (is("open", 0)) {
        return open_one(&error);
    } else if (is("hold", 1) || is("churn", 1)) {
        return hold(is("churn", 1), &error);
    } else if (is("trap", 0)) {
        __builtin_trap();
    }
    return is_open ? obey(wasi_keyvalue_store_borrow_bucket(opened), &error) : airs_fail("nothing is open");
}
