/* airssys update: have a component of a running node go on with another file. */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/client/client.h"
#include "cli/command.h"
#include "cli/exit_code.h"

#define DAY_MS 86400000
/* Beside the window: to compile the file, and for instances to finish what they have in hand. */
#define GRACE_MS 600000
#define NOT_GIVEN UINT64_MAX

typedef struct update {
    airs_client_t client;
    airs_client_options_t options;
    uint64_t window_ms;
    bool together;
} update_t;

static void append_request(const update_t *update, const char *component, const char *file,
                           airs_text_t *path) {
    airs_text_append(path, airs_str("/v1/update?component="));
    airs_http_append_encoded(path, airs_str(component));
    airs_text_append(path, airs_str("&file="));
    airs_http_append_encoded(path, airs_str(file));
    if (update->window_ms != NOT_GIVEN) {
        airs_text_append_format(path, "&window-ms=%" PRIu64, update->window_ms);
    }
    if (update->together) {
        airs_text_append(path, airs_str("&together=true"));
    }
}

/* "updated counter to version 1.1.0 (3 instances)", and what is new of it. */
static int print_update(const update_t *update, const char *component, const airs_http_answer_t *answer) {
    json_t *object = airs_client_object(&update->client, answer);
    if (object == NULL) {
        return AIRS_EXIT_FAILURE;
    }
    const json_t *instances = json_object_get(object, "instances");
    size_t count = json_array_size(instances);
    const char *version = airs_json_text(json_array_get(instances, 0), "version");
    printf("updated %s%s%s (%zu %s)\n", component, version[0] != '\0' ? " to version " : "", version, count,
           count == 1 ? "instance" : "instances");
    size_t index = 0;
    const json_t *import = NULL;
    json_array_foreach(json_object_get(object, "new_imports"), index, import) {
        printf("it imports %s, which the one before did not\n", json_string_value(import));
    }
    json_decref(object);
    return airs_client_finish(&update->client);
}

static int ask(update_t *update, const char *component, const char *file) {
    airs_http_answer_t answer;
    airs_text_t path;
    airs_text_init(&path, airs_allocator_default());
    append_request(update, component, file, &path);
    if (airs_text_status(&path) != AIRS_OK) {
        airs_client_tell(&update->client, AIRS_OUT_OF_MEMORY, "no memory for the request");
        airs_text_free(&path);
        return AIRS_EXIT_FAILURE;
    }
    if (!update->client.json && isatty(STDERR_FILENO) != 0) {
        fprintf(stderr, "updating %s; this takes until the update cannot be taken back any more\n",
                component);
    }
    uint64_t window = update->window_ms != NOT_GIVEN ? update->window_ms : DAY_MS;
    airs_http_request_t request = {
        .method = "POST", .path = airs_text_cstr(&path), .timeout_ms = window + GRACE_MS};
    int exit_code = airs_client_ask(&update->client, &request, &answer);
    if (exit_code == AIRS_EXIT_OK && update->client.json) {
        exit_code = airs_client_print_line(&update->client, &answer.body);
    } else if (exit_code == AIRS_EXIT_OK) {
        exit_code = print_update(update, component, &answer);
    }
    airs_http_answer_free(&answer);
    airs_text_free(&path);
    return exit_code;
}

/* The node reads the file, and has another working directory. */
static int update_to(update_t *update, const char *component, const char *path) {
    airs_error_t error;
    char *file = realpath(path, NULL);
    if (file == NULL) {
        airs_status_t status = airs_error_set(&error, AIRS_IO, "%s: %s", path, strerror(errno));
        airs_client_tell(&update->client, status, error.text);
        return AIRS_EXIT_COMPONENT;
    }
    int exit_code = ask(update, component, file);
    free(file);
    return exit_code;
}

static int run(const airs_verb_t *verb, void *context, char **arguments, int count) {
    (void)count;
    update_t *update = context;
    int exit_code = airs_client_open(&update->client, verb, &update->options);
    if (exit_code == AIRS_EXIT_OK) {
        exit_code = update_to(update, arguments[0], arguments[1]);
    }
    airs_client_close(&update->client);
    return exit_code;
}

int airs_verb_update(int argc, char **argv) {
    static const int exit_codes[] = {AIRS_CLIENT_EXIT_CODES, AIRS_EXIT_COMPONENT, AIRS_EXIT_TARGET,
                                     AIRS_EXIT_FAILED, -1};
    update_t update = {.window_ms = NOT_GIVEN};
    const airs_option_t options[] = {
        AIRS_OPTION_TIME("window", "for how long it can be taken back; default: as the manifest says, or 10s",
                         &update.window_ms, DAY_MS),
        AIRS_OPTION_FLAG("together", 0, "have the instances switch at once; default: one after the other",
                         &update.together),
        AIRS_CLIENT_OPTIONS(update.options),
    };
    const airs_verb_t verb = {
        .name = "update",
        .usage = "COMPONENT FILE",
        .summary = "Have a component of a running node go on with another file.",
        .help = "COMPONENT is its name in the manifest. Each instance finishes the message in hand; what "
                "waits in its\n"
                "mailbox is handled by the new one, which is given the old one's state if both export\n"
                "airssys:actor/migration. If an instance cannot switch, crashes within the window, or is "
                "unhealthy\n"
                "at its end, all go back, which exits with 12 and says why. The manifest still names the old "
                "file.\n"
                "\n"
                "Examples:\n"
                "  airssys update counter build/counter.wasm\n"
                "  airssys update counter counter-1.1.wasm --window 1m --together\n",
        .options = options,
        .option_count = sizeof options / sizeof options[0],
        .exit_codes = exit_codes,
        .min_arguments = 2,
        .max_arguments = 2,
    };
    return airs_verb_run_with(&verb, argc, argv, run, &update);
}
