/* airssys dead-letters: what a running node accepted and did not handle. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <sodium.h>

#include <airssys/dead_letter.h>

#include "cli/client/client.h"
#include "cli/command.h"
#include "cli/complaint.h"
#include "cli/exit_code.h"
#include "cli/progress.h"
#include "cli/visible_text.h"
#include "core/utf8.h"
#include "node/quantity.h"

#define TIMEOUT_MS 10000
#define LIMIT_DEFAULT 20
#define LIMIT_MAX 10000
/* Of a payload that is shown; and that is asked for, so that it can be seen where its last character ends. */
#define SHOWN_BYTES 64
#define ASKED_BYTES (SHOWN_BYTES + 4)

static const char *const reasons[] = {
#define REASON_TEXT(name, text) text,
    AIRS_DEAD_LETTER_MAP(REASON_TEXT)
#undef REASON_TEXT
        NULL,
};

typedef struct dead_letters {
    airs_client_t client;
    airs_client_options_t options;
    uint64_t limit;
    int reason; /* -1: any */
} dead_letters_t;

static void print_text(const json_t *object, const char *name) {
    airs_visible_print(airs_str(airs_json_text(object, name)), false, stdout);
}

static void print_payload(const json_t *letter) {
    char size_text[AIRS_QUANTITY_TEXT_MAX];
    uint8_t bytes[ASKED_BYTES];
    size_t told = 0;
    uint64_t size = airs_json_number(letter, "size");
    const char *payload = airs_json_text(letter, "payload");
    const char *type = airs_json_text(letter, "content_type");
    printf("    %s", airs_size_format(size, size_text));
    if (type[0] != '\0') {
        printf(" of ");
        airs_visible_print(airs_str(type), false, stdout);
    }
    /* Fails for more than was asked for too: then nothing is shown. */
    if (sodium_base642bin(bytes, sizeof bytes, payload, strlen(payload), NULL, &told, NULL,
                          sodium_base64_VARIANT_ORIGINAL) == 0 &&
        told > 0) {
        airs_str_t text = airs_str_n((const char *)bytes, told);
        text.size = airs_utf8_cut(text, SHOWN_BYTES);
        printf(": ");
        airs_visible_print(text, false, stdout);
        printf("%s", text.size < size ? " ..." : "");
    }
    printf("\n");
}

/* "#12 2026-11-21T09:45:03.120Z crashed: request, a/b/0 -> a/c/0", then why and what. */
static void print_letter(const json_t *letter) {
    printf("#%" PRIu64 " %s %s: %s, ", airs_json_number(letter, "serial"), airs_json_text(letter, "died"),
           airs_json_text(letter, "reason"), airs_json_text(letter, "kind"));
    print_text(letter, "sender");
    printf(" -> ");
    print_text(letter, "target");
    printf("\n");
    airs_str_t detail = airs_str(airs_json_text(letter, "detail"));
    if (detail.size > 0) {
        printf("    ");
        airs_visible_print_block(detail, 4, stdout);
        printf("\n");
    }
    print_payload(letter);
}

static void print_counts(json_t *object) {
    const char *reason = NULL;
    json_t *count = NULL;
    char text[AIRS_COUNT_TEXT_MAX];
    uint64_t total = airs_json_number(object, "total");
    printf("%s dead letter%s", airs_count_text(total, text), total == 1 ? "" : "s");
    const char *before = ": ";
    json_object_foreach(json_object_get(object, "by_reason"), reason, count) {
        if (json_integer_value(count) > 0) {
            printf("%s%s %s", before, airs_count_text((uint64_t)json_integer_value(count), text), reason);
            before = ", ";
        }
    }
    printf("\n");
}

static int print_all(const airs_client_t *client, const airs_http_answer_t *answer) {
    size_t index = 0;
    const json_t *letter = NULL;
    json_t *object = airs_client_object(client, answer);
    if (object == NULL) {
        return AIRS_EXIT_FAILURE;
    }
    json_array_foreach(json_object_get(object, "letters"), index, letter) { print_letter(letter); }
    print_counts(object);
    json_decref(object);
    return airs_client_finish(client);
}

static int show(dead_letters_t *self) {
    airs_text_t path;
    airs_http_answer_t answer;
    airs_text_init(&path, airs_allocator_default());
    airs_text_append_format(&path, "/v1/dead-letters?limit=%" PRIu64, self->limit);
    if (self->reason >= 0) {
        airs_text_append_format(&path, "&reason=%s", reasons[self->reason]);
    }
    if (!self->client.json) {
        airs_text_append_format(&path, "&payload-bytes=%d", ASKED_BYTES);
    }
    airs_http_request_t request = {.method = "GET", .path = airs_text_cstr(&path), .timeout_ms = TIMEOUT_MS};
    int exit_code = airs_client_ask(&self->client, &request, &answer);
    if (exit_code == AIRS_EXIT_OK) {
        exit_code = self->client.json ? airs_client_print_line(&self->client, &answer.body)
                                      : print_all(&self->client, &answer);
    }
    airs_http_answer_free(&answer);
    airs_text_free(&path);
    return exit_code;
}

static int run(const airs_verb_t *verb, void *context, char **arguments, int count) {
    dead_letters_t *self = context;
    (void)arguments;
    (void)count;
    int exit_code = airs_client_open(&self->client, verb, &self->options);
    if (exit_code == AIRS_EXIT_OK) {
        exit_code = show(self);
    }
    airs_client_close(&self->client);
    return exit_code;
}

int airs_verb_dead_letters(int argc, char **argv) {
    static const int exit_codes[] = {AIRS_CLIENT_EXIT_CODES, -1};
    dead_letters_t self = {.limit = LIMIT_DEFAULT, .reason = -1};
    const airs_option_t options[] = {
        AIRS_OPTION_NUMBER("limit", 'l', "N", "the newest N; default: 20", &self.limit, 0, LIMIT_MAX),
        AIRS_OPTION_WORD("reason", 'r', "REASON", "only those with this reason", &self.reason, reasons),
        AIRS_CLIENT_OPTIONS(self.options),
    };
    const airs_verb_t verb = {
        .name = "dead-letters",
        .usage = "",
        .summary = "Show the messages that a running node accepted and did not handle.",
        .help =
            "The newest comes last. REASON is handler-error (the receiver answered with an error), crashed\n"
            "(it crashed with the message in hand), receiver-ended (the message waited for an actor that\n"
            "crashed), stopped (it came behind a stop), dropped-oldest (it made room for a newer one) or\n"
            "subscriber-full (it was published, and this subscriber did not take it).\n"
            "\n"
            "Examples:\n"
            "  airssys dead-letters --reason crashed --limit 5\n"
            "  airssys dead-letters --output json | jq -r '.letters[-1].payload' | base64 -d\n",
        .options = options,
        .option_count = sizeof options / sizeof options[0],
        .exit_codes = exit_codes,
        .min_arguments = 0,
        .max_arguments = 0,
    };
    return airs_verb_run_with(&verb, argc, argv, run, &self);
}
