#include "core/block_pool.h"

#include <pthread.h>
#include <stdatomic.h>

#include "core/check.h"
#include "core/memory.h"

/* Sizes, the block's own header included: steps of 64 up to 512, from there four steps a doubling up to
 * 128 KiB. */
#define SMALL_STEP 64
#define SMALL_MAX 512
#define SMALL_CLASSES (SMALL_MAX / SMALL_STEP)
#define SMALL_MAX_LOG2 9
#define LARGEST_LOG2 17
#define LARGEST ((size_t)1 << LARGEST_LOG2)
#define CLASSES (SMALL_CLASSES + 4 * (LARGEST_LOG2 - SMALL_MAX_LOG2))

/* The class of blocks that come straight from the allocator. */
#define CLASS_NONE UINT32_C(0xffffffff)

/* A thread hands over this many blocks at once, fewer of the large ones. */
#define BATCH_COUNT_MAX 32
#define BATCH_BYTES_MAX ((size_t)32 << 10)

/* What a thread keeps of one class besides the batch in use, one batch at least. An actor's burst, or those of several,
 * should find room in it: what goes to the shared list comes back from another core's cache. */
#define SPARE_BYTES_MAX ((size_t)256 << 10)

/* What one class keeps between threads; more goes back to the allocator. */
#define SHARED_BYTES_MAX ((size_t)4 << 20)

/* Pools that one thread can use side by side without visiting the lock below. */
#define SLOTS 4

/* Address sanitizers see a use after free only if every block comes from and goes to the allocator. */
#if defined(__SANITIZE_ADDRESS__) || defined(AIRS_SANITIZE)
#define CACHES_BYPASSED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define CACHES_BYPASSED 1
#endif
#endif
#ifndef CACHES_BYPASSED
#define CACHES_BYPASSED 0
#endif

/* Tell a block in use from one that was given back, and both from memory that is not ours. */
#define MARK_USED UINT32_C(0x75736564)
#define MARK_FREE UINT32_C(0x66726565)

/* Stands before every block, free or in use. */
typedef struct header {
    _Alignas(16) airs_block_pool_t *pool;
    uint32_t class_index;
    uint32_t mark;
} header_t;

/* What a free block holds behind its header. */
typedef struct free_block {
    header_t header;
    struct free_block *next;       /* in its batch */
    struct free_block *next_batch; /* of the first block of a batch that is not in use: the next one */
    size_t batch_count;            /* likewise, on the shared list */
} free_block_t;

_Static_assert(sizeof(free_block_t) <= SMALL_STEP, "the smallest class has room for the links");

typedef struct batch {
    free_block_t *first;
    size_t count;
} batch_t;

/* Blocks of one class in one thread. At least two batches, so that a thread that takes and gives around the edge of
 * one does not visit the shared list each time. */
typedef struct bin {
    batch_t active;
    free_block_t *spares; /* full batches */
    size_t limit;         /* of blocks in `active` */
    uint32_t spare_count;
    uint32_t spare_max;
} bin_t;

typedef struct cache {
    struct cache *next; /* of the pool's caches */
    struct cache **link;
    bin_t bins[CLASSES];
} cache_t;

/* Blocks of one class between threads, a line of its own for each lock. */
typedef struct shared {
    _Alignas(AIRS_CACHE_LINE) pthread_mutex_t lock;
    free_block_t *batches;
    size_t count; /* blocks in all batches */
} shared_t;

struct airs_block_pool {
    /* Never used again, so that what a thread remembers of a pool that is gone matches no other pool,
     * also not one at the same address. */
    uint64_t serial;
    const airs_allocator_t *allocator;
    airs_block_pool_t *next; /* of the live pools */
    airs_block_pool_t **link;
    cache_t *caches; /* of all threads; under pools_lock */
    /* Blocks that the allocator has not got back. Apart from the serial, which every call reads. */
    _Alignas(AIRS_CACHE_LINE) _Atomic size_t allocated;
    shared_t shared[CLASSES];
};

typedef struct slot {
    uint64_t serial; /* 0: free */
    airs_block_pool_t *pool;
    cache_t *cache;
} slot_t;

/* The calling thread's caches. The first two fields repeat the slot that was used last. A pool and its
 * caches may be gone: only the owner of the serial, or whoever holds pools_lock, can know. */
typedef struct thread_caches {
    uint64_t recent_serial;
    cache_t *recent_cache;
    slot_t slots[SLOTS];
    size_t next_victim;
} thread_caches_t;

static _Thread_local thread_caches_t here;

/* Over the list of live pools, their lists of caches, and the serial. Taken when a thread begins to use a
 * pool, when a thread ends, and when a pool begins or ends. */
static pthread_mutex_t pools_lock = PTHREAD_MUTEX_INITIALIZER;
static airs_block_pool_t *live_pools;
static uint64_t last_serial;

static pthread_once_t exit_key_once = PTHREAD_ONCE_INIT;
static pthread_key_t exit_key;
static bool exit_key_made;

static uint32_t class_of(size_t total) {
    if (total <= SMALL_MAX) {
        return (uint32_t)((total + SMALL_STEP - 1) / SMALL_STEP - 1);
    }
    if (total > LARGEST) {
        return CLASS_NONE;
    }
    unsigned log2 = (unsigned)(63 - __builtin_clzll(total - 1));
    return SMALL_CLASSES + 4 * (log2 - SMALL_MAX_LOG2) + (uint32_t)((total - 1) >> (log2 - 2)) - 4;
}

static size_t class_size(uint32_t class_index) {
    if (class_index < SMALL_CLASSES) {
        return ((size_t)class_index + 1) * SMALL_STEP;
    }
    uint32_t step = class_index - SMALL_CLASSES;
    return ((size_t)5 + step % 4) << (SMALL_MAX_LOG2 - 2 + step / 4);
}

static size_t batch_limit(uint32_t class_index) {
    size_t count = BATCH_BYTES_MAX / class_size(class_index);
    return count > BATCH_COUNT_MAX ? BATCH_COUNT_MAX : count > 0 ? count : 1;
}

static uint32_t spares_limit(uint32_t class_index) {
    size_t count = SPARE_BYTES_MAX / (batch_limit(class_index) * class_size(class_index));
    return count > 0 ? (uint32_t)count : 1;
}

/* ---- from and to the allocator ---- */

static free_block_t *allocate_block(airs_block_pool_t *pool, uint32_t class_index, size_t total) {
    free_block_t *block = airs_alloc(pool->allocator, total);
    if (block != NULL) {
        block->header.pool = pool;
        block->header.class_index = class_index;
        block->header.mark = MARK_FREE;
        /* Relaxed: only the pool's end reads it, and that is ordered after every use by its caller. */
        atomic_fetch_add_explicit(&pool->allocated, 1, memory_order_relaxed);
    }
    return block;
}

static void release_block(airs_block_pool_t *pool, free_block_t *block) {
    atomic_fetch_sub_explicit(&pool->allocated, 1, memory_order_relaxed);
    airs_release(pool->allocator, block);
}

static void release_batch(airs_block_pool_t *pool, free_block_t *first) {
    while (first != NULL) {
        free_block_t *next = first->next;
        release_block(pool, first);
        first = next;
    }
}

/* ---- between threads ---- */

static void shared_give(airs_block_pool_t *pool, uint32_t class_index, batch_t batch) {
    shared_t *shared = &pool->shared[class_index];
    batch.first->batch_count = batch.count;
    (void)pthread_mutex_lock(&shared->lock);
    bool keep = (shared->count + batch.count) * class_size(class_index) <= SHARED_BYTES_MAX;
    if (keep) {
        batch.first->next_batch = shared->batches;
        shared->batches = batch.first;
        shared->count += batch.count;
    }
    (void)pthread_mutex_unlock(&shared->lock);
    if (!keep) {
        release_batch(pool, batch.first);
    }
}

/* Empty when there is none. */
static batch_t shared_take(airs_block_pool_t *pool, uint32_t class_index) {
    shared_t *shared = &pool->shared[class_index];
    batch_t batch = {0};
    (void)pthread_mutex_lock(&shared->lock);
    if (shared->batches != NULL) {
        batch = (batch_t){shared->batches, shared->batches->batch_count};
        shared->batches = batch.first->next_batch;
        shared->count -= batch.count;
    }
    (void)pthread_mutex_unlock(&shared->lock);
    return batch;
}

/* ---- a thread's cache ---- */

/* There is one. */
static batch_t take_spare(bin_t *bin) {
    batch_t batch = {bin->spares, bin->limit};
    bin->spares = batch.first->next_batch;
    bin->spare_count--;
    return batch;
}

static void give_all(airs_block_pool_t *pool, cache_t *cache) {
    for (uint32_t i = 0; i < CLASSES; i++) {
        bin_t *bin = &cache->bins[i];
        if (bin->active.count > 0) {
            shared_give(pool, i, bin->active);
        }
        while (bin->spare_count > 0) {
            shared_give(pool, i, take_spare(bin));
        }
    }
}

/* Both under pools_lock. */
static bool is_live(const slot_t *slot) {
    for (airs_block_pool_t *pool = live_pools; pool != NULL; pool = pool->next) {
        if (pool->serial == slot->serial) {
            return true;
        }
    }
    return false;
}

static void vacate(slot_t *slot) {
    if (slot->serial != 0 && is_live(slot)) {
        cache_t *cache = slot->cache;
        give_all(slot->pool, cache);
        *cache->link = cache->next;
        if (cache->next != NULL) {
            cache->next->link = cache->link;
        }
        airs_release(slot->pool->allocator, cache);
    }
    *slot = (slot_t){0};
}

/* At a thread's end. The thread may yet use a pool, in another library's destructor: that makes a new cache
 * and has this run again. */
static void leave_thread(void *unused) {
    (void)unused;
    (void)pthread_mutex_lock(&pools_lock);
    for (size_t i = 0; i < SLOTS; i++) {
        vacate(&here.slots[i]);
    }
    here.recent_serial = 0;
    here.recent_cache = NULL;
    (void)pthread_mutex_unlock(&pools_lock);
}

static void make_exit_key(void) { exit_key_made = pthread_key_create(&exit_key, leave_thread) == 0; }

/* A library that is unloaded must not leave a pointer to its code behind. */
__attribute__((destructor)) static void drop_exit_key(void) {
    if (exit_key_made) {
        (void)pthread_key_delete(exit_key);
    }
}

/* Without a way to hear of the thread's end there is no cache for it. */
static bool watch_thread_end(void) {
    (void)pthread_once(&exit_key_once, make_exit_key);
    return exit_key_made && pthread_setspecific(exit_key, &here) == 0;
}

static slot_t *free_slot(void) {
    for (size_t i = 0; i < SLOTS; i++) {
        if (here.slots[i].serial == 0 || !is_live(&here.slots[i])) {
            return &here.slots[i];
        }
    }
    here.next_victim = (here.next_victim + 1) % SLOTS;
    return &here.slots[here.next_victim];
}

static cache_t *make_cache(airs_block_pool_t *pool) {
    if (CACHES_BYPASSED || !watch_thread_end()) {
        return NULL;
    }
    cache_t *cache = airs_alloc_zeroed(pool->allocator, sizeof *cache);
    if (cache == NULL) {
        return NULL;
    }
    for (uint32_t i = 0; i < CLASSES; i++) {
        cache->bins[i].limit = batch_limit(i);
        cache->bins[i].spare_max = spares_limit(i);
    }
    (void)pthread_mutex_lock(&pools_lock);
    slot_t *slot = free_slot();
    vacate(slot);
    *slot = (slot_t){pool->serial, pool, cache};
    cache->next = pool->caches;
    cache->link = &pool->caches;
    if (cache->next != NULL) {
        cache->next->link = &cache->next;
    }
    pool->caches = cache;
    (void)pthread_mutex_unlock(&pools_lock);
    return cache;
}

/* Out of the way of the callers, which would else be too large to be inlined well. */
__attribute__((noinline, cold)) static cache_t *find_cache(airs_block_pool_t *pool) {
    cache_t *cache = NULL;
    for (size_t i = 0; i < SLOTS && cache == NULL; i++) {
        cache = here.slots[i].serial == pool->serial ? here.slots[i].cache : NULL;
    }
    cache = cache != NULL ? cache : make_cache(pool);
    here.recent_serial = cache != NULL ? pool->serial : 0;
    here.recent_cache = cache;
    return cache;
}

/* NULL when this thread cannot have one. */
static inline cache_t *cache_of(airs_block_pool_t *pool) {
    return __builtin_expect(here.recent_serial == pool->serial, 1) ? here.recent_cache : find_cache(pool);
}

/* ---- taking and giving ---- */

static void *use_block(free_block_t *block) {
    AIRS_ASSERT(block->header.mark == MARK_FREE);
    block->header.mark = MARK_USED;
    return &block->header + 1;
}

__attribute__((noinline)) static void *alloc_slow(airs_block_pool_t *pool, cache_t *cache,
                                                  uint32_t class_index, size_t total) {
    if (cache != NULL) {
        bin_t *bin = &cache->bins[class_index];
        batch_t batch = bin->spare_count > 0 ? take_spare(bin) : shared_take(pool, class_index);
        if (batch.count > 0) {
            free_block_t *block = batch.first;
            bin->active = (batch_t){block->next, batch.count - 1};
            return use_block(block);
        }
    }
    free_block_t *block =
        allocate_block(pool, class_index, class_index == CLASS_NONE ? total : class_size(class_index));
    return block != NULL ? use_block(block) : NULL;
}

void *airs_block_pool_alloc(airs_block_pool_t *pool, size_t size) {
    size_t total = 0;
    if (__builtin_add_overflow(size, sizeof(header_t), &total)) {
        return NULL;
    }
    uint32_t class_index = CACHES_BYPASSED ? CLASS_NONE : class_of(total);
    if (class_index == CLASS_NONE) {
        return alloc_slow(pool, NULL, CLASS_NONE,
                          total < sizeof(free_block_t) ? sizeof(free_block_t) : total);
    }
    cache_t *cache = cache_of(pool);
    if (__builtin_expect(cache == NULL || cache->bins[class_index].active.count == 0, 0)) {
        return alloc_slow(pool, cache, class_index, total);
    }
    batch_t *active = &cache->bins[class_index].active;
    free_block_t *block = active->first;
    active->first = block->next;
    active->count--;
    return use_block(block);
}

__attribute__((noinline)) static void free_slow(airs_block_pool_t *pool, cache_t *cache,
                                                free_block_t *block) {
    uint32_t class_index = block->header.class_index;
    if (class_index == CLASS_NONE) {
        release_block(pool, block);
        return;
    }
    if (cache == NULL) {
        block->next = NULL;
        shared_give(pool, class_index, (batch_t){block, 1});
        return;
    }
    bin_t *bin = &cache->bins[class_index];
    if (bin->spare_count < bin->spare_max) {
        bin->active.first->next_batch = bin->spares;
        bin->spares = bin->active.first;
        bin->spare_count++;
    } else {
        shared_give(pool, class_index, bin->active);
    }
    block->next = NULL;
    bin->active = (batch_t){block, 1};
}

void airs_block_pool_free(void *memory) {
    if (memory == NULL) {
        return;
    }
    free_block_t *block = (free_block_t *)((header_t *)memory - 1);
    AIRS_ASSERT(block->header.mark == MARK_USED);
    block->header.mark = MARK_FREE;
    airs_block_pool_t *pool = block->header.pool;
    uint32_t class_index = block->header.class_index;
    cache_t *cache = class_index == CLASS_NONE ? NULL : cache_of(pool);
    if (__builtin_expect(
            cache == NULL || cache->bins[class_index].active.count >= cache->bins[class_index].limit, 0)) {
        free_slow(pool, cache, block);
        return;
    }
    batch_t *active = &cache->bins[class_index].active;
    block->next = active->first;
    active->first = block;
    active->count++;
}

airs_block_pool_t *airs_block_pool_of(void *block) {
    header_t *header = (header_t *)block - 1;
    AIRS_ASSERT(header->mark == MARK_USED);
    return header->pool;
}

/* ---- the pool's life ---- */

airs_status_t airs_block_pool_create(const airs_allocator_t *allocator, airs_block_pool_t **out) {
    airs_block_pool_t *pool = airs_alloc_aligned(allocator, sizeof *pool);
    if (pool == NULL) {
        return AIRS_OUT_OF_MEMORY;
    }
    pool->allocator = allocator;
    for (size_t i = 0; i < CLASSES; i++) {
        (void)pthread_mutex_init(&pool->shared[i].lock, NULL);
    }
    (void)pthread_mutex_lock(&pools_lock);
    pool->serial = ++last_serial;
    pool->next = live_pools;
    pool->link = &live_pools;
    if (pool->next != NULL) {
        pool->next->link = &pool->next;
    }
    live_pools = pool;
    (void)pthread_mutex_unlock(&pools_lock);
    *out = pool;
    return AIRS_OK;
}

static void leave_live_pools(airs_block_pool_t *pool) {
    (void)pthread_mutex_lock(&pools_lock);
    *pool->link = pool->next;
    if (pool->next != NULL) {
        pool->next->link = pool->link;
    }
    (void)pthread_mutex_unlock(&pools_lock);
}

void airs_block_pool_destroy(airs_block_pool_t *pool) {
    if (pool == NULL) {
        return;
    }
    /* From here on no ending thread touches the pool or its caches; that no other thread does is the
     * caller's promise. */
    leave_live_pools(pool);
    while (pool->caches != NULL) {
        cache_t *cache = pool->caches;
        pool->caches = cache->next;
        for (size_t i = 0; i < CLASSES; i++) {
            bin_t *bin = &cache->bins[i];
            release_batch(pool, bin->active.first);
            while (bin->spare_count > 0) {
                release_batch(pool, take_spare(bin).first);
            }
        }
        airs_release(pool->allocator, cache);
    }
    for (size_t i = 0; i < CLASSES; i++) {
        for (free_block_t *first = pool->shared[i].batches; first != NULL;) {
            free_block_t *next = first->next_batch;
            release_batch(pool, first);
            first = next;
        }
        (void)pthread_mutex_destroy(&pool->shared[i].lock);
    }
    AIRS_ASSERT(atomic_load_explicit(&pool->allocated, memory_order_relaxed) == 0);
    airs_release_aligned(pool->allocator, pool);
}
