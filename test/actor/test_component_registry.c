#include "support/test.h"

#include <pthread.h>
#include <stdio.h>

#include "actor/component_registry.h"
#include "core/check.h"
#include "support/failing_allocator.h"
#include "support/seeded_random.h"

/* The registry looks at an actor's id and mailbox only: these actors have nothing else. */
static airs_component_registry_t *registry;
static airs_seeded_random_t seeded;
static airs_failing_allocator_t allocator;
static airs_services_t services;

static void release(airs_actor_t *actor) { airs_release_aligned(&allocator.allocator, actor); }

static airs_actor_t *make(const char *ns, const char *name, const char *instance) {
    static const airs_behaviour_t behaviour = {.release = release};
    airs_actor_t *actor = airs_alloc_aligned(&allocator.allocator, sizeof *actor);
    AIRS_ASSERT(actor != NULL);
    actor->behaviour = &behaviour;
    actor->services = &services;
    AIRS_ASSERT(airs_component_id_create(&allocator.allocator, airs_id(ns, name, instance), &actor->id,
                                         NULL) == AIRS_OK);
    airs_refcount_init(&actor->references);
    airs_mailbox_init(&actor->mailbox, (airs_mailbox_limits_t){.messages = 10, .bytes = 1000});
    return actor;
}

static airs_actor_t *insert(const char *ns, const char *name, const char *instance) {
    airs_actor_t *actor = make(ns, name, instance);
    assert_ok(airs_component_registry_insert(registry, actor));
    return actor;
}

static void drop(airs_actor_t *actor) {
    airs_component_registry_remove(registry, actor);
    airs_actor_unref(actor);
}

static void a_component_may_have_so_many_instances(void **state) {
    (void)state;
    airs_actor_t *first = make("app", "a", "0");
    airs_actor_t *second = make("app", "a", "1");
    airs_actor_t *other = make("app", "b", "0");
    assert_ok(airs_component_registry_insert_bounded(registry, first, 1));
    assert_status(airs_component_registry_insert_bounded(registry, first, 1), AIRS_ALREADY_EXISTS);
    assert_status(airs_component_registry_insert_bounded(registry, second, 1), AIRS_QUOTA_EXCEEDED);
    assert_int_equal(airs_component_registry_count(registry), 1);
    assert_ok(airs_component_registry_insert_bounded(registry, other, 1));
    assert_ok(airs_component_registry_insert_bounded(registry, second, 2));
    drop(first);
    drop(second);
    drop(other);
}

static int set_up(void **state) {
    (void)state;
    airs_failing_allocator_init(&allocator);
    airs_seeded_random_init(&seeded, 1);
    services.allocator = &allocator.allocator;
    assert_ok(airs_component_registry_create(&allocator.allocator, &seeded.random, &registry));
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    airs_component_registry_destroy(registry);
    assert_int_equal(atomic_load(&allocator.live_blocks), 0);
    return 0;
}

static bool is_found(const char *ns, const char *name, const char *instance, const airs_actor_t *expected) {
    airs_actor_t *found = airs_component_registry_find(registry, airs_id(ns, name, instance));
    bool same = found == expected;
    airs_actor_unref(found);
    return same;
}

static void finds_by_id(void **state) {
    (void)state;
    assert_true(is_found("t", "a", "0", NULL));
    airs_actor_t *a = insert("t", "a", "0");
    airs_actor_t *b = insert("t", "a", "1");
    airs_actor_t *c = insert("t/a", "b", "0");
    assert_true(is_found("t", "a", "0", a));
    assert_true(is_found("t", "a", "1", b));
    assert_true(is_found("t/a", "b", "0", c));
    assert_true(is_found("t", "b", "0", NULL));
    assert_int_equal(airs_component_registry_count(registry), 3);
    drop(b);
    assert_true(is_found("t", "a", "1", NULL));
    drop(a);
    drop(c);
    assert_int_equal(airs_component_registry_count(registry), 0);
}

/* By an id of its own, not the actor's. */
static void finds_by_an_id_that_has_its_hash(void **state) {
    (void)state;
    airs_component_id_t *id = NULL;
    assert_ok(airs_component_id_create(&allocator.allocator, airs_id("t", "a", "0"), &id, NULL));
    assert_null(airs_component_registry_find_known(registry, id));
    airs_actor_t *b = insert("t", "a", "1");
    assert_null(airs_component_registry_find_known(registry, id));
    airs_actor_t *a = insert("t", "a", "0");
    airs_actor_t *found = airs_component_registry_find_known(registry, id);
    assert_ptr_equal(found, a);
    airs_actor_unref(found);
    drop(a);
    drop(b);
    airs_component_id_unref(id);
}

static void a_name_is_given_once(void **state) {
    (void)state;
    airs_actor_t *a = insert("t", "a", "0");
    airs_actor_t *again = make("t", "a", "0");
    assert_status(airs_component_registry_insert(registry, again), AIRS_ALREADY_EXISTS);
    drop(a);
    assert_ok(airs_component_registry_insert(registry, again));
    drop(again);
}

static void an_empty_instance_is_any_live_one(void **state) {
    (void)state;
    assert_true(is_found("t", "a", "", NULL));
    airs_actor_t *actors[3] = {insert("t", "a", "0"), insert("t", "a", "1"), insert("t", "a", "2")};
    airs_actor_t *other = insert("t", "b", "0");
    unsigned picked[3] = {0};
    for (int i = 0; i < 3000; i++) {
        airs_actor_t *found = airs_component_registry_find(registry, airs_id("t", "a", ""));
        for (int j = 0; j < 3; j++) {
            picked[j] += found == actors[j];
        }
        airs_actor_unref(found);
    }
    assert_int_equal(picked[0] + picked[1] + picked[2], 3000);
    for (int j = 0; j < 3; j++) {
        assert_in_range(picked[j], 800, 1200);
    }
    drop(actors[0]);
    drop(actors[2]);
    assert_true(is_found("t", "a", "", actors[1]));
    drop(actors[1]);
    assert_true(is_found("t", "a", "", NULL));
    drop(other);
}

/* Of two the one with less waiting: of three, the fullest is never picked. */
static void the_shorter_of_two_mailboxes(void **state) {
    (void)state;
    airs_actor_t *actors[3] = {insert("t", "a", "0"), insert("t", "a", "1"), insert("t", "a", "2")};
    for (int i = 0; i < 5; i++) {
        assert_ok(airs_mailbox_reserve(&actors[1]->mailbox, 0));
    }
    for (int i = 0; i < 1000; i++) {
        airs_actor_t *found = airs_component_registry_find(registry, airs_id("t", "a", ""));
        assert_ptr_not_equal(found, actors[1]);
        airs_actor_unref(found);
    }
    for (int i = 0; i < 3; i++) {
        drop(actors[i]);
    }
}

static void all_instances(void **state) {
    (void)state;
    airs_actor_t **found = NULL;
    size_t count = 0;
    assert_status(airs_component_registry_instances(registry, airs_id("t", "a", "*"), &found, &count),
                  AIRS_TARGET_NOT_FOUND);
    airs_actor_t *actors[9];
    for (int i = 0; i < 9; i++) {
        char instance[2] = {(char)('0' + i), '\0'};
        actors[i] = insert("t", "a", instance);
    }
    assert_ok(airs_component_registry_instances(registry, airs_id("t", "a", "*"), &found, &count));
    assert_int_equal(count, 9);
    for (size_t i = 0; i < count; i++) {
        airs_actor_unref(found[i]);
    }
    airs_release(&allocator.allocator, found);
    for (int i = 0; i < 9; i++) {
        drop(actors[i]);
    }
}

/* ---- the order of start ---- */

typedef struct walk {
    char text[64];
    airs_actor_t *drop_at_first;
    airs_actor_t *insert_at_first;
} walk_t;

static bool note(void *context, airs_actor_t *actor) {
    walk_t *walk = context;
    size_t used = strlen(walk->text);
    (void)snprintf(walk->text + used, sizeof walk->text - used, "%.*s",
                   AIRS_STR_ARG(airs_component_id_view(actor->id).instance));
    if (walk->drop_at_first != NULL) {
        drop(walk->drop_at_first);
        walk->drop_at_first = NULL;
        assert_ok(airs_component_registry_insert(registry, walk->insert_at_first));
    }
    return strlen(walk->text) < 4;
}

static void are_listed_in_the_order_of_their_start(void **state) {
    (void)state;
    assert_null(airs_component_registry_last(registry));
    airs_actor_t *a = insert("t", "a", "0");
    airs_actor_t *b = insert("t", "a", "1");
    airs_actor_t *c = insert("t", "b", "2");
    airs_actor_t *d = make("t", "b", "3");
    /* What goes and comes during the walk is not seen, and seen. */
    walk_t walk = {.drop_at_first = b, .insert_at_first = d};
    airs_component_registry_each(registry, note, &walk);
    assert_string_equal(walk.text, "023");
    /* The one in hand may go, too. */
    walk = (walk_t){.drop_at_first = a, .insert_at_first = make("t", "b", "4")};
    airs_actor_t *e = walk.insert_at_first;
    airs_component_registry_each(registry, note, &walk);
    assert_string_equal(walk.text, "0234");
    airs_actor_t *last = airs_component_registry_last(registry);
    assert_ptr_equal(last, e);
    airs_actor_unref(last);
    drop(c);
    drop(d);
    drop(e);
}

/* ---- growth and failures ---- */

static void grows(void **state) {
    (void)state;
    enum { MANY = 5000 };
    static airs_actor_t *actors[MANY];
    for (int i = 0; i < MANY; i++) {
        char name[16];
        (void)snprintf(name, sizeof name, "n%d", i % 3000);
        actors[i] = insert("t", name, i < 3000 ? "0" : "1");
    }
    for (int i = 0; i < MANY; i++) {
        airs_actor_t *found = airs_component_registry_find(registry, airs_component_id_view(actors[i]->id));
        assert_ptr_equal(found, actors[i]);
        airs_actor_unref(found);
    }
    for (int i = 0; i < MANY; i++) {
        drop(actors[i]);
    }
}

static airs_status_t insert_some(const airs_allocator_t *failing, void *context) {
    (void)context;
    airs_component_registry_t *other = NULL;
    airs_status_t status = airs_component_registry_create(failing, &seeded.random, &other);
    if (status != AIRS_OK) {
        return status;
    }
    airs_actor_t *actors[40] = {NULL};
    for (int i = 0; i < 40; i++) {
        char instance[16];
        (void)snprintf(instance, sizeof instance, "%d", i);
        airs_actor_t *actor = make("t", i % 2 == 0 ? "a" : "b", instance);
        airs_status_t inserted = airs_component_registry_insert(other, actor);
        if (inserted == AIRS_OK) {
            actors[i] = actor;
        } else {
            airs_actor_unref(actor);
            status = inserted;
        }
    }
    airs_actor_t **found = NULL;
    size_t count = 0;
    airs_status_t listed = airs_component_registry_instances(other, airs_id("t", "a", "*"), &found, &count);
    for (size_t i = 0; listed == AIRS_OK && i < count; i++) {
        airs_actor_unref(found[i]);
    }
    if (listed == AIRS_OK) {
        airs_release(failing, found);
    } else {
        status = AIRS_OUT_OF_MEMORY;
    }
    for (int i = 0; i < 40; i++) {
        if (actors[i] != NULL) {
            airs_component_registry_remove(other, actors[i]);
            airs_actor_unref(actors[i]);
        }
    }
    airs_component_registry_destroy(other);
    return status;
}

static void every_allocation_may_fail(void **state) {
    (void)state;
    airs_fail_each_allocation(insert_some, NULL);
}

/* ---- threads ---- */

static atomic_bool going;

static void *look_up(void *argument) {
    (void)argument;
    while (atomic_load(&going)) {
        airs_actor_unref(airs_component_registry_find(registry, airs_id("t", "a", "1")));
        airs_actor_unref(airs_component_registry_find(registry, airs_id("t", "a", "")));
        walk_t walk = {.text = ""};
        airs_component_registry_each(registry, note, &walk);
        airs_actor_unref(airs_component_registry_last(registry));
    }
    return NULL;
}

static void look_ups_race_with_changes(void **state) {
    (void)state;
    atomic_store(&going, true);
    pthread_t threads[2];
    for (int i = 0; i < 2; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, look_up, NULL), 0);
    }
    for (int i = 0; i < 3000; i++) {
        airs_actor_t *a = insert("t", "a", "0");
        airs_actor_t *b = insert("t", "a", "1");
        drop(i % 2 == 0 ? a : b);
        drop(i % 2 == 0 ? b : a);
    }
    atomic_store(&going, false);
    for (int i = 0; i < 2; i++) {
        pthread_join(threads[i], NULL);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_component_may_have_so_many_instances, set_up, tear_down),
        cmocka_unit_test_setup_teardown(finds_by_id, set_up, tear_down),
        cmocka_unit_test_setup_teardown(finds_by_an_id_that_has_its_hash, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_name_is_given_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_empty_instance_is_any_live_one, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_shorter_of_two_mailboxes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(all_instances, set_up, tear_down),
        cmocka_unit_test_setup_teardown(are_listed_in_the_order_of_their_start, set_up, tear_down),
        cmocka_unit_test_setup_teardown(grows, set_up, tear_down),
        cmocka_unit_test_setup_teardown(every_allocation_may_fail, set_up, tear_down),
        cmocka_unit_test_setup_teardown(look_ups_race_with_changes, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
