#include "support/test.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "core/check.h"
#include "core/correlation_tracker.h"
#include "support/failing_allocator.h"
#include "support/manual_timers.h"
#include "support/seeded_random.h"

#define MS UINT64_C(1000000)
#define NEVER UINT64_MAX

typedef struct fixture {
    airs_failing_allocator_t memory;
    airs_fake_clock_t clock;
    airs_manual_timers_t timers;
    airs_seeded_random_t random;
    airs_block_pool_t *pool;
    airs_component_id_t *asker;
    airs_component_id_t *asked;
    airs_correlation_tracker_t *tracker;
    airs_pending_list_t list;
    airs_pending_list_t other;
    airs_pending_request_t *timed_out; /* the last one; kept for the test to look at */
    size_t timed_out_count;
} fixture_t;

static void keep_timed_out(void *context, airs_pending_request_t *request) {
    fixture_t *self = context;
    airs_pending_request_destroy(self->timed_out);
    self->timed_out = request;
    self->timed_out_count++;
}

static int set_up(void **state) {
    fixture_t *self = calloc(1, sizeof *self);
    assert_non_null(self);
    airs_failing_allocator_init(&self->memory);
    airs_fake_clock_init(&self->clock);
    airs_manual_timers_init(&self->timers, &self->clock);
    airs_seeded_random_init(&self->random, 11);
    const airs_allocator_t *allocator = &self->memory.allocator;
    assert_ok(airs_block_pool_create(allocator, &self->pool));
    assert_ok(airs_component_id_create(allocator, airs_id("a", "asker", "0"), &self->asker, NULL));
    assert_ok(airs_component_id_create(allocator, airs_id("a", "asked", "0"), &self->asked, NULL));
    airs_correlation_tracker_options_t options = {.allocator = allocator,
                                                  .pool = self->pool,
                                                  .random = &self->random.random,
                                                  .timers = &self->timers.service,
                                                  .timed_out = keep_timed_out,
                                                  .context = self};
    assert_ok(airs_correlation_tracker_create(&options, &self->tracker));
    airs_pending_list_init(&self->list, self->tracker);
    airs_pending_list_init(&self->other, self->tracker);
    *state = self;
    return 0;
}

static int tear_down(void **state) {
    fixture_t *self = *state;
    airs_pending_request_destroy(self->timed_out);
    airs_correlation_tracker_destroy(self->tracker);
    airs_component_id_unref(self->asker);
    airs_component_id_unref(self->asked);
    airs_block_pool_destroy(self->pool);
    assert_int_equal(airs_manual_timers_count(&self->timers), 0);
    airs_manual_timers_free(&self->timers);
    assert_int_equal(atomic_load(&self->memory.live_blocks), 0);
    free(self);
    return 0;
}

static airs_pending_parts_t parts_of(fixture_t *self, uint64_t in_ns) {
    uint64_t now = airs_clock_monotonic(&self->clock.clock);
    void *requester = self; /* anything will do */
    return (airs_pending_parts_t){.requester = requester,
                                  .incarnation = 3,
                                  .requester_id = self->asker,
                                  .target_id = self->asked,
                                  .deadline_ns = in_ns == NEVER ? NEVER : now + in_ns,
                                  .user = &self->memory,
                                  .limit = 1000000};
}

static airs_correlation_id_t ask(fixture_t *self, airs_pending_list_t *list, uint64_t in_ns) {
    airs_pending_parts_t parts = parts_of(self, in_ns);
    airs_correlation_id_t id;
    assert_ok(airs_correlation_tracker_register(self->tracker, list, &parts, &id));
    return id;
}

static bool end(fixture_t *self, const airs_correlation_id_t *id, airs_request_end_t how) {
    airs_pending_request_t *request = airs_correlation_tracker_take(self->tracker, id, how);
    airs_pending_request_destroy(request);
    return request != NULL;
}

static airs_correlation_statistics_t statistics(fixture_t *self) {
    airs_correlation_statistics_t out;
    airs_correlation_tracker_statistics(self->tracker, &out);
    return out;
}

static void a_request_is_taken_once_with_all_it_had(void **state) {
    fixture_t *self = *state;
    airs_correlation_id_t id = ask(self, &self->list, 5 * MS);
    assert_int_equal(id.bytes[6] >> 4, 4);
    assert_int_equal(id.bytes[8] >> 6, 2);
    assert_int_equal(statistics(self).pending, 1);
    airs_pending_request_t *request =
        airs_correlation_tracker_take(self->tracker, &id, AIRS_REQUEST_COMPLETED);
    assert_non_null(request);
    assert_true(airs_correlation_id_equal(&request->id, &id));
    assert_ptr_equal(request->requester, self);
    assert_int_equal(request->incarnation, 3);
    assert_ptr_equal(request->requester_id, self->asker);
    assert_ptr_equal(request->target_id, self->asked);
    assert_ptr_equal(request->user, &self->memory);
    airs_pending_request_destroy(request);
    assert_false(end(self, &id, AIRS_REQUEST_COMPLETED));
    /* Its deadline is disarmed. */
    assert_int_equal(airs_manual_timers_count(&self->timers), 0);
    assert_int_equal(statistics(self).pending, 0);
}

static void ends_are_counted_by_their_kind(void **state) {
    fixture_t *self = *state;
    airs_correlation_id_t ids[5];
    for (size_t i = 0; i < 5; i++) {
        ids[i] = ask(self, i < 4 ? &self->list : &self->other, MS);
    }
    assert_true(end(self, &ids[0], AIRS_REQUEST_COMPLETED));
    assert_true(end(self, &ids[1], AIRS_REQUEST_FAILED));
    assert_true(end(self, &ids[2], AIRS_REQUEST_CANCELLED));
    assert_int_equal(airs_manual_timers_advance(&self->timers, MS), 2);
    ids[4] = ask(self, &self->other, MS);
    assert_true(end(self, &ids[4], AIRS_REQUEST_ORPHANED));
    assert_false(end(self, &ids[0], AIRS_REQUEST_COMPLETED));
    assert_false(end(self, &ids[1], AIRS_REQUEST_FAILED));
    assert_false(end(self, &ids[2], AIRS_REQUEST_CANCELLED)); /* not late: nobody answered */
    airs_correlation_statistics_t got = statistics(self);
    assert_int_equal(got.pending, 0);
    assert_int_equal(got.completed, 1);
    assert_int_equal(got.failed, 1);
    assert_int_equal(got.cancelled, 1);
    assert_int_equal(got.timed_out, 2);
    assert_int_equal(got.orphaned, 1);
    assert_int_equal(got.late, 2);
}

/* Nobody answered: neither is counted as late, and what could not be sent is not counted at all. */
static void what_is_left_or_unsent_is_not_late(void **state) {
    fixture_t *self = *state;
    airs_correlation_id_t left = ask(self, &self->list, MS);
    airs_correlation_id_t unsent = ask(self, &self->list, MS);
    assert_true(airs_correlation_tracker_pending(self->tracker, &left));
    assert_true(end(self, &left, AIRS_REQUEST_LEFT));
    assert_false(airs_correlation_tracker_pending(self->tracker, &left));
    assert_true(airs_correlation_tracker_pending(self->tracker, &unsent));
    assert_true(end(self, &unsent, AIRS_REQUEST_UNSENT));
    assert_false(end(self, &left, AIRS_REQUEST_LEFT));
    assert_false(end(self, &unsent, AIRS_REQUEST_UNSENT));
    airs_correlation_statistics_t got = statistics(self);
    airs_correlation_statistics_t expected = {.failed = 1};
    assert_memory_equal(&got, &expected, sizeof got);
}

static void a_deadline_ends_it(void **state) {
    fixture_t *self = *state;
    airs_correlation_id_t id = ask(self, &self->list, 5 * MS);
    assert_int_equal(airs_manual_timers_advance(&self->timers, 5 * MS - 1), 0);
    assert_null(self->timed_out);
    assert_int_equal(airs_manual_timers_advance(&self->timers, 1), 1);
    assert_non_null(self->timed_out);
    assert_true(airs_correlation_id_equal(&self->timed_out->id, &id));
    assert_ptr_equal(self->timed_out->target_id, self->asked);
    assert_false(end(self, &id, AIRS_REQUEST_COMPLETED));
}

static void a_deadline_that_is_now_ends_it_at_the_next_turn(void **state) {
    fixture_t *self = *state;
    (void)ask(self, &self->list, 0);
    assert_int_equal(self->timed_out_count, 0);
    (void)airs_manual_timers_advance(&self->timers, 0);
    assert_int_equal(self->timed_out_count, 1);
}

static void without_a_deadline_it_waits(void **state) {
    fixture_t *self = *state;
    airs_correlation_id_t id = ask(self, &self->list, NEVER);
    assert_int_equal(airs_manual_timers_count(&self->timers), 0);
    (void)airs_manual_timers_advance(&self->timers, 1000000 * MS);
    assert_true(end(self, &id, AIRS_REQUEST_COMPLETED));
}

static void an_end_counts_until_it_is_settled(void **state) {
    fixture_t *self = *state;
    airs_pending_parts_t parts = parts_of(self, MS);
    parts.limit = 2;
    airs_correlation_id_t ids[3];
    assert_ok(airs_correlation_tracker_register(self->tracker, &self->list, &parts, &ids[0]));
    assert_ok(airs_correlation_tracker_register(self->tracker, &self->list, &parts, &ids[1]));
    assert_status(airs_correlation_tracker_register(self->tracker, &self->list, &parts, &ids[2]),
                  AIRS_TOO_MANY_REQUESTS);
    /* Another requester has a limit of its own. */
    assert_ok(airs_correlation_tracker_register(self->tracker, &self->other, &parts, &ids[2]));
    assert_true(end(self, &ids[2], AIRS_REQUEST_COMPLETED));
    assert_true(end(self, &ids[0], AIRS_REQUEST_COMPLETED));
    assert_status(airs_correlation_tracker_register(self->tracker, &self->list, &parts, &ids[2]),
                  AIRS_TOO_MANY_REQUESTS);
    airs_pending_list_settle(&self->list);
    assert_ok(airs_correlation_tracker_register(self->tracker, &self->list, &parts, &ids[2]));
    assert_int_equal(atomic_load(&self->list.outstanding), 2);
    assert_true(end(self, &ids[1], AIRS_REQUEST_COMPLETED));
    assert_true(end(self, &ids[2], AIRS_REQUEST_COMPLETED));
}

static bool asked_is(const airs_pending_request_t *request, void *who) { return request->target_id == who; }

static void an_answer_from_somebody_else_ends_nothing(void **state) {
    fixture_t *self = *state;
    airs_correlation_id_t id = ask(self, &self->list, MS);
    assert_null(
        airs_correlation_tracker_take_if(self->tracker, &id, asked_is, self->asker, AIRS_REQUEST_COMPLETED));
    assert_int_equal(statistics(self).pending, 1);
    assert_int_equal(statistics(self).late, 0);
    airs_pending_request_t *request =
        airs_correlation_tracker_take_if(self->tracker, &id, asked_is, self->asked, AIRS_REQUEST_COMPLETED);
    assert_non_null(request);
    airs_pending_request_destroy(request);
}

static void only_ones_own_can_be_cancelled(void **state) {
    fixture_t *self = *state;
    airs_correlation_id_t id = ask(self, &self->list, MS);
    assert_null(airs_correlation_tracker_take_own(self->tracker, &self->other, &id, AIRS_REQUEST_CANCELLED));
    airs_pending_request_t *request =
        airs_correlation_tracker_take_own(self->tracker, &self->list, &id, AIRS_REQUEST_CANCELLED);
    assert_non_null(request);
    airs_pending_request_destroy(request);
    assert_int_equal(statistics(self).cancelled, 1);
}

static void unknown_ids_end_nothing(void **state) {
    fixture_t *self = *state;
    airs_correlation_id_t id = ask(self, &self->list, MS);
    airs_correlation_id_t forged = id;
    forged.bytes[9] ^= 1;
    assert_false(end(self, &forged, AIRS_REQUEST_COMPLETED));
    forged = id;
    forged.bytes[15] ^= 1; /* another shard */
    assert_false(end(self, &forged, AIRS_REQUEST_COMPLETED));
    assert_true(end(self, &id, AIRS_REQUEST_COMPLETED));
}

static void all_of_one_requester_are_taken_and_no_others(void **state) {
    fixture_t *self = *state;
    airs_pending_list_t lists[70]; /* some share a shard */
    for (size_t i = 0; i < 70; i++) {
        airs_pending_list_init(&lists[i], self->tracker);
    }
    for (size_t i = 0; i < 7000; i++) {
        (void)ask(self, &lists[i % 70], MS);
    }
    for (size_t i = 0; i < 70; i++) {
        size_t count = 0;
        airs_pending_request_t *request = NULL;
        while ((request = airs_correlation_tracker_take_next(self->tracker, &lists[i],
                                                             AIRS_REQUEST_ORPHANED)) != NULL) {
            assert_ptr_equal(request->list, &lists[i]);
            airs_pending_request_destroy(request);
            count++;
        }
        assert_int_equal(count, 100);
        assert_int_equal(statistics(self).pending, 7000 - 100 * (i + 1));
    }
    assert_int_equal(statistics(self).orphaned, 7000);
}

static void a_timer_that_cannot_be_armed_leaves_no_request(void **state) {
    fixture_t *self = *state;
    airs_pending_parts_t parts = parts_of(self, MS);
    parts.limit = 1;
    airs_correlation_id_t id;
    for (int i = 0; i < 3; i++) {
        self->timers.fail_add = 1;
        assert_status(airs_correlation_tracker_register(self->tracker, &self->list, &parts, &id),
                      AIRS_OUT_OF_MEMORY);
        assert_int_equal(statistics(self).pending, 0);
    }
    assert_null(airs_correlation_tracker_take_next(self->tracker, &self->list, AIRS_REQUEST_ORPHANED));
    assert_ok(airs_correlation_tracker_register(self->tracker, &self->list, &parts, &id));
    assert_true(end(self, &id, AIRS_REQUEST_COMPLETED));
}

/* Every request is found at every size of the table, on its way up and on its way down. */
static void the_table_grows_and_shrinks(void **state) {
    fixture_t *self = *state;
    enum { COUNT = 30000 };
    airs_correlation_id_t *ids = malloc(COUNT * sizeof *ids);
    assert_non_null(ids);
    uint64_t before = atomic_load(&self->memory.live_blocks);
    for (size_t i = 0; i < COUNT; i++) {
        ids[i] = ask(self, &self->list, NEVER);
        if (i % 3 == 0) {
            size_t older = airs_seeded_random_below(&self->random, i + 1);
            assert_true(end(self, &ids[older], AIRS_REQUEST_COMPLETED));
            ids[older] = ask(self, &self->list, NEVER);
        }
    }
    for (size_t i = 0; i < COUNT; i++) {
        size_t other = i + airs_seeded_random_below(&self->random, COUNT - i);
        airs_correlation_id_t id = ids[other];
        ids[other] = ids[i];
        assert_true(end(self, &id, AIRS_REQUEST_COMPLETED));
        assert_false(end(self, &id, AIRS_REQUEST_COMPLETED));
    }
    free(ids);
    assert_int_equal(statistics(self).pending, 0);
    /* The segments went back; what is left is a directory and blocks that the pool keeps, for all and for this thread. */
    size_t kept = (((size_t)4 << 20) + ((size_t)256 << 10)) / 256;
    assert_in_range(atomic_load(&self->memory.live_blocks), before, before + kept + 200);
}

static void without_memory_to_grow_it_still_works(void **state) {
    fixture_t *self = *state;
    enum { COUNT = 1000 };
    airs_correlation_id_t ids[COUNT];
    for (size_t i = 0; i < COUNT; i++) { /* the pool has blocks enough afterwards */
        ids[i] = ask(self, &self->list, NEVER);
    }
    for (size_t i = 0; i < COUNT; i++) {
        assert_true(end(self, &ids[i], AIRS_REQUEST_COMPLETED));
    }
    airs_failing_allocator_fail(&self->memory, 1, UINT64_MAX);
    size_t made = 0;
    airs_pending_parts_t parts = parts_of(self, NEVER);
    while (made < COUNT &&
           airs_correlation_tracker_register(self->tracker, &self->list, &parts, &ids[made]) == AIRS_OK) {
        made++;
    }
    for (size_t i = 0; i < made; i++) {
        assert_true(end(self, &ids[i], AIRS_REQUEST_COMPLETED));
    }
    assert_int_equal(statistics(self).pending, 0);
}

/* ---- allocations ---- */

static void drop_timed_out(void *context, airs_pending_request_t *request) {
    (void)context;
    airs_pending_request_destroy(request);
}

typedef struct lived {
    airs_block_pool_t *pool;
    airs_component_id_t *id;
    airs_correlation_tracker_t *tracker;
    airs_pending_list_t list;
} lived_t;

static airs_status_t register_some(lived_t *self, airs_manual_timers_t *timers) {
    airs_pending_list_init(&self->list, self->tracker);
    airs_pending_parts_t parts = {.requester_id = self->id,
                                  .target_id = self->id,
                                  .deadline_ns = airs_clock_monotonic(&timers->clock->clock) + MS,
                                  .limit = 200};
    airs_status_t status = AIRS_OK;
    for (int i = 0; i < 150 && status == AIRS_OK; i++) {
        airs_correlation_id_t id;
        status = airs_correlation_tracker_register(self->tracker, &self->list, &parts, &id);
    }
    (void)airs_manual_timers_advance(timers, MS);
    return status;
}

static airs_status_t life(const airs_allocator_t *allocator, void *context) {
    airs_manual_timers_t *timers = context;
    lived_t self = {0};
    airs_status_t status = airs_block_pool_create(allocator, &self.pool);
    if (status == AIRS_OK) {
        status = airs_component_id_create(allocator, airs_id("a", "b", "c"), &self.id, NULL);
    }
    if (status == AIRS_OK) {
        airs_correlation_tracker_options_t options = {.allocator = allocator,
                                                      .pool = self.pool,
                                                      .random = airs_random_system(),
                                                      .timers = &timers->service,
                                                      .timed_out = drop_timed_out};
        status = airs_correlation_tracker_create(&options, &self.tracker);
    }
    if (status == AIRS_OK) {
        status = register_some(&self, timers);
    }
    airs_correlation_tracker_destroy(self.tracker);
    airs_component_id_unref(self.id);
    airs_block_pool_destroy(self.pool);
    return status;
}

static void every_allocation_may_fail(void **state) {
    fixture_t *self = *state;
    airs_fail_each_allocation(life, &self->timers);
}

/* ---- threads ---- */

#define TAKERS 4
#define RACES 2000

typedef struct race {
    fixture_t *fixture;
    pthread_barrier_t start;
    pthread_barrier_t finish;
    airs_correlation_id_t id;
    _Atomic int winners;
} race_t;

static void *race_to_take(void *argument) {
    race_t *race = argument;
    for (int i = 0; i < RACES; i++) {
        (void)pthread_barrier_wait(&race->start);
        if (end(race->fixture, &race->id, AIRS_REQUEST_COMPLETED)) {
            atomic_fetch_add(&race->winners, 1);
        }
        (void)pthread_barrier_wait(&race->finish);
    }
    return NULL;
}

/* Several takers and the deadline at the same moment: one of them wins. */
static void one_of_many_racers_takes_it(void **state) {
    fixture_t *self = *state;
    race_t race = {.fixture = self};
    assert_int_equal(pthread_barrier_init(&race.start, NULL, TAKERS + 1), 0);
    assert_int_equal(pthread_barrier_init(&race.finish, NULL, TAKERS + 1), 0);
    pthread_t threads[TAKERS];
    for (size_t i = 0; i < TAKERS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, race_to_take, &race), 0);
    }
    for (size_t i = 0; i < RACES; i++) {
        race.id = ask(self, &self->list, MS);
        (void)pthread_barrier_wait(&race.start);
        (void)airs_manual_timers_advance(&self->timers, MS);
        (void)pthread_barrier_wait(&race.finish);
        assert_int_equal((size_t)atomic_load(&race.winners) + self->timed_out_count, i + 1);
    }
    for (size_t i = 0; i < TAKERS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    }
    (void)pthread_barrier_destroy(&race.start);
    (void)pthread_barrier_destroy(&race.finish);
    assert_int_equal(statistics(self).late, (size_t)(TAKERS - 1) * RACES + self->timed_out_count);
}

#define ASKERS 3
#define ASKED 8000
#define MAIL 64

/* Requests of several askers that are answered, refused, cancelled, orphaned and time out all at once. */
typedef struct town {
    airs_correlation_tracker_t *tracker;
    airs_manual_timers_t timers;
    airs_fake_clock_t clock;
    airs_component_id_t *id;
    airs_pending_list_t lists[ASKERS];
    _Atomic int next_asker;
    _Atomic uint8_t ends[ASKERS][ASKED];
    pthread_mutex_t mail_lock;
    airs_correlation_id_t mail[MAIL]; /* ids lie around here, some of them long ended */
    _Atomic int askers_left;
} town_t;

static void end_in_town(town_t *town, airs_pending_request_t *request) {
    if (request != NULL) {
        atomic_fetch_add((_Atomic uint8_t *)request->user, 1);
        airs_pending_list_settle(request->list);
        airs_pending_request_destroy(request);
    }
    (void)town;
}

static void time_out_in_town(void *context, airs_pending_request_t *request) {
    end_in_town(context, request);
}

static airs_correlation_id_t swap_mail(town_t *town, airs_seeded_random_t *random,
                                       const airs_correlation_id_t *id) {
    size_t at = airs_seeded_random_below(random, MAIL);
    pthread_mutex_lock(&town->mail_lock);
    airs_correlation_id_t found = town->mail[at];
    if (id != NULL) {
        town->mail[at] = *id;
    }
    pthread_mutex_unlock(&town->mail_lock);
    return found;
}

static void *ask_in_town(void *argument) {
    town_t *town = argument;
    int me = atomic_fetch_add(&town->next_asker, 1);
    airs_seeded_random_t random;
    airs_seeded_random_init(&random, (uint64_t)me + 100);
    for (int i = 0; i < ASKED; i++) {
        uint64_t now = airs_clock_monotonic(&town->clock.clock);
        airs_pending_parts_t parts = {.requester_id = town->id,
                                      .target_id = town->id,
                                      .deadline_ns = now + airs_seeded_random_below(&random, 20) * MS,
                                      .user = &town->ends[me][i],
                                      .limit = UINT64_MAX};
        airs_correlation_id_t id;
        AIRS_ASSERT(airs_correlation_tracker_register(town->tracker, &town->lists[me], &parts, &id) ==
                    AIRS_OK);
        (void)swap_mail(town, &random, &id);
        if (i % 7 == 0) {
            end_in_town(town, airs_correlation_tracker_take_own(town->tracker, &town->lists[me], &id,
                                                                AIRS_REQUEST_CANCELLED));
        }
        if (i % 1000 == 999) {
            airs_pending_request_t *request = NULL;
            do {
                request = airs_correlation_tracker_take_next(town->tracker, &town->lists[me],
                                                             AIRS_REQUEST_ORPHANED);
                end_in_town(town, request);
            } while (request != NULL);
        }
    }
    atomic_fetch_sub(&town->askers_left, 1);
    return NULL;
}

static void *answer_in_town(void *argument) {
    town_t *town = argument;
    airs_seeded_random_t random;
    airs_seeded_random_init(&random, 99);
    while (atomic_load(&town->askers_left) > 0) {
        airs_correlation_id_t id = swap_mail(town, &random, NULL);
        end_in_town(town, airs_correlation_tracker_take(town->tracker, &id, AIRS_REQUEST_COMPLETED));
    }
    return NULL;
}

static void every_request_has_one_end_whatever_races(void **state) {
    fixture_t *self = *state;
    town_t *town = calloc(1, sizeof *town);
    assert_non_null(town);
    airs_fake_clock_init(&town->clock);
    airs_manual_timers_init(&town->timers, &town->clock);
    assert_int_equal(pthread_mutex_init(&town->mail_lock, NULL), 0);
    town->id = self->asker;
    atomic_store(&town->askers_left, ASKERS);
    airs_correlation_tracker_options_t options = {.allocator = &self->memory.allocator,
                                                  .pool = self->pool,
                                                  .random = airs_random_system(),
                                                  .timers = &town->timers.service,
                                                  .timed_out = time_out_in_town,
                                                  .context = town};
    assert_ok(airs_correlation_tracker_create(&options, &town->tracker));
    pthread_t threads[ASKERS + 1];
    for (size_t i = 0; i < ASKERS; i++) {
        airs_pending_list_init(&town->lists[i], town->tracker);
    }
    for (size_t i = 0; i <= ASKERS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, i < ASKERS ? ask_in_town : answer_in_town, town),
                         0);
    }
    while (atomic_load(&town->askers_left) > 0) {
        (void)airs_manual_timers_advance(&town->timers, MS);
    }
    for (size_t i = 0; i <= ASKERS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    }
    (void)airs_manual_timers_advance(&town->timers, 20 * MS);
    airs_correlation_statistics_t got;
    airs_correlation_tracker_statistics(town->tracker, &got);
    assert_int_equal(got.pending, 0);
    assert_int_equal(got.completed + got.cancelled + got.orphaned + got.timed_out, ASKERS * ASKED);
    for (size_t i = 0; i < ASKERS; i++) {
        assert_int_equal(atomic_load(&town->lists[i].outstanding), 0);
        for (size_t k = 0; k < ASKED; k++) {
            assert_int_equal(atomic_load(&town->ends[i][k]), 1);
        }
    }
    airs_correlation_tracker_destroy(town->tracker);
    airs_manual_timers_free(&town->timers);
    (void)pthread_mutex_destroy(&town->mail_lock);
    free(town);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(a_request_is_taken_once_with_all_it_had),
        TEST(what_is_left_or_unsent_is_not_late),
        TEST(ends_are_counted_by_their_kind),
        TEST(a_deadline_ends_it),
        TEST(a_deadline_that_is_now_ends_it_at_the_next_turn),
        TEST(without_a_deadline_it_waits),
        TEST(an_end_counts_until_it_is_settled),
        TEST(an_answer_from_somebody_else_ends_nothing),
        TEST(only_ones_own_can_be_cancelled),
        TEST(unknown_ids_end_nothing),
        TEST(all_of_one_requester_are_taken_and_no_others),
        TEST(a_timer_that_cannot_be_armed_leaves_no_request),
        TEST(the_table_grows_and_shrinks),
        TEST(without_memory_to_grow_it_still_works),
        TEST(every_allocation_may_fail),
        TEST(one_of_many_racers_takes_it),
        TEST(every_request_has_one_end_whatever_races),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
