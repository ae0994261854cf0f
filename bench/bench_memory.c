/* Resident memory for each idle actor. Each count is measured in a process of its own, which this program
 * starts, so that one does not find the memory that another has left. Guests have answered a message each, so they
 * have all that a call leaves behind. */
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <airssys/airssys.h>

#include "support/bench.h"

static airs_status_t ignore(airs_actor_context_t *context, void *state, const airs_incoming_t *incoming) {
    (void)context, (void)state, (void)incoming;
    return AIRS_OK;
}

/* Native actors; guests, each with its instance; guests of which so many have one, and the others are passive. */
typedef enum kind { NATIVE, GUESTS, STATELESS } kind_t;

static const char *const kinds[] = {"native actors", "guests (echo in C)", "stateless guests"};

/* Of the stateless ones. */
#define INSTANCES 1000

static void spawn(airs_node_t *node, airs_component_t component, kind_t kind, unsigned number) {
    const airs_native_t native = {.size = sizeof native, .handle = ignore};
    char instance[16];
    airs_error_t error;
    snprintf(instance, sizeof instance, "%u", number);
    airs_id_t id = airs_id("bench", "idle", instance);
    airs_spawn_options_t options = AIRS_SPAWN_OPTIONS_INIT;
    options.stateless = kind == STATELESS;
    if (kind == NATIVE) {
        bench_need(airs_node_spawn_native(node, &native, NULL, id, NULL, &error), &error);
        return;
    }
    bench_need(airs_node_spawn(node, component, id, &options, &error), &error);
    bench_need(airs_node_call(node, id, airs_bytes("x", 1), airs_str(NULL), 10000, NULL, NULL, &error),
               &error);
}

/* The child: bytes for each of `count` actors, on standard output. */
static int measure(unsigned count, kind_t kind) {
    airs_error_t error;
    airs_node_t *node = NULL;
    airs_component_t component = 0;
    airs_node_options_t options = AIRS_NODE_OPTIONS_INIT;
    options.max_actors = kind == GUESTS ? count + 1 : kind == STATELESS ? INSTANCES : 1;
    options.cache_dir = "";
    bench_need(airs_node_create(&options, &node, &error), &error);
    if (kind != NATIVE) {
        bench_need(airs_node_load(node, BENCH_GUESTS "/echo.wasm", &component, &error), &error);
    }
    /* One that is not counted brings in the code and what all share. */
    spawn(node, component, kind, count);
    uint64_t before = bench_resident_bytes();
    for (unsigned i = 0; i < count; i++) {
        spawn(node, component, kind, i);
    }
    uint64_t after = bench_resident_bytes();
    printf("%.1f\n", (double)(after - before) / count);
    (void)fflush(stdout);
    airs_node_destroy(node);
    return 0;
}

/* Starts this program again, with its standard output in `out`. */
static pid_t start_child(const char *program, unsigned count, kind_t kind, int out[2]) {
    char number[16];
    char which[16];
    (void)snprintf(number, sizeof number, "%u", count);
    (void)snprintf(which, sizeof which, "%d", (int)kind);
    char *arguments[] = {(char *)program, "--child", number, which, NULL};
    posix_spawn_file_actions_t actions;
    pid_t child = -1;
    if (pipe(out) != 0 || posix_spawn_file_actions_init(&actions) != 0) {
        bench_die("cannot make a pipe");
    }
    if (posix_spawn_file_actions_adddup2(&actions, out[1], STDOUT_FILENO) != 0 ||
        posix_spawn_file_actions_addclose(&actions, out[0]) != 0 ||
        posix_spawn(&child, program, &actions, NULL, arguments, environ) != 0) {
        bench_die("cannot start %s", program);
    }
    (void)posix_spawn_file_actions_destroy(&actions);
    (void)close(out[1]);
    return child;
}

static double measured_in_child(const char *program, unsigned count, kind_t kind) {
    int out[2];
    char text[64] = "";
    char *end = text;
    int status = 0;
    pid_t child = start_child(program, count, kind, out);
    ssize_t size = read(out[0], text, sizeof text - 1);
    (void)close(out[0]);
    bool ended = waitpid(child, &status, 0) == child && status == 0;
    double bytes = strtod(text, &end);
    if (size <= 0 || !ended || end == text) {
        bench_die("the measuring process for %u actors failed", count);
    }
    return bytes;
}

static void report(const char *program, unsigned count, kind_t kind, const bench_options_t *options) {
    char name[64];
    bench_series_t series = {.count = 0};
    for (size_t i = 0; i < options->repeats; i++) {
        bench_series_add(&series, measured_in_child(program, count, kind));
    }
    snprintf(name, sizeof name, "%u idle %s", count, kinds[kind]);
    bench_row(name, &series, "bytes each");
}

int main(int argc, char **argv) {
    if (argc == 4 && strcmp(argv[1], "--child") == 0) {
        return measure((unsigned)strtoul(argv[2], NULL, 10), (kind_t)strtoul(argv[3], NULL, 10));
    }
    char program[4096];
    ssize_t size = readlink("/proc/self/exe", program, sizeof program - 1);
    bench_options_t options = bench_parse(argc, argv);
    if (size <= 0) {
        bench_die("cannot find this program");
    }
    program[size] = '\0';
    options.repeats = options.repeats > 5 ? 5 : options.repeats;
    bench_begin("memory", "resident memory for each idle actor that has handled a message", &options);
    bench_section("in a process of its own");
    report(program, 1000, GUESTS, &options);
    report(program, 10000, GUESTS, &options);
    report(program, 100000, STATELESS, &options);
    report(program, 1000, NATIVE, &options);
    report(program, 10000, NATIVE, &options);
    return bench_end();
}
