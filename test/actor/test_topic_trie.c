#include "support/test.h"

#include <stdio.h>
#include <string.h>

#include "actor/topic_trie.h"
#include "core/topic.h"
#include "support/failing_allocator.h"
#include "support/seeded_random.h"

#define ACTORS 8
#define PATTERNS 400

/* The trie does not look into actors. */
static char actors[ACTORS];

static airs_actor_t *actor(size_t number) { return (airs_actor_t *)&actors[number]; }

/* ---- what is found, against a plain scan ---- */

/* What core/topic.h says, token by token. */
static bool matches(airs_str_t pattern, airs_str_t topic) {
    while (pattern.size > 0 && topic.size > 0) {
        airs_str_t wanted = airs_topic_first_token(pattern, &pattern);
        if (airs_topic_is_rest(wanted)) {
            return true;
        }
        airs_str_t token = airs_topic_first_token(topic, &topic);
        if (!airs_topic_is_any(wanted) && !airs_str_equal(wanted, token)) {
            return false;
        }
    }
    return pattern.size == 0 && topic.size == 0;
}

static const struct {
    const char *pattern;
    const char *topic;
    bool match;
} pairs[] = {
    {"a.b", "a.b", true},     {"a.b", "a", false},       {"a.b", "a.b.c", false}, {"a.b", "a.c", false},
    {"*", "a", true},         {"*", "a.b", false},       {"a.*", "a.b", true},    {"a.*", "a", false},
    {"a.*.c", "a.b.c", true}, {"a.*.c", "a.b.d", false}, {">", "a", true},        {">", "a.b.c", true},
    {"a.>", "a.b", true},     {"a.>", "a.b.c", true},    {"a.>", "a", false},     {"*.>", "a", false},
    {"*.>", "a.b", true},     {"*.*", "a.b", true},      {"A", "a", false},       {"*.b.>", "a.b.c.d", true},
};

typedef struct found {
    unsigned nodes;
    unsigned entries;
    unsigned of_actor[ACTORS];
} found_t;

static bool take(void *context, const airs_topic_node_t *node) {
    found_t *found = context;
    unsigned entries = 0;
    for (const airs_topic_entry_t *entry = node->first; entry != NULL; entry = entry->next) {
        found->of_actor[(char *)entry->actor - actors]++;
        entries++;
    }
    assert_int_equal(entries, node->entries);
    assert_true(entries > 0);
    found->entries += entries;
    found->nodes++;
    return true;
}

static void wildcards_match_what_they_say(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        airs_topic_trie_t trie;
        airs_topic_entry_t *entry = NULL;
        found_t found = {0};
        airs_str_t pattern = airs_str(pairs[i].pattern);
        airs_str_t topic = airs_str(pairs[i].topic);
        assert_int_equal(matches(pattern, topic), pairs[i].match);
        airs_topic_trie_init(&trie, airs_allocator_default(), i);
        assert_ok(airs_topic_trie_add(&trie, pattern, actor(1), &entry));
        assert_true(airs_topic_trie_match(&trie, topic, take, &found));
        if (found.of_actor[1] != pairs[i].match) {
            fail_msg("%s and %s", pairs[i].pattern, pairs[i].topic);
        }
        airs_topic_trie_remove(&trie, entry);
        airs_topic_trie_free(&trie);
    }
}

typedef struct place {
    char pattern[24];
    airs_topic_entry_t *entries[ACTORS];
} place_t;

static place_t places[PATTERNS];

/* Short tokens from few letters, so that much collides. */
static void make_name(airs_seeded_random_t *random, bool pattern, char out[24]) {
    size_t tokens = 1 + airs_seeded_random_below(random, 5);
    size_t size = 0;
    for (size_t i = 0; i < tokens; i++) {
        uint64_t choice = airs_seeded_random_below(random, pattern ? 6 : 4);
        if (choice == 5 && i + 1 < tokens) {
            choice = 4;
        }
        size += (size_t)snprintf(out + size, 24 - size, "%s%c", i > 0 ? "." : "", "abcd*>"[choice]);
    }
}

static place_t *place_for(const char *pattern) {
    for (size_t i = 0; i < PATTERNS; i++) {
        if (places[i].pattern[0] == '\0' || strcmp(places[i].pattern, pattern) == 0) {
            (void)snprintf(places[i].pattern, sizeof places[i].pattern, "%s", pattern);
            return &places[i];
        }
    }
    return NULL;
}

static void check_topic(airs_topic_trie_t *trie, const char *topic) {
    found_t found = {0};
    assert_true(airs_topic_trie_match(trie, airs_str(topic), take, &found));
    unsigned expected[ACTORS] = {0};
    for (size_t i = 0; i < PATTERNS && places[i].pattern[0] != '\0'; i++) {
        bool match = matches(airs_str(places[i].pattern), airs_str(topic));
        for (size_t j = 0; j < ACTORS; j++) {
            expected[j] += match && places[i].entries[j] != NULL;
        }
    }
    assert_memory_equal(found.of_actor, expected, sizeof expected);
}

static void change(airs_topic_trie_t *trie, airs_seeded_random_t *random) {
    char pattern[24];
    make_name(random, true, pattern);
    place_t *place = place_for(pattern);
    size_t who = airs_seeded_random_below(random, ACTORS);
    if (place == NULL) {
        return;
    }
    airs_topic_entry_t **entry = &place->entries[who];
    assert_ptr_equal(airs_topic_trie_find(trie, airs_str(pattern), actor(who)), *entry);
    if (*entry == NULL) {
        assert_ok(airs_topic_trie_add(trie, airs_str(pattern), actor(who), entry));
    } else {
        airs_topic_trie_remove(trie, *entry);
        *entry = NULL;
    }
}

static void it_finds_what_a_scan_finds(void **state) {
    (void)state;
    airs_failing_allocator_t allocator;
    airs_failing_allocator_init(&allocator);
    airs_seeded_random_t random;
    airs_seeded_random_init(&random, 7);
    airs_topic_trie_t trie;
    airs_topic_trie_init(&trie, &allocator.allocator, 11);
    for (unsigned i = 0; i < 20000; i++) {
        char topic[24];
        change(&trie, &random);
        make_name(&random, false, topic);
        check_topic(&trie, topic);
    }
    for (size_t i = 0; i < PATTERNS; i++) {
        for (size_t j = 0; j < ACTORS; j++) {
            if (places[i].entries[j] != NULL) {
                airs_topic_trie_remove(&trie, places[i].entries[j]);
            }
        }
    }
    assert_int_equal(trie.root.children, 0);
    assert_int_equal(trie.steps.count, 0);
    airs_topic_trie_free(&trie);
    assert_int_equal(allocator.live_blocks, 0);
}

/* ---- order, ends ---- */

static void entries_come_in_their_order(void **state) {
    (void)state;
    airs_topic_trie_t trie;
    airs_topic_entry_t *entries[ACTORS];
    airs_topic_trie_init(&trie, airs_allocator_default(), 1);
    for (size_t i = 0; i < ACTORS; i++) {
        assert_ok(airs_topic_trie_add(&trie, airs_str("a.b"), actor(i), &entries[i]));
    }
    airs_topic_trie_remove(&trie, entries[0]);
    airs_topic_trie_remove(&trie, entries[3]);
    airs_topic_trie_remove(&trie, entries[7]);
    static const size_t expected[] = {1, 2, 4, 5, 6};
    const airs_topic_entry_t *entry = entries[1]->node->first;
    for (size_t i = 0; i < 5; i++, entry = entry->next) {
        assert_ptr_equal(entry->actor, actor(expected[i]));
    }
    assert_null(entry);
    for (size_t i = 0; i < 5; i++) {
        airs_topic_trie_remove(&trie, entries[expected[i]]);
    }
    airs_topic_trie_free(&trie);
}

static bool stop_at_once(void *context, const airs_topic_node_t *node) {
    (void)node;
    return ++*(unsigned *)context < 2;
}

static void a_walk_can_be_stopped(void **state) {
    (void)state;
    airs_topic_trie_t trie;
    airs_topic_entry_t *entries[4];
    static const char *const patterns[] = {"a.b", "a.*", ">", "*.>"};
    airs_topic_trie_init(&trie, airs_allocator_default(), 1);
    for (size_t i = 0; i < 4; i++) {
        assert_ok(airs_topic_trie_add(&trie, airs_str(patterns[i]), actor(0), &entries[i]));
    }
    unsigned seen = 0;
    assert_false(airs_topic_trie_match(&trie, airs_str("a.b"), stop_at_once, &seen));
    assert_int_equal(seen, 2);
    for (size_t i = 0; i < 4; i++) {
        airs_topic_trie_remove(&trie, entries[i]);
    }
    airs_topic_trie_free(&trie);
}

/* An add that fails leaves nothing of its path. */
static airs_status_t life(const airs_allocator_t *allocator, void *context) {
    (void)context;
    static const char *const patterns[] = {"a.b.c.d", "a.b.*.d", "a.>", "a.b.c.d", "x.y"};
    airs_topic_trie_t trie;
    airs_topic_entry_t *entries[5] = {NULL};
    airs_topic_trie_init(&trie, allocator, 1);
    airs_status_t status = AIRS_OK;
    for (size_t i = 0; i < 5; i++) {
        size_t steps = trie.steps.count;
        airs_status_t added = airs_topic_trie_add(&trie, airs_str(patterns[i]), actor(i), &entries[i]);
        if (added != AIRS_OK) {
            assert_int_equal(trie.steps.count, steps);
            assert_null(airs_topic_trie_find(&trie, airs_str(patterns[i]), actor(i)));
            status = added;
        }
    }
    for (size_t i = 0; i < 5; i++) {
        if (entries[i] != NULL) {
            airs_topic_trie_remove(&trie, entries[i]);
        }
    }
    airs_topic_trie_free(&trie);
    return status;
}

static void it_survives_without_memory(void **state) {
    (void)state;
    airs_fail_each_allocation(life, NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wildcards_match_what_they_say), cmocka_unit_test(it_finds_what_a_scan_finds),
        cmocka_unit_test(entries_come_in_their_order),   cmocka_unit_test(a_walk_can_be_stopped),
        cmocka_unit_test(it_survives_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
