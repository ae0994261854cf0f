#include "runtime/host/folder.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/failing_allocator.h"
#include "support/fake_clock.h"
#include "support/temporary_folder.h"
#include "support/test.h"

typedef struct world {
    airs_temporary_folder_t folder;
    char inside[PATH_MAX];
    char other[PATH_MAX];
    airs_fake_clock_t clock;
    airs_authority_t *authority;
    airs_component_id_t *id;
    airs_capabilities_t *capabilities;
    airs_security_context_t *context;
} world_t;

static world_t world;

static const char *resolved(const char *name, char out[PATH_MAX]) {
    char path[AIRS_TEMPORARY_PATH_MAX];
    assert_non_null(realpath(airs_temporary_file_path(&world.folder, name, path), out));
    return out;
}

static int set_up(void **state) {
    (void)state;
    memset(&world, 0, sizeof world);
    airs_fake_clock_init(&world.clock);
    airs_temporary_folder_create(&world.folder);
    airs_temporary_folder_make(&world.folder, "in");
    airs_temporary_folder_make(&world.folder, "other");
    (void)resolved("in", world.inside);
    (void)resolved("other", world.other);
    assert_ok(
        airs_component_id_create(airs_allocator_default(), airs_id("app", "files", "0"), &world.id, NULL));
    assert_ok(airs_authority_create(airs_allocator_default(), &world.clock.clock, NULL, &world.authority));
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    airs_security_context_destroy(world.context);
    airs_capabilities_unref(world.capabilities);
    airs_authority_destroy(world.authority);
    airs_component_id_unref(world.id);
    airs_temporary_folder_remove(&world.folder);
    return 0;
}

static void hold(const airs_permission_t *permissions, size_t count, uint64_t expires_at_ns) {
    const airs_capability_grant_t grant = {permissions, count, 0, expires_at_ns};
    airs_error_t error;
    assert_ok(airs_capabilities_create(airs_allocator_default(), &grant, 1, 0, &world.capabilities, &error));
    assert_ok(airs_security_context_create(airs_allocator_default(), world.id, world.capabilities,
                                           world.authority, &world.context));
}

#define READ AIRS_ACTION_BIT(FILE_READ)
#define WRITE AIRS_ACTION_BIT(FILE_WRITE)

static airs_permission_t on(uint32_t actions, const char *path, const char *guest_path) {
    return (airs_permission_t){actions, AIRS_SCOPE_PATTERN, airs_str(path), airs_str(guest_path)};
}

static bool is_same_place(int descriptor, const char *path) {
    struct stat one;
    struct stat other;
    return fstat(descriptor, &one) == 0 && stat(path, &other) == 0 && one.st_ino == other.st_ino &&
           one.st_dev == other.st_dev;
}

static void each_is_opened_with_its_permissions(void **state) {
    (void)state;
    airs_folders_t folders;
    const airs_permission_t permissions[] = {
        on(READ, world.inside, "/in"),
        on(READ, world.other, "/out"),
        on(WRITE, world.other, "/out"),
        on(READ, "/srv/*", ""),
    };
    hold(permissions, 4, AIRS_GRANT_FOREVER);
    assert_ok(airs_folders_open(airs_allocator_default(), world.context, &folders, NULL));
    assert_int_equal(folders.count, 2);
    assert_true(airs_str_equal(folders.items[0].guest_path, airs_str("/in")));
    assert_false(folders.items[0].writable);
    assert_true(is_same_place(folders.items[0].descriptor, world.inside));
    assert_true(airs_str_equal(folders.items[1].guest_path, airs_str("/out")));
    assert_true(folders.items[1].writable);
    assert_true(is_same_place(folders.items[1].descriptor, world.other));
    int descriptor = folders.items[1].descriptor;
    airs_folders_close(&folders);
    assert_int_equal(fcntl(descriptor, F_GETFD), -1);
    airs_folders_free(&folders);
}

static void who_holds_none_has_none(void **state) {
    (void)state;
    airs_folders_t folders;
    const airs_permission_t write_only = on(WRITE, world.inside, "/in");
    hold(&write_only, 1, AIRS_GRANT_FOREVER);
    assert_ok(airs_folders_open(airs_allocator_default(), world.context, &folders, NULL));
    assert_int_equal(folders.count, 0);
    airs_folders_free(&folders);
}

/* Name by name, so that no link on the way is followed, wherever it is. */
static void no_link_is_followed(void **state) {
    (void)state;
    char path[AIRS_TEMPORARY_PATH_MAX];
    char base[PATH_MAX];
    char linked[PATH_MAX + 16];
    airs_temporary_folder_make(&world.folder, "in/deep");
    assert_int_equal(symlink("in", airs_temporary_file_path(&world.folder, "link", path)), 0);
    (void)resolved(".", base);
    static const char *const names[] = {"link", "link/deep", "none", "in/deep/none"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        airs_folders_t folders;
        airs_error_t error;
        (void)snprintf(linked, sizeof linked, "%s/%s", base, names[i]);
        const airs_permission_t permission = on(READ, linked, "/in");
        hold(&permission, 1, AIRS_GRANT_FOREVER);
        assert_status(airs_folders_open(airs_allocator_default(), world.context, &folders, &error), AIRS_IO);
        assert_non_null(strstr(error.text, i < 2 ? "a link, say" : "No such file"));
        airs_security_context_destroy(world.context);
        airs_capabilities_unref(world.capabilities);
        world.context = NULL;
        world.capabilities = NULL;
    }
}

static void they_are_taken_away_with_their_grant(void **state) {
    (void)state;
    airs_folders_t folders;
    airs_error_t error;
    const airs_permission_t permission = on(READ | WRITE, world.inside, "/in");
    hold(&permission, 1, airs_clock_wall(&world.clock.clock) + 10);
    assert_ok(airs_folders_open(airs_allocator_default(), world.context, &folders, NULL));
    airs_folders_close(&folders);
    assert_ok(airs_folders_check(&folders, world.context, &error));
    const airs_policy_rule_t rule = {.component = airs_str("**"),
                                     .actions = WRITE,
                                     .resource = airs_str("/elsewhere"),
                                     .effect = AIRS_EFFECT_DENY};
    airs_policy_t *policy = NULL;
    assert_ok(airs_policy_create(airs_allocator_default(), "p", &rule, 1, AIRS_EFFECT_ALLOW, &policy, NULL));
    airs_authority_set_policy(world.authority, policy);
    airs_policy_unref(policy);
    assert_ok(airs_folders_check(&folders, world.context, &error));
    airs_fake_clock_advance(&world.clock, 10);
    assert_status(airs_folders_check(&folders, world.context, &error), AIRS_CAPABILITY_DENIED);
    assert_non_null(strstr(error.text, "filesystem.read by app/files/0"));
    airs_folders_free(&folders);
}

static airs_status_t life(const airs_allocator_t *allocator, void *context) {
    (void)context;
    airs_folders_t folders;
    airs_status_t status = airs_folders_open(allocator, world.context, &folders, NULL);
    if (status == AIRS_OK) {
        airs_folders_free(&folders);
    }
    return status;
}

static void every_allocation_may_fail(void **state) {
    (void)state;
    const airs_permission_t permission = on(READ, world.inside, "/in");
    hold(&permission, 1, AIRS_GRANT_FOREVER);
    airs_fail_each_allocation(life, NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(each_is_opened_with_its_permissions, set_up, tear_down),
        cmocka_unit_test_setup_teardown(who_holds_none_has_none, set_up, tear_down),
        cmocka_unit_test_setup_teardown(no_link_is_followed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(they_are_taken_away_with_their_grant, set_up, tear_down),
        cmocka_unit_test_setup_teardown(every_allocation_may_fail, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
