#include "storage/write_plan.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/memory.h"
#include "storage/ordered_map.h"

/* ---- what can be said without looking -------------------------------------------------------- */

airs_status_t airs_storage_check_key(airs_str_t key, airs_error_t *error) {
    if (key.size == 0) {
        return airs_error_set(error, AIRS_INVALID_KEY, "the key is empty; it must have 1 to %d bytes",
                              AIRS_STORAGE_KEY_MAX);
    }
    if (key.size > AIRS_STORAGE_KEY_MAX) {
        return airs_error_set(error, AIRS_INVALID_KEY, "the key has %zu bytes; it may have %d", key.size,
                              AIRS_STORAGE_KEY_MAX);
    }
    const char *zero = memchr(key.data, '\0', key.size);
    if (zero != NULL) {
        return airs_error_set(error, AIRS_INVALID_KEY,
                              "the key has a zero byte at %zu; it may have any other",
                              (size_t)(zero - key.data));
    }
    return AIRS_OK;
}

airs_status_t airs_storage_check_write(const airs_storage_write_t *write, airs_error_t *error) {
    if (write->kind != AIRS_STORAGE_CHANGE && write->count != 1) {
        return airs_error_set(error, AIRS_INVALID_ARGUMENT, "a write of this kind has one key, and not %zu",
                              write->count);
    }
    size_t total = 0;
    for (size_t i = 0; i < write->count; i++) {
        const airs_storage_change_t *change = &write->changes[i];
        airs_status_t status = airs_storage_check_key(change->key, error);
        if (status != AIRS_OK) {
            return status;
        }
        if (change->value.size > AIRS_STORAGE_VALUE_MAX) {
            return airs_error_set(error, AIRS_IO, "the value has %zu bytes; it may have %zu",
                                  change->value.size, AIRS_STORAGE_VALUE_MAX);
        }
        total += change->key.size + change->value.size;
        if (total > AIRS_STORAGE_WRITE_MAX) {
            return airs_error_set(error, AIRS_IO,
                                  "the keys and values of one write have more than %zu bytes together",
                                  AIRS_STORAGE_WRITE_MAX);
        }
    }
    return AIRS_OK;
}

/* ---- the plan -------------------------------------------------------------------------------- */

static airs_status_t no_such_key(airs_str_t key, airs_error_t *error) {
    return airs_error_set(error, AIRS_NOT_FOUND, "there is no key \"%.*s\"", AIRS_STR_ARG(key));
}

static int compare(const void *left, const void *right) {
    const airs_planned_change_t *a = left;
    const airs_planned_change_t *b = right;
    int order = airs_ordered_compare(a->key, b->key);
    return order != 0 ? order : (a->position > b->position) - (a->position < b->position);
}

/* Of several changes of a key the last one counts. */
static void sort(airs_write_plan_t *plan) {
    qsort(plan->changes, plan->count, sizeof *plan->changes, compare);
    size_t kept = 0;
    for (size_t i = 0; i < plan->count; i++) {
        if (i + 1 == plan->count || !airs_str_equal(plan->changes[i].key, plan->changes[i + 1].key)) {
            plan->changes[kept++] = plan->changes[i];
        }
    }
    plan->count = kept;
}

static airs_status_t copy_changes(airs_write_plan_t *plan, const airs_storage_write_t *write,
                                  airs_error_t *error) {
    plan->changes = &plan->only;
    if (write->count > 1) {
        plan->changes = airs_alloc_array(plan->allocator, write->count, sizeof *plan->changes);
    }
    if (plan->changes == NULL) {
        return airs_error_set(error, AIRS_OUT_OF_MEMORY, "no memory to write %zu keys", write->count);
    }
    for (size_t i = 0; i < write->count; i++) {
        const airs_storage_change_t *change = &write->changes[i];
        plan->changes[i] = (airs_planned_change_t){
            .key = change->key, .value = change->value, .position = i, .removes = change->removes};
    }
    plan->count = write->count;
    if (plan->count > 1) {
        sort(plan);
    }
    return AIRS_OK;
}

/* The number in `value`, as the 64 bits of one that is signed or not. */
static bool read_number(airs_bytes_t value, bool is_signed, uint64_t *out) {
    char text[24];
    if (value.size == 0 || value.size >= sizeof text) {
        return false;
    }
    memcpy(text, value.data, value.size);
    text[value.size] = '\0';
    size_t sign = is_signed && text[0] == '-' ? 1 : 0;
    if (value.size == sign) {
        return false;
    }
    uint64_t number = 0;
    for (size_t i = sign; i < value.size; i++) {
        if (text[i] < '0' || text[i] > '9' || __builtin_mul_overflow(number, (uint64_t)10, &number) ||
            __builtin_add_overflow(number, (uint64_t)(text[i] - '0'), &number)) {
            return false;
        }
    }
    uint64_t largest = is_signed ? (uint64_t)INT64_MAX + sign : UINT64_MAX;
    *out = sign ? 0 - number : number;
    return number <= largest;
}

static bool add(const airs_storage_write_t *write, uint64_t number, uint64_t *sum) {
    if (!write->is_signed) {
        return !__builtin_add_overflow(number, write->delta, sum);
    }
    int64_t total = 0;
    bool overflows = __builtin_add_overflow((int64_t)number, (int64_t)write->delta, &total);
    *sum = (uint64_t)total;
    return !overflows;
}

static airs_status_t plan_increment(airs_write_plan_t *plan, const airs_storage_write_t *write, bool found,
                                    airs_bytes_t value, airs_error_t *error) {
    airs_planned_change_t *change = &plan->changes[0];
    uint64_t number = 0;
    if (found && !read_number(value, write->is_signed, &number)) {
        return airs_error_set(error, AIRS_INVALID_ARGUMENT,
                              "its value is not a number from %s in decimal digits",
                              write->is_signed ? "-2^63 to 2^63-1" : "0 to 2^64-1");
    }
    uint64_t sum = 0;
    if (!add(write, number, &sum)) {
        return airs_error_set(error, AIRS_INVALID_ARGUMENT,
                              "its value cannot become larger or smaller by so much: it has 64 bits");
    }
    int size = write->is_signed ? snprintf(plan->digits, sizeof plan->digits, "%" PRId64, (int64_t)sum)
                                : snprintf(plan->digits, sizeof plan->digits, "%" PRIu64, sum);
    change->value = airs_bytes(plan->digits, (size_t)size);
    change->removes = false;
    plan->result.number = sum;
    return AIRS_OK;
}

static bool is_expected(const airs_storage_write_t *write, bool found, airs_bytes_t value) {
    if (!found || !write->expects_value) {
        return found == write->expects_value;
    }
    return value.size == write->expected.size &&
           (value.size == 0 || memcmp(value.data, write->expected.data, value.size) == 0);
}

/* What its kind asks for. */
static airs_status_t plan_kind(airs_write_plan_t *plan, const airs_storage_write_t *write, bool found,
                               airs_bytes_t value, airs_error_t *error) {
    airs_str_t key = plan->changes[0].key;
    switch (write->kind) {
    case AIRS_STORAGE_REMOVE:
        plan->changes[0].removes = true;
        return found ? AIRS_OK : no_such_key(key, error);
    case AIRS_STORAGE_SWAP:
        return is_expected(write, found, value)
                   ? AIRS_OK
                   : airs_error_set(error, AIRS_CONFLICT, "the value of \"%.*s\" is not the expected one",
                                    AIRS_STR_ARG(key));
    case AIRS_STORAGE_INCREMENT:
        return plan_increment(plan, write, found, value, error);
    case AIRS_STORAGE_CHANGE:
        break;
    }
    return AIRS_OK;
}

static void count_change(airs_write_plan_t *plan, const airs_planned_change_t *change, bool found,
                         size_t old_size) {
    if (found) {
        plan->usage.used_bytes -= change->key.size + old_size;
        plan->usage.key_count--;
    }
    if (!change->removes) {
        plan->usage.used_bytes += change->key.size + change->value.size;
        plan->usage.key_count++;
    }
}

/* Against what is there; a key that is to go and is not there is left out. */
static airs_status_t plan_changes(airs_write_plan_t *plan, const airs_storage_write_t *write,
                                  const airs_write_view_t *view, airs_error_t *error) {
    size_t kept = 0;
    for (size_t i = 0; i < plan->count; i++) {
        airs_planned_change_t *change = &plan->changes[i];
        bool found = false;
        airs_bytes_t value = {NULL, 0};
        airs_status_t status = view->find(view->context, change->key, &found, &value, error);
        if (status == AIRS_OK) {
            status = plan_kind(plan, write, found, value, error);
        }
        if (status != AIRS_OK) {
            return status;
        }
        count_change(plan, change, found, value.size);
        change->was_there = found;
        if (found || !change->removes) {
            plan->changes[kept++] = *change;
        }
    }
    plan->count = kept;
    return AIRS_OK;
}

static airs_status_t check_quota(const airs_write_plan_t *plan, const airs_write_view_t *view,
                                 airs_error_t *error) {
    uint64_t after = plan->usage.used_bytes;
    if (after <= view->usage.used_bytes || after <= view->usage.quota_bytes) {
        return AIRS_OK;
    }
    return airs_error_set(error, AIRS_QUOTA_EXCEEDED,
                          "with this the space would use %" PRIu64
                          " bytes of keys and values; its quota is %" PRIu64,
                          after, view->usage.quota_bytes);
}

airs_status_t airs_write_plan_make(airs_write_plan_t *plan, const airs_allocator_t *allocator,
                                   const airs_storage_write_t *write, const airs_write_view_t *view,
                                   airs_error_t *error) {
    *plan = (airs_write_plan_t){.allocator = allocator, .usage = view->usage};
    airs_status_t status = copy_changes(plan, write, error);
    if (status == AIRS_OK) {
        status = plan_changes(plan, write, view, error);
    }
    if (status == AIRS_OK) {
        status = check_quota(plan, view, error);
    }
    if (status != AIRS_OK) {
        airs_write_plan_free(plan);
    }
    return status;
}

void airs_write_plan_free(airs_write_plan_t *plan) {
    if (plan->changes != &plan->only) {
        airs_release(plan->allocator, plan->changes);
    }
    plan->changes = NULL;
}
