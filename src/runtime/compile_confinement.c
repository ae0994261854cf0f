#include "runtime/compile_confinement.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__x86_64__)
#define AUDIT_ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define AUDIT_ARCHITECTURE AUDIT_ARCH_AARCH64
#else
#error "which architecture the kernel calls this is not known"
#endif

/* So much later than others does it run that want the same core. */
#define NICENESS 5

/* While what /proc has of this process is still its own. */
static void be_chosen_first(void) {
    int score = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
    if (score >= 0) {
        (void)!write(score, "1000", 4);
        close(score);
    }
}

void airs_compile_confine_process(void) {
    (void)close_range(3, ~0U, 0);
    be_chosen_first();
    (void)prctl(PR_SET_NAME, "airssys-compile"); /* it was started by another name: /proc/self/fd/N */
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    (void)prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    (void)prctl(PR_SET_DUMPABLE, 0);
    (void)setpriority(PRIO_PROCESS, 0, NICENESS);
    const struct rlimit none = {0, 0};
    (void)setrlimit(RLIMIT_CORE, &none);
}

static bool limit(int resource, uint64_t soft, uint64_t hard) {
    struct rlimit now;
    if (getrlimit((__rlimit_resource_t)resource, &now) != 0) {
        return false;
    }
    /* What is stricter already stays. */
    now.rlim_max = now.rlim_max < hard ? now.rlim_max : (rlim_t)hard;
    now.rlim_cur = now.rlim_max < soft ? now.rlim_max : (rlim_t)soft;
    return setrlimit((__rlimit_resource_t)resource, &now) == 0;
}

airs_status_t airs_compile_confine_resources(const airs_load_limits_t *limits, airs_error_t *error) {
    uint64_t seconds = (limits->compile_cpu_ms + 999) / 1000;
    /* A file that grows too large is to be an error, not an end. */
    (void)signal(SIGXFSZ, SIG_IGN);
    bool done = limit(RLIMIT_AS, limits->compile_memory_bytes, limits->compile_memory_bytes) &&
                limit(RLIMIT_CPU, seconds, seconds + 1) &&
                limit(RLIMIT_FSIZE, limits->code_bytes, limits->code_bytes);
    return done ? AIRS_OK
                : airs_error_set(error, AIRS_INTERNAL, "the limits of compiling cannot be set: %s",
                                 strerror(errno));
}

#define LOAD(offset) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (offset))
#define ALLOW BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)
#define REFUSE(number) BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ((number) & SECCOMP_RET_DATA))
#define ALLOW_CALL(number) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (number), 0, 1), ALLOW

static const struct sock_filter filter[] = {
    LOAD(offsetof(struct seccomp_data, arch)),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCHITECTURE, 1, 0),
    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
    LOAD(offsetof(struct seccomp_data, nr)),
    /* Memory. */
    ALLOW_CALL(__NR_mmap),
    ALLOW_CALL(__NR_munmap),
    ALLOW_CALL(__NR_mprotect),
    ALLOW_CALL(__NR_mremap),
    ALLOW_CALL(__NR_madvise),
    ALLOW_CALL(__NR_brk),
    ALLOW_CALL(__NR_membarrier),
    /* Threads, and what they do beside each other. */
    ALLOW_CALL(__NR_futex),
    ALLOW_CALL(__NR_set_robust_list),
    ALLOW_CALL(__NR_rseq),
    ALLOW_CALL(__NR_set_tid_address),
    ALLOW_CALL(__NR_gettid),
    ALLOW_CALL(__NR_getpid),
    ALLOW_CALL(__NR_sched_yield),
    ALLOW_CALL(__NR_sched_getaffinity),
    ALLOW_CALL(__NR_nanosleep),
    ALLOW_CALL(__NR_clock_nanosleep),
    ALLOW_CALL(__NR_clock_gettime),
    ALLOW_CALL(__NR_prctl),
    ALLOW_CALL(__NR_prlimit64),
    /* How it ends. */
    ALLOW_CALL(__NR_rt_sigaction),
    ALLOW_CALL(__NR_rt_sigprocmask),
    ALLOW_CALL(__NR_rt_sigreturn),
    ALLOW_CALL(__NR_sigaltstack),
    ALLOW_CALL(__NR_restart_syscall),
    ALLOW_CALL(__NR_tgkill),
    ALLOW_CALL(__NR_exit),
    ALLOW_CALL(__NR_exit_group),
    /* What is open, and randomness. */
    ALLOW_CALL(__NR_read),
    ALLOW_CALL(__NR_write),
    ALLOW_CALL(__NR_lseek),
    ALLOW_CALL(__NR_fstat),
    ALLOW_CALL(__NR_close),
    ALLOW_CALL(__NR_getrandom),
    /* A thread, not a process. What clone3 is asked for cannot be seen from here; without it clone is asked. */
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_clone3, 0, 1),
    REFUSE(ENOSYS),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_clone, 0, 3),
    LOAD(offsetof(struct seccomp_data, args[0])),
    BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, CLONE_THREAD, 0, 1),
    ALLOW,
    REFUSE(EPERM),
};

airs_status_t airs_compile_confine_calls(airs_error_t *error) {
    const struct sock_fprog program = {sizeof filter / sizeof *filter, (struct sock_filter *)filter};
    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0
               ? AIRS_OK
               : airs_error_set(error, AIRS_UNSUPPORTED, "the kernel has no filter for system calls: %s",
                                strerror(errno));
}
