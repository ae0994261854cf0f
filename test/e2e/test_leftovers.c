/* A node that goes on: what thousands of actors leave behind that lived in it, which is nothing. */
#include "e2e/stage.h"

#include <inttypes.h>
#include <malloc.h>
#include <stdio.h>

/* The first ones fill what is kept: slots and tables for the next, dead letters for a reader. */
#define WARM_UP 3000
#define LIVES 3000

/* What is kept for the next messages has a bound for each thread, and is filled when that thread gets to run: so the heap
 * grows in some rounds, and stays in the others. What a life leaves behind makes it grow in every round. */
#define ROUNDS_MAX 40
#define HEAP_GROWTH_MAX ((size_t)64 << 10)

/* Where messages are not kept for the next ones, all that is allocated is in use. */
#define BLOCKS_GROWTH_MAX 64

typedef struct held {
    uint64_t blocks; /* of the node's own */
    size_t heap;     /* bytes that the whole process has, the engine's too */
} held_t;

static held_t look(stage_t *stage) {
    assert_int_equal(stage_totals(stage).actors, 0);
    assert_int_equal(stage_totals(stage).passive, 0);
    struct mallinfo2 info = mallinfo2();
    return (held_t){stage->memory.live_blocks, info.uordblks + info.hblkhd};
}

static bool is_the_same(const held_t *before, const held_t *after) {
    return is_sanitized() ? after->blocks <= before->blocks + BLOCKS_GROWTH_MAX
                          : after->heap <= before->heap + HEAP_GROWTH_MAX;
}

/* One life of the actor number `i`. */
typedef void life_fn(stage_t *stage, int i);

static held_t live_a_round(stage_t *stage, life_fn *life, int first, int count) {
    for (int i = first; i < first + count; i++) {
        life(stage, i);
    }
    stage_drain(stage);
    return look(stage);
}

static void live(life_fn *life) {
    stage_t stage;
    airs_node_options_t options = AIRS_NODE_OPTIONS_INIT;
    options.workers = 2;
    options.cache_dir = "";
    options.max_actors = 8;
    stage_open_with(&stage, options);
    held_t before = live_a_round(&stage, life, 0, WARM_UP);
    held_t after = live_a_round(&stage, life, WARM_UP, LIVES);
    for (int round = 1; round < ROUNDS_MAX && !is_the_same(&before, &after); round++) {
        before = after;
        after = live_a_round(&stage, life, WARM_UP + round * LIVES, LIVES);
    }
    if (!is_the_same(&before, &after)) {
        fail_msg("in each of %d rounds of %d lives something was left: in the last one %" PRIu64
                 " blocks became %" PRIu64 ", and %zu bytes %zu",
                 ROUNDS_MAX, LIVES, before.blocks, after.blocks, before.heap, after.heap);
    }
    stage_close(&stage);
}

static const char *name_of(const char *name, int i) {
    static char id[64];
    (void)snprintf(id, sizeof id, "app/%s/%d", name, i);
    return id;
}

static airs_status_t greet(airs_actor_context_t *context, void *state) {
    (void)state;
    airs_status_t status = airs_actor_subscribe(context, airs_str("news.*"));
    return status == AIRS_OK ? airs_actor_send_after(context, 3600000, airs_bytes("x", 1), NULL) : status;
}

static airs_status_t ignore(airs_actor_context_t *context, void *state, const airs_incoming_t *incoming) {
    (void)context, (void)state, (void)incoming;
    return AIRS_OK;
}

static void native_life(stage_t *stage, int i) {
    static const airs_native_t native = {.size = sizeof native, .start = greet, .handle = ignore};
    const char *id = name_of("native", i);
    assert_ok(airs_node_spawn_native(stage->node, &native, NULL, id_of(id), NULL, &stage->error));
    assert_ok(stage_send(stage, id, "one"));
    assert_ok(stage_stop(stage, id, i % 2 == 0 ? AIRS_STOP_DRAIN : AIRS_STOP_KILL));
}

static void guest_life(stage_t *stage, int i) {
    const char *id = name_of("counter", i);
    assert_ok(stage_spawn(stage, "counter", id, NULL));
    stage_expect(stage, id, "one", "1");
    assert_ok(stage_stop(stage, id, i % 2 == 0 ? AIRS_STOP_DRAIN : AIRS_STOP_DROP));
}

static void crashing_life(stage_t *stage, int i) {
    const char *id = name_of("trap", i);
    assert_ok(stage_spawn(stage, "trap", id, NULL));
    assert_status(stage_call(stage, id, "trap"), AIRS_TRAP);
    stage_await_end(stage, id);
}

/* Twelve at once, where there is room for eight: each is passive, and back. */
static void passive_life(stage_t *stage, int i) {
    airs_spawn_options_t options = AIRS_SPAWN_OPTIONS_INIT;
    options.stateless = true;
    if (i % 12 != 0) {
        return;
    }
    for (int k = 0; k < 12; k++) {
        assert_ok(stage_spawn(stage, "counter", name_of("counter", i + k), &options));
    }
    for (int k = 0; k < 12; k++) {
        stage_expect(stage, name_of("counter", i + k), "one", "1");
    }
    for (int k = 0; k < 12; k++) {
        assert_ok(
            stage_stop(stage, name_of("counter", i + k), k % 2 == 0 ? AIRS_STOP_DRAIN : AIRS_STOP_DROP));
    }
}

static void of_native_actors(void **state) {
    (void)state;
    live(native_life);
}

static void of_guests(void **state) {
    (void)state;
    live(guest_life);
}

static void of_guests_that_crash(void **state) {
    (void)state;
    live(crashing_life);
}

static void of_guests_that_were_passive(void **state) {
    (void)state;
    live(passive_life);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(of_native_actors),
        cmocka_unit_test(of_guests),
        cmocka_unit_test(of_guests_that_crash),
        cmocka_unit_test(of_guests_that_were_passive),
    };
    return cmocka_run_group_tests_name("nothing is left", tests, NULL, NULL);
}
