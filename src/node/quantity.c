#include "node/quantity.h"

#include <inttypes.h>
#include <stdio.h>

typedef struct unit {
    const char *name;
    uint64_t factor;
} unit_t;

/* Smallest first: a quantity is written in the largest unit that leaves no rest. */
static const unit_t size_units[] = {
    {"B", 1},
    {"KiB", UINT64_C(1) << 10},
    {"MiB", UINT64_C(1) << 20},
    {"GiB", UINT64_C(1) << 30},
};

static const unit_t duration_units[] = {
    {"us", 1},
    {"ms", 1000},
    {"s", UINT64_C(1000) * 1000},
    {"m", UINT64_C(60) * 1000 * 1000},
    {"h", UINT64_C(60) * 60 * 1000 * 1000},
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static uint64_t multiply_bounded(uint64_t a, uint64_t b) {
    uint64_t product;
    return __builtin_mul_overflow(a, b, &product) ? UINT64_MAX : product;
}

static uint64_t add_bounded(uint64_t a, uint64_t b) {
    uint64_t sum;
    return __builtin_add_overflow(a, b, &sum) ? UINT64_MAX : sum;
}

static airs_status_t parse(airs_str_t text, const unit_t *units, size_t unit_count, uint64_t *out) {
    uint64_t number = 0;
    size_t digits = 0;
    while (digits < text.size && text.data[digits] >= '0' && text.data[digits] <= '9') {
        number = add_bounded(multiply_bounded(number, 10), (uint64_t)(text.data[digits] - '0'));
        digits++;
    }
    if (digits == 0) {
        return AIRS_INVALID_ARGUMENT;
    }
    airs_str_t suffix = airs_str_n(text.data + digits, text.size - digits);
    for (size_t i = 0; i < unit_count; i++) {
        if (airs_str_equal(suffix, airs_str(units[i].name))) {
            *out = multiply_bounded(number, units[i].factor);
            return AIRS_OK;
        }
    }
    return AIRS_INVALID_ARGUMENT;
}

static const char *format(uint64_t amount, const unit_t *units, size_t unit_count,
                          char out[AIRS_QUANTITY_TEXT_MAX]) {
    size_t chosen = 0;
    for (size_t i = 1; i < unit_count && amount != 0; i++) {
        if (amount % units[i].factor == 0) {
            chosen = i;
        }
    }
    snprintf(out, AIRS_QUANTITY_TEXT_MAX, "%" PRIu64 "%s", amount / units[chosen].factor, units[chosen].name);
    return out;
}

airs_status_t airs_size_parse(airs_str_t text, uint64_t *out_bytes) {
    return parse(text, size_units, COUNT(size_units), out_bytes);
}

airs_status_t airs_duration_parse(airs_str_t text, uint64_t *out_us) {
    return parse(text, duration_units, COUNT(duration_units), out_us);
}

const char *airs_size_format(uint64_t bytes, char out[AIRS_QUANTITY_TEXT_MAX]) {
    return format(bytes, size_units, COUNT(size_units), out);
}

const char *airs_duration_format(uint64_t us, char out[AIRS_QUANTITY_TEXT_MAX]) {
    return format(us, duration_units, COUNT(duration_units), out);
}
