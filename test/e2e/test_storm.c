/* A thousand supervised guests under load from eight senders, some of whose messages end their receivers. What each
 * sender sends is decided by its seed. After each round every message is accounted for, everybody lives, and
 * nothing of those that ended is left.
 *
 * AIRS_STORM_SECONDS is how long it lasts; two rounds are the least. */
#include "e2e/tree.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "node/node.h"
#include "support/seeded_random.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SLOW 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SLOW 1
#endif

#ifdef SLOW
#define SECONDS 2
#define SENT_IN_A_ROUND 1000
#else
#define SECONDS 5
#define SENT_IN_A_ROUND 10000
#endif

#define SENDERS 8
#define CROWD 300 /* under one simple-one-for-one supervisor */
#define EACH 200  /* under one one-for-one supervisor, with a backoff */
#define GROUPS 60 /* one-for-all, of five */
#define CHAINS 40 /* rest-for-one, of five */
#define OF_FIVE 5
#define ACTORS (CROWD + EACH + (GROUPS + CHAINS) * OF_FIVE)

/* ---- the trees ---- */

static char ids[ACTORS][32];

static void name_all(void) {
    for (unsigned i = 0; i < ACTORS; i++) {
        (void)snprintf(ids[i], sizeof ids[i], "app/frail/%u", i);
    }
}

static airs_supervisor_spec_t tireless(airs_strategy_t strategy, const airs_child_spec_t *children,
                                       size_t count) {
    airs_supervisor_spec_t spec = tree_spec(strategy, children, count);
    spec.intensity = AIRS_INTENSITY_MAX;
    spec.period_ms = 1;
    return spec;
}

static airs_supervisor_t *start_crowd(stage_t *stage) {
    /* Whose mailboxes are often full. */
    airs_actor_spec_t narrow = {.mailbox_messages = 4};
    airs_child_spec_t model = {.component = stage_guest(stage, "frail"), .actor = &narrow};
    airs_supervisor_spec_t spec = tireless(AIRS_SIMPLE_ONE_FOR_ONE, &model, 1);
    airs_supervisor_t *supervisor = tree_start(stage, &spec);
    for (unsigned i = 0; i < CROWD; i++) {
        assert_ok(airs_supervisor_start_like(supervisor, id_of(ids[i]), airs_bytes(NULL, 0), &stage->error));
    }
    return supervisor;
}

static void fill(stage_t *stage, airs_child_spec_t *children, unsigned first, unsigned count) {
    for (unsigned i = 0; i < count; i++) {
        children[i] = tree_child(stage, "frail", ids[first + i], AIRS_RESTART_PERMANENT);
    }
}

/* Everything but the crowd, in one tree. */
static airs_supervisor_t *start_tree(stage_t *stage) {
    static airs_child_spec_t each[EACH];
    static airs_child_spec_t fives[GROUPS + CHAINS][OF_FIVE];
    static airs_supervisor_spec_t specs[GROUPS + CHAINS + 1];
    static airs_child_spec_t children[GROUPS + CHAINS + 1];
    static char names[GROUPS + CHAINS][16];
    fill(stage, each, CROWD, EACH);
    specs[GROUPS + CHAINS] = tireless(AIRS_ONE_FOR_ONE, each, EACH);
    specs[GROUPS + CHAINS].backoff = (airs_backoff_t){.first_ms = 1, .max_ms = 4};
    children[GROUPS + CHAINS] = (airs_child_spec_t){.supervisor = &specs[GROUPS + CHAINS], .name = "each"};
    for (unsigned i = 0; i < GROUPS + CHAINS; i++) {
        fill(stage, fives[i], CROWD + EACH + i * OF_FIVE, OF_FIVE);
        specs[i] = tireless(i < GROUPS ? AIRS_ONE_FOR_ALL : AIRS_REST_FOR_ONE, fives[i], OF_FIVE);
        (void)snprintf(names[i], sizeof names[i], "%s-%u", i < GROUPS ? "group" : "chain", i);
        children[i] = (airs_child_spec_t){.supervisor = &specs[i], .name = names[i]};
    }
    airs_supervisor_spec_t root = tireless(AIRS_ONE_FOR_ONE, children, GROUPS + CHAINS + 1);
    return tree_start(stage, &root);
}

/* ---- the senders ---- */

typedef struct sender {
    pthread_t thread;
    stage_t *stage;
    airs_seeded_random_t random;
    uint64_t accepted; /* messages and requests */
    uint64_t refused;
    uint64_t deadly; /* accepted, and the end of their receiver */
    uint64_t requests;
    _Atomic uint64_t ended; /* requests */
    bool ties;              /* it has receivers link to and monitor each other too */
} sender_t;

static sender_t senders[SENDERS];

static void count_end(void *context, const airs_answer_t *answer) {
    (void)answer;
    sender_t *self = context;
    /* Relaxed: read when all is quiet. */
    atomic_fetch_add_explicit(&self->ended, 1, memory_order_relaxed);
}

static airs_status_t send_one(sender_t *self, const char *target, const char *text, bool request,
                              bool waits) {
    airs_node_t *node = self->stage->node;
    airs_bytes_t payload = airs_bytes(text, strlen(text));
    if (request) {
        return airs_node_request(node, id_of(target), payload, airs_str(NULL), 200, count_end, self, NULL,
                                 NULL);
    }
    return waits ? airs_node_send_wait(node, id_of(target), payload, airs_str(NULL), PATIENCE_MS, NULL)
                 : airs_node_send(node, id_of(target), payload, NULL);
}

/* By chance: of a hundred. */
static const char *command_of(uint64_t dice, bool ties) {
    static const struct {
        uint64_t below;
        const char *command;
    } commands[] = {{3, "trap"},   {4, "fail 1"}, {6, "timer"},    {10, "ask "},  {12, "defer"},
                    {20, "hello"}, {21, "link "}, {22, "unlink "}, {24, "watch "}};
    size_t count = ties ? 9 : 6;
    for (size_t i = 0; i < count; i++) {
        if (dice < commands[i].below) {
            return commands[i].command;
        }
    }
    return "hello";
}

static bool takes_an_id(uint64_t dice, bool ties) {
    const char *command = command_of(dice, ties);
    return command[strlen(command) - 1] == ' ';
}

static void *send_all(void *context) {
    sender_t *self = context;
    for (unsigned i = 0; i < SENT_IN_A_ROUND; i++) {
        char text[48];
        const char *target = ids[airs_seeded_random_below(&self->random, ACTORS)];
        uint64_t dice = airs_seeded_random_below(&self->random, 100);
        unsigned other = (unsigned)airs_seeded_random_below(&self->random, ACTORS);
        (void)snprintf(text, sizeof text, "%s%s", command_of(dice, self->ties),
                       takes_an_id(dice, self->ties) ? ids[other] : "");
        bool request = dice >= 10 && dice < 20;
        airs_status_t status = send_one(self, target, text, request, dice % 2 == 0);
        assert_true(status == AIRS_OK || status == AIRS_QUEUE_FULL);
        self->accepted += status == AIRS_OK;
        self->refused += status != AIRS_OK;
        self->deadly += status == AIRS_OK && dice < 4;
        self->requests += status == AIRS_OK && request;
    }
    return NULL;
}

static void send_a_round(stage_t *stage) {
    for (unsigned i = 0; i < SENDERS; i++) {
        senders[i].stage = stage;
        assert_int_equal(pthread_create(&senders[i].thread, NULL, send_all, &senders[i]), 0);
    }
    for (unsigned i = 0; i < SENDERS; i++) {
        (void)pthread_join(senders[i].thread, NULL);
    }
}

/* ---- the accounts ---- */

typedef struct sums {
    uint64_t actors;
    uint64_t running;
    uint64_t received;
    uint64_t sent;
    uint64_t queued;
    uint64_t refused;
    uint64_t requests;
    uint64_t timers;
    uint64_t subscribed; /* actors that have the one subscription of theirs */
} sums_t;

static bool add_up(void *context, const airs_actor_info_t *info) {
    sums_t *sums = context;
    sums->actors++;
    sums->running += info->counters.state == AIRS_ACTOR_RUNNING;
    sums->received += info->counters.received;
    sums->sent += info->counters.sent;
    sums->queued += info->counters.queued;
    sums->refused += info->counters.refused;
    sums->requests += info->requests;
    sums->timers += info->timers;
    sums->subscribed += info->subscriptions == 1;
    return true;
}

/* What all senders have counted, as one. */
static sender_t all_senders(void) {
    sender_t all = {.accepted = 0};
    for (unsigned i = 0; i < SENDERS; i++) {
        all.accepted += senders[i].accepted;
        all.refused += senders[i].refused;
        all.deadly += senders[i].deadly;
        all.requests += senders[i].requests;
        all.ended += senders[i].ended;
    }
    return all;
}

static void check_accounts(stage_t *stage) {
    sender_t all = all_senders();
    airs_node_counters_t totals = stage_totals(stage);
    airs_request_counters_t requests = stage_requests(stage);
    sums_t sums = {0};
    airs_node_list(stage->node, add_up, &sums);
    /* Nobody is lost, and nothing waits. */
    assert_int_equal(totals.actors, ACTORS);
    assert_int_equal(sums.actors, ACTORS);
    assert_int_equal(sums.running, ACTORS);
    assert_int_equal(sums.subscribed, ACTORS);
    assert_int_equal(sums.queued, 0);
    assert_int_equal(sums.requests, 0);
    assert_int_equal(requests.pending, 0);
    assert_int_equal(all.ended, all.requests);
    /* What guests asked and did not live to hear is orphaned; the rest came back to them. */
    uint64_t callbacks = requests.completed + requests.failed + requests.timed_out - all.ended;
    assert_int_equal(requests.cancelled, 0);
    assert_int_equal(sums.sent, callbacks + requests.orphaned);
    /* sent = handled + dead letters + dropped; nothing is dropped but callbacks to those that have ended. */
    if (senders[0].ties) {
        /* And messages that tell of ends. */
        assert_true(sums.received > all.accepted + sums.sent + callbacks);
    } else {
        assert_int_equal(sums.received, all.accepted + sums.sent + callbacks);
    }
    assert_int_equal(totals.messages + totals.dead_letters + totals.dropped, sums.received);
    assert_in_range(totals.dropped, 0, sums.received - all.accepted - sums.sent);
    /* Each that was deadly ended somebody, and nothing else did. */
    assert_int_equal(stage_dead_letters(stage, AIRS_DEAD_LETTER_CRASHED), totals.dead_letters);
    assert_true(totals.restarts >= totals.crashed && totals.crashed >= all.deadly);
    if (senders[0].ties) {
        /* Who goes along with another may have had something in hand. */
        assert_true(totals.dead_letters >= all.deadly);
    } else {
        assert_int_equal(totals.dead_letters, all.deadly);
    }
}

/* Each has as many timers as its present incarnation started. */
static void check_timers(stage_t *stage) {
    uint64_t started = 0;
    for (unsigned i = 0; i < ACTORS; i++) {
        uint64_t numbers[2];
        assert_ok(stage_call(stage, ids[i], "state"));
        assert_true(parse_numbers(stage->answer, numbers, 2));
        started += numbers[0];
        senders[0].accepted++;
        senders[0].requests++;
        senders[0].ended++;
    }
    sums_t sums = {0};
    airs_node_list(stage->node, add_up, &sums);
    assert_int_equal(sums.timers, started);
}

/* Ends everybody once more, so that nobody has anything but what each start makes. */
static void begin_anew(stage_t *stage) {
    for (unsigned i = 0; i < ACTORS; i++) {
        assert_ok(stage_send(stage, ids[i], "trap"));
        senders[0].accepted++;
        senders[0].deadly++;
    }
    stage_drain(stage);
    check_accounts(stage);
}

static uint64_t resident_bytes(void) {
    char line[128] = "";
    FILE *file = fopen("/proc/self/statm", "r");
    assert_non_null(file);
    assert_non_null(fgets(line, sizeof line, file));
    (void)fclose(file);
    const char *second = strchr(line, ' '); /* in pages */
    assert_non_null(second);
    return strtoull(second, NULL, 10) * (uint64_t)sysconf(_SC_PAGESIZE);
}

/* ---- the storm ---- */

static void storm(bool ties, uint64_t seconds) {
    stage_t stage;
    airs_node_options_t options = AIRS_NODE_OPTIONS_INIT;
    options.max_actors = ACTORS + 1;
    stage_open_with(&stage, options);
    name_all();
    airs_supervisor_t *crowd = start_crowd(&stage);
    airs_supervisor_t *tree = start_tree(&stage);
    for (unsigned i = 0; i < SENDERS; i++) {
        memset(&senders[i], 0, sizeof senders[i]);
        airs_seeded_random_init(&senders[i].random, 1000 + i);
        senders[i].ties = ties;
    }
    uint64_t began = now_ms();
    uint64_t live = 0;
    uint64_t resident = 0;
    unsigned rounds = 0;
    while (rounds < 2 || now_ms() - began < 1000 * seconds) {
        send_a_round(&stage);
        stage_drain(&stage);
        check_accounts(&stage);
        check_timers(&stage);
        if (++rounds == 1) {
            begin_anew(&stage);
            live = stage.memory.live_bytes;
            resident = resident_bytes();
        }
    }
    uint64_t took = now_ms() - began;
    begin_anew(&stage);
    airs_node_counters_t totals = stage_totals(&stage);
    sender_t all = all_senders();
    print_message(
        "%u rounds in %u ms: %u messages accepted, %u refused; %u crashes, %u restarts; memory %u KiB "
        "after the first round, %u KiB at the end; resident %u MiB, %u MiB\n",
        rounds, (unsigned)took, (unsigned)all.accepted, (unsigned)all.refused, (unsigned)totals.crashed,
        (unsigned)totals.restarts, (unsigned)(live >> 10), (unsigned)(stage.memory.live_bytes >> 10),
        (unsigned)(resident >> 20), (unsigned)(resident_bytes() >> 20));
    /* Tables and pools keep the size that the busiest moment gave them. */
    assert_in_range(stage.memory.live_bytes, 0, live + live / 10);
#ifndef SLOW
    assert_in_range(resident_bytes(), 0, resident + resident / 4);
#endif
    tree_stop(tree);
    tree_stop(crowd);
    assert_int_equal(stage_totals(&stage).actors, 0);
    stage_close(&stage);
}

static void a_storm_is_survived(void **state) {
    (void)state;
    const char *asked = getenv("AIRS_STORM_SECONDS");
    storm(false, asked != NULL ? strtoull(asked, NULL, 10) : SECONDS);
}

static void a_storm_among_tied_ones_is_survived(void **state) {
    (void)state;
    storm(true, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_storm_is_survived),
        cmocka_unit_test(a_storm_among_tied_ones_is_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
