/* The clock of time slices: a thread that advances the engine's epoch while anything runs, and sleeps
 * while nothing does. */
#ifndef AIRSSYS_RUNTIME_EPOCH_TICKER_H
#define AIRSSYS_RUNTIME_EPOCH_TICKER_H

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

/* How many ticks there were. Costs a load. */
uint64_t airs_epoch_ticker_count(const airs_epoch_ticker_t *ticker);

/* The monotonic clock as it was at the last tick: right to a period while there is activity. */
uint64_t airs_epoch_ticker_now_ns(const airs_epoch_ticker_t *ticker);

#endif
