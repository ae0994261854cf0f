/* What is left to a process that compiles. Each case is a process of its own: there is no way back. */
#include "runtime/compile_confinement.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/test.h"

#define MIB ((uint64_t)1 << 20)

/* Run in a process that ends with what it answers: 0 when all is as it should be, else the number of what is not. */
typedef int deed_t(void);

static int status_of(deed_t *deed) {
    int status = 0;
    pid_t child = fork();
    if (child == 0) {
        _exit(deed());
    }
    assert_true(child > 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

static void expect(deed_t *deed) {
    int status = status_of(deed);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        fail_msg("ended with %d", WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status));
    }
}

static bool refused(long answer) { return answer < 0 && errno == EPERM; }

static int try_to_get_out(void) {
    int file = open("/dev/null", O_RDWR);
    char *const arguments[] = {"true", NULL};
    if (file < 0) {
        return 1;
    }
    airs_compile_confine_process();
    if (fcntl(file, F_GETFD) >= 0) {
        return 2; /* what was open is closed */
    }
    if (airs_compile_confine_calls(NULL) != AIRS_OK) {
        return 3;
    }
    if (!refused(open("/etc/passwd", O_RDONLY)) || !refused(open("/tmp/new", O_CREAT | O_WRONLY, 0600))) {
        return 4;
    }
    if (!refused(socket(AF_INET, SOCK_STREAM, 0)) || !refused(socket(AF_UNIX, SOCK_STREAM, 0))) {
        return 5;
    }
    if (!refused(execv("/bin/true", arguments)) || !refused(fork())) {
        return 6;
    }
    if (!refused(kill(getppid(), 0)) || !refused(unlink("/tmp/nothing")) || !refused(mkdir("/tmp/x", 0700))) {
        return 7;
    }
    return 0;
}

static void *nothing(void *context) { return context; }

static int do_what_compiling_needs(void) {
    pthread_t thread;
    void *end = NULL;
    char c = 0;
    int pair[2];
    if (pipe(pair) != 0 || dup2(pair[0], 0) < 0 || dup2(pair[1], 1) < 0) {
        return 1;
    }
    airs_compile_confine_process();
    if (airs_compile_confine_calls(NULL) != AIRS_OK) {
        return 2;
    }
    if (pthread_create(&thread, NULL, nothing, &c) != 0 || pthread_join(thread, &end) != 0 || end != &c) {
        return 3;
    }
    if (write(1, "x", 1) != 1 || read(0, &c, 1) != 1 || c != 'x') {
        return 4;
    }
    void *memory = mmap(NULL, MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return memory != MAP_FAILED && mprotect(memory, MIB, PROT_READ | PROT_EXEC) == 0 ? 0 : 5;
}

static int look_at_process(void) {
    struct rlimit core;
    int signal = 0;
    airs_compile_confine_process();
    if (getrlimit(RLIMIT_CORE, &core) != 0 || core.rlim_cur != 0 || core.rlim_max != 0) {
        return 1;
    }
    if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1 || prctl(PR_GET_DUMPABLE) != 0) {
        return 2;
    }
    if (prctl(PR_GET_PDEATHSIG, &signal) != 0 || signal != SIGKILL) {
        return 3;
    }
    return getpriority(PRIO_PROCESS, 0) >= 5 ? 0 : 4;
}

static int look_at_limits(void) {
    const airs_load_limits_t limits = {
        .compile_memory_bytes = 300 * MIB, .compile_cpu_ms = 1500, .code_bytes = 4096};
    struct rlimit cpu;
    char page[8192] = {0};
    int file = memfd_create("written", MFD_CLOEXEC);
    if (file < 0 || airs_compile_confine_resources(&limits, NULL) != AIRS_OK) {
        return 1;
    }
    if (mmap(NULL, 301 * MIB, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0) != MAP_FAILED ||
        errno != ENOMEM) {
        return 2;
    }
    if (getrlimit(RLIMIT_CPU, &cpu) != 0 || cpu.rlim_cur != 2 || cpu.rlim_max != 3) {
        return 3;
    }
    return write(file, page, sizeof page) == 4096 && write(file, page, 1) < 0 && errno == EFBIG ? 0 : 4;
}

/* Whoever starts it may be under stricter ones. */
static int look_at_limits_below_others(void) {
    const airs_load_limits_t limits = {
        .compile_memory_bytes = 300 * MIB, .compile_cpu_ms = 5000, .code_bytes = 4096};
    const struct rlimit strict = {1, 2};
    struct rlimit cpu;
    if (setrlimit(RLIMIT_CPU, &strict) != 0 || airs_compile_confine_resources(&limits, NULL) != AIRS_OK) {
        return 1;
    }
    return getrlimit(RLIMIT_CPU, &cpu) == 0 && cpu.rlim_cur == 2 && cpu.rlim_max == 2 ? 0 : 2;
}

static void nothing_else_can_be_reached(void **state) {
    (void)state;
    expect(try_to_get_out);
}

static void what_compiling_needs_is_there(void **state) {
    (void)state;
    expect(do_what_compiling_needs);
}

static void it_is_no_danger_to_others(void **state) {
    (void)state;
    expect(look_at_process);
}

static void its_resources_are_bounded(void **state) {
    (void)state;
    expect(look_at_limits);
    expect(look_at_limits_below_others);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_else_can_be_reached),
        cmocka_unit_test(what_compiling_needs_is_there),
        cmocka_unit_test(it_is_no_danger_to_others),
        cmocka_unit_test(its_resources_are_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
