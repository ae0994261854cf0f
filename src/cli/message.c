/* airssys send, call and publish: one message from the command line. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/client/client.h"
#include "cli/command.h"
#include "cli/complaint.h"
#include "cli/exit_code.h"
#include "cli/payload_source.h"
#include "cli/visible_text.h"
#include "core/content_type.h"
#include "node/admin/admin_report.h"

#define CALL_TIMEOUT_MS 30000
/* What an answer may take beyond the time that the node was given for it. */
#define GRACE_MS 10000
#define DAY_MS 86400000
#define NS_PER_MS 1e6

typedef struct message message_t;

/* What the three verbs differ in. */
typedef struct manner {
    const char *path;      /* what the target is appended to */
    const char *parameter; /* that the time goes into; NULL: none */
    /* The members of the answer as JSON, a comma in front of each. False after saying what is wrong. */
    bool (*append_json)(const message_t *message, const airs_http_answer_t *answer, airs_text_t *out);
    /* The same for a person. False likewise. */
    bool (*show)(const message_t *message, const airs_http_answer_t *answer);
} manner_t;

struct message {
    const manner_t *manner;
    airs_client_t client;
    airs_client_options_t options;
    airs_payload_source_t source;
    const char *content_type; /* NULL: none */
    uint64_t timeout_ms;
    const char *target; /* or topic */
};

/* ---- send ---- */

/* A message that was accepted is no news but to who types. */
static bool show_send(const message_t *message, const airs_http_answer_t *answer) {
    (void)answer;
    if (isatty(STDOUT_FILENO) != 0) {
        printf("accepted by %s\n", message->target);
    }
    return true;
}

static bool append_send(const message_t *message, const airs_http_answer_t *answer, airs_text_t *out) {
    (void)message;
    (void)answer;
    (void)out;
    return true;
}

/* ---- call ---- */

/* Exactly the bytes into a file or a pipe. On a terminal nothing that could steer it, and the prompt that follows
 * begins a line of its own. */
static bool show_call(const message_t *message, const airs_http_answer_t *answer) {
    airs_str_t body = airs_text_view(&answer->body);
    (void)message;
    if (isatty(STDOUT_FILENO) == 0) {
        (void)fwrite(airs_text_cstr(&answer->body), 1, body.size, stdout);
        return true;
    }
    airs_visible_print(body, true, stdout);
    if (body.size > 0 && body.data[body.size - 1] != '\n') {
        (void)fputc('\n', stdout);
    }
    return true;
}

static void append_member(airs_text_t *out, const char *name, const airs_text_t *text) {
    airs_text_append_format(out, ",\"%s\":", name);
    airs_text_append_json(out, airs_text_view(text));
}

static bool append_call(const message_t *message, const airs_http_answer_t *answer, airs_text_t *out) {
    airs_str_t body = airs_text_view(&answer->body);
    (void)message;
    append_member(out, "sender", &answer->sender);
    append_member(out, "content_type", &answer->content_type);
    airs_admin_report_payload(out, airs_bytes(body.data, body.size), UINT64_MAX);
    return true;
}

/* ---- publish ---- */

static bool read_reached(const message_t *message, const airs_http_answer_t *answer, uint64_t *reached) {
    json_t *object = airs_client_object(&message->client, answer);
    if (object != NULL) {
        *reached = airs_json_number(object, "reached");
    }
    json_decref(object);
    return object != NULL;
}

static bool show_publish(const message_t *message, const airs_http_answer_t *answer) {
    uint64_t reached = 0;
    if (!read_reached(message, answer, &reached)) {
        return false;
    }
    if (isatty(STDOUT_FILENO) != 0) {
        printf("reached %" PRIu64 " subscriber%s\n", reached, reached == 1 ? "" : "s");
    }
    return true;
}

static bool append_publish(const message_t *message, const airs_http_answer_t *answer, airs_text_t *out) {
    uint64_t reached = 0;
    bool known = read_reached(message, answer, &reached);
    airs_text_append_format(out, ",\"reached\":%" PRIu64, reached);
    return known;
}

/* ---- all of them ---- */

static uint64_t now_ns(void) { return airs_clock_monotonic(airs_clock_system()); }

static int show(const message_t *message, const airs_http_answer_t *answer, uint64_t took_ns) {
    const manner_t *manner = message->manner;
    if (!message->client.json) {
        return manner->show(message, answer) ? airs_client_finish(&message->client) : AIRS_EXIT_FAILURE;
    }
    airs_text_t text;
    airs_text_init(&text, airs_allocator_default());
    airs_text_append_format(&text, "{\"status\":\"ok\",\"milliseconds\":%.3f", (double)took_ns / NS_PER_MS);
    bool known = manner->append_json(message, answer, &text);
    airs_text_append(&text, airs_str("}"));
    int exit_code = known ? airs_client_print_line(&message->client, &text) : AIRS_EXIT_FAILURE;
    airs_text_free(&text);
    return exit_code;
}

/* What the node is asked for. */
static void append_path(const message_t *message, airs_text_t *out) {
    airs_text_append(out, airs_str(message->manner->path));
    airs_http_append_encoded(out, airs_str(message->target));
    if (message->manner->parameter != NULL) {
        airs_text_append_format(out, "&%s=%" PRIu64, message->manner->parameter, message->timeout_ms);
    }
}

static int post(message_t *message) {
    airs_http_answer_t answer;
    airs_text_t path;
    airs_text_init(&path, airs_allocator_default());
    append_path(message, &path);
    if (airs_text_status(&path) != AIRS_OK) {
        airs_client_tell(&message->client, AIRS_OUT_OF_MEMORY, "no memory for the request");
        airs_text_free(&path);
        return AIRS_EXIT_FAILURE;
    }
    airs_http_request_t request = {
        .method = "POST",
        .path = airs_text_cstr(&path),
        .content_type = airs_str(message->content_type),
        .body = message->source.payload,
        .timeout_ms = message->timeout_ms + GRACE_MS,
    };
    uint64_t begin_ns = now_ns();
    int exit_code = airs_client_ask(&message->client, &request, &answer);
    if (exit_code == AIRS_EXIT_OK) {
        exit_code = show(message, &answer, now_ns() - begin_ns);
    }
    airs_http_answer_free(&answer);
    airs_text_free(&path);
    return exit_code;
}

static int deliver(const airs_verb_t *verb, void *context, char **arguments, int count) {
    message_t *message = context;
    airs_error_t error;
    message->target = arguments[0];
    message->source.argument = count > 1 ? arguments[1] : NULL;
    /* It becomes a line of the request's head. */
    if (airs_content_type_check(airs_str(message->content_type), &error) != AIRS_OK) {
        return airs_usage_error(verb, "--content-type: %s", error.text);
    }
    /* The node first: nobody types a payload for one that is not there. */
    int exit_code = airs_client_open(&message->client, verb, &message->options);
    if (exit_code == AIRS_EXIT_OK) {
        exit_code = airs_payload_source_read(&message->source, verb, &error);
        if (error.status != AIRS_OK) {
            airs_client_tell(&message->client, error.status, error.text);
        }
    }
    if (exit_code == AIRS_EXIT_OK) {
        exit_code = post(message);
    }
    airs_payload_source_free(&message->source);
    airs_client_close(&message->client);
    return exit_code;
}

/* ---- the command lines ---- */

static const int exit_codes[] = {AIRS_CLIENT_EXIT_CODES, AIRS_EXIT_INPUT, AIRS_EXIT_TARGET, -1};
static const int publish_exit_codes[] = {AIRS_CLIENT_EXIT_CODES, AIRS_EXIT_INPUT, -1};
static const int call_exit_codes[] = {AIRS_CLIENT_EXIT_CODES, AIRS_EXIT_INPUT, AIRS_EXIT_TARGET,
                                      AIRS_EXIT_FAILED, -1};

#define MESSAGE_OPTIONS(m)                                                                                 \
    AIRS_OPTION_TEXT("file", 'f', "FILE", "the payload is what FILE has; \"-\" is standard input",         \
                     &(m).source.file),                                                                    \
        AIRS_OPTION_TEXT("content-type", 't', "TYPE", "of the payload; default: none", &(m).content_type), \
        AIRS_CLIENT_OPTIONS((m).options)

#define PAYLOAD_HELP                                                                                         \
    "PAYLOAD is sent as it is, 16 MiB at most; without it, or when it is -, standard input is read to its\n" \
    "end. Behind -- it may begin with a dash.\n"

int airs_verb_send(int argc, char **argv) {
    static const manner_t manner = {"/v1/send?to=", "wait-ms", append_send, show_send};
    message_t message = {.manner = &manner, .timeout_ms = 0};
    const airs_option_t options[] = {
        AIRS_OPTION_TIME("wait", "wait so long for room in a full mailbox; default: not", &message.timeout_ms,
                         DAY_MS),
        MESSAGE_OPTIONS(message),
    };
    const airs_verb_t verb = {
        .name = "send",
        .usage = "TARGET [PAYLOAD]",
        .summary = "Send a message to an actor of a running node.",
        .help = AIRS_CLIENT_TARGET_HELP PAYLOAD_HELP
        "It ends as soon as the message is in the actor's mailbox, and prints nothing into a pipe.\n"
        "\n"
        "Examples:\n"
        "  airssys send counter 'one more'\n"
        "  airssys send counter/2 --file picture.png --content-type image/png\n",
        .options = options,
        .option_count = sizeof options / sizeof options[0],
        .exit_codes = exit_codes,
        .min_arguments = 1,
        .max_arguments = 2,
    };
    return airs_verb_run_with(&verb, argc, argv, deliver, &message);
}

int airs_verb_call(int argc, char **argv) {
    static const manner_t manner = {"/v1/call?to=", "timeout-ms", append_call, show_call};
    message_t message = {.manner = &manner, .timeout_ms = CALL_TIMEOUT_MS};
    const airs_option_t options[] = {
        AIRS_OPTION_TIME("timeout", "how long the answer may take, such as 500ms or 5s; default: 30s",
                         &message.timeout_ms, DAY_MS),
        MESSAGE_OPTIONS(message),
    };
    const airs_verb_t verb = {
        .name = "call",
        .usage = "TARGET [PAYLOAD]",
        .summary = "Ask an actor of a running node, and print what it answers.",
        .help = AIRS_CLIENT_TARGET_HELP PAYLOAD_HELP
        "The answer's bytes go into a pipe or file as they are; a terminal is shown control characters as "
        "\\xNN.\n"
        "\n"
        "Examples:\n"
        "  airssys call desk '{\"order\":7}' --content-type application/json --timeout 2s\n"
        "  tar c src | airssys call archive/0 --output json\n",
        .options = options,
        .option_count = sizeof options / sizeof options[0],
        .exit_codes = call_exit_codes,
        .min_arguments = 1,
        .max_arguments = 2,
    };
    return airs_verb_run_with(&verb, argc, argv, deliver, &message);
}

int airs_verb_publish(int argc, char **argv) {
    static const manner_t manner = {"/v1/publish?topic=", NULL, append_publish, show_publish};
    message_t message = {.manner = &manner};
    const airs_option_t options[] = {MESSAGE_OPTIONS(message)};
    const airs_verb_t verb = {
        .name = "publish",
        .usage = "TOPIC [PAYLOAD]",
        .summary = "Publish a message to the subscribers of a topic of a running node.",
        .help = "TOPIC is tokens with dots between them, without \"*\" and \">\".\n" PAYLOAD_HELP
                "That nobody is subscribed is no error; --output json says how many were reached.\n"
                "\n"
                "Example:\n"
                "  airssys publish orders.new '{\"order\":7}'\n",
        .options = options,
        .option_count = sizeof options / sizeof options[0],
        .exit_codes = publish_exit_codes,
        .min_arguments = 1,
        .max_arguments = 2,
    };
    return airs_verb_run_with(&verb, argc, argv, deliver, &message);
}
