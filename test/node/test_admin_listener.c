/* Where the admin socket is, whose it is, and what becomes of one that is there already. */
#include "node/admin/admin_listener.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "support/failing_allocator.h"
#include "support/temporary_folder.h"
#include "support/test.h"

typedef struct place {
    airs_temporary_folder_t folder;
    char own[AIRS_TEMPORARY_PATH_MAX];     /* the default folder */
    char socket[AIRS_TEMPORARY_PATH_MAX];  /* the default path of "app" */
    char another[AIRS_TEMPORARY_PATH_MAX]; /* that of a second process */
} place_t;

static int set_up(void **state) {
    place_t *place = calloc(1, sizeof *place);
    assert_non_null(place);
    char name[64];
    airs_temporary_folder_create(&place->folder);
    assert_int_equal(setenv("XDG_RUNTIME_DIR", place->folder.path, 1), 0);
    airs_temporary_file_path(&place->folder, "airssys", place->own);
    airs_temporary_file_path(&place->folder, "airssys/app.sock", place->socket);
    snprintf(name, sizeof name, "airssys/app.%ld.sock", (long)getpid());
    airs_temporary_file_path(&place->folder, name, place->another);
    *state = place;
    return 0;
}

static int tear_down(void **state) {
    place_t *place = *state;
    airs_temporary_folder_remove(&place->folder);
    free(place);
    return 0;
}

static airs_status_t open_at(airs_admin_listener_t *listener, const char *path, airs_error_t *error) {
    return airs_admin_listener_open(listener, airs_allocator_default(), path, "app", error);
}

static void assert_refused(const char *path, airs_status_t status, const char *text) {
    airs_admin_listener_t listener;
    airs_error_t error = {AIRS_OK, ""};
    assert_status(open_at(&listener, path, &error), status);
    if (strstr(error.text, text) == NULL) {
        fail_msg("\"%s\" lacks \"%s\"", error.text, text);
    }
    airs_admin_listener_close(&listener); /* does nothing */
}

static bool answers(const char *path) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    assert_true(strlen(path) < sizeof address.sun_path);
    memcpy(address.sun_path, path, strlen(path));
    int descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool connected = connect(descriptor, (const struct sockaddr *)&address, sizeof address) == 0;
    close(descriptor);
    return connected;
}

/* A socket as a process leaves it that dies. */
static void leave_socket(const char *path) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    memcpy(address.sun_path, path, strlen(path));
    int descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(descriptor, (const struct sockaddr *)&address, sizeof address), 0);
    close(descriptor);
}

static unsigned mode_of(const char *path) {
    struct stat information;
    assert_int_equal(lstat(path, &information), 0);
    return information.st_mode & 07777U;
}

static void the_default_is_the_users_alone(void **state) {
    place_t *place = *state;
    airs_admin_listener_t listener;
    mode_t before = umask(0);
    assert_ok(open_at(&listener, NULL, NULL));
    umask(before);
    assert_string_equal(listener.path, place->socket);
    assert_int_equal(listener.other, 0);
    assert_int_equal(mode_of(place->own), 0700);
    assert_int_equal(mode_of(place->socket), 0600);
    assert_true(answers(place->socket));
    airs_admin_listener_close(&listener);
    assert_int_equal(access(place->socket, F_OK), -1);
}

static void without_a_runtime_folder_it_is_in_tmp(void **state) {
    char *path = NULL;
    char expected[64];
    (void)state;
    static const char *const values[] = {"", "relative"};
    snprintf(expected, sizeof expected, "/tmp/airssys-%lu/app.sock", (unsigned long)geteuid());
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(setenv("XDG_RUNTIME_DIR", values[i], 1), 0);
        assert_ok(airs_admin_default_path(airs_allocator_default(), "app", &path, NULL));
        assert_string_equal(path, expected);
        free(path);
    }
}

static void a_folder_that_others_can_enter_is_not_used(void **state) {
    place_t *place = *state;
    assert_int_equal(mkdir(place->own, 0755), 0);
    assert_int_equal(chmod(place->own, 0755), 0);
    assert_refused(NULL, AIRS_IO, "must be this user's own, with the mode 0700");
}

static void a_link_is_not_followed(void **state) {
    place_t *place = *state;
    char elsewhere[AIRS_TEMPORARY_PATH_MAX];
    airs_temporary_file_path(&place->folder, "elsewhere", elsewhere);
    assert_int_equal(mkdir(elsewhere, 0700), 0);
    assert_int_equal(symlink(elsewhere, place->own), 0);
    assert_refused(NULL, AIRS_IO, "cannot use the folder");
    assert_int_equal(unlink(place->own), 0);
    assert_int_equal(mkdir(place->own, 0700), 0);
    assert_int_equal(symlink(elsewhere, place->socket), 0);
    assert_refused(NULL, AIRS_IO, "is no socket");
}

static void a_socket_left_behind_is_replaced(void **state) {
    place_t *place = *state;
    airs_admin_listener_t listener;
    assert_int_equal(mkdir(place->own, 0700), 0);
    leave_socket(place->socket);
    assert_false(answers(place->socket));
    assert_ok(open_at(&listener, NULL, NULL));
    assert_true(answers(place->socket));
    airs_admin_listener_close(&listener);
}

static void a_second_node_takes_a_path_of_its_own(void **state) {
    place_t *place = *state;
    airs_admin_listener_t first;
    airs_admin_listener_t second;
    assert_ok(open_at(&first, NULL, NULL));
    assert_ok(open_at(&second, NULL, NULL));
    assert_string_equal(second.path, place->another);
    assert_int_equal(second.other, getpid());
    assert_true(answers(place->socket));
    assert_true(answers(place->another));
    airs_admin_listener_close(&first);
    airs_admin_listener_close(&second);
    assert_int_equal(access(place->another, F_OK), -1);
}

static void a_path_that_was_asked_for_is_not_changed(void **state) {
    place_t *place = *state;
    char path[AIRS_TEMPORARY_PATH_MAX];
    char text[64];
    airs_admin_listener_t first;
    airs_temporary_file_path(&place->folder, "here", path);
    assert_ok(open_at(&first, path, NULL));
    snprintf(text, sizeof text, "the process %ld, which is alive", (long)getpid());
    assert_refused(path, AIRS_ALREADY_EXISTS, text);
    assert_true(answers(path));
    airs_admin_listener_close(&first);
}

static void what_cannot_be_a_socket_is_refused(void **state) {
    place_t *place = *state;
    char path[AIRS_TEMPORARY_PATH_MAX];
    char longest[200];
    airs_temporary_file_write_text(&place->folder, "file", "mine");
    airs_temporary_file_path(&place->folder, "file", path);
    assert_refused(path, AIRS_IO, "is there and is no socket");
    assert_int_equal(access(path, F_OK), 0);
    airs_temporary_file_path(&place->folder, "nowhere/x", path);
    assert_refused(path, AIRS_IO, "cannot use the folder of");
    memset(longest, 'x', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    assert_refused(longest, AIRS_INVALID_ARGUMENT, "1 to 107 bytes");
    assert_refused("", AIRS_INVALID_ARGUMENT, "1 to 107 bytes");
}

static void only_its_own_socket_is_removed(void **state) {
    place_t *place = *state;
    airs_admin_listener_t listener;
    assert_ok(open_at(&listener, NULL, NULL));
    assert_int_equal(unlink(place->socket), 0);
    airs_temporary_file_write_text(&place->folder, "airssys/app.sock", "another's");
    airs_admin_listener_close(&listener);
    assert_int_equal(access(place->socket, F_OK), 0);
}

static airs_status_t open_and_close(const airs_allocator_t *allocator, void *context) {
    airs_admin_listener_t first;
    airs_admin_listener_t second;
    (void)context;
    airs_status_t status = airs_admin_listener_open(&first, allocator, NULL, "app", NULL);
    if (status != AIRS_OK) {
        return status;
    }
    status = airs_admin_listener_open(&second, allocator, NULL, "app", NULL);
    airs_admin_listener_close(&second);
    airs_admin_listener_close(&first);
    return status;
}

static void every_allocation_may_fail(void **state) {
    (void)state;
    airs_fail_each_allocation(open_and_close, NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_default_is_the_users_alone, set_up, tear_down),
        cmocka_unit_test_setup_teardown(without_a_runtime_folder_it_is_in_tmp, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_folder_that_others_can_enter_is_not_used, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_link_is_not_followed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_socket_left_behind_is_replaced, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_second_node_takes_a_path_of_its_own, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_path_that_was_asked_for_is_not_changed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_cannot_be_a_socket_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(only_its_own_socket_is_removed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(every_allocation_may_fail, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
