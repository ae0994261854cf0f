/* The clock of time slices: a thread that advances the engine's epoch while anything runs, and sleeps
 * while nothing does. */
#ifndef AIRSSYS_RUNTIME_EPOCH_TICKER_H
#define AIRSSYS_RUNTIME_EPOCH_TICKER_H

#include <stdatomic.h>
#include <stdint.h>

#include <airssys/allocator.h>
#include <airssys/clock.h>
#include <airssys/error.h>

typedef struct airs_epoch_ticker airs_epoch_ticker_t;

/* Starts the thread; it calls tick(context) every `period_us` while there is activity. */
airs_status_t airs_epoch_ticker_create(const airs_allocator_t *allocator, airs_clock_t *clock,
                                       uint64_t period_us, void (*tick)(void *context), void *context,
                                       airs_epoch_ticker_t **out, airs_error_t *error);

/* Ends the thread. NULL is fine. */
void airs_epoch_ticker_destroy(airs_epoch_ticker_t *ticker);

/* Ticks are kept between the two; counted, any thread. */
void airs_epoch_ticker_begin(airs_epoch_ticker_t *ticker);
void airs_epoch_ticker_end(airs_epoch_ticker_t *ticker);

/* Where it counts its ticks. */
const _Atomic uint64_t *airs_epoch_ticker_count(const airs_epoch_ticker_t *ticker);

/* How long guests have had, up to the last tick: as long as has passed by the monotonic clock while there was activity,
 * right to a period, but for what the thread, and so perhaps the guests, was kept from running for. Nanoseconds since
 * some moment; costs a load. */
uint64_t airs_epoch_ticker_now_ns(const airs_epoch_ticker_t *ticker);

#endif
