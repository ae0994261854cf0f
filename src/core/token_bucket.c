#include "core/token_bucket.h"

#define SECOND_NS UINT64_C(1000000000)

/* What is put at hand at once, of a second's worth. */
#define PARTS 16

static void earn(airs_token_bucket_t *bucket, uint64_t now_ns) {
    uint64_t since = now_ns - bucket->filled_ns;
    if (bucket->filled_ns == 0) {
        bucket->kept = bucket->per_second;
        bucket->filled_ns = now_ns > 0 ? now_ns : 1;
        return;
    }
    if (now_ns <= bucket->filled_ns) {
        return;
    }
    /* Both products fit: a second's worth is less than 2^32, and a second is less than 2^30. */
    uint64_t whole = since / SECOND_NS;
    uint64_t part = since % SECOND_NS * bucket->per_second / SECOND_NS;
    uint64_t earned = 0;
    if (__builtin_mul_overflow(whole, bucket->per_second, &earned) || earned > (uint64_t)INT64_MAX / 2) {
        earned = (uint64_t)INT64_MAX / 2;
    }
    bucket->kept += (int64_t)(earned + part);
    /* Not `now`: what is not yet one more is not lost. */
    bucket->filled_ns += whole * SECOND_NS + part * SECOND_NS / bucket->per_second;
}

bool airs_token_bucket_fill(airs_token_bucket_t *bucket, airs_clock_t *clock) {
    earn(bucket, airs_clock_monotonic(clock));
    bucket->kept += bucket->at_hand;
    bucket->at_hand = 0;
    if (bucket->kept > bucket->per_second) {
        bucket->kept = bucket->per_second;
    }
    if (bucket->kept <= 0) {
        return false;
    }
    int64_t most = bucket->per_second / PARTS + 1;
    bucket->at_hand = bucket->kept < most ? bucket->kept : most;
    bucket->kept -= bucket->at_hand;
    return true;
}
