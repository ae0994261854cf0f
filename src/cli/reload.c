/* airssys reload: have a running node read its manifest anew. */
#include <stdio.h>
#include <string.h>

#include "cli/client/client.h"
#include "cli/command.h"
#include "cli/exit_code.h"

#define DEFAULT_TIMEOUT_MS 300000
#define DAY_MS 86400000

typedef struct reload {
    airs_client_t client;
    airs_client_options_t options;
    uint64_t timeout_ms;
} reload_t;

/* "added a", "resized b from 1 to 3", "failed c: why". */
static void print_item(const char *kind, const json_t *item) {
    if (json_is_string(item)) {
        printf("%s %s\n", kind, json_string_value(item));
    } else if (json_object_get(item, "reason") != NULL) {
        printf("%s %s: %s\n", kind, airs_json_text(item, "name"), airs_json_text(item, "reason"));
    } else {
        printf("%s %s from %llu to %llu\n", kind, airs_json_text(item, "name"),
               (unsigned long long)airs_json_number(item, "from"),
               (unsigned long long)airs_json_number(item, "to"));
    }
}

static void print_done(const json_t *object) {
    static const char *const kinds[] = {"removed", "added", "restarted", "updated", "resized", "failed"};
    size_t items = 0;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        size_t index = 0;
        const json_t *item = NULL;
        json_array_foreach(json_object_get(object, kinds[i]), index, item) { print_item(kinds[i], item); }
        items += index;
    }
    unsigned long long unchanged = airs_json_number(object, "unchanged");
    /* Of a manifest that was refused there is nothing to tell. */
    if (items > 0 || unchanged > 0) {
        printf("%llu unchanged\n", unchanged);
    }
    (void)fflush(stdout);
}

/* What makes a failure of a node to start is the same code for it while it runs. */
static int exit_code_of(const json_t *object, int exit_code) {
    bool refused = strcmp(airs_json_text(object, "error"), "unsupported") == 0;
    if (exit_code != AIRS_EXIT_OK && json_array_size(json_object_get(object, "failed")) > 0) {
        return AIRS_EXIT_START;
    }
    return exit_code != AIRS_EXIT_OK && refused ? AIRS_EXIT_MANIFEST : exit_code;
}

static int run(const airs_verb_t *verb, void *context, char **arguments, int count) {
    reload_t *reload = context;
    airs_http_answer_t answer;
    (void)arguments;
    (void)count;
    int exit_code = airs_client_open(&reload->client, verb, &reload->options);
    if (exit_code == AIRS_EXIT_OK) {
        airs_http_request_t request = {
            .method = "POST", .path = "/v1/reload", .timeout_ms = reload->timeout_ms};
        exit_code = airs_client_ask(&reload->client, &request, &answer);
        json_t *object = json_loadb(airs_text_cstr(&answer.body), answer.body.size, 0, NULL);
        exit_code = exit_code_of(object, exit_code);
        if (!reload->client.json) {
            print_done(object);
        } else if (exit_code == AIRS_EXIT_OK) {
            exit_code = airs_client_print_line(&reload->client, &answer.body);
        }
        json_decref(object);
        airs_http_answer_free(&answer);
    }
    exit_code = exit_code == AIRS_EXIT_OK ? airs_client_finish(&reload->client) : exit_code;
    airs_client_close(&reload->client);
    return exit_code;
}

int airs_verb_reload(int argc, char **argv) {
    static const int exit_codes[] = {AIRS_CLIENT_EXIT_CODES, AIRS_EXIT_MANIFEST, AIRS_EXIT_COMPONENT,
                                     AIRS_EXIT_START, -1};
    reload_t reload = {.timeout_ms = DEFAULT_TIMEOUT_MS};
    const airs_option_t options[] = {
        AIRS_OPTION_TIME("timeout", "how long to wait for it; default: 5m", &reload.timeout_ms, DAY_MS),
        AIRS_CLIENT_OPTIONS(reload.options),
    };
    const airs_verb_t verb = {
        .name = "reload",
        .usage = "",
        .summary = "Have a running node read its manifest anew, and change what differs.",
        .help =
            "What is added is loaded first, then what was removed is stopped and what was added is started;\n"
            "what did not change is not touched. When the manifest is wrong, or a component does not load,\n"
            "nothing is changed. SIGHUP has the node do the same.\n",
        .options = options,
        .option_count = sizeof options / sizeof options[0],
        .exit_codes = exit_codes,
        .min_arguments = 0,
        .max_arguments = 0,
    };
    return airs_verb_run_with(&verb, argc, argv, run, &reload);
}
