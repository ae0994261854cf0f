/* What a service manager hears of a process that it has started. */
#include "cli/service_notify.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli/child.h"
#include "cli/exit_code.h"
#include "support/guest_manifest.h"
#include "support/test.h"

static airs_temporary_folder_t folder;

#define PATIENCE_MS 60000

/* The service manager's end: a datagram socket, at a path, or with an abstract name. */
static int listen_at(const char *name) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t length = strlen(name);
    memcpy(address.sun_path, name, length);
    if (name[0] == '@') {
        address.sun_path[0] = '\0';
    }
    int listener = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    assert_true(listener >= 0);
    socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
    assert_int_equal(bind(listener, (const struct sockaddr *)&address, size), 0);
    return listener;
}

static void hear(int listener, char out[1024]) {
    struct pollfd readable = {.fd = listener, .events = POLLIN};
    assert_int_equal(poll(&readable, 1, PATIENCE_MS), 1);
    ssize_t size = recv(listener, out, 1023, 0);
    assert_true(size >= 0);
    out[size] = '\0';
}

static void expect(int listener, const char *expected) {
    char text[1024];
    hear(listener, text);
    assert_string_equal(text, expected);
}

/* Pass over the watchdog's, which come when they come. */
static void expect_next(int listener, const char *expected) {
    char text[1024];
    do {
        hear(listener, text);
    } while (strcmp(text, "WATCHDOG=1") == 0);
    assert_string_equal(text, expected);
}

static const char *socket_path(char out[AIRS_TEMPORARY_PATH_MAX]) {
    return airs_temporary_file_path(&folder, "notify.sock", out);
}

static void what_is_sent_arrives_at_paths_and_abstract_names(void **state) {
    (void)state;
    char path[AIRS_TEMPORARY_PATH_MAX];
    char abstract[64];
    (void)snprintf(abstract, sizeof abstract, "@airssys-test-%ld", (long)getpid());
    const char *const names[] = {socket_path(path), abstract};
    for (int i = 0; i < 2; i++) {
        airs_service_notify_t notify;
        int listener = listen_at(names[i]);
        assert_int_equal(setenv("NOTIFY_SOCKET", names[i], 1), 0);
        airs_service_notify_open(&notify);
        assert_null(getenv("NOTIFY_SOCKET"));
        assert_int_equal(notify.watchdog_us, 0);
        airs_service_notify_send(&notify, "READY=1\nSTATUS=%s", "fine");
        expect(listener, "READY=1\nSTATUS=fine");
        airs_service_notify_close(&notify);
        airs_service_notify_close(&notify);
        airs_service_notify_send(&notify, "READY=1");
        close(listener);
    }
    (void)unlink(path);
}

static void a_reload_is_told_with_its_time(void **state) {
    (void)state;
    char path[AIRS_TEMPORARY_PATH_MAX];
    char text[1024];
    airs_service_notify_t notify;
    struct timespec now;
    int listener = listen_at(socket_path(path));
    assert_int_equal(setenv("NOTIFY_SOCKET", path, 1), 0);
    airs_service_notify_open(&notify);
    assert_int_equal(clock_gettime(CLOCK_MONOTONIC, &now), 0);
    unsigned long long before = (unsigned long long)now.tv_sec * 1000000 +
                                (unsigned long long)now.tv_nsec / 1000;
    airs_service_notify_reloading(&notify);
    hear(listener, text);
    assert_memory_equal(text, "RELOADING=1\nMONOTONIC_USEC=", 27);
    assert_in_range(strtoull(text + 27, NULL, 10), before, before + UINT64_C(60000000));
    airs_service_notify_close(&notify);
    close(listener);
    (void)unlink(path);
}

static void what_cannot_be_used_is_as_if_it_were_not_there(void **state) {
    (void)state;
    char long_name[256];
    memset(long_name, 'x', sizeof long_name - 1);
    long_name[0] = '/';
    long_name[sizeof long_name - 1] = '\0';
    const char *const names[] = {"", "@", "/", "relative", "vsock:2:1", long_name};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        airs_service_notify_t notify;
        assert_int_equal(setenv("NOTIFY_SOCKET", names[i], 1), 0);
        assert_int_equal(setenv("WATCHDOG_USEC", "1000", 1), 0);
        airs_service_notify_open(&notify);
        assert_int_equal(notify.socket, -1);
        assert_int_equal(notify.watchdog_us, 0);
        airs_service_notify_send(&notify, "READY=1");
        airs_service_notify_close(&notify);
    }
    /* And nobody may be listening. */
    char path[AIRS_TEMPORARY_PATH_MAX];
    airs_service_notify_t notify;
    assert_int_equal(setenv("NOTIFY_SOCKET", socket_path(path), 1), 0);
    airs_service_notify_open(&notify);
    airs_service_notify_send(&notify, "READY=1");
    airs_service_notify_close(&notify);
}

static void a_watchdog_is_for_the_process_that_it_names(void **state) {
    (void)state;
    char own[32];
    char path[AIRS_TEMPORARY_PATH_MAX];
    (void)snprintf(own, sizeof own, "%ld", (long)getpid());
    const struct {
        const char *time;
        const char *process;
        uint64_t watchdog_us;
    } cases[] = {
        {"2000000", NULL, 2000000},
        {"2000000", own, 2000000},
        {"2000000", "1", 0},
        {"2s", NULL, 0},
        {"", NULL, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        airs_service_notify_t notify;
        assert_int_equal(setenv("NOTIFY_SOCKET", socket_path(path), 1), 0);
        assert_int_equal(setenv("WATCHDOG_USEC", cases[i].time, 1), 0);
        assert_int_equal(cases[i].process != NULL ? setenv("WATCHDOG_PID", cases[i].process, 1)
                                                  : unsetenv("WATCHDOG_PID"),
                         0);
        airs_service_notify_open(&notify);
        assert_int_equal(notify.watchdog_us, cases[i].watchdog_us);
        assert_null(getenv("WATCHDOG_USEC"));
        assert_null(getenv("WATCHDOG_PID"));
        airs_service_notify_close(&notify);
    }
}

#define MANIFEST                                                                            \
    "[application]\nname = \"app\"\n[components.a]\nsource = \"@counter\"\ninstances = 2\n" \
    "[admin]\nenabled = false\n"

static void a_running_application_tells_all_of_its_life(void **state) {
    (void)state;
    char path[AIRS_TEMPORARY_PATH_MAX];
    char text[1024];
    child_t child;
    const char *const arguments[] = {"run", "--no-cache", folder.path, NULL};
    int listener = listen_at(socket_path(path));
    airs_guest_manifest_write(&folder, MANIFEST);
    assert_int_equal(setenv("NOTIFY_SOCKET", path, 1), 0);
    assert_int_equal(setenv("WATCHDOG_USEC", "100000", 1), 0);
    child_start(&child, &(child_options_t){0}, arguments);
    assert_int_equal(unsetenv("NOTIFY_SOCKET"), 0);
    assert_int_equal(unsetenv("WATCHDOG_USEC"), 0);
    expect_next(listener, "STATUS=loading components");
    expect_next(listener, "STATUS=starting actors");
    expect_next(listener, "READY=1\nSTATUS=app runs with 2 actors");
    for (int i = 0; i < 3; i++) {
        expect(listener, "WATCHDOG=1");
    }
    airs_guest_manifest_write(&folder, MANIFEST "[components.b]\nsource = \"@counter\"\n");
    child_signal(&child, SIGHUP);
    do {
        hear(listener, text);
    } while (strcmp(text, "WATCHDOG=1") == 0);
    assert_memory_equal(text, "RELOADING=1\nMONOTONIC_USEC=", 27);
    expect_next(listener, "READY=1\nSTATUS=app runs with 3 actors");
    child_signal(&child, SIGTERM);
    expect_next(listener, "STOPPING=1\nSTATUS=stopping in order");
    child_wait(&child);
    child_expect(&child, AIRS_EXIT_OK);
    child_free(&child);
    close(listener);
    (void)unlink(path);
}

static int set_up(void **state) {
    (void)state;
    airs_temporary_folder_create(&folder);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    airs_temporary_folder_remove(&folder);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_sent_arrives_at_paths_and_abstract_names),
        cmocka_unit_test(a_reload_is_told_with_its_time),
        cmocka_unit_test(what_cannot_be_used_is_as_if_it_were_not_there),
        cmocka_unit_test(a_watchdog_is_for_the_process_that_it_names),
        cmocka_unit_test(a_running_application_tells_all_of_its_life),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
