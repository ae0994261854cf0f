/* How long `airssys run` takes from exec to the first message of examples/wordcount, with what was compiled before
 * still there and without; and what a node costs that has ten thousand idle actors.
 *
 * From outside a first message cannot be seen. What can be is the first byte that the application prints, which is
 * some messages later: the one line of the input has gone to the splitter, its words to the counters, their reports to
 * the collector. So what is measured is more than what is asked for. */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <airssys/airssys.h>

#include "support/bench.h"
#include "support/temporary_folder.h"

#define MS 1e6
#define IDLE_ACTORS 10000

/* ---- start ---- */

static void redirect(posix_spawn_file_actions_t *actions, int from, int to) {
    if (posix_spawn_file_actions_adddup2(actions, from, to) != 0) {
        bench_die("no memory");
    }
}

static void open_pipe(int ends[2]) {
    if (pipe2(ends, O_CLOEXEC) != 0) {
        bench_die("cannot make a pipe: %s", strerror(errno));
    }
}

static pid_t spawn_run(int input, int output) {
    static char program[] = BENCH_AIRSSYS;
    static char manifest[] = BENCH_WORDCOUNT;
    char *const arguments[] = {program, "run", manifest, "--input", "-", "--quiet", "--no-socket", NULL};
    posix_spawn_file_actions_t actions;
    pid_t child = -1;
    if (posix_spawn_file_actions_init(&actions) != 0) {
        bench_die("no memory");
    }
    redirect(&actions, input, STDIN_FILENO);
    redirect(&actions, output, STDOUT_FILENO);
    int failed = posix_spawn(&child, program, &actions, NULL, arguments, environ);
    (void)posix_spawn_file_actions_destroy(&actions);
    if (failed != 0) {
        bench_die("cannot start %s: %s", program, strerror(failed));
    }
    return child;
}

/* Until there is something to read; the rest is read too, so that the child can end. */
static uint64_t first_byte_ns(int output) {
    char text[4096];
    ssize_t size = read(output, text, sizeof text);
    uint64_t now = bench_now_ns();
    if (size <= 0) {
        bench_die("airssys printed nothing");
    }
    while (size > 0) {
        size = read(output, text, sizeof text);
    }
    return now;
}

static double processor_ms(const struct rusage *usage) {
    return (double)(usage->ru_utime.tv_sec + usage->ru_stime.tv_sec) * 1e3 +
           (double)(usage->ru_utime.tv_usec + usage->ru_stime.tv_usec) / 1e3;
}

typedef struct figures {
    bench_series_t first;     /* from exec to the first byte */
    bench_series_t end;       /* to the end of the process */
    bench_series_t processor; /* what it took of all cores, to its end */
} figures_t;

static void run_once(figures_t *figures) {
    static const char line[] = "first\n";
    int in[2];
    int out[2];
    int status = 0;
    struct rusage usage;
    open_pipe(in);
    open_pipe(out);
    if (write(in[1], line, sizeof line - 1) != (ssize_t)sizeof line - 1) {
        bench_die("cannot write to a pipe");
    }
    (void)close(in[1]);
    uint64_t began = bench_now_ns();
    pid_t child = spawn_run(in[0], out[1]);
    (void)close(in[0]);
    (void)close(out[1]);
    uint64_t first = first_byte_ns(out[0]);
    (void)close(out[0]);
    if (wait4(child, &status, 0, &usage) != child || status != 0) {
        bench_die("airssys failed");
    }
    bench_series_add(&figures->first, (double)(first - began) / MS);
    bench_series_add(&figures->end, (double)(bench_now_ns() - began) / MS);
    bench_series_add(&figures->processor, processor_ms(&usage));
}

static void report_start(const char *title, const figures_t *figures, double target_ms) {
    bench_section(title);
    bench_row("to the first output", &figures->first, "ms");
    bench_row("to the end of the process", &figures->end, "ms");
    bench_row("processor time in all", &figures->processor, "ms");
    if (target_ms > 0) {
        bench_ratio_row("to the first output / 50 ms", bench_median(&figures->first) / target_ms, 1, false);
    }
}

/* In a cache of its own, which is made anew before each of those that find nothing there. */
static void bench_start(const bench_options_t *options) {
    static figures_t cold;
    static figures_t warm;
    for (size_t i = 0; i < options->repeats; i++) {
        airs_temporary_folder_t folder;
        airs_temporary_folder_create(&folder);
        if (setenv("XDG_CACHE_HOME", folder.path, 1) != 0) {
            bench_die("no memory");
        }
        run_once(&cold);
        run_once(&warm);
        airs_temporary_folder_remove(&folder);
    }
    report_start("airssys run of wordcount, nothing compiled before", &cold, 0);
    report_start("airssys run of wordcount, compiled before", &warm, 50);
}

/* ---- idle ---- */

static airs_status_t ignore(airs_actor_context_t *context, void *state, const airs_incoming_t *incoming) {
    (void)context, (void)state, (void)incoming;
    return AIRS_OK;
}

static airs_node_t *node_with_idle(bool guests) {
    static const airs_native_t native = {.size = sizeof native, .handle = ignore};
    airs_node_options_t options = AIRS_NODE_OPTIONS_INIT;
    airs_node_t *node = NULL;
    airs_component_t component = 0;
    airs_error_t error;
    options.max_actors = guests ? IDLE_ACTORS : 1;
    options.cache_dir = "";
    bench_need(airs_node_create(&options, &node, &error), &error);
    if (guests) {
        bench_need(airs_node_load(node, BENCH_GUESTS "/counter.wasm", &component, &error), &error);
    }
    for (unsigned i = 0; i < IDLE_ACTORS; i++) {
        char instance[16];
        (void)snprintf(instance, sizeof instance, "%u", i);
        airs_id_t id = airs_id("bench", "idle", instance);
        bench_need(guests ? airs_node_spawn(node, component, id, NULL, &error)
                          : airs_node_spawn_native(node, &native, NULL, id, NULL, &error),
                   &error);
        /* It has worked before it is idle. */
        bench_need(airs_node_send(node, id, airs_bytes("x", 1), &error), &error);
    }
    bench_need(airs_node_drain(node, 60000), NULL);
    bench_pause_ms(500);
    return node;
}

static void bench_idle(bool guests, const bench_options_t *options) {
    bench_series_t share = {.count = 0};
    airs_node_t *node = node_with_idle(guests);
    for (size_t i = 0; i < options->repeats; i++) {
        struct rusage before;
        struct rusage after;
        uint64_t began = bench_now_ns();
        (void)getrusage(RUSAGE_SELF, &before);
        bench_pause_ms(options->quick ? 1000 : 3000);
        (void)getrusage(RUSAGE_SELF, &after);
        double wall_ms = (double)(bench_now_ns() - began) / MS;
        bench_series_add(&share, (processor_ms(&after) - processor_ms(&before)) / wall_ms * 100);
    }
    airs_node_destroy(node);
    bench_row(guests ? "10,000 guests" : "10,000 native actors", &share, "% of a core");
    bench_ratio_row("  / 0.1 %", bench_median(&share) / 0.1, 1, false);
}

int main(int argc, char **argv) {
    bench_options_t options = bench_parse(argc, argv);
    bench_begin("start", "from exec to the first message, and what idle actors cost", &options);
    bench_start(&options);
    bench_section("a node with idle actors: processor time");
    bench_idle(false, &options);
    bench_idle(true, &options);
    return bench_end();
}
