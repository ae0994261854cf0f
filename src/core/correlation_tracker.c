#include "core/correlation_tracker.h"

#include <pthread.h>
#include <sched.h>

#include "core/check.h"
#include "core/memory.h"
#include "core/request_error.h"

#define SHARDS 64
#define SHARD_MASK (SHARDS - 1)
#define SHARD_BYTE 15

/* Buckets come and go by the segment; the first one is part of the shard. */
#define SEGMENT 64
#define FIRST_DIRECTORY 16

/* A pending request's block is large enough to become its own failure message. */
#define REQUEST_SIZE                                                                            \
    (sizeof(airs_pending_request_t) > AIRS_REQUEST_ERROR_BLOCK ? sizeof(airs_pending_request_t) \
                                                               : AIRS_REQUEST_ERROR_BLOCK)

typedef airs_pending_request_t *bucket_t;

/* A table by linear hashing (Litwin, 1980): with n buckets, 2^k <= n < 2^(k+1), a request is in the bucket
 * that its hash's low k+1 bits name or, when there is no such bucket yet, its low k bits. To grow is to split
 * one bucket, so no request pays for the others. */
typedef struct shard {
    _Alignas(AIRS_CACHE_LINE) pthread_mutex_t lock;
    bucket_t **segments;
    size_t directory_size; /* segment pointers that `segments` has room for */
    size_t bucket_count;
    size_t low_mask; /* 2^k - 1 */
    airs_correlation_statistics_t statistics;
    bucket_t *first_directory[FIRST_DIRECTORY];
    bucket_t first_segment[SEGMENT];
} shard_t;

struct airs_correlation_tracker {
    airs_correlation_tracker_options_t options;
    _Alignas(AIRS_CACHE_LINE) _Atomic uint32_t next_shard;
    shard_t shards[SHARDS];
};

/* ---- a shard's table, under its lock ---- */

/* The id's first six bytes are random. */
static size_t hash_of(const airs_correlation_id_t *id) {
    uint64_t hash = 0;
    memcpy(&hash, id->bytes, 6);
    return (size_t)hash;
}

static bucket_t *bucket_at(const shard_t *shard, size_t index) {
    return &shard->segments[index / SEGMENT][index % SEGMENT];
}

static bucket_t *bucket_for(const shard_t *shard, const airs_correlation_id_t *id) {
    size_t hash = hash_of(id);
    size_t index = hash & (2 * shard->low_mask + 1);
    return bucket_at(shard, index < shard->bucket_count ? index : hash & shard->low_mask);
}

/* Room for the segment that bucket `index` begins. */
static bool add_segment(const airs_allocator_t *allocator, shard_t *shard, size_t index) {
    size_t number = index / SEGMENT;
    if (number == shard->directory_size) {
        bool first = shard->segments == shard->first_directory;
        bucket_t **segments = airs_resize_array(allocator, first ? NULL : shard->segments,
                                                2 * shard->directory_size, sizeof(bucket_t *));
        if (segments == NULL) {
            return false;
        }
        if (first) {
            memcpy(segments, shard->first_directory, sizeof shard->first_directory);
        }
        shard->segments = segments;
        shard->directory_size *= 2;
    }
    shard->segments[number] = airs_alloc_zeroed(allocator, sizeof(bucket_t) * SEGMENT);
    return shard->segments[number] != NULL;
}

/* Splits one bucket. Without memory the table stays as it is: its chains get longer, nothing fails. */
static void grow(const airs_allocator_t *allocator, shard_t *shard) {
    size_t added = shard->bucket_count;
    if (added % SEGMENT == 0 && !add_segment(allocator, shard, added)) {
        return;
    }
    size_t high_mask = 2 * shard->low_mask + 1;
    bucket_t *to = bucket_at(shard, added);
    bucket_t *from = bucket_at(shard, added & shard->low_mask);
    *to = NULL;
    while (*from != NULL) {
        airs_pending_request_t *request = *from;
        if ((hash_of(&request->id) & high_mask) == added) {
            *from = request->bucket_next;
            request->bucket_next = *to;
            *to = request;
        } else {
            from = &request->bucket_next;
        }
    }
    shard->bucket_count++;
    if (shard->bucket_count == high_mask + 1) {
        shard->low_mask = high_mask;
    }
}

/* Undoes the last split. */
static void shrink(const airs_allocator_t *allocator, shard_t *shard) {
    size_t removed = shard->bucket_count - 1;
    if (removed == shard->low_mask) {
        shard->low_mask >>= 1;
    }
    bucket_t *to = bucket_at(shard, removed & shard->low_mask);
    while (*to != NULL) {
        to = &(*to)->bucket_next;
    }
    *to = *bucket_at(shard, removed);
    shard->bucket_count = removed;
    if (removed % SEGMENT == 0) {
        airs_release(allocator, shard->segments[removed / SEGMENT]);
    }
}

static void link_request(airs_correlation_tracker_t *tracker, shard_t *shard,
                         airs_pending_request_t *request) {
    if (shard->statistics.pending >= shard->bucket_count) {
        grow(tracker->options.allocator, shard);
    }
    bucket_t *bucket = bucket_for(shard, &request->id);
    request->bucket_next = *bucket;
    *bucket = request;
    airs_pending_list_t *list = request->list;
    request->list_previous = NULL;
    request->list_next = list->first;
    if (list->first != NULL) {
        list->first->list_previous = request;
    }
    list->first = request;
    request->waiting = true;
    shard->statistics.pending++;
}

/* `place` is where the request hangs in its bucket. */
static void unlink_at(airs_correlation_tracker_t *tracker, shard_t *shard, bucket_t *place) {
    airs_pending_request_t *request = *place;
    *place = request->bucket_next;
    if (request->list_previous != NULL) {
        request->list_previous->list_next = request->list_next;
    } else {
        request->list->first = request->list_next;
    }
    if (request->list_next != NULL) {
        request->list_next->list_previous = request->list_previous;
    }
    request->waiting = false;
    shard->statistics.pending--;
    /* Four at a time, so that an empty table is a small one again. */
    for (int i = 0; i < 4 && shard->bucket_count > SEGMENT; i++) {
        if (shard->statistics.pending >= shard->bucket_count / 4) {
            break;
        }
        shrink(tracker->options.allocator, shard);
    }
}

/* Where the request with this id hangs, or NULL. */
static bucket_t *find(const shard_t *shard, const airs_correlation_id_t *id) {
    for (bucket_t *place = bucket_for(shard, id); *place != NULL; place = &(*place)->bucket_next) {
        if (airs_correlation_id_equal(&(*place)->id, id)) {
            return place;
        }
    }
    return NULL;
}

/* Where this very request hangs. */
static bucket_t *place_of(const shard_t *shard, const airs_pending_request_t *request) {
    bucket_t *place = bucket_for(shard, &request->id);
    while (*place != request) {
        AIRS_ASSERT(*place != NULL);
        place = &(*place)->bucket_next;
    }
    return place;
}

static void count_end(shard_t *shard, airs_request_end_t end) {
    switch (end) {
    case AIRS_REQUEST_COMPLETED:
        shard->statistics.completed++;
        break;
    case AIRS_REQUEST_FAILED:
    case AIRS_REQUEST_LEFT:
        shard->statistics.failed++;
        break;
    case AIRS_REQUEST_CANCELLED:
        shard->statistics.cancelled++;
        break;
    case AIRS_REQUEST_ORPHANED:
        shard->statistics.orphaned++;
        break;
    case AIRS_REQUEST_UNSENT:
        break;
    }
}

/* ---- ends ---- */

static shard_t *shard_of(airs_correlation_tracker_t *tracker, const airs_correlation_id_t *id) {
    return &tracker->shards[id->bytes[SHARD_BYTE] & SHARD_MASK];
}

/* Whoever takes a request while the registering thread has yet to come back from arming its timer waits for
 * that. It can happen only to a request whose deadline was near or whose requester is ended by another
 * thread, and lasts as long as one `add`. */
static void await_armed(const airs_pending_request_t *request) {
    /* Acquire: pairs with the release in arm, after which that thread is done with the request. */
    while (atomic_load_explicit(&request->arming, memory_order_acquire)) {
        (void)sched_yield();
    }
}

/* For a request that was unlinked by this thread, no lock held. When `cancel` returns, the timer's callback is
 * over or will not run; had it come first, it would have unlinked the request. */
static airs_pending_request_t *quiesce(airs_correlation_tracker_t *tracker, airs_pending_request_t *request) {
    await_armed(request);
    if (request->timer.deadline_ns != UINT64_MAX) {
        (void)tracker->options.timers->cancel(tracker->options.timers, &request->timer);
    }
    return request;
}

/* A request that waits cannot be freed, because only who unlinks it frees it; and one that was unlinked is
 * not freed before `cancel` has seen this return. */
static void on_deadline(airs_timer_t *timer) {
    void *start = (char *)timer - offsetof(airs_pending_request_t, timer);
    airs_pending_request_t *request = start;
    airs_correlation_tracker_t *tracker = request->tracker;
    shard_t *shard = shard_of(tracker, &request->id);
    (void)pthread_mutex_lock(&shard->lock);
    bool taken = request->waiting;
    if (taken) {
        unlink_at(tracker, shard, place_of(shard, request));
        shard->statistics.timed_out++;
    }
    (void)pthread_mutex_unlock(&shard->lock);
    if (taken) {
        await_armed(request);
        tracker->options.timed_out(tracker->options.context, request);
    }
}

static bool is_answer(airs_request_end_t end) {
    return end == AIRS_REQUEST_COMPLETED || end == AIRS_REQUEST_FAILED;
}

airs_pending_request_t *airs_correlation_tracker_take_if(airs_correlation_tracker_t *tracker,
                                                         const airs_correlation_id_t *id,
                                                         bool (*accept)(const airs_pending_request_t *request,
                                                                        void *context),
                                                         void *context, airs_request_end_t end) {
    shard_t *shard = shard_of(tracker, id);
    (void)pthread_mutex_lock(&shard->lock);
    bucket_t *place = find(shard, id);
    airs_pending_request_t *request = place != NULL ? *place : NULL;
    if (request == NULL) {
        shard->statistics.late += is_answer(end);
    } else if (accept != NULL && !accept(request, context)) {
        request = NULL;
    } else {
        unlink_at(tracker, shard, place);
        count_end(shard, end);
    }
    (void)pthread_mutex_unlock(&shard->lock);
    return request != NULL ? quiesce(tracker, request) : NULL;
}

airs_pending_request_t *airs_correlation_tracker_take(airs_correlation_tracker_t *tracker,
                                                      const airs_correlation_id_t *id,
                                                      airs_request_end_t end) {
    return airs_correlation_tracker_take_if(tracker, id, NULL, NULL, end);
}

bool airs_correlation_tracker_pending(airs_correlation_tracker_t *tracker, const airs_correlation_id_t *id) {
    shard_t *shard = shard_of(tracker, id);
    (void)pthread_mutex_lock(&shard->lock);
    bool pending = find(shard, id) != NULL;
    (void)pthread_mutex_unlock(&shard->lock);
    return pending;
}

static bool is_in_list(const airs_pending_request_t *request, void *list) { return request->list == list; }

airs_pending_request_t *airs_correlation_tracker_take_own(airs_correlation_tracker_t *tracker,
                                                          airs_pending_list_t *list,
                                                          const airs_correlation_id_t *id,
                                                          airs_request_end_t end) {
    return airs_correlation_tracker_take_if(tracker, id, is_in_list, list, end);
}

airs_pending_request_t *airs_correlation_tracker_take_next(airs_correlation_tracker_t *tracker,
                                                           airs_pending_list_t *list,
                                                           airs_request_end_t end) {
    shard_t *shard = &tracker->shards[list->shard];
    (void)pthread_mutex_lock(&shard->lock);
    airs_pending_request_t *request = list->first;
    if (request != NULL) {
        unlink_at(tracker, shard, place_of(shard, request));
        count_end(shard, end);
    }
    (void)pthread_mutex_unlock(&shard->lock);
    return request != NULL ? quiesce(tracker, request) : NULL;
}

airs_pending_request_t *airs_correlation_tracker_take_of(airs_correlation_tracker_t *tracker,
                                                         airs_pending_list_t *list, uint64_t incarnation,
                                                         bool others, airs_request_end_t end) {
    shard_t *shard = &tracker->shards[list->shard];
    (void)pthread_mutex_lock(&shard->lock);
    airs_pending_request_t *request = list->first;
    while (request != NULL && (request->incarnation == incarnation) == others) {
        request = request->list_next;
    }
    if (request != NULL) {
        unlink_at(tracker, shard, place_of(shard, request));
        count_end(shard, end);
    }
    (void)pthread_mutex_unlock(&shard->lock);
    return request != NULL ? quiesce(tracker, request) : NULL;
}

/* ---- registering ---- */

void airs_pending_list_init(airs_pending_list_t *list, airs_correlation_tracker_t *tracker) {
    list->first = NULL;
    /* Relaxed: any even distribution will do. */
    list->shard = atomic_fetch_add_explicit(&tracker->next_shard, 1, memory_order_relaxed) & SHARD_MASK;
    atomic_init(&list->outstanding, 0);
}

/* Relaxed, here and below: it is a count, nothing is published by it. */
static bool count_outstanding(airs_pending_list_t *list, uint64_t limit) {
    if (atomic_fetch_add_explicit(&list->outstanding, 1, memory_order_relaxed) < limit) {
        return true;
    }
    atomic_fetch_sub_explicit(&list->outstanding, 1, memory_order_relaxed);
    return false;
}

void airs_pending_list_settle(airs_pending_list_t *list) {
    uint64_t before = atomic_fetch_sub_explicit(&list->outstanding, 1, memory_order_relaxed);
    AIRS_ASSERT(before > 0);
}

static airs_pending_request_t *make_request(airs_correlation_tracker_t *tracker, airs_pending_list_t *list,
                                            const airs_pending_parts_t *parts) {
    airs_pending_request_t *request = airs_block_pool_alloc(tracker->options.pool, REQUEST_SIZE);
    if (request == NULL) {
        return NULL;
    }
    request->id = airs_correlation_id_make(tracker->options.random);
    uint8_t *byte = &request->id.bytes[SHARD_BYTE];
    *byte = (uint8_t)((*byte & ~SHARD_MASK) | list->shard);
    request->requester = parts->requester;
    request->incarnation = parts->incarnation;
    request->requester_id = airs_component_id_ref(parts->requester_id);
    request->target_id = airs_component_id_ref(parts->target_id);
    request->user = parts->user;
    request->timer = (airs_timer_t){.deadline_ns = parts->deadline_ns, .fire = on_deadline};
    request->tracker = tracker;
    request->list = list;
    atomic_init(&request->arming, parts->deadline_ns != UINT64_MAX);
    return request;
}

/* Takes a request whose timer could not be armed back out; false when somebody else took it first. */
static bool withdraw(airs_correlation_tracker_t *tracker, airs_pending_request_t *request) {
    shard_t *shard = shard_of(tracker, &request->id);
    (void)pthread_mutex_lock(&shard->lock);
    bool withdrawn = request->waiting;
    if (withdrawn) {
        unlink_at(tracker, shard, place_of(shard, request));
    }
    (void)pthread_mutex_unlock(&shard->lock);
    return withdrawn;
}

/* Not under the shard's lock: the service has locks of its own, and its callbacks take ours. */
static airs_status_t arm(airs_correlation_tracker_t *tracker, airs_pending_request_t *request) {
    airs_status_t status = tracker->options.timers->add(tracker->options.timers, &request->timer);
    if (status != AIRS_OK && withdraw(tracker, request)) {
        airs_pending_list_settle(request->list);
        airs_pending_request_destroy(request);
        return status;
    }
    /* Release: pairs with the acquire in await_armed. The request may be gone right after it. */
    atomic_store_explicit(&request->arming, false, memory_order_release);
    return AIRS_OK;
}

airs_status_t airs_correlation_tracker_register(airs_correlation_tracker_t *tracker,
                                                airs_pending_list_t *list, const airs_pending_parts_t *parts,
                                                airs_correlation_id_t *out) {
    if (!count_outstanding(list, parts->limit)) {
        return AIRS_TOO_MANY_REQUESTS;
    }
    airs_pending_request_t *request = make_request(tracker, list, parts);
    if (request == NULL) {
        airs_pending_list_settle(list);
        return AIRS_OUT_OF_MEMORY;
    }
    airs_correlation_id_t id = request->id;
    shard_t *shard = shard_of(tracker, &id);
    (void)pthread_mutex_lock(&shard->lock);
    link_request(tracker, shard, request);
    (void)pthread_mutex_unlock(&shard->lock);
    airs_status_t status = parts->deadline_ns != UINT64_MAX ? arm(tracker, request) : AIRS_OK;
    if (status == AIRS_OK) {
        *out = id;
    }
    return status;
}

/* ---- the tracker's life ---- */

airs_status_t airs_correlation_tracker_create(const airs_correlation_tracker_options_t *options,
                                              airs_correlation_tracker_t **out) {
    airs_correlation_tracker_t *tracker = airs_alloc_aligned(options->allocator, sizeof *tracker);
    if (tracker == NULL) {
        return AIRS_OUT_OF_MEMORY;
    }
    tracker->options = *options;
    for (size_t i = 0; i < SHARDS; i++) {
        shard_t *shard = &tracker->shards[i];
        (void)pthread_mutex_init(&shard->lock, NULL);
        shard->segments = shard->first_directory;
        shard->segments[0] = shard->first_segment;
        shard->directory_size = FIRST_DIRECTORY;
        shard->bucket_count = SEGMENT;
        shard->low_mask = SEGMENT - 1;
    }
    *out = tracker;
    return AIRS_OK;
}

void airs_correlation_tracker_destroy(airs_correlation_tracker_t *tracker) {
    if (tracker == NULL) {
        return;
    }
    const airs_allocator_t *allocator = tracker->options.allocator;
    for (size_t i = 0; i < SHARDS; i++) {
        shard_t *shard = &tracker->shards[i];
        AIRS_ASSERT(shard->statistics.pending == 0);
        for (size_t start = SEGMENT; start < shard->bucket_count; start += SEGMENT) {
            airs_release(allocator, shard->segments[start / SEGMENT]);
        }
        if (shard->segments != shard->first_directory) {
            airs_release(allocator, shard->segments);
        }
        (void)pthread_mutex_destroy(&shard->lock);
    }
    airs_release_aligned(allocator, tracker);
}

void airs_correlation_tracker_statistics(airs_correlation_tracker_t *tracker,
                                         airs_correlation_statistics_t *out) {
    airs_correlation_statistics_t sum = {0};
    for (size_t i = 0; i < SHARDS; i++) {
        shard_t *shard = &tracker->shards[i];
        (void)pthread_mutex_lock(&shard->lock);
        sum.pending += shard->statistics.pending;
        sum.completed += shard->statistics.completed;
        sum.failed += shard->statistics.failed;
        sum.timed_out += shard->statistics.timed_out;
        sum.cancelled += shard->statistics.cancelled;
        sum.orphaned += shard->statistics.orphaned;
        sum.late += shard->statistics.late;
        (void)pthread_mutex_unlock(&shard->lock);
    }
    *out = sum;
}
