/* airssys stop: actors of a running node, or the whole of it. */
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <sys/pidfd.h>
#include <unistd.h>

#include "cli/client/client.h"
#include "cli/command.h"
#include "cli/exit_code.h"

#define ACTOR_TIMEOUT_MS 5000
#define NODE_TIMEOUT_MS 60000
#define DAY_MS 86400000
#define GRACE_MS 10000
/* Instances of one target, which are stopped one after the other. */
#define INSTANCES_GUESS 64
#define NOT_GIVEN UINT64_MAX

typedef struct stop {
    airs_client_t client;
    airs_client_options_t options;
    bool all;
    bool drop;
    uint64_t timeout_ms;
} stop_t;

/* ---- actors ---- */

/* Those that were stopped, also when not all were. */
static void print_stopped(const airs_http_answer_t *answer) {
    json_t *object = json_loadb(airs_text_cstr(&answer->body), answer->body.size, 0, NULL);
    size_t index = 0;
    const json_t *id = NULL;
    json_array_foreach(json_object_get(object, "stopped"), index, id) {
        printf("stopped %s\n", json_string_value(id) != NULL ? json_string_value(id) : "");
    }
    json_decref(object);
}

static int stop_target(stop_t *stop, const char *target) {
    airs_http_answer_t answer;
    airs_text_t path;
    airs_text_init(&path, airs_allocator_default());
    airs_text_append(&path, airs_str("/v1/stop?id="));
    airs_http_append_encoded(&path, airs_str(target));
    airs_text_append_format(&path, "&mode=%s&timeout-ms=%" PRIu64, stop->drop ? "drop" : "drain",
                            stop->timeout_ms);
    if (airs_text_status(&path) != AIRS_OK) {
        airs_client_tell(&stop->client, AIRS_OUT_OF_MEMORY, "no memory for the request");
        airs_text_free(&path);
        return AIRS_EXIT_FAILURE;
    }
    airs_http_request_t request = {
        .method = "POST",
        .path = airs_text_cstr(&path),
        .timeout_ms = stop->timeout_ms * INSTANCES_GUESS + GRACE_MS,
    };
    int exit_code = airs_client_ask(&stop->client, &request, &answer);
    if (!stop->client.json) {
        print_stopped(&answer);
        (void)fflush(stdout);
    } else if (exit_code == AIRS_EXIT_OK) {
        exit_code = airs_client_print_line(&stop->client, &answer.body);
    }
    airs_http_answer_free(&answer);
    airs_text_free(&path);
    return exit_code;
}

/* Each of them, whatever happened to those before; the first failure counts. */
static int stop_targets(stop_t *stop, char **targets, int count) {
    int first = AIRS_EXIT_OK;
    for (int i = 0; i < count; i++) {
        int exit_code = stop_target(stop, targets[i]);
        first = first == AIRS_EXIT_OK ? exit_code : first;
    }
    return first == AIRS_EXIT_OK ? airs_client_finish(&stop->client) : first;
}

/* ---- the node ---- */

/* True: the process has ended. */
static bool wait_for_end(int process, uint64_t timeout_ms) {
    struct pollfd end = {.fd = process, .events = POLLIN};
    return poll(&end, 1, (int)timeout_ms) == 1;
}

static int print_end(const stop_t *stop, pid_t process, bool ended) {
    airs_text_t text;
    airs_text_init(&text, airs_allocator_default());
    if (stop->client.json) {
        airs_text_append_format(&text, "{\"stopping\":true,\"pid\":%ld,\"ended\":%s}", (long)process,
                                ended ? "true" : "false");
    } else if (ended) {
        airs_text_append_format(&text, "the node has stopped (process %ld)", (long)process);
    } else {
        airs_text_append(&text, airs_str("the node stops"));
    }
    int exit_code = airs_client_print_line(&stop->client, &text);
    airs_text_free(&text);
    return exit_code;
}

/* The process is opened before it is told to stop, so that its number cannot mean another one by then. Where it is
 * not seen, as from another container, it is not waited for. */
static int stop_node(stop_t *stop) {
    airs_http_answer_t answer;
    airs_http_request_t request = {.method = "POST", .path = "/v1/shutdown", .timeout_ms = GRACE_MS};
    pid_t process = 0;
    (void)airs_http_probe(airs_text_cstr(&stop->client.socket), &process, NULL);
    int opened = process > 0 ? pidfd_open(process, 0) : -1;
    int exit_code = airs_client_ask(&stop->client, &request, &answer);
    airs_http_answer_free(&answer);
    if (exit_code == AIRS_EXIT_OK && opened >= 0 && !wait_for_end(opened, stop->timeout_ms)) {
        airs_client_tell(&stop->client, AIRS_TIMEOUT,
                         "the node was told to stop and still does; it was not waited for any longer");
        exit_code = AIRS_EXIT_TIMED_OUT;
    } else if (exit_code == AIRS_EXIT_OK) {
        exit_code = print_end(stop, process, opened >= 0);
    }
    if (opened >= 0) {
        close(opened);
    }
    return exit_code;
}

/* ---- the command line ---- */

static int run(const airs_verb_t *verb, void *context, char **arguments, int count) {
    stop_t *stop = context;
    if (stop->all && count > 0) {
        return airs_usage_error(verb, "either TARGET or --all, not both");
    }
    if (!stop->all && count == 0) {
        return airs_usage_error(verb, "which actors? TARGET names some, --all stops the whole node");
    }
    if (stop->all && stop->drop) {
        return airs_usage_error(verb, "--drop is for actors; how long a node drains, its manifest says");
    }
    if (stop->timeout_ms == NOT_GIVEN) {
        stop->timeout_ms = stop->all ? NODE_TIMEOUT_MS : ACTOR_TIMEOUT_MS;
    }
    int exit_code = airs_client_open(&stop->client, verb, &stop->options);
    if (exit_code == AIRS_EXIT_OK) {
        exit_code = stop->all ? stop_node(stop) : stop_targets(stop, arguments, count);
    }
    airs_client_close(&stop->client);
    return exit_code;
}

int airs_verb_stop(int argc, char **argv) {
    static const int exit_codes[] = {AIRS_CLIENT_EXIT_CODES, AIRS_EXIT_TARGET, AIRS_EXIT_FAILED, -1};
    stop_t stop = {.timeout_ms = NOT_GIVEN};
    const airs_option_t options[] = {
        AIRS_OPTION_FLAG("all", 'a', "stop the whole node, in order, as Ctrl-C does", &stop.all),
        AIRS_OPTION_FLAG("drop", 0, "drop what waits in the mailbox; default: it is handled first",
                         &stop.drop),
        AIRS_OPTION_TIME("timeout", "for each actor, which then is ended; default: 5s; with --all: 1m",
                         &stop.timeout_ms, DAY_MS),
        AIRS_CLIENT_OPTIONS(stop.options),
    };
    const airs_verb_t verb = {
        .name = "stop",
        .usage = "TARGET...",
        .summary = "Stop actors of a running node, or with --all the node.",
        .help =
            "TARGET is NAME/INSTANCE or NAMESPACE/NAME/INSTANCE; NAME and NAMESPACE/NAME/ are all instances\n"
            "of that component. With --all it is waited for the end of the node's process.\n"
            "\n"
            "Examples:\n"
            "  airssys stop counter/2 splitter\n"
            "  airssys stop --all --node orders\n",
        .options = options,
        .option_count = sizeof options / sizeof options[0],
        .exit_codes = exit_codes,
        .min_arguments = 0,
        .max_arguments = -1,
    };
    return airs_verb_run_with(&verb, argc, argv, run, &stop);
}
