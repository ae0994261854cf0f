/* airssys ps: a running node and its actors. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/client/client.h"
#include "cli/command.h"
#include "cli/exit_code.h"
#include "cli/progress.h"
#include "cli/table.h"
#include "cli/terminal.h"
#include "cli/visible_text.h"

#define TIMEOUT_MS 10000

typedef struct ps {
    airs_client_t client;
    airs_client_options_t options;
    bool wide;
    bool tree;
    airs_http_answer_t node;
    airs_http_answer_t actors;
    airs_http_answer_t supervisors; /* with --tree or as JSON */
} ps_t;

/* ---- how things are shown ---- */

#define UPTIME_TEXT_MAX 32

/* "3d 4h", "12m 5s": the two largest units. */
static const char *duration_text(const json_t *object, const char *member, char out[UPTIME_TEXT_MAX]) {
    static const struct {
        uint64_t seconds;
        char letter;
    } units[] = {{86400, 'd'}, {3600, 'h'}, {60, 'm'}, {1, 's'}};
    uint64_t seconds = airs_json_number(object, member);
    size_t unit = 0;
    while (unit < 3 && seconds < units[unit].seconds) {
        unit++;
    }
    int size =
        snprintf(out, UPTIME_TEXT_MAX, "%" PRIu64 "%c", seconds / units[unit].seconds, units[unit].letter);
    uint64_t rest = seconds % units[unit].seconds;
    if (unit < 3) {
        (void)snprintf(out + size, UPTIME_TEXT_MAX - (size_t)size, " %" PRIu64 "%c",
                       rest / units[unit + 1].seconds, units[unit + 1].letter);
    }
    return out;
}

static const char *uptime_text(const json_t *object, char out[UPTIME_TEXT_MAX]) {
    return duration_text(object, "uptime_seconds", out);
}

/* "N thing" or "N things". */
static void print_count(const char *before, const json_t *object, const char *member, const char *thing) {
    char count[AIRS_COUNT_TEXT_MAX];
    uint64_t number = airs_json_number(object, member);
    printf("%s%s %s%s", before, airs_count_text(number, count), thing, number == 1 ? "" : "s");
}

static void print_heading(const json_t *node) {
    char uptime[UPTIME_TEXT_MAX];
    airs_visible_print(airs_str(airs_json_text(node, "application")), false, stdout);
    printf(": %s, pid %" PRIu64 ", up %s", airs_json_text(node, "stage"), airs_json_number(node, "pid"),
           uptime_text(node, uptime));
    print_count(", ", node, "workers", "worker");
    print_count(", ", node, "actors", "actor");
    print_count(", ", node, "messages", "message");
    if (airs_json_number(node, "crashed") > 0) {
        printf(", %" PRIu64 " crashed", airs_json_number(node, "crashed"));
    }
    if (airs_json_number(node, "dead_letters") > 0) {
        print_count(", ", node, "dead_letters", "dead letter");
    }
    printf("\n");
}

/* What a target may be written as: without the application's namespace. */
static const char *short_id(const json_t *node, const json_t *actor) {
    const char *id = airs_json_text(actor, "id");
    const char *ns = airs_json_text(node, "namespace");
    size_t size = strlen(ns);
    return strncmp(id, ns, size) == 0 && id[size] == '/' ? id + size + 1 : id;
}

/* ---- many actors ---- */

/* In a pipe and in a terminal of 80 columns those up to UP; what follows where there is room. */
static const airs_table_column_t columns[] = {
    {"ID", false},    {"STATE", false},   {"HEALTH", false}, {"QUEUED", true},   {"HANDLED", true},
    {"ERRORS", true}, {"RESTARTS", true}, {"UP", true},      {"NEXT RUN", true}, {"VERSION", false},
    {"SENT", true},   {"REFUSED", true},  {"DROPPED", true}, {"REQUESTS", true}, {"DEFERRED", true},
    {"TIMERS", true}, {"TOPICS", true},   {"NAME", false},
};

#define COLUMN_COUNT (sizeof columns / sizeof columns[0])
#define COLUMNS_LEAST 8

/* What waits, and how much may. */
static void add_queue(airs_table_t *table, const json_t *actor) {
    char text[64];
    (void)snprintf(text, sizeof text, "%" PRIu64 "/%" PRIu64, airs_json_number(actor, "queued"),
                   airs_json_number(actor, "mailbox_messages"));
    airs_table_add(table, text);
}

static void add_text(airs_table_t *table, const json_t *actor, const char *member) {
    const char *text = airs_json_text(actor, member);
    airs_table_add(table, text[0] != '\0' ? text : "-");
}

/* Of a command that runs at an interval: in how long. */
static void add_next_run(airs_table_t *table, const json_t *actor) {
    char text[UPTIME_TEXT_MAX];
    airs_table_add(table, json_object_get(actor, "next_run") != NULL
                              ? duration_text(actor, "next_run_seconds", text)
                              : "-");
}

static void add_actor(airs_table_t *table, const json_t *node, const json_t *actor) {
    static const char *const numbers[] = {"sent",     "refused", "dropped",      "requests",
                                          "deferred", "timers",  "subscriptions"};
    char uptime[UPTIME_TEXT_MAX];
    airs_table_add(table, short_id(node, actor));
    add_text(table, actor, "state");
    add_text(table, actor, "health");
    add_queue(table, actor);
    airs_table_add_number(table, airs_json_number(actor, "handled"));
    airs_table_add_number(table, airs_json_number(actor, "errors"));
    airs_table_add_number(table, airs_json_number(actor, "restarts"));
    airs_table_add(table, uptime_text(actor, uptime));
    add_next_run(table, actor);
    add_text(table, actor, "version");
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        airs_table_add_number(table, airs_json_number(actor, numbers[i]));
    }
    add_text(table, actor, "name");
}

static airs_status_t print_table(const ps_t *ps, const json_t *node, const json_t *actors) {
    airs_table_t table;
    size_t index = 0;
    const json_t *actor = NULL;
    airs_table_init(&table, columns, COLUMN_COUNT);
    json_array_foreach(actors, index, actor) { add_actor(&table, node, actor); }
    airs_status_t status = airs_table_print(&table, ps->wide ? COLUMN_COUNT : COLUMNS_LEAST,
                                            airs_terminal_columns(STDOUT_FILENO, 0), stdout);
    airs_table_free(&table);
    return status;
}

/* ---- supervisors ---- */

static const airs_table_column_t tree_columns[] = {
    {"NAME", false},    {"STATE", false},    {"RESTARTS", true},
    {"RESTART", false}, {"STRATEGY", false}, {"END", false},
};

#define TREE_COLUMN_COUNT (sizeof tree_columns / sizeof tree_columns[0])
#define INDENT 2
#define DEPTH_MAX 20

/* "error: the command exited with code 3" of one that has ended, by the first line. */
static void add_end(airs_table_t *table, const json_t *child) {
    char text[256];
    const char *end = airs_json_text(child, "end");
    const char *reason = airs_json_text(child, "end_reason");
    (void)snprintf(text, sizeof text, "%s%s%.*s", end[0] != '\0' ? end : "-", reason[0] != '\0' ? ": " : "",
                   (int)strcspn(reason, "\n"), reason);
    airs_table_add(table, text);
}

/* Below its supervisor, a step to the right. */
static void add_child(airs_table_t *table, const json_t *node, const json_t *child) {
    char name[512];
    uint64_t depth = airs_json_number(child, "depth");
    const char *full = airs_json_text(child, "name");
    const char *ns = airs_json_text(node, "namespace");
    size_t size = strlen(ns);
    bool own = strncmp(full, ns, size) == 0 && full[size] == '/';
    (void)snprintf(name, sizeof name, "%*s%s", (int)(depth < DEPTH_MAX ? depth : DEPTH_MAX) * INDENT, "",
                   own ? full + size + 1 : full);
    airs_table_add(table, name);
    add_text(table, child, "state");
    airs_table_add_number(table, airs_json_number(child, "restarts"));
    add_text(table, child, "restart");
    add_text(table, child, "strategy");
    add_end(table, child);
}

static airs_status_t print_tree(const json_t *node, const json_t *children) {
    airs_table_t table;
    size_t index = 0;
    const json_t *child = NULL;
    airs_table_init(&table, tree_columns, TREE_COLUMN_COUNT);
    json_array_foreach(children, index, child) { add_child(&table, node, child); }
    airs_status_t status =
        airs_table_print(&table, TREE_COLUMN_COUNT, airs_terminal_columns(STDOUT_FILENO, 0), stdout);
    airs_table_free(&table);
    return status;
}

/* Each actor gets the name of its supervisor. */
static void add_supervisors(json_t *actors, const json_t *children) {
    size_t index = 0;
    size_t place = 0;
    json_t *actor = NULL;
    const json_t *child = NULL;
    json_array_foreach(actors, index, actor) {
        json_array_foreach(children, place, child) {
            if (strcmp(airs_json_text(child, "name"), airs_json_text(actor, "id")) == 0 &&
                strcmp(airs_json_text(child, "kind"), "actor") == 0) {
                (void)json_object_set_new(actor, "supervisor",
                                          json_string(airs_json_text(child, "supervisor")));
                break;
            }
        }
    }
}

/* ---- one actor ---- */

/* Blanks behind the longest name that there is now, and one more. */
#define LABEL_WIDTH 18

/* "mailbox policy    reject" of "mailbox_policy". */
static void print_member(const char *name, const json_t *value) {
    char count[AIRS_COUNT_TEXT_MAX];
    size_t size = strlen(name);
    printf("  ");
    for (size_t i = 0; i < size || i < LABEL_WIDTH; i++) {
        (void)fputc(i >= size || name[i] == '_' ? ' ' : name[i], stdout);
    }
    if (json_is_string(value)) {
        airs_visible_print_block(airs_str(json_string_value(value)), LABEL_WIDTH + 2, stdout);
    } else if (json_is_integer(value)) {
        printf("%s", airs_count_text((uint64_t)json_integer_value(value), count));
    } else {
        printf("%s", json_is_true(value) ? "yes" : "no");
    }
    printf("\n");
}

/* Everything that is told of it, members that are newer than this command too. */
static void print_detail(const json_t *actor) {
    static const char *const told[] = {
        "id", "namespace", "component", "instance", "uptime_seconds", "next_run_seconds", NULL};
    char uptime[UPTIME_TEXT_MAX];
    const char *name = NULL;
    json_t *value = NULL;
    airs_visible_print(airs_str(airs_json_text(actor, "id")), false, stdout);
    printf(": up %s\n", uptime_text(actor, uptime));
    json_object_foreach((json_t *)actor, name, value) {
        bool shown = false;
        for (size_t i = 0; told[i] != NULL; i++) {
            shown = shown || strcmp(name, told[i]) == 0;
        }
        bool empty = json_is_string(value) && json_string_length(value) == 0;
        if (!shown && !empty) {
            print_member(name, value);
        }
    }
}

/* ---- all of it ---- */

static airs_status_t print_list(const ps_t *ps, const char *target, const json_t *node,
                                const json_t *actors) {
    if (target != NULL && json_array_size(actors) == 1) {
        print_detail(json_array_get(actors, 0));
        return AIRS_OK;
    }
    if (target == NULL) {
        print_heading(node);
    }
    return json_array_size(actors) > 0 ? print_table(ps, node, actors) : AIRS_OK;
}

static int print_text(const ps_t *ps, const char *target) {
    json_t *node = airs_client_object(&ps->client, &ps->node);
    json_t *actors = node != NULL ? airs_client_object(&ps->client, ps->tree ? &ps->supervisors : &ps->actors)
                                  : NULL;
    int exit_code = AIRS_EXIT_FAILURE;
    if (actors != NULL) {
        if (ps->tree) {
            print_heading(node);
        }
        airs_status_t status = ps->tree ? print_tree(node, json_object_get(actors, "supervisors"))
                                        : print_list(ps, target, node, json_object_get(actors, "actors"));
        if (status != AIRS_OK) {
            airs_client_tell(&ps->client, status, airs_status_text(status));
        } else {
            exit_code = airs_client_finish(&ps->client);
        }
    }
    json_decref(node);
    json_decref(actors);
    return exit_code;
}

/* The answers as one object: {"node":{…},"actors":[…],"supervisors":[…]}. */
static int print_json(const ps_t *ps) {
    json_t *node = airs_client_object(&ps->client, &ps->node);
    json_t *actors = node != NULL ? airs_client_object(&ps->client, &ps->actors) : NULL;
    json_t *supervisors = actors != NULL ? airs_client_object(&ps->client, &ps->supervisors) : NULL;
    int exit_code = AIRS_EXIT_FAILURE;
    if (supervisors != NULL) {
        add_supervisors(json_object_get(actors, "actors"), json_object_get(supervisors, "supervisors"));
        json_t *whole = json_pack("{s:O,s:O,s:O}", "node", node, "actors", json_object_get(actors, "actors"),
                                  "supervisors", json_object_get(supervisors, "supervisors"));
        if (whole == NULL || json_dumpf(whole, stdout, JSON_COMPACT | JSON_REAL_PRECISION(12)) != 0) {
            airs_client_tell(&ps->client, AIRS_OUT_OF_MEMORY, "no memory for the answer");
        } else {
            printf("\n");
            exit_code = airs_client_finish(&ps->client);
        }
        json_decref(whole);
    }
    json_decref(node);
    json_decref(actors);
    json_decref(supervisors);
    return exit_code;
}

static int get(ps_t *ps, const airs_text_t *path, airs_http_answer_t *answer) {
    airs_http_request_t request = {.method = "GET", .path = airs_text_cstr(path), .timeout_ms = TIMEOUT_MS};
    return airs_client_ask(&ps->client, &request, answer);
}

static int show(ps_t *ps, const char *target) {
    airs_text_t path;
    airs_text_init(&path, airs_allocator_default());
    airs_text_append(&path, airs_str("/v1/node"));
    int exit_code = get(ps, &path, &ps->node);
    if (exit_code == AIRS_EXIT_OK) {
        airs_text_clear(&path);
        airs_text_append(&path, airs_str("/v1/actors"));
        if (target != NULL) {
            airs_text_append(&path, airs_str("?id="));
            airs_http_append_encoded(&path, airs_str(target));
        }
        exit_code = get(ps, &path, &ps->actors);
        if (exit_code == AIRS_EXIT_OK && (ps->tree || ps->client.json)) {
            airs_text_clear(&path);
            airs_text_append(&path, airs_str("/v1/supervisors"));
            exit_code = get(ps, &path, &ps->supervisors);
        }
        if (exit_code == AIRS_EXIT_OK) {
            exit_code = ps->client.json ? print_json(ps) : print_text(ps, target);
        }
        airs_http_answer_free(&ps->supervisors);
        airs_http_answer_free(&ps->actors);
    }
    airs_http_answer_free(&ps->node);
    airs_text_free(&path);
    return exit_code;
}

static int run(const airs_verb_t *verb, void *context, char **arguments, int count) {
    ps_t *ps = context;
    if (ps->tree && count > 0) {
        return airs_usage_error(verb, "--tree shows all supervisors; TARGET names actors");
    }
    int exit_code = airs_client_open(&ps->client, verb, &ps->options);
    if (exit_code == AIRS_EXIT_OK) {
        exit_code = show(ps, count > 0 ? arguments[0] : NULL);
    }
    airs_client_close(&ps->client);
    return exit_code;
}

int airs_verb_ps(int argc, char **argv) {
    static const int exit_codes[] = {AIRS_CLIENT_EXIT_CODES, AIRS_EXIT_TARGET, -1};
    ps_t ps = {.wide = false};
    const airs_option_t options[] = {
        AIRS_OPTION_FLAG("wide", 'w', "all columns, whatever the terminal has room for", &ps.wide),
        AIRS_OPTION_FLAG("tree", 't', "supervisors and what is below them", &ps.tree),
        AIRS_CLIENT_OPTIONS(ps.options),
    };
    const airs_verb_t verb = {
        .name = "ps",
        .usage = "[TARGET]",
        .summary = "Show a running node and its actors, or those that TARGET names: one of them in detail.",
        .help = AIRS_CLIENT_TARGET_HELP
        "QUEUED is what waits in the mailbox and how much may, HANDLED the calls that ended, ERRORS how\n"
        "many of them with an error, UP how long the actor has lived. One actor in detail has also when and\n"
        "why it crashed last, if it was restarted, and of a command when it runs next. NEXT RUN is in how "
        "long\n"
        "that is; how a command ended that does not run again, --tree says.\n"
        "\n"
        "Examples:\n"
        "  airssys ps\n"
        "  airssys ps counter/2\n"
        "  airssys ps --output json | jq '.actors[] | select(.queued > 0) | .id'\n",
        .options = options,
        .option_count = sizeof options / sizeof options[0],
        .exit_codes = exit_codes,
        .min_arguments = 0,
        .max_arguments = 1,
    };
    return airs_verb_run_with(&verb, argc, argv, run, &ps);
}
