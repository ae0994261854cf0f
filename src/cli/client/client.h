/* What the verbs that talk to a running node share: their options, one exchange, and its failures. */
#ifndef AIRSSYS_CLI_CLIENT_CLIENT_H
#define AIRSSYS_CLI_CLIENT_CLIENT_H

#include <jansson.h>

#include "cli/client/http_client.h"
#include "cli/options.h"

typedef struct airs_client_options {
    const char *socket;
    const char *node;
    int output; /* airs_output_format_t */
} airs_client_options_t;

/* The rows of an options list that fill airs_client_options_t `o`. */
#define AIRS_CLIENT_OPTIONS(o)                                                                         \
    AIRS_OPTION_TEXT("node", 'n', "NAME", "the node of this name, when several run", &(o).node),       \
        AIRS_OPTION_TEXT("socket", 's', "FILE",                                                        \
                         "the node's socket; default: $AIRSSYS_SOCKET, or the only one", &(o).socket), \
        AIRS_OPTION_OUTPUT("text (default) or json", &(o).output)

/* What airs_client_open and airs_client_ask may answer, for a verb's list. */
#define AIRS_CLIENT_EXIT_CODES \
    AIRS_EXIT_OK, AIRS_EXIT_FAILURE, AIRS_EXIT_USAGE, AIRS_EXIT_NODE, AIRS_EXIT_REFUSED, AIRS_EXIT_TIMED_OUT

/* Part of --help. */
#define AIRS_CLIENT_TARGET_HELP                                                                    \
    "TARGET is NAME (any instance of that component), NAME/INSTANCE, NAMESPACE/NAME/INSTANCE or\n" \
    "NAMESPACE/NAME/ (any instance).\n"

typedef struct airs_client {
    const airs_verb_t *verb;
    airs_text_t socket;
    bool json;
} airs_client_t;

/* Find the node. AIRS_EXIT_OK, or what to return, after saying what is wrong. To be closed in each case. */
int airs_client_open(airs_client_t *client, const airs_verb_t *verb, const airs_client_options_t *options);

void airs_client_close(airs_client_t *client);

/* One request; its socket is filled in. AIRS_EXIT_OK: *answer is a good one. Otherwise what to return, and
 * everything is said: on standard error, or with --output json as an object on standard output that has `status`,
 * the name of what went wrong, and `message`. The answer is to be freed in each case. */
int airs_client_ask(airs_client_t *client, airs_http_request_t *request, airs_http_answer_t *answer);

/* Say in the same way what went wrong. */
void airs_client_tell(const airs_client_t *client, airs_status_t status, const char *message);

/* The answer's object; NULL after saying that it is none. For the caller to give back. */
json_t *airs_client_object(const airs_client_t *client, const airs_http_answer_t *answer);

/* A member of an object, "" or 0 where it has none of that kind. */
const char *airs_json_text(const json_t *object, const char *name);
uint64_t airs_json_number(const json_t *object, const char *name);

/* A text, or the body of an answer, on a line of standard output. Returns the exit code. */
int airs_client_print_line(const airs_client_t *client, const airs_text_t *text);

/* Everything was written to standard output, or it is said that not, unless nobody reads it any more. Returns the
 * exit code. */
int airs_client_finish(const airs_client_t *client);

#endif
