/* The verbs that talk to a running node, each against `airssys run` with real guests. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <jansson.h>

#include "cli/child.h"
#include "cli/exit_code.h"
#include "support/guest_manifest.h"
#include "support/test.h"

#define MIB ((size_t)1 << 20)

static airs_temporary_folder_t folder; /* the manifest's, and what XDG_RUNTIME_DIR says */
static child_t node;

static const char manifest[] = "[application]\n"
                               "name = \"shop\"\n"
                               "[components.echo]\n"
                               "source = \"@echo\"\n"
                               "instances = 2\n"
                               "limits = { message-size = \"16MiB\", memory = \"256MiB\" }\n"
                               "[components.failing]\n"
                               "source = \"@failing\"\n"
                               "[components.sleeper]\n"
                               "source = \"@sleeper\"\n"
                               "instances = 2\n"
                               "limits = { mailbox-messages = 1 }\n"
                               "[components.small]\n"
                               "source = \"@echo\"\n"
                               "limits = { message-size = \"1KiB\" }\n"
                               "[components.picky]\n"
                               "source = \"@echo\"\n"
                               "accepts = [\"json\"]\n"
                               "[components.trap]\n"
                               "source = \"@trap\"\n"
                               "instances = 2\n"
                               "[components.phoenix]\n"
                               "source = \"@phoenix\"\n"
                               "instances = 2\n"
                               "[components.hearer]\n"
                               "source = \"@subscriber\"\n"
                               "config = \"shop/echo/0\"\n"
                               "subscribe = [\"news.*\"]\n"
                               "[components.job]\n"
                               "source = \"@commands/job\"\n"
                               "run = { args = [\"say\", \"hello\"], every = \"1h\", stdout = \"null\" }\n"
                               "[components.once]\n"
                               "source = \"@commands/job\"\n"
                               "run = { args = [\"say\", \"hello\"], stdout = \"null\" }\n";

/* ---- helpers ---- */

/* Run, expect this exit code, and give the child for a closer look; to be freed. */
#define CLIENT(child, expected, ...)                          \
    do {                                                      \
        const char *const arguments_[] = {__VA_ARGS__, NULL}; \
        child_run(child, NULL, arguments_);                   \
        child_expect(child, expected);                        \
    } while (0)

/* The same, and that a stream has this text. */
#define CLIENT_SAYS(expected, stream, text, ...)  \
    do {                                          \
        child_t child_;                           \
        CLIENT(&child_, expected, __VA_ARGS__);   \
        child_expect_text(&child_, stream, text); \
        child_free(&child_);                      \
    } while (0)

/* The one JSON object that is all of its standard output. */
static json_t *parse(const child_t *child) {
    json_error_t error;
    json_t *object = json_loadb(child->out, child->out_size, 0, &error);
    if (!json_is_object(object)) {
        fail_msg("no JSON object: %s\n%s", error.text, child->out);
    }
    assert_int_equal(child->out[child->out_size - 1], '\n');
    assert_null(memchr(child->out, '\n', child->out_size - 1));
    return object;
}

static const char *text_of(const json_t *object, const char *name) {
    const char *text = json_string_value(json_object_get(object, name));
    if (text == NULL) {
        fail_msg("no text %s", name);
    }
    return text;
}

static json_int_t number_of(const json_t *object, const char *name) {
    const json_t *number = json_object_get(object, name);
    if (!json_is_integer(number)) {
        fail_msg("no number %s", name);
    }
    return json_integer_value(number);
}

/* Every byte value, in an order that is not a pattern. */
static char *random_bytes(size_t size) {
    uint64_t state = 88172645463325252U;
    char *bytes = malloc(size);
    assert_non_null(bytes);
    for (size_t i = 0; i < size; i++) {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes[i] = (char)(state >> 32);
    }
    return bytes;
}

/* A socket of this name among those of the nodes: somebody listens there, or, dead, nobody any more. Returns the
 * one that listens. */
static int place_socket(const char *name, bool dead) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int length = snprintf(address.sun_path, sizeof address.sun_path, "%s/airssys/%s.sock", folder.path, name);
    assert_in_range(length, 1, sizeof address.sun_path - 1);
    int listening = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(listening >= 0);
    assert_int_equal(bind(listening, (const struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(listening, 8), 0);
    if (dead) {
        close(listening);
    }
    return listening;
}

static void remove_socket(const char *name) {
    char file[128];
    char path[AIRS_TEMPORARY_PATH_MAX];
    snprintf(file, sizeof file, "airssys/%s.sock", name);
    assert_int_equal(unlink(airs_temporary_file_path(&folder, file, path)), 0);
}

/* ---- call ---- */

static void an_answer_is_printed_as_it_is(void **state) {
    (void)state;
    static const char *const payloads[] = {"hello", "", "two\nlines\n", "\xc3\xa4\xff\033[31m"};
    for (size_t i = 0; i < sizeof payloads / sizeof payloads[0]; i++) {
        child_t child;
        CLIENT(&child, AIRS_EXIT_OK, "call", "echo", payloads[i]);
        assert_string_equal(child.out, payloads[i]);
        assert_string_equal(child.err, "");
        child_free(&child);
    }
}

static void targets_are_written_in_four_ways(void **state) {
    (void)state;
    static const char *const targets[] = {"echo", "echo/1", "shop/echo/0", "shop/echo/"};
    for (size_t i = 0; i < sizeof targets / sizeof targets[0]; i++) {
        CLIENT_SAYS(AIRS_EXIT_OK, "out", "hello", "call", targets[i], "hello");
    }
}

static void large_payloads_come_back_byte_for_byte(void **state) {
    (void)state;
    static const size_t sizes[] = {1, 65535, 65536, 65537, MIB, 16 * MIB};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        child_t child;
        char *bytes = random_bytes(sizes[i]);
        const child_options_t options = {.input = bytes, .input_size = sizes[i]};
        const char *const arguments[] = {"call", "echo", NULL};
        child_start(&child, &options, arguments);
        child_wait(&child);
        child_expect(&child, AIRS_EXIT_OK);
        assert_int_equal(child.out_size, sizes[i]);
        assert_memory_equal(child.out, bytes, sizes[i]);
        child_free(&child);
        free(bytes);
    }
}

static void the_payload_comes_from_a_file_or_from_standard_input(void **state) {
    (void)state;
    char path[AIRS_TEMPORARY_PATH_MAX];
    child_t child;
    airs_temporary_file_write(&folder, "payload", "a\0b", 3);
    airs_temporary_file_path(&folder, "payload", path);
    CLIENT(&child, AIRS_EXIT_OK, "call", "echo", "--file", path);
    assert_int_equal(child.out_size, 3);
    assert_memory_equal(child.out, "a\0b", 3);
    child_free(&child);
    static const char *const ways[][4] = {
        {"call", "echo", "-"}, {"call", "echo", "--file=-"}, {"call", "echo"}};
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        child_run(&child, "typed\n", ways[i]);
        child_expect(&child, AIRS_EXIT_OK);
        assert_string_equal(child.out, "typed\n");
        child_free(&child);
    }
    CLIENT_SAYS(AIRS_EXIT_OK, "out", "-5", "call", "echo", "--", "-5");
}

static void an_answer_as_json_has_what_is_known_of_it(void **state) {
    (void)state;
    child_t child;
    CLIENT(&child, AIRS_EXIT_OK, "call", "echo/1", "--output", "json", "hello");
    json_t *object = parse(&child);
    assert_string_equal(text_of(object, "status"), "ok");
    assert_string_equal(text_of(object, "sender"), "shop/echo/1");
    assert_string_equal(text_of(object, "content_type"), "application/octet-stream");
    assert_string_equal(text_of(object, "text"), "hello");
    assert_string_equal(text_of(object, "payload"), "aGVsbG8=");
    assert_int_equal(number_of(object, "size"), 5);
    assert_true(json_is_real(json_object_get(object, "milliseconds")));
    json_decref(object);
    child_free(&child);
    CLIENT(&child, AIRS_EXIT_OK, "call", "echo", "--output", "json", "\xff");
    object = parse(&child);
    assert_string_equal(text_of(object, "payload"), "/w==");
    assert_null(json_object_get(object, "text"));
    json_decref(object);
    child_free(&child);
}

static void a_terminal_is_not_steered_by_an_answer(void **state) {
    (void)state;
    child_t child;
    const child_options_t options = {.terminal = true};
    const char *const arguments[] = {"call", "echo", "red \033[31m\n\xff", NULL};
    child_start(&child, &options, arguments);
    child_wait(&child);
    child_expect(&child, AIRS_EXIT_OK);
    assert_string_equal(child.out, "red \\x1b[31m\n\\xff\n");
    child_free(&child);
}

/* ---- what goes wrong ---- */

/* Exit code, name, and a part of what is said. */
static const struct {
    int exit_code;
    const char *status;
    const char *said;
    const char *arguments[6];
} failures[] = {
    {AIRS_EXIT_FAILED, "handle-message-failed", "boom", {"call", "failing", "boom"}},
    {AIRS_EXIT_FAILED, "trap", "shop/trap/0", {"call", "trap/0", "trap"}},
    {AIRS_EXIT_TIMED_OUT, "timeout", "shop/sleeper/0", {"call", "sleeper/0", "300", "--timeout", "20ms"}},
    {AIRS_EXIT_TARGET, "target-not-found", "nobody", {"call", "nobody", "x"}},
    {AIRS_EXIT_TARGET, "target-not-found", "echo/7", {"call", "echo/7", "x"}},
    {AIRS_EXIT_TARGET, "target-not-found", "nobody", {"send", "nobody", "x"}},
    {AIRS_EXIT_TARGET, "target-not-found", "nobody", {"stop", "nobody"}},
    {AIRS_EXIT_TARGET, "target-not-found", "nobody", {"ps", "nobody"}},
    {AIRS_EXIT_REFUSED, "unsupported-codec", "json", {"call", "picky", "plain"}},
    {AIRS_EXIT_USAGE, "invalid-argument", "name is empty", {"send", "a//b//c", "x"}},
    {AIRS_EXIT_USAGE, "invalid-argument", "news.*", {"publish", "news.*", "x"}},
    {AIRS_EXIT_INPUT, "io", "/nowhere/x: no such file", {"call", "echo", "--file", "/nowhere/x"}},
    {AIRS_EXIT_COMPONENT, "io", "/nowhere/x.wasm", {"update", "echo", "/nowhere/x.wasm"}},
};

static void failures_are_told_by_their_exit_codes(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof failures / sizeof failures[0]; i++) {
        child_t child;
        const char *arguments[9] = {NULL};
        memcpy(arguments, failures[i].arguments, sizeof failures[i].arguments);
        child_run(&child, NULL, arguments);
        child_expect(&child, failures[i].exit_code);
        assert_string_equal(child.out, "");
        child_expect_text(&child, "err", failures[i].said);
        child_free(&child);
    }
}

static void failures_are_told_as_json(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof failures / sizeof failures[0]; i++) {
        child_t child;
        const char *arguments[9] = {failures[i].arguments[0], "--output=json"};
        bool crashed = strcmp(failures[i].status, "trap") == 0;
        memcpy(arguments + 2, failures[i].arguments + 1, sizeof failures[i].arguments - sizeof(char *));
        if (crashed) {
            arguments[2] = "trap/1"; /* the first one has ended */
        }
        child_run(&child, NULL, arguments);
        child_expect(&child, failures[i].exit_code);
        assert_string_equal(child.err, "");
        json_t *object = parse(&child);
        assert_string_equal(text_of(object, "status"), failures[i].status);
        if (!crashed) {
            assert_non_null(strstr(text_of(object, "message"), failures[i].said));
        }
        assert_null(json_object_get(object, "error"));
        json_decref(object);
        child_free(&child);
    }
}

/* Send the sleeper one more; returns the exit code. */
static int send_sleeper(const char *milliseconds, const char *option, const char *value) {
    child_t child;
    const char *const arguments[] = {"send", "sleeper/1", milliseconds, option, value, NULL};
    child_run(&child, NULL, arguments);
    int exit_code = child.exit_code;
    child_free(&child);
    return exit_code;
}

static void a_full_mailbox_refuses_and_can_be_waited_for(void **state) {
    (void)state;
    int exit_code = AIRS_EXIT_OK;
    /* One is in hand, one waits: the third finds no room, unless the machine is so busy that the first is done by then. Or
     * that it is not in hand yet: then it makes room in a moment, and there is one more to send. */
    for (int i = 0; i < 20 && exit_code == AIRS_EXIT_OK; i++) {
        for (int k = 0; k < 20 && exit_code == AIRS_EXIT_OK; k++) {
            exit_code = send_sleeper("2000", NULL, NULL);
        }
        assert_int_equal(exit_code, AIRS_EXIT_REFUSED);
        exit_code = send_sleeper("2000", "--wait", "10ms");
    }
    assert_int_equal(exit_code, AIRS_EXIT_TIMED_OUT);
    CLIENT_SAYS(AIRS_EXIT_TIMED_OUT, "err", "sleeper/1", "send", "sleeper/1", "0", "--wait", "10ms");
    CLIENT_SAYS(AIRS_EXIT_OK, "out", "", "send", "sleeper/1", "0", "--wait", "1m");
}

static void payloads_that_are_too_large_are_refused(void **state) {
    (void)state;
    child_t child;
    char *bytes = random_bytes(16 * MIB + 1);
    static const struct {
        size_t size;
        int exit_code;
        const char *target;
        const char *said;
    } cases[] = {
        {16 * MIB + 1, AIRS_EXIT_INPUT, "echo", "cannot read the payload from standard input"},
        {1025, AIRS_EXIT_REFUSED, "small", "1024"},
    };
    for (size_t i = 0; i < 2; i++) {
        const child_options_t options = {.input = bytes, .input_size = cases[i].size};
        const char *const arguments[] = {"call", cases[i].target, NULL};
        child_start(&child, &options, arguments);
        child_wait(&child);
        child_expect(&child, cases[i].exit_code);
        child_expect_text(&child, "err", cases[i].said);
        child_free(&child);
    }
    free(bytes);
}

static void mistakes_with_payloads_are_told(void **state) {
    (void)state;
    CLIENT_SAYS(AIRS_EXIT_INPUT, "err", "cannot read the payload from /nowhere/x: ", "send", "echo", "--file",
                "/nowhere/x");
    CLIENT_SAYS(AIRS_EXIT_USAGE, "err", "the payload is given twice", "send", "echo", "--file", "x", "y");
    CLIENT_SAYS(AIRS_EXIT_USAGE, "err", "--content-type: ", "send", "echo", "x", "--content-type",
                "a\r\nX: y");
    child_t child;
    const child_options_t options = {.terminal = true};
    const char *const arguments[] = {"send", "echo", NULL};
    child_start(&child, &options, arguments);
    child_wait(&child);
    child_expect(&child, AIRS_EXIT_USAGE);
    child_expect_text(&child, "err", "the payload is missing: give it as an argument");
    child_free(&child);
}

static void output_that_nobody_reads_is_no_reason_to_complain(void **state) {
    (void)state;
    child_t child;
    const child_options_t options = {.closed_output = true};
    const char *const arguments[] = {"ps", NULL};
    child_start(&child, &options, arguments);
    child_wait(&child);
    child_expect(&child, AIRS_EXIT_FAILURE);
    assert_string_equal(child.err, "");
    child_free(&child);
}

/* ---- send and publish ---- */

static void sending_is_silent_but_on_a_terminal(void **state) {
    (void)state;
    child_t child;
    CLIENT(&child, AIRS_EXIT_OK, "send", "echo", "x");
    assert_string_equal(child.out, "");
    assert_string_equal(child.err, "");
    child_free(&child);
    CLIENT_SAYS(AIRS_EXIT_OK, "out", "{\"status\":\"ok\",\"milliseconds\":", "send", "echo", "x", "--output",
                "json");
    const child_options_t options = {.terminal = true};
    const char *const arguments[] = {"send", "echo", "x", NULL};
    child_start(&child, &options, arguments);
    child_wait(&child);
    assert_string_equal(child.out, "accepted by echo\n");
    child_free(&child);
}

static void publishing_says_how_many_were_reached(void **state) {
    (void)state;
    static const struct {
        const char *topic;
        int reached;
        const char *told;
    } cases[] = {{"news.today", 1, "reached 1 subscriber\n"}, {"nobody.hears", 0, "reached 0 subscribers\n"}};
    for (size_t i = 0; i < 2; i++) {
        child_t child;
        CLIENT(&child, AIRS_EXIT_OK, "publish", cases[i].topic, "x", "--output", "json");
        json_t *object = parse(&child);
        assert_int_equal(number_of(object, "reached"), cases[i].reached);
        json_decref(object);
        child_free(&child);
        CLIENT(&child, AIRS_EXIT_OK, "publish", cases[i].topic, "x");
        assert_string_equal(child.out, "");
        child_free(&child);
        const child_options_t options = {.terminal = true};
        const char *const arguments[] = {"publish", cases[i].topic, "x", NULL};
        child_start(&child, &options, arguments);
        child_wait(&child);
        assert_string_equal(child.out, cases[i].told);
        child_free(&child);
    }
}

/* ---- ps ---- */

static void ps_shows_the_node_and_its_actors(void **state) {
    (void)state;
    child_t child;
    char pid[64];
    snprintf(pid, sizeof pid, "shop: running, pid %ld, up ", (long)node.pid);
    CLIENT(&child, AIRS_EXIT_OK, "ps");
    child_expect_text(&child, "out", pid);
    child_expect_text(&child, "out", "\nID         STATE    HEALTH ");
    child_expect_text(&child, "out", "  ERRORS  RESTARTS  ");
    child_expect_text(&child, "out", "\necho/0     running  ");
    child_expect_text(&child, "out", "\nhearer/0   running  ");
    child_expect_text(&child, "out", "/1024 ");
    assert_null(strstr(child.out, "\033"));
    assert_null(strstr(child.out, "SUBSCRIPTIONS"));
    for (const char *line = child.out; *line != '\0'; line += strcspn(line, "\n") + 1) {
        assert_in_range(strcspn(line, "\n"), 1, 120);
    }
    child_free(&child);
    CLIENT_SAYS(AIRS_EXIT_OK, "out", "  TOPICS  NAME", "ps", "--wide");
}

static void ps_shows_those_that_are_asked_for(void **state) {
    (void)state;
    child_t child;
    CLIENT(&child, AIRS_EXIT_OK, "ps", "echo");
    child_expect_text(&child, "out", "echo/0 ");
    child_expect_text(&child, "out", "echo/1 ");
    assert_null(strstr(child.out, "failing"));
    child_free(&child);
    CLIENT(&child, AIRS_EXIT_OK, "ps", "hearer/0");
    child_expect_text(&child, "out", "shop/hearer/0: up ");
    child_expect_text(&child, "out", "\n  mailbox policy    reject\n");
    child_expect_text(&child, "out", "\n  subscriptions     1\n");
    child_free(&child);
}

/* Until what `ps` shows of this one has all of the texts. */
static void await_shown(const char *target, const char *const *texts, size_t count) {
    size_t shown = 0;
    for (int tries = 0; tries < 1200 && shown < count; tries++) {
        const struct timespec moment = {0, 50000000};
        child_t child;
        (void)nanosleep(&moment, NULL);
        CLIENT(&child, AIRS_EXIT_OK, "ps", target);
        shown = 0;
        while (shown < count && strstr(child.out, texts[shown]) != NULL) {
            shown++;
        }
        child_free(&child);
    }
    if (shown < count) {
        fail_msg("ps %s does not show \"%s\"", target, texts[shown]);
    }
}

/* Everybody is asked within a second. */
static void ps_shows_how_well_they_are(void **state) {
    (void)state;
    static const char *const healthy[] = {"\n  health            healthy\n"};
    await_shown("hearer/0", healthy, 1);
}

/* It has come back; with the frames of its backtrace below each other. */
static void ps_shows_why_one_was_restarted(void **state) {
    (void)state;
    static const char *const texts[] = {
        "shop/phoenix/1: up ",
        "\n  state             running\n",
        "\n  restarts          1\n",
        "\n  failed            20",
        "\n  failure           trap\n",
        ("\n  failure reason    wasm trap: wasm `unreachable` instruction executed\n"
         "                        0: fall_into_the_fire (+0x"),
        ")\n                        1: airs_on_message (+0x",
    };
    CLIENT_SAYS(AIRS_EXIT_FAILED, "err", "unreachable", "call", "phoenix/1", "trap");
    await_shown("phoenix/1", texts, sizeof texts / sizeof texts[0]);
    CLIENT_SAYS(AIRS_EXIT_OK, "out", "1", "call", "phoenix/1", "heard");
}

/* Between two runs: how often it has run, and that a timer brings the next run. */
static void ps_shows_commands(void **state) {
    (void)state;
    static const char *const texts[] = {
        "shop/job/0: up ",           "\n  state             running\n", "\n  handled           1\n",
        "\n  timers            1\n", "\n  errors            0\n",       "\n  next run          20",
        "\n  ran               20",
    };
    child_t child;
    await_shown("job/0", texts, sizeof texts / sizeof texts[0]);
    CLIENT(&child, AIRS_EXIT_OK, "ps", "--wide", "job/0");
    assert_null(strstr(child.out, "next run seconds"));
    child_free(&child);
    CLIENT(&child, AIRS_EXIT_OK, "ps", "--output", "json", "job");
    json_t *object = parse(&child);
    const json_t *job = json_array_get(json_object_get(object, "actors"), 0);
    double left = json_real_value(json_object_get(job, "next_run_seconds"));
    assert_true(left > 0 && left <= 3600);
    json_decref(object);
    child_free(&child);
    CLIENT_SAYS(AIRS_EXIT_FAILURE, "err", "shop/job/0 is a command, which takes no messages", "call", "job/0",
                "hello");
}

/* One that runs once is no actor any more when it has; its supervisor knows how it ended. */
static void ps_shows_how_a_command_ended(void **state) {
    (void)state;
    child_t child;
    const json_t *once = NULL;
    json_t *object = NULL;
    for (int tries = 0; tries < 200 && json_object_get(once, "ended") == NULL; tries++) {
        const struct timespec moment = {0, 50000000};
        json_decref(object);
        (void)nanosleep(&moment, NULL);
        CLIENT(&child, AIRS_EXIT_OK, "ps", "--output", "json");
        object = parse(&child);
        child_free(&child);
        size_t index = 0;
        const json_t *each = NULL;
        json_array_foreach(json_object_get(object, "supervisors"), index, each) {
            once = strcmp(text_of(each, "name"), "shop/once/0") == 0 ? each : once;
        }
    }
    assert_string_equal(text_of(once, "state"), "ended");
    assert_string_equal(text_of(once, "end"), "normal");
    assert_string_equal(text_of(once, "end_reason"), "");
    assert_int_equal(strlen(text_of(once, "ended")), strlen("2026-11-21T09:45:03.120Z"));
    json_decref(object);
    CLIENT(&child, AIRS_EXIT_OK, "ps", "--tree");
    child_expect_text(&child, "out", "\n  once/0     ended           0  transient  -            normal\n");
    child_free(&child);
}

static void ps_as_json_is_what_the_node_says(void **state) {
    (void)state;
    child_t child;
    CLIENT(&child, AIRS_EXIT_OK, "ps", "--output", "json", "echo");
    json_t *object = parse(&child);
    const json_t *told = json_object_get(object, "node");
    assert_string_equal(text_of(told, "application"), "shop");
    assert_int_equal(number_of(told, "pid"), node.pid);
    assert_int_equal(json_array_size(json_object_get(object, "actors")), 2);
    const json_t *actor = json_array_get(json_object_get(object, "actors"), 1);
    assert_string_equal(text_of(actor, "id"), "shop/echo/1");
    assert_string_equal(text_of(actor, "supervisor"), "echo");
    assert_true(json_is_real(json_object_get(actor, "uptime_seconds")));
    const json_t *root = json_array_get(json_object_get(object, "supervisors"), 0);
    assert_string_equal(text_of(root, "name"), "echo");
    assert_string_equal(text_of(root, "kind"), "supervisor");
    assert_string_equal(text_of(root, "strategy"), "one-for-one");
    assert_null(json_object_get(root, "supervisor"));
    const json_t *instance = json_array_get(json_object_get(object, "supervisors"), 2);
    assert_string_equal(text_of(instance, "name"), "shop/echo/1");
    assert_string_equal(text_of(instance, "supervisor"), "echo");
    assert_string_equal(text_of(instance, "restart"), "permanent");
    assert_int_equal(number_of(instance, "depth"), 1);
    json_decref(object);
    child_free(&child);
}

static void ps_shows_who_supervises_whom(void **state) {
    (void)state;
    child_t child;
    CLIENT(&child, AIRS_EXIT_OK, "ps", "--tree");
    child_expect_text(&child, "out", "shop: running, pid ");
    child_expect_text(&child, "out", "\nNAME         STATE    RESTARTS  RESTART    STRATEGY     END\n");
    child_expect_text(&child, "out",
                      "\necho         running         0  -          one-for-one  -\n"
                      "  echo/0     running         0  permanent  -            -\n"
                      "  echo/1     running         0  permanent  -            -\n");
    child_free(&child);
    CLIENT_SAYS(AIRS_EXIT_USAGE, "err", "--tree shows all supervisors", "ps", "--tree", "echo");
}

/* ---- dead letters ---- */

static void dead_letters_are_shown_harmlessly(void **state) {
    (void)state;
    child_t child;
    /* What is shown ends in the middle of a character. */
    char longer[202] = "-x\001";
    for (size_t i = 3; i + 1 < sizeof longer; i += 2) {
        memcpy(longer + i, "\xc3\xa4", 2);
    }
    CLIENT_SAYS(AIRS_EXIT_OK, "out", "", "send", "failing", "--content-type", "text/plain", "--", longer);
    CLIENT_SAYS(AIRS_EXIT_OK, "out", "", "send", "failing", "red \033[31m");
    /* Behind both of them in the same mailbox: they have been answered when this is. */
    CLIENT_SAYS(AIRS_EXIT_FAILED, "err", "third", "call", "failing", "third");
    CLIENT(&child, AIRS_EXIT_OK, "dead-letters", "--reason", "handler-error");
    child_expect_text(&child, "out", " handler-error: message, airssys/host/0 -> shop/failing/0\n");
    child_expect_text(&child, "out", "    201B of text/plain: -x\\x01");
    child_expect_text(&child, "out", "\xc3\xa4 ...\n");
    child_expect_text(&child, "out", "    9B: red \\x1b[31m\n");
    child_expect_text(&child, "out", " handler-error");
    assert_null(strchr(child.out, '\033'));
    child_free(&child);
}

static void dead_letters_of_bytes_are_shown_as_numbers(void **state) {
    (void)state;
    child_t child;
    /* An error that is not UTF-8 is no result: the actor ends. */
    CLIENT_SAYS(AIRS_EXIT_FAILED, "err", "utf-8", "call", "failing", "\xff\xfe");
    CLIENT(&child, AIRS_EXIT_OK, "dead-letters", "--reason", "crashed");
    child_expect_text(&child, "out", " crashed: request, airssys/host/0 -> shop/failing/0\n");
    child_expect_text(&child, "out", "\n    2B: \\xff\\xfe\n");
    child_free(&child);
}

/* The innermost frame first, by name. */
static void dead_letters_show_the_backtrace_of_a_crash(void **state) {
    (void)state;
    child_t child;
    CLIENT_SAYS(AIRS_EXIT_FAILED, "err", "unreachable", "call", "phoenix/0", "trap");
    CLIENT(&child, AIRS_EXIT_OK, "dead-letters", "--limit", "1");
    child_expect_text(&child, "out",
                      " crashed: request, airssys/host/0 -> shop/phoenix/0\n"
                      "    wasm trap: wasm `unreachable` instruction executed\n"
                      "        0: fall_into_the_fire (+0x");
    child_expect_text(&child, "out", ")\n        1: airs_on_message (+0x");
    child_expect_text(&child, "out", ")\n    4B: trap\n");
    child_free(&child);
    CLIENT(&child, AIRS_EXIT_OK, "dead-letters", "--limit", "1", "--output", "json");
    json_t *object = parse(&child);
    const char *detail = text_of(json_array_get(json_object_get(object, "letters"), 0), "detail");
    assert_memory_equal(
        detail, "wasm trap: wasm `unreachable` instruction executed\n    0: fall_into_the_fire (+0x", 80);
    json_decref(object);
    child_free(&child);
}

static void dead_letters_can_be_chosen(void **state) {
    (void)state;
    child_t child;
    CLIENT(&child, AIRS_EXIT_OK, "dead-letters", "--reason", "handler-error", "--limit", "1", "--output",
           "json");
    json_t *object = parse(&child);
    const json_t *letters = json_object_get(object, "letters");
    assert_true(number_of(object, "total") >= 2);
    assert_int_equal(json_array_size(letters), 1);
    assert_string_equal(text_of(json_array_get(letters, 0), "payload"), "cmVkIBtbMzFt");
    json_decref(object);
    child_free(&child);
    CLIENT(&child, AIRS_EXIT_OK, "dead-letters", "--limit", "0");
    assert_null(strchr(child.out, '#'));
    child_expect_text(&child, "out", " handler-error");
    child_free(&child);
}

/* ---- which node ---- */

static void without_a_node_it_is_told_what_was_looked_at(void **state) {
    (void)state;
    airs_temporary_folder_t empty;
    airs_temporary_folder_create(&empty);
    child_share_runtime_folder(empty.path);
    CLIENT_SAYS(AIRS_EXIT_NODE, "err", "no node runs: ", "ps");
    CLIENT_SAYS(AIRS_EXIT_NODE, "err", "/airssys: No such file or directory", "ps");
    CLIENT_SAYS(AIRS_EXIT_NODE, "err", "'airssys run' starts a node", "send", "echo", "x");
    /* Somebody else's folder would look like this, or have another owner. */
    char link[AIRS_TEMPORARY_PATH_MAX];
    char sockets[AIRS_TEMPORARY_PATH_MAX];
    airs_temporary_file_path(&empty, "airssys", link);
    assert_int_equal(symlink(airs_temporary_file_path(&folder, "airssys", sockets), link), 0);
    CLIENT_SAYS(AIRS_EXIT_NODE, "err", "/airssys is not used: it is no folder of this user's own", "ps");
    assert_int_equal(unlink(link), 0);
    airs_temporary_folder_make(&empty, "airssys");
    CLIENT_SAYS(AIRS_EXIT_NODE, "err", "there is no socket in ", "ps");
    CLIENT_SAYS(AIRS_EXIT_NODE, "err", "no node runs as 'shop'", "ps", "--node", "shop");
    CLIENT_SAYS(AIRS_EXIT_NODE, "out", "{\"status\":\"not-found\",\"message\":\"no node runs", "ps",
                "--output=json");
    child_share_runtime_folder(folder.path);
    airs_temporary_folder_remove(&empty);
}

static void a_dead_socket_is_said_to_be_dead(void **state) {
    (void)state;
    char path[AIRS_TEMPORARY_PATH_MAX];
    place_socket("grave", true);
    /* The one that lives is found all the same. */
    CLIENT_SAYS(AIRS_EXIT_OK, "out", "shop: running", "ps");
    CLIENT_SAYS(AIRS_EXIT_NODE, "err", "nobody listens at ", "ps", "--node", "grave");
    airs_temporary_file_path(&folder, "airssys/grave.sock", path);
    CLIENT_SAYS(AIRS_EXIT_NODE, "err", "the node that made it has died", "ps", "--socket", path);
    remove_socket("grave");
}

static void of_several_nodes_one_is_chosen(void **state) {
    (void)state;
    char path[AIRS_TEMPORARY_PATH_MAX];
    int listening = place_socket("other", false);
    child_t child;
    CLIENT(&child, AIRS_EXIT_NODE, "ps");
    child_expect_text(&child, "err", "several nodes run: ");
    child_expect_text(&child, "err", "other");
    child_expect_text(&child, "err", "shop");
    child_expect_text(&child, "err", "choose one with --node NAME");
    child_free(&child);
    CLIENT_SAYS(AIRS_EXIT_OK, "out", "shop: running", "ps", "--node", "shop");
    CLIENT_SAYS(AIRS_EXIT_NODE, "err", "no node runs as 'shpo'; there is: ", "ps", "--node", "shpo");
    airs_temporary_file_path(&folder, "airssys/shop.sock", path);
    CLIENT_SAYS(AIRS_EXIT_OK, "out", "shop: running", "ps", "--socket", path);
    setenv("AIRSSYS_SOCKET", path, 1);
    CLIENT_SAYS(AIRS_EXIT_OK, "out", "shop: running", "ps");
    setenv("AIRSSYS_SOCKET", "/nowhere/x.sock", 1);
    CLIENT_SAYS(AIRS_EXIT_NODE, "err", "there is no socket /nowhere/x.sock", "ps");
    CLIENT_SAYS(AIRS_EXIT_OK, "out", "shop: running", "ps", "--node", "shop");
    unsetenv("AIRSSYS_SOCKET");
    close(listening);
    remove_socket("other");
}

static void what_cannot_name_a_node_is_refused(void **state) {
    (void)state;
    char path[AIRS_TEMPORARY_PATH_MAX];
    CLIENT_SAYS(AIRS_EXIT_USAGE, "err", "either --socket or --node", "ps", "--node", "a", "--socket", "b");
    CLIENT_SAYS(AIRS_EXIT_USAGE, "err", "'../x' is no name of a node", "ps", "--node", "../x");
    char longer[200];
    memset(longer, 'x', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    CLIENT_SAYS(AIRS_EXIT_NODE, "err", "the path of a socket has 107 bytes at most", "ps", "--socket",
                longer);
    airs_temporary_file_path(&folder, "airssys.toml", path);
    CLIENT_SAYS(AIRS_EXIT_NODE, "err", "nobody listens at ", "ps", "--socket", path);
}

/* ---- stop ---- */

static void actors_are_stopped_and_named(void **state) {
    (void)state;
    child_t child;
    CLIENT(&child, AIRS_EXIT_OK, "stop", "echo/0", "hearer");
    assert_string_equal(child.out, "stopped shop/echo/0\nstopped shop/hearer/0\n");
    child_free(&child);
    CLIENT(&child, AIRS_EXIT_OK, "stop", "echo", "--drop", "--output", "json");
    assert_string_equal(child.out, "{\"stopped\":[\"shop/echo/1\"]}\n");
    child_free(&child);
    /* What is wrong with one of them keeps nobody else running. */
    CLIENT(&child, AIRS_EXIT_TARGET, "stop", "echo", "small");
    assert_string_equal(child.out, "stopped shop/small/0\n");
    child_expect_text(&child, "err", "echo");
    child_free(&child);
}

static void an_actor_that_does_not_stop_in_time_is_told(void **state) {
    (void)state;
    CLIENT_SAYS(AIRS_EXIT_OK, "out", "", "send", "sleeper/0", "30000", "--wait", "10s");
    CLIENT_SAYS(AIRS_EXIT_TIMED_OUT, "err", "sleeper/0", "stop", "sleeper/0", "--timeout", "50ms");
}

static void the_node_is_stopped_in_order(void **state) {
    (void)state;
    child_t child;
    char said[96];
    snprintf(said, sizeof said, "the node has stopped (process %ld)\n", (long)node.pid);
    CLIENT(&child, AIRS_EXIT_OK, "stop", "--all");
    assert_string_equal(child.out, said);
    child_free(&child);
    child_wait(&node);
    child_expect_text(&node, "err", "told to stop over the admin socket");
    CLIENT_SAYS(AIRS_EXIT_NODE, "err", "no node runs: there is no socket in ", "ps");
}

/* ---- the stage ---- */

static int start_node(void **state) {
    (void)state;
    airs_temporary_folder_create(&folder);
    airs_guest_manifest_write(&folder, manifest);
    child_share_runtime_folder(folder.path);
    unsetenv("AIRSSYS_SOCKET");
    const char *const arguments[] = {"run", "--log", "debug", folder.path, NULL};
    const child_options_t options = {.input = NULL};
    child_start(&node, &options, arguments);
    child_wait_for(&node, "err", "listening at ");
    return 0;
}

static int end_node(void **state) {
    (void)state;
    if (node.out == NULL) { /* a test has failed before it was stopped */
        child_signal(&node, SIGKILL);
        child_wait(&node);
    }
    child_free(&node);
    airs_temporary_folder_remove(&folder);
    return 0;
}

int main(void) {
    /* In this order: the last ones stop what the others need. */
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_is_printed_as_it_is),
        cmocka_unit_test(targets_are_written_in_four_ways),
        cmocka_unit_test(large_payloads_come_back_byte_for_byte),
        cmocka_unit_test(the_payload_comes_from_a_file_or_from_standard_input),
        cmocka_unit_test(an_answer_as_json_has_what_is_known_of_it),
        cmocka_unit_test(a_terminal_is_not_steered_by_an_answer),
        cmocka_unit_test(failures_are_told_by_their_exit_codes),
        cmocka_unit_test(failures_are_told_as_json),
        cmocka_unit_test(a_full_mailbox_refuses_and_can_be_waited_for),
        cmocka_unit_test(payloads_that_are_too_large_are_refused),
        cmocka_unit_test(mistakes_with_payloads_are_told),
        cmocka_unit_test(output_that_nobody_reads_is_no_reason_to_complain),
        cmocka_unit_test(sending_is_silent_but_on_a_terminal),
        cmocka_unit_test(publishing_says_how_many_were_reached),
        cmocka_unit_test(ps_shows_the_node_and_its_actors),
        cmocka_unit_test(ps_shows_those_that_are_asked_for),
        cmocka_unit_test(ps_shows_how_well_they_are),
        cmocka_unit_test(ps_shows_why_one_was_restarted),
        cmocka_unit_test(ps_shows_commands),
        cmocka_unit_test(ps_shows_how_a_command_ended),
        cmocka_unit_test(ps_as_json_is_what_the_node_says),
        cmocka_unit_test(ps_shows_who_supervises_whom),
        cmocka_unit_test(dead_letters_are_shown_harmlessly),
        cmocka_unit_test(dead_letters_show_the_backtrace_of_a_crash),
        cmocka_unit_test(dead_letters_can_be_chosen),
        cmocka_unit_test(dead_letters_of_bytes_are_shown_as_numbers),
        cmocka_unit_test(without_a_node_it_is_told_what_was_looked_at),
        cmocka_unit_test(a_dead_socket_is_said_to_be_dead),
        cmocka_unit_test(of_several_nodes_one_is_chosen),
        cmocka_unit_test(what_cannot_name_a_node_is_refused),
        cmocka_unit_test(actors_are_stopped_and_named),
        cmocka_unit_test(an_actor_that_does_not_stop_in_time_is_told),
        cmocka_unit_test(the_node_is_stopped_in_order),
    };
    return cmocka_run_group_tests(tests, start_node, end_node);
}
