#include "support/test.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/block_pool.h"
#include "core/check.h"
#include "support/failing_allocator.h"
#include "support/seeded_random.h"

/* Under an address sanitizer the pool keeps no blocks, so what is said about reuse does not hold. */
#if defined(__SANITIZE_ADDRESS__) || defined(AIRS_SANITIZE)
#define KEEPS_BLOCKS false
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define KEEPS_BLOCKS false
#endif
#endif
#ifndef KEEPS_BLOCKS
#define KEEPS_BLOCKS true
#endif

typedef struct fixture {
    airs_failing_allocator_t memory;
    airs_block_pool_t *pool;
} fixture_t;

static int set_up(void **state) {
    fixture_t *self = malloc(sizeof *self);
    assert_non_null(self);
    airs_failing_allocator_init(&self->memory);
    assert_ok(airs_block_pool_create(&self->memory.allocator, &self->pool));
    *state = self;
    return 0;
}

static int tear_down(void **state) {
    fixture_t *self = *state;
    airs_block_pool_destroy(self->pool);
    assert_int_equal(atomic_load(&self->memory.live_blocks), 0);
    free(self);
    return 0;
}

/* Sizes around every boundary between classes, and beyond the largest. */
static const size_t SIZES[] = {0,   1,    47,   48,   49,   112,   113,    200,    495,    496,    497,   624,
                               625, 1008, 1009, 4080, 4081, 65536, 114672, 114673, 131056, 131057, 200000};
#define SIZE_COUNT (sizeof SIZES / sizeof SIZES[0])

static void every_size_is_aligned_writable_and_knows_its_pool(void **state) {
    fixture_t *self = *state;
    unsigned char *blocks[SIZE_COUNT];
    for (int round = 0; round < 3; round++) {
        for (size_t i = 0; i < SIZE_COUNT; i++) {
            blocks[i] = airs_block_pool_alloc(self->pool, SIZES[i]);
            assert_non_null(blocks[i]);
            assert_int_equal((uintptr_t)blocks[i] % 16, 0);
            assert_ptr_equal(airs_block_pool_of(blocks[i]), self->pool);
            memset(blocks[i], (int)i + 1, SIZES[i]);
        }
        for (size_t i = 0; i < SIZE_COUNT; i++) {
            for (size_t k = 0; k < SIZES[i]; k++) {
                assert_int_equal(blocks[i][k], i + 1);
            }
            airs_block_pool_free(blocks[i]);
        }
    }
    airs_block_pool_free(NULL);
}

static void every_size_up_to_a_few_classes_fits(void **state) {
    fixture_t *self = *state;
    for (size_t size = 0; size < 3000; size++) {
        unsigned char *block = airs_block_pool_alloc(self->pool, size);
        memset(block, 0xff, size);
        airs_block_pool_free(block);
    }
}

static void a_thread_gets_its_own_blocks_back(void **state) {
    fixture_t *self = *state;
    if (!KEEPS_BLOCKS) {
        skip();
    }
    void *blocks[100];
    for (size_t i = 0; i < 100; i++) {
        blocks[i] = airs_block_pool_alloc(self->pool, 200);
    }
    for (size_t i = 0; i < 100; i++) {
        airs_block_pool_free(blocks[i]);
    }
    uint64_t requests = atomic_load(&self->memory.requests);
    for (int round = 0; round < 1000; round++) {
        for (size_t i = 0; i < 100; i++) {
            blocks[i] = airs_block_pool_alloc(self->pool, 180 + i % 20);
        }
        for (size_t i = 0; i < 100; i++) {
            airs_block_pool_free(blocks[i]);
        }
    }
    assert_int_equal(atomic_load(&self->memory.requests), requests);
}

static void too_large_is_no_memory(void **state) {
    fixture_t *self = *state;
    assert_null(airs_block_pool_alloc(self->pool, SIZE_MAX));
    assert_null(airs_block_pool_alloc(self->pool, SIZE_MAX - 15));
    airs_failing_allocator_fail(&self->memory, 1, UINT64_MAX);
    assert_null(airs_block_pool_alloc(self->pool, 100));
    assert_null(airs_block_pool_alloc(self->pool, 1000000));
}

/* A burst is not kept for ever. */
static void what_is_kept_is_bounded(void **state) {
    fixture_t *self = *state;
    enum { COUNT = 100000 };
    void **blocks = malloc(COUNT * sizeof *blocks);
    assert_non_null(blocks);
    for (size_t i = 0; i < COUNT; i++) {
        blocks[i] = airs_block_pool_alloc(self->pool, 200);
    }
    assert_true(atomic_load(&self->memory.live_bytes) > (uint64_t)COUNT * 200);
    for (size_t i = 0; i < COUNT; i++) {
        airs_block_pool_free(blocks[i]);
    }
    free(blocks);
    assert_true(atomic_load(&self->memory.live_bytes) < (uint64_t)6 << 20);
}

static airs_status_t life(const airs_allocator_t *allocator, void *context) {
    (void)context;
    airs_block_pool_t *pool = NULL;
    airs_status_t status = airs_block_pool_create(allocator, &pool);
    void *blocks[4] = {NULL};
    for (size_t i = 0; i < 4 && status == AIRS_OK; i++) {
        blocks[i] = airs_block_pool_alloc(pool, (size_t)60 << (4 * i));
        status = blocks[i] != NULL ? AIRS_OK : AIRS_OUT_OF_MEMORY;
    }
    for (size_t i = 0; i < 4; i++) {
        airs_block_pool_free(blocks[i]);
    }
    airs_block_pool_destroy(pool);
    return status;
}

static void every_allocation_may_fail(void **state) {
    (void)state;
    airs_fail_each_allocation(life, NULL);
}

/* More pools than a thread remembers, used in turns, some of them ended and others made at their place. */
static void many_pools_live_side_by_side(void **state) {
    (void)state;
    enum { POOLS = 11 };
    airs_failing_allocator_t memory;
    airs_failing_allocator_init(&memory);
    airs_seeded_random_t random;
    airs_seeded_random_init(&random, 7);
    airs_block_pool_t *pools[POOLS] = {NULL};
    void *blocks[POOLS][4] = {{NULL}};
    for (int turn = 0; turn < 5000; turn++) {
        size_t at = airs_seeded_random_below(&random, POOLS);
        if (pools[at] == NULL) {
            assert_ok(airs_block_pool_create(&memory.allocator, &pools[at]));
        }
        size_t slot = airs_seeded_random_below(&random, 4);
        airs_block_pool_free(blocks[at][slot]);
        blocks[at][slot] = airs_block_pool_alloc(pools[at], 1 + airs_seeded_random_below(&random, 600));
        assert_ptr_equal(airs_block_pool_of(blocks[at][slot]), pools[at]);
        if (airs_seeded_random_below(&random, 50) == 0) {
            for (size_t i = 0; i < 4; i++) {
                airs_block_pool_free(blocks[at][i]);
                blocks[at][i] = NULL;
            }
            airs_block_pool_destroy(pools[at]);
            pools[at] = NULL;
        }
    }
    for (size_t at = 0; at < POOLS; at++) {
        for (size_t i = 0; i < 4; i++) {
            airs_block_pool_free(blocks[at][i]);
        }
        airs_block_pool_destroy(pools[at]);
    }
    assert_int_equal(atomic_load(&memory.live_blocks), 0);
}

/* ---- threads ---- */

static void *use_and_end(void *pool) {
    void *blocks[200];
    for (size_t i = 0; i < 200; i++) {
        blocks[i] = airs_block_pool_alloc(pool, 100 + i);
        AIRS_ASSERT(blocks[i] != NULL);
        memset(blocks[i], 1, 100 + i);
    }
    for (size_t i = 0; i < 200; i++) {
        airs_block_pool_free(blocks[i]);
    }
    return NULL;
}

/* What an ended thread had cached serves the next one: a thousand threads need no more than a few. */
static void a_thread_that_ends_gives_its_cache_back(void **state) {
    fixture_t *self = *state;
    pthread_t thread;
    for (int i = 0; i < 3; i++) {
        assert_int_equal(pthread_create(&thread, NULL, use_and_end, self->pool), 0);
        assert_int_equal(pthread_join(thread, NULL), 0);
    }
    uint64_t live = atomic_load(&self->memory.live_bytes);
    for (int i = 0; i < 200; i++) {
        assert_int_equal(pthread_create(&thread, NULL, use_and_end, self->pool), 0);
        assert_int_equal(pthread_join(thread, NULL), 0);
    }
    assert_int_equal(atomic_load(&self->memory.live_bytes), live);
}

typedef struct idle {
    airs_block_pool_t *pool;
    pthread_barrier_t used;
    pthread_barrier_t destroyed;
} idle_t;

static void *use_then_idle(void *argument) {
    idle_t *idle = argument;
    (void)use_and_end(idle->pool);
    (void)pthread_barrier_wait(&idle->used);
    (void)pthread_barrier_wait(&idle->destroyed);
    /* Another pool, maybe at the same address: nothing of the first one is remembered. */
    airs_block_pool_t *pool = NULL;
    AIRS_ASSERT(airs_block_pool_create(airs_allocator_default(), &pool) == AIRS_OK);
    (void)use_and_end(pool);
    airs_block_pool_destroy(pool);
    return NULL;
}

static void a_pool_ends_before_the_threads_that_used_it(void **state) {
    (void)state;
    airs_failing_allocator_t memory;
    airs_failing_allocator_init(&memory);
    idle_t idle;
    assert_ok(airs_block_pool_create(&memory.allocator, &idle.pool));
    assert_int_equal(pthread_barrier_init(&idle.used, NULL, 3), 0);
    assert_int_equal(pthread_barrier_init(&idle.destroyed, NULL, 3), 0);
    pthread_t threads[2];
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, use_then_idle, &idle), 0);
    }
    (void)pthread_barrier_wait(&idle.used);
    airs_block_pool_destroy(idle.pool);
    assert_int_equal(atomic_load(&memory.live_blocks), 0);
    (void)pthread_barrier_wait(&idle.destroyed);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    }
    (void)pthread_barrier_destroy(&idle.used);
    (void)pthread_barrier_destroy(&idle.destroyed);
}

#define RING 256
#define PASSED 100000

/* A bounded queue from one thread to another. */
typedef struct ring {
    airs_block_pool_t *pool;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    void *blocks[RING];
    size_t count;
    size_t sent;
    size_t freed;
} ring_t;

static void *produce(void *argument) {
    ring_t *ring = argument;
    for (size_t i = 0; i < PASSED;) {
        void *batch[64];
        size_t made = 0;
        for (; made < 64 && i + made < PASSED; made++) {
            batch[made] = airs_block_pool_alloc(ring->pool, 200);
            AIRS_ASSERT(batch[made] != NULL);
            memcpy(batch[made], &(size_t){i + made}, sizeof(size_t));
        }
        pthread_mutex_lock(&ring->lock);
        while (ring->count + made > RING) {
            pthread_cond_wait(&ring->changed, &ring->lock);
        }
        memcpy(ring->blocks + ring->count, batch, made * sizeof batch[0]);
        ring->count += made;
        pthread_cond_signal(&ring->changed);
        pthread_mutex_unlock(&ring->lock);
        i += made;
    }
    return NULL;
}

static void *consume(void *argument) {
    ring_t *ring = argument;
    size_t next = 0;
    while (next < PASSED) {
        void *blocks[RING];
        pthread_mutex_lock(&ring->lock);
        while (ring->count == 0) {
            pthread_cond_wait(&ring->changed, &ring->lock);
        }
        size_t count = ring->count;
        memcpy(blocks, ring->blocks, count * sizeof blocks[0]);
        ring->count = 0;
        pthread_cond_signal(&ring->changed);
        pthread_mutex_unlock(&ring->lock);
        for (size_t i = 0; i < count; i++) {
            size_t number = 0;
            memcpy(&number, blocks[i], sizeof number);
            AIRS_ASSERT(number == next++);
            airs_block_pool_free(blocks[i]);
        }
    }
    return NULL;
}

/* Blocks flow back by the batch: a hundred thousand messages need a few hundred blocks. */
static void blocks_flow_back_to_who_makes_them(void **state) {
    fixture_t *self = *state;
    ring_t ring = {
        .pool = self->pool, .lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};
    uint64_t before = atomic_load(&self->memory.requests);
    pthread_t threads[2];
    assert_int_equal(pthread_create(&threads[0], NULL, produce, &ring), 0);
    assert_int_equal(pthread_create(&threads[1], NULL, consume, &ring), 0);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    }
    if (KEEPS_BLOCKS) {
        assert_in_range(atomic_load(&self->memory.requests) - before, 1, 2000);
    }
}

#define SWAPPERS 4
#define PLACES 512
#define SWAPS 40000

typedef struct market {
    airs_block_pool_t *pools[2];
    _Atomic(void *) places[PLACES];
    _Atomic uint64_t seeds;
} market_t;

/* Takes whatever lies at a random place, checks it, and leaves a new block there. */
static void *swap_blocks(void *argument) {
    market_t *market = argument;
    airs_seeded_random_t random;
    airs_seeded_random_init(&random, atomic_fetch_add(&market->seeds, 1));
    for (int i = 0; i < SWAPS; i++) {
        size_t size = 8 + airs_seeded_random_below(&random, i % 100 == 0 ? 150000 : 700);
        unsigned char *mine = airs_block_pool_alloc(market->pools[i % 2], size);
        AIRS_ASSERT(mine != NULL);
        memset(mine, (int)size & 0xff, 8);
        unsigned char *found =
            atomic_exchange(&market->places[airs_seeded_random_below(&random, PLACES)], mine);
        if (found != NULL) {
            AIRS_ASSERT(found[0] == found[7]);
            AIRS_ASSERT(airs_block_pool_of(found) == market->pools[0] ||
                        airs_block_pool_of(found) == market->pools[1]);
        }
        airs_block_pool_free(found);
    }
    return NULL;
}

static void threads_free_what_others_made(void **state) {
    fixture_t *self = *state;
    static market_t market;
    memset(&market, 0, sizeof market);
    market.pools[0] = self->pool;
    assert_ok(airs_block_pool_create(&self->memory.allocator, &market.pools[1]));
    pthread_t threads[SWAPPERS];
    for (size_t i = 0; i < SWAPPERS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, swap_blocks, &market), 0);
    }
    for (size_t i = 0; i < SWAPPERS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    }
    for (size_t i = 0; i < PLACES; i++) {
        airs_block_pool_free(atomic_load(&market.places[i]));
    }
    airs_block_pool_destroy(market.pools[1]);
}

/* A thread that cannot have a cache for want of memory still frees, and what it frees is reused. */
static void *free_one(void *block) {
    airs_block_pool_free(block);
    return NULL;
}

static void freeing_needs_no_memory(void **state) {
    fixture_t *self = *state;
    void *blocks[40];
    for (size_t i = 0; i < 40; i++) {
        blocks[i] = airs_block_pool_alloc(self->pool, 200);
    }
    airs_failing_allocator_fail(&self->memory, 1, UINT64_MAX);
    for (size_t i = 0; i < 40; i++) {
        pthread_t thread;
        assert_int_equal(pthread_create(&thread, NULL, free_one, blocks[i]), 0);
        assert_int_equal(pthread_join(thread, NULL), 0);
    }
    if (KEEPS_BLOCKS) {
        for (size_t i = 0; i < 40; i++) {
            blocks[i] = airs_block_pool_alloc(self->pool, 200);
            assert_non_null(blocks[i]);
        }
        for (size_t i = 0; i < 40; i++) {
            airs_block_pool_free(blocks[i]);
        }
    }
}

/* ---- mistakes ---- */

static void free_twice(airs_block_pool_t *pool) {
    void *block = airs_block_pool_alloc(pool, 100);
    airs_block_pool_free(block);
    airs_block_pool_free(block);
}

static void destroy_in_use(airs_block_pool_t *pool) {
    if (airs_block_pool_alloc(pool, 100) != NULL) {
        airs_block_pool_destroy(pool);
    }
}

static void assert_aborts(void (*mistake)(airs_block_pool_t *pool), airs_block_pool_t *pool) {
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct rlimit none = {0, 0};
        (void)setrlimit(RLIMIT_CORE, &none);
        (void)signal(SIGABRT, SIG_DFL);
        (void)close(STDERR_FILENO);
        mistake(pool);
        _exit(0);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) || WEXITSTATUS(status) != 0);
}

static void mistakes_abort(void **state) {
    fixture_t *self = *state;
    assert_aborts(free_twice, self->pool);
    assert_aborts(destroy_in_use, self->pool);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(every_size_is_aligned_writable_and_knows_its_pool),
        TEST(every_size_up_to_a_few_classes_fits),
        TEST(a_thread_gets_its_own_blocks_back),
        TEST(too_large_is_no_memory),
        TEST(what_is_kept_is_bounded),
        cmocka_unit_test(every_allocation_may_fail),
        cmocka_unit_test(many_pools_live_side_by_side),
        TEST(a_thread_that_ends_gives_its_cache_back),
        cmocka_unit_test(a_pool_ends_before_the_threads_that_used_it),
        TEST(blocks_flow_back_to_who_makes_them),
        TEST(threads_free_what_others_made),
        TEST(freeing_needs_no_memory),
        TEST(mistakes_abort),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
