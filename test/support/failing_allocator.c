#include "support/failing_allocator.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/test.h"

/* Tells a live block from a released one and from memory that is not ours. */
#define MARK_LIVE UINT64_C(0x6c697665626c6f63)
#define MARK_DEAD UINT64_C(0x6465616462656566)

/* A life that needs more requests than this is not going to end. */
#define REQUESTS_MAX 100000u

typedef struct block_header {
    _Alignas(max_align_t) uint64_t mark;
    size_t size;
} block_header_t;

static void die(const char *what) {
    (void)fprintf(stderr, "failing_allocator: %s\n", what);
    abort();
}

static bool refuses(airs_failing_allocator_t *self) {
    uint64_t number = atomic_fetch_add(&self->requests, 1) + 1;
    uint64_t from = atomic_load(&self->fail_from);
    if (from == 0 || number < from || number - from >= atomic_load(&self->fail_count)) {
        return false;
    }
    atomic_fetch_add(&self->refused, 1);
    return true;
}

static void account(airs_failing_allocator_t *self, size_t size) {
    atomic_fetch_add(&self->live_blocks, 1);
    uint64_t live = atomic_fetch_add(&self->live_bytes, size) + size;
    uint64_t peak = atomic_load(&self->peak_bytes);
    while (live > peak && !atomic_compare_exchange_weak(&self->peak_bytes, &peak, live)) {
    }
}

static void *failing_alloc(void *context, size_t size) {
    airs_failing_allocator_t *self = context;
    if (refuses(self) || size > SIZE_MAX - sizeof(block_header_t)) {
        return NULL;
    }
    block_header_t *header = malloc(sizeof *header + size);
    if (header == NULL) {
        return NULL;
    }
    header->mark = MARK_LIVE;
    header->size = size;
    account(self, size);
    /* What reads memory it has not written shall not find zeroes by luck. */
    memset(header + 1, 0xa5, size);
    return header + 1;
}

static void failing_release(void *context, void *block) {
    airs_failing_allocator_t *self = context;
    if (block == NULL) {
        return;
    }
    block_header_t *header = (block_header_t *)block - 1;
    if (header->mark != MARK_LIVE) {
        die(header->mark == MARK_DEAD ? "a block was released twice" : "a block came from elsewhere");
    }
    header->mark = MARK_DEAD;
    atomic_fetch_sub(&self->live_blocks, 1);
    atomic_fetch_sub(&self->live_bytes, header->size);
    memset(block, 0x5a, header->size);
    free(header);
}

/* Always moves, so that whoever keeps a pointer into the old block is found out. */
static void *failing_resize(void *context, void *block, size_t size) {
    void *moved = failing_alloc(context, size);
    if (moved == NULL || block == NULL) {
        return moved;
    }
    size_t old_size = ((block_header_t *)block - 1)->size;
    memcpy(moved, block, old_size < size ? old_size : size);
    failing_release(context, block);
    return moved;
}

void airs_failing_allocator_init(airs_failing_allocator_t *self) {
    memset(self, 0, sizeof *self);
    self->allocator = (airs_allocator_t){failing_alloc, failing_resize, failing_release, self};
}

void airs_failing_allocator_fail(airs_failing_allocator_t *self, uint64_t nth, uint64_t count) {
    atomic_store(&self->fail_from, 0);
    atomic_store(&self->fail_count, count);
    atomic_store(&self->fail_from, nth == 0 ? 0 : atomic_load(&self->requests) + nth);
}

/* One run with `count` requests refused from the nth on; true if any was. */
static bool run_refusing(airs_fallible_fn *life, void *context, uint64_t nth, uint64_t count) {
    airs_failing_allocator_t self;
    airs_failing_allocator_init(&self);
    airs_failing_allocator_fail(&self, nth, count);
    airs_status_t status = life(&self.allocator, context);
    bool refused = atomic_load(&self.refused) > 0;
    if (!refused || status != AIRS_OK) {
        assert_status(status, refused ? AIRS_OUT_OF_MEMORY : AIRS_OK);
    }
    if (atomic_load(&self.live_blocks) != 0) {
        fail_msg("request %llu refused: %llu blocks (%llu bytes) were not given back",
                 (unsigned long long)nth, (unsigned long long)atomic_load(&self.live_blocks),
                 (unsigned long long)atomic_load(&self.live_bytes));
    }
    return refused;
}

void airs_fail_each_allocation(airs_fallible_fn *life, void *context) {
    for (int all = 0; all <= 1; all++) {
        uint64_t nth = 1;
        while (run_refusing(life, context, nth, all ? UINT64_MAX : 1)) {
            assert_in_range(++nth, 1, REQUESTS_MAX);
        }
    }
}
