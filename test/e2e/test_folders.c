/* Folders that components are granted: what C programs do with them, what they may not, and what does not lead
 * out. */
#include "e2e/stage.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/file.h"
#include "core/memory.h"
#include "support/fake_clock.h"
#include "support/temporary_folder.h"

#define ID "app/files/0"

/* A folder "in" to be granted, with a file and a folder in it, and what must stay out of reach beside it. */
typedef struct place {
    airs_temporary_folder_t folder;
    char inside[AIRS_TEMPORARY_PATH_MAX];
    char other[AIRS_TEMPORARY_PATH_MAX];
} place_t;

static void make_place(place_t *place) {
    airs_temporary_folder_create(&place->folder);
    airs_temporary_folder_make(&place->folder, "in");
    airs_temporary_folder_make(&place->folder, "in/deep");
    airs_temporary_folder_make(&place->folder, "other");
    airs_temporary_file_write_text(&place->folder, "in/a.txt", "inside");
    airs_temporary_file_write_text(&place->folder, "secret.txt", "secret");
    airs_temporary_file_write_text(&place->folder, "other/b.txt", "other");
    airs_temporary_file_path(&place->folder, "in", place->inside);
    airs_temporary_file_path(&place->folder, "other", place->other);
}

static const char *path_of(const place_t *place, const char *name, char out[AIRS_TEMPORARY_PATH_MAX]) {
    return airs_temporary_file_path(&place->folder, name, out);
}

static void assert_file(const place_t *place, const char *name, const char *text) {
    char path[AIRS_TEMPORARY_PATH_MAX];
    airs_bytes_t bytes;
    airs_error_t error;
    assert_ok(airs_file_read(airs_allocator_default(), path_of(place, name, path), 4096, &bytes, &error));
    assert_int_equal(bytes.size, strlen(text));
    assert_memory_equal(bytes.data, text, bytes.size);
    airs_release(airs_allocator_default(), (void *)(uintptr_t)bytes.data);
}

static bool exists(const place_t *place, const char *name) {
    char path[AIRS_TEMPORARY_PATH_MAX];
    struct stat about;
    return lstat(path_of(place, name, path), &about) == 0;
}

static airs_status_t add(stage_t *stage, const airs_grant_t *grants, size_t count) {
    airs_spawn_options_t options = AIRS_SPAWN_OPTIONS_INIT;
    options.confined = true;
    options.grants = grants;
    options.grant_count = count;
    return stage_spawn(stage, "files", ID, &options);
}

/* With the folder "in" as "/data". */
static void add_with(stage_t *stage, const place_t *place, const char *action) {
    const airs_grant_t grant = {.action = action, .pattern = place->inside, .guest_path = "/data"};
    if (add(stage, &grant, 1) != AIRS_OK) {
        fail_msg("%s", stage->error.text);
    }
}

static void a_folder_to_write_to_is_as_a_program_knows_it(void **state) {
    (void)state;
    stage_t stage;
    place_t place;
    make_place(&place);
    stage_open(&stage, 1);
    add_with(&stage, &place, "filesystem.*");
    stage_expect(&stage, ID, "list /data", "a.txt deep/ ");
    stage_expect(&stage, ID, "read /data/a.txt", "inside");
    stage_expect(&stage, ID, "read data/a.txt", "inside");
    stage_expect(&stage, ID, "write /data/deep/new.txt one", "ok");
    stage_expect(&stage, ID, "append /data/deep/new.txt  and two", "ok");
    stage_expect(&stage, ID, "size /data/deep/new.txt", "11");
    assert_file(&place, "in/deep/new.txt", "one and two");
    stage_expect(&stage, ID, "rename /data/deep/new.txt /data/moved.txt", "ok");
    stage_expect(&stage, ID, "truncate /data/moved.txt 3", "ok");
    stage_expect(&stage, ID, "touch /data/moved.txt", "ok");
    stage_expect(&stage, ID, "link /data/moved.txt /data/linked.txt", "ok");
    stage_expect(&stage, ID, "symlink moved.txt /data/soft.txt", "ok");
    stage_expect(&stage, ID, "read /data/soft.txt", "one");
    stage_expect(&stage, ID, "mkdir /data/made", "ok");
    stage_expect(&stage, ID, "list /data", "a.txt deep/ linked.txt made/ moved.txt soft.txt ");
    stage_expect(&stage, ID, "unlink /data/linked.txt", "ok");
    stage_expect(&stage, ID, "unlink /data/soft.txt", "ok");
    stage_expect(&stage, ID, "rmdir /data/made", "ok");
    stage_expect(&stage, ID, "list /data", "a.txt deep/ moved.txt ");
    assert_file(&place, "in/moved.txt", "one");
    stage_close(&stage);
    airs_temporary_folder_remove(&place.folder);
}

static void a_folder_to_read_is_only_read(void **state) {
    (void)state;
    static const char *const writes[] = {
        "write /data/a.txt x",        "write /data/new.txt x",    "append /data/a.txt x",
        "rename /data/a.txt /data/b", "unlink /data/a.txt",       "mkdir /data/made",
        "rmdir /data/deep",           "link /data/a.txt /data/b", "symlink a.txt /data/b",
        "truncate /data/a.txt 0",     "touch /data/a.txt",
    };
    stage_t stage;
    place_t place;
    make_place(&place);
    stage_open(&stage, 1);
    add_with(&stage, &place, "filesystem.read");
    for (size_t i = 0; i < sizeof writes / sizeof *writes; i++) {
        stage_expect_error(&stage, ID, writes[i], "ot permitted");
    }
    stage_expect(&stage, ID, "list /data", "a.txt deep/ ");
    stage_expect(&stage, ID, "read /data/a.txt", "inside");
    stage_close(&stage);
    assert_file(&place, "in/a.txt", "inside");
    airs_temporary_folder_remove(&place.folder);
}

static void each_folder_has_its_own_permissions(void **state) {
    (void)state;
    stage_t stage;
    place_t place;
    make_place(&place);
    stage_open(&stage, 1);
    const airs_grant_t grants[] = {
        {.action = "filesystem.read", .pattern = place.inside, .guest_path = "in"},
        {.action = "filesystem.read", .pattern = place.other, .guest_path = "out"},
        {.action = "filesystem.write", .pattern = place.other, .guest_path = "out"},
    };
    assert_ok(add(&stage, grants, 3));
    stage_expect(&stage, ID, "read in/a.txt", "inside");
    stage_expect(&stage, ID, "read out/b.txt", "other");
    stage_expect(&stage, ID, "write out/c.txt x", "ok");
    stage_expect_error(&stage, ID, "write in/c.txt x", "ot permitted");
    stage_expect_error(&stage, ID, "rename out/c.txt in/c.txt", "ot permitted");
    stage_expect_error(&stage, ID, "rename in/a.txt out/a.txt", "ot permitted");
    stage_expect_error(&stage, ID, "link in/a.txt out/a.txt", "ot permitted");
    stage_close(&stage);
    airs_temporary_folder_remove(&place.folder);
}

/* ---- ways out ---- */

static void nothing_leads_out_of_a_folder(void **state) {
    (void)state;
    static const char *const tries[] = {
        /* By name. */
        "read /data/../secret.txt",
        "read /data/deep/../../secret.txt",
        "read data/../secret.txt",
        "read ../secret.txt",
        "read /data/./../secret.txt",
        "list /data/..",
        "list /",
        "list ..",
        "write /data/../new.txt x",
        "mkdir /data/../made",
        "rmdir /data/../other",
        "unlink /data/../secret.txt",
        "rename /data/../secret.txt /data/s",
        "rename /data/a.txt /data/../a.txt",
        "link /data/../secret.txt /data/s",
        "link /data/a.txt /data/../s",
        "truncate /data/../secret.txt 0",
        "size /data/../secret.txt",
        "touch /data/../secret.txt",
        /* By links that somebody put there. */
        "read /data/up",
        "read /data/absolute",
        "read /data/away/b.txt",
        "read /data/away/../secret.txt",
        "list /data/away",
        "write /data/up x",
        "write /data/away/new.txt x",
        "append /data/absolute x",
        "unlink /data/away/b.txt",
        "rename /data/away/b.txt /data/s",
        "rename /data/a.txt /data/away/a.txt",
        "link /data/away/b.txt /data/s",
        "mkdir /data/away/made",
        "rmdir /data/away/empty",
        "truncate /data/up 0",
        "size /data/up",
        "touch /data/away/b.txt",
        "read /data/process/environ",
        "read /data/deep/turn",
        "list /data/root",
        /* By links that it makes. */
        "symlink /etc/passwd /data/made",
        "read /data/made",
    };
    char path[AIRS_TEMPORARY_PATH_MAX];
    char secret[AIRS_TEMPORARY_PATH_MAX];
    stage_t stage;
    place_t place;
    make_place(&place);
    airs_temporary_folder_make(&place.folder, "other/empty");
    assert_int_equal(symlink("../secret.txt", path_of(&place, "in/up", path)), 0);
    assert_int_equal(symlink(path_of(&place, "secret.txt", secret), path_of(&place, "in/absolute", path)), 0);
    assert_int_equal(symlink("../other", path_of(&place, "in/away", path)), 0);
    assert_int_equal(symlink("/proc/self", path_of(&place, "in/process", path)), 0);
    assert_int_equal(symlink("../../secret.txt", path_of(&place, "in/deep/turn", path)), 0);
    assert_int_equal(symlink("/", path_of(&place, "in/root", path)), 0);
    stage_open(&stage, 1);
    add_with(&stage, &place, "filesystem.*");
    for (size_t i = 0; i < sizeof tries / sizeof *tries; i++) {
        airs_status_t status = stage_call(&stage, ID, tries[i]);
        if (status != AIRS_HANDLE_MESSAGE_FAILED) {
            fail_msg("%s: %s, \"%s\"", tries[i], airs_status_name(status), stage.answer);
        }
    }
    /* A link that leads up may be made, but not followed. */
    (void)stage_call(&stage, ID, "symlink ../secret.txt /data/mine");
    stage_expect_error(&stage, ID, "read /data/mine", "");
    /* Links are things in the folder: moving one does not touch what it leads to. */
    stage_expect(&stage, ID, "rename /data/up /data/deep/up", "ok");
    stage_expect(&stage, ID, "unlink /data/deep/up", "ok");
    stage_close(&stage);
    assert_file(&place, "secret.txt", "secret");
    assert_file(&place, "other/b.txt", "other");
    assert_true(exists(&place, "other/empty"));
    assert_false(exists(&place, "new.txt"));
    assert_false(exists(&place, "made"));
    assert_false(exists(&place, "s"));
    airs_temporary_folder_remove(&place.folder);
}

typedef struct swapper {
    const place_t *place;
    atomic_bool ends; /* relaxed: a flag and nothing else */
    atomic_ulong swaps;
} swapper_t;

/* Has "in/door" be now the folder "in/deep", now a link to the folder beside. */
static void *swap(void *argument) {
    swapper_t *swapper = argument;
    char door[AIRS_TEMPORARY_PATH_MAX];
    char spare[AIRS_TEMPORARY_PATH_MAX];
    char link[AIRS_TEMPORARY_PATH_MAX];
    path_of(swapper->place, "in/door", door);
    path_of(swapper->place, "in/spare", spare);
    path_of(swapper->place, "link", link);
    while (!atomic_load_explicit(&swapper->ends, memory_order_relaxed)) {
        bool is_done = rename(door, spare) == 0 && symlink("../other", link) == 0 &&
                       rename(link, door) == 0 && unlink(door) == 0 && rename(spare, door) == 0;
        if (!is_done) {
            break; /* the test sees that nothing is swapped any more */
        }
        atomic_fetch_add_explicit(&swapper->swaps, 1, memory_order_relaxed);
    }
    return NULL;
}

static void a_race_does_not_lead_out(void **state) {
    (void)state;
    stage_t stage;
    place_t place;
    pthread_t thread;
    make_place(&place);
    airs_temporary_folder_make(&place.folder, "in/door");
    airs_temporary_file_write_text(&place.folder, "in/door/b.txt", "good");
    swapper_t swapper = {.place = &place};
    stage_open(&stage, 1);
    add_with(&stage, &place, "filesystem.*");
    stage_expect(&stage, ID, "expect good", "ok");
    assert_int_equal(pthread_create(&thread, NULL, swap, &swapper), 0);
    uint64_t answers[2] = {0};
    uint64_t same = 0;
    /* Until it was really a race: it was swapped often, and it came through often. */
    for (unsigned i = 0; i < 2000 && (same < 100 || atomic_load(&swapper.swaps) < 1000); i++) {
        assert_ok(stage_call(&stage, ID, "race /data/door/b.txt 100"));
        assert_true(parse_numbers(stage.answer, answers, 2));
        same += answers[0];
        assert_int_equal(answers[1], 0);
        /* What is written goes nowhere else either. */
        (void)stage_call(&stage, ID, "write /data/door/new.txt x");
        assert_false(exists(&place, "other/new.txt"));
    }
    atomic_store_explicit(&swapper.ends, true, memory_order_relaxed);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_in_range(same, 100, UINT64_MAX);
    assert_in_range(atomic_load(&swapper.swaps), 1000, UINT64_MAX);
    stage_close(&stage);
    airs_temporary_folder_remove(&place.folder);
}

/* Who may write above a folder that another one is granted cannot have it be somewhere else. */
static void a_folder_that_became_a_link_is_not_given(void **state) {
    (void)state;
    char path[AIRS_TEMPORARY_PATH_MAX];
    char away[AIRS_TEMPORARY_PATH_MAX];
    stage_t stage;
    place_t place;
    make_place(&place);
    stage_open(&stage, 1);
    const airs_grant_t grant = {.action = "filesystem.read", .pattern = place.inside, .guest_path = "/data"};
    airs_spawn_options_t options = AIRS_SPAWN_OPTIONS_INIT;
    options.confined = true;
    options.grants = &grant;
    options.grant_count = 1;
    assert_ok(airs_node_offer(stage.node, stage_guest(&stage, "files"), id_of("app/files/"), &options,
                              &stage.error));
    static const airs_grant_t may_spawn = {.action = "supervision.*", .pattern = "**"};
    airs_spawn_options_t family = AIRS_SPAWN_OPTIONS_INIT;
    family.confined = true;
    family.grants = &may_spawn;
    family.grant_count = 1;
    assert_ok(stage_spawn(&stage, "family", "app/family/0", &family));
    stage_expect(&stage, "app/family/0", "spawn app/files 6", "app/files/6");
    stage_expect(&stage, "app/files/6", "list /data", "a.txt deep/ ");
    /* What is offered was found while it was a folder. */
    assert_int_equal(rename(place.inside, path_of(&place, "moved", away)), 0);
    assert_int_equal(symlink("other", path_of(&place, "in", path)), 0);
    (void)stage_call(&stage, "app/family/0", "spawn app/files 7");
    stage_await_end(&stage, "app/files/7");
    /* Who has it open has what it was. */
    stage_expect(&stage, "app/files/6", "list /data", "a.txt deep/ ");
    stage_close(&stage);
    airs_temporary_folder_remove(&place.folder);
}

/* ---- grants ---- */

static void expect_refused(stage_t *stage, const airs_grant_t *grants, size_t count, airs_status_t wanted,
                           const char *text) {
    airs_status_t status = add(stage, grants, count);
    if (status != wanted || strstr(stage->error.text, text) == NULL) {
        fail_msg("%s: %s", airs_status_name(status), stage->error.text);
    }
}

static void grants_that_cannot_be_are_refused(void **state) {
    (void)state;
    char path[AIRS_TEMPORARY_PATH_MAX];
    stage_t stage;
    place_t place;
    make_place(&place);
    stage_open(&stage, 1);
    airs_grant_t grants[2] = {{.action = "filesystem.write", .pattern = place.inside}};
    expect_refused(&stage, grants, 1, AIRS_INVALID_ARGUMENT, "filesystem.read must be granted, too");
    grants[0] = (airs_grant_t){.action = "filesystem.read", .pattern = path_of(&place, "none", path)};
    expect_refused(&stage, grants, 1, AIRS_IO, "none: no such folder");
    grants[0].pattern = path_of(&place, "secret.txt", path);
    expect_refused(&stage, grants, 1, AIRS_IO, "secret.txt: is no folder");
    grants[0].pattern = "/srv/*";
    expect_refused(&stage, grants, 1, AIRS_INVALID_ARGUMENT, "without wildcards");
    grants[0] = (airs_grant_t){.action = "filesystem.read", .pattern = place.inside, .guest_path = "../x"};
    expect_refused(&stage, grants, 1, AIRS_INVALID_ARGUMENT, "a guest finds a folder at");
    grants[0].guest_path = "/x";
    grants[1] = (airs_grant_t){.action = "filesystem.read", .pattern = place.other, .guest_path = "/x"};
    expect_refused(&stage, grants, 2, AIRS_INVALID_ARGUMENT, "cannot both be found at \"/x\"");
    grants[0] = (airs_grant_t){.action = "filesystem.list", .pattern = place.inside};
    expect_refused(&stage, grants, 1, AIRS_INVALID_ARGUMENT, "there is no action \"filesystem.list\"");
    stage_close(&stage);
    airs_temporary_folder_remove(&place.folder);
}

static void who_was_granted_no_folder_has_none(void **state) {
    (void)state;
    static const char *const tries[] = {"list /", "list .", "read /etc/passwd", "read /data/a.txt",
                                        "write x y"};
    stage_t stage;
    stage_open(&stage, 1);
    static const airs_grant_t everything = {.action = "*"};
    for (int confined = 0; confined < 3; confined++) {
        airs_spawn_options_t options = AIRS_SPAWN_OPTIONS_INIT;
        options.confined = confined > 0;
        options.grants = confined > 1 ? &everything : NULL;
        options.grant_count = confined > 1;
        assert_ok(stage_spawn(&stage, "files", ID, &options));
        for (size_t i = 0; i < sizeof tries / sizeof *tries; i++) {
            stage_expect_error(&stage, ID, tries[i], "");
        }
        assert_ok(stage_stop(&stage, ID, AIRS_STOP_DROP));
    }
    stage_close(&stage);
}

static void without_a_guest_path_it_is_the_same_path(void **state) {
    (void)state;
    char command[AIRS_TEMPORARY_PATH_MAX + 64];
    stage_t stage;
    place_t place;
    make_place(&place);
    stage_open(&stage, 1);
    const airs_grant_t grant = {.action = "filesystem.read", .pattern = place.inside};
    assert_ok(add(&stage, &grant, 1));
    (void)snprintf(command, sizeof command, "read %s/a.txt", place.inside);
    stage_expect(&stage, ID, command, "inside");
    stage_close(&stage);
    airs_temporary_folder_remove(&place.folder);
}

/* ---- policy, expiry, limits ---- */

static void write_policy(const place_t *place, const char *action, const char *resource) {
    char text[1024];
    (void)snprintf(
        text, sizeof text,
        "[[rules]]\ncomponent = \"app/**\"\naction = \"%s\"\nresource = \"%s\"\neffect = \"deny\"\n", action,
        resource);
    airs_temporary_file_write_text(&place->folder, "policy.toml", text);
}

static void set_policy(stage_t *stage, const place_t *place) {
    char path[AIRS_TEMPORARY_PATH_MAX];
    if (airs_node_set_policy(stage->node, path_of(place, "policy.toml", path), &stage->error) != AIRS_OK) {
        fail_msg("%s", stage->error.text);
    }
}

static void a_policy_takes_a_folder_away(void **state) {
    (void)state;
    stage_t stage;
    place_t place;
    make_place(&place);
    stage_open(&stage, 1);
    write_policy(&place, "filesystem.write", place.inside);
    set_policy(&stage, &place);
    add_with(&stage, &place, "filesystem.*");
    stage_expect(&stage, ID, "hold /data/a.txt", "ok");
    stage_expect(&stage, ID, "held", "inside");
    stage_expect_error(&stage, ID, "write /data/new.txt x", "ot permitted");
    /* Another policy that says nothing of it changes nothing, and what is open stays so. */
    write_policy(&place, "filesystem.*", "/somewhere/else");
    set_policy(&stage, &place);
    stage_expect(&stage, ID, "held", "inside");
    /* A rule for what is inside of it is enough. */
    write_policy(&place, "filesystem.read", "/**/in/deep");
    set_policy(&stage, &place);
    assert_status(stage_call(&stage, ID, "held"), AIRS_CAPABILITY_DENIED);
    assert_non_null(strstr(stage.error.text, "a folder that it has open is its no longer"));
    stage_await_end(&stage, ID);
    add_with(&stage, &place, "filesystem.*");
    stage_expect_error(&stage, ID, "read /data/a.txt", "");
    stage_close(&stage);
    airs_temporary_folder_remove(&place.folder);
}

static void a_grant_that_ends_takes_its_folder_along(void **state) {
    (void)state;
    airs_fake_clock_t clock;
    stage_t stage;
    place_t place;
    airs_fake_clock_init(&clock);
    make_place(&place);
    airs_node_options_t node = AIRS_NODE_OPTIONS_INIT;
    node.workers = 1;
    node.clock = &clock.clock;
    stage_open_with(&stage, node);
    const airs_grant_t grant = {.action = "filesystem.read",
                                .pattern = place.inside,
                                .guest_path = "/data",
                                .expires_at_ns = airs_clock_wall(&clock.clock) + 1000};
    assert_ok(add(&stage, &grant, 1));
    stage_expect(&stage, ID, "hold /data/a.txt", "ok");
    stage_expect(&stage, ID, "held", "inside");
    airs_fake_clock_advance(&clock, 1000);
    assert_status(stage_call(&stage, ID, "held"), AIRS_CAPABILITY_DENIED);
    stage_await_end(&stage, ID);
    stage_close(&stage);
    airs_temporary_folder_remove(&place.folder);
}

static void the_audit_hears_of_folders(void **state) {
    (void)state;
    char path[AIRS_TEMPORARY_PATH_MAX];
    char wanted[AIRS_TEMPORARY_PATH_MAX + 256];
    stage_t stage;
    place_t place;
    make_place(&place);
    airs_node_options_t node = AIRS_NODE_OPTIONS_INIT;
    node.workers = 1;
    node.audit_file = path_of(&place, "audit.jsonl", path);
    stage_open_with(&stage, node);
    write_policy(&place, "filesystem.write", place.inside);
    set_policy(&stage, &place);
    add_with(&stage, &place, "filesystem.*");
    stage_close(&stage);
    airs_bytes_t bytes;
    airs_error_t error;
    assert_ok(airs_file_read(airs_allocator_default(), path, 1 << 20, &bytes, &error));
    char *text = strndup((const char *)bytes.data, bytes.size);
    assert_non_null(text);
    (void)snprintf(wanted, sizeof wanted,
                   "\"action\":\"filesystem.read\",\"resource\":\"%s\",\"decision\":\"granted\"",
                   place.inside);
    assert_non_null(strstr(text, wanted));
    (void)snprintf(wanted, sizeof wanted,
                   "\"action\":\"filesystem.write\",\"resource\":\"%s\",\"decision\":\"denied\"",
                   place.inside);
    assert_non_null(strstr(text, wanted));
    free(text);
    airs_release(airs_allocator_default(), (void *)(uintptr_t)bytes.data);
    airs_temporary_folder_remove(&place.folder);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_folder_to_write_to_is_as_a_program_knows_it),
        cmocka_unit_test(a_folder_to_read_is_only_read),
        cmocka_unit_test(each_folder_has_its_own_permissions),
        cmocka_unit_test(nothing_leads_out_of_a_folder),
        cmocka_unit_test(a_race_does_not_lead_out),
        cmocka_unit_test(a_folder_that_became_a_link_is_not_given),
        cmocka_unit_test(grants_that_cannot_be_are_refused),
        cmocka_unit_test(who_was_granted_no_folder_has_none),
        cmocka_unit_test(without_a_guest_path_it_is_the_same_path),
        cmocka_unit_test(a_policy_takes_a_folder_away),
        cmocka_unit_test(a_grant_that_ends_takes_its_folder_along),
        cmocka_unit_test(the_audit_hears_of_folders),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
