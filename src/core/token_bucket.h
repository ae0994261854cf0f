/* So many things a second, and no more: an allowance that fills with time up to what one second brings, so that who was
 * quiet may do a second's worth at once.
 *
 * What is taken out is a counter of the owner's; the clock is looked at once for each sixteenth of a second's worth, so
 * that a bound costs hardly more than none. One thread at a time. */
#ifndef AIRSSYS_CORE_TOKEN_BUCKET_H
#define AIRSSYS_CORE_TOKEN_BUCKET_H

#include <stdbool.h>
#include <stdint.h>

#include <airssys/clock.h>

typedef struct airs_token_bucket {
    uint32_t per_second; /* 0: no bound */
    int64_t at_hand;     /* to be taken without a look at the clock; below 0: owed */
    int64_t kept;        /* for when that is used up */
    uint64_t filled_ns;  /* of the monotonic clock: until when it has filled; 0: it is new, and full */
} airs_token_bucket_t;

/* Full. `per_second` 0: no bound. */
static inline void airs_token_bucket_init(airs_token_bucket_t *bucket, uint32_t per_second) {
    *bucket = (airs_token_bucket_t){.per_second = per_second};
}

/* Look at the clock, and put at hand what there is. True: there is something. */
bool airs_token_bucket_fill(airs_token_bucket_t *bucket, airs_clock_t *clock);

/* May one more thing be done? It is not counted yet: for what is known to have happened only later. */
static inline bool airs_token_bucket_allows(airs_token_bucket_t *bucket, airs_clock_t *clock) {
    return bucket->per_second == 0 || bucket->at_hand > 0 || airs_token_bucket_fill(bucket, clock);
}

/* So many were done; more than there was room for are owed, and nothing is allowed until that is filled. */
static inline void airs_token_bucket_take(airs_token_bucket_t *bucket, uint32_t count) {
    if (bucket->per_second != 0) {
        bucket->at_hand -= count;
    }
}

#endif
