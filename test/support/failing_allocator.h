/* An allocator that counts what it hands out and can refuse the N-th request, and the loop that
 * refuses every one in turn.
 *
 *     static airs_status_t life(const airs_allocator_t *allocator, void *context) {
 *         thing_t *thing = NULL;
 *         airs_status_t status = thing_create(allocator, &thing);
 *         if (status == AIRS_OK) { status = thing_grow(thing); }
 *         thing_destroy(thing);
 *         return status;
 *     }
 *     airs_fail_each_allocation(life, NULL); */
#ifndef AIRSSYS_TEST_SUPPORT_FAILING_ALLOCATOR_H
#define AIRSSYS_TEST_SUPPORT_FAILING_ALLOCATOR_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <airssys/allocator.h>
#include <airssys/status.h>

typedef struct airs_failing_allocator {
    airs_allocator_t allocator;  /* hand out &x.allocator */
    _Atomic uint64_t requests;   /* alloc and resize calls so far */
    _Atomic uint64_t fail_from;  /* the first request to refuse, 1 is the first; 0: none */
    _Atomic uint64_t fail_count; /* how many from there on; UINT64_MAX: all */
    _Atomic uint64_t refused;    /* how many were */
    _Atomic uint64_t live_blocks;
    _Atomic uint64_t live_bytes;
    _Atomic uint64_t peak_bytes;
} airs_failing_allocator_t;

/* Any thread may use it afterwards. It refuses nothing until told to. A block that is released twice,
 * or that came from elsewhere, aborts the test. Released memory is overwritten. */
void airs_failing_allocator_init(airs_failing_allocator_t *self);

/* Refuse `count` requests, the `nth` from now (1: the next one) and those after it. nth 0: none. */
void airs_failing_allocator_fail(airs_failing_allocator_t *self, uint64_t nth, uint64_t count);

/* A life that must leave nothing behind, whatever it answers. */
typedef airs_status_t airs_fallible_fn(const airs_allocator_t *allocator, void *context);

/* Run `life` with its first allocation refused, then with its second, … until a run needs fewer
 * requests than the one to refuse; then again with everything from the N-th on refused. Asserts that a
 * run in which something was refused answers AIRS_OUT_OF_MEMORY or AIRS_OK (it could do without), that
 * the last answers AIRS_OK, and that each gives everything back. */
void airs_fail_each_allocation(airs_fallible_fn *life, void *context);

#endif
