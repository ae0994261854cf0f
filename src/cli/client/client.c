#include "cli/client/client.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "cli/client/node_finder.h"
#include "cli/complaint.h"
#include "cli/exit_code.h"

/* ---- failures ---- */

/* What a failure's name means to a script; the HTTP status says it for those that are not listed. */
static int exit_code_of(int http_status, const char *error) {
    static const struct {
        const char *error;
        int exit_code;
    } names[] = {
        {"target-not-found", AIRS_EXIT_TARGET},      {"timeout", AIRS_EXIT_TIMED_OUT},
        {"invalid-argument", AIRS_EXIT_USAGE},       {"stopped", AIRS_EXIT_FAILED},
        {"shutdown-failed", AIRS_EXIT_FAILED},       {"cancelled", AIRS_EXIT_FAILED},
        {"invalid-message", AIRS_EXIT_REFUSED},      {"not-running", AIRS_EXIT_REFUSED},
        {"invalid-state", AIRS_EXIT_REFUSED},        {"capability-denied", AIRS_EXIT_REFUSED},
        {"handle-message-failed", AIRS_EXIT_FAILED}, {"manifest-invalid", AIRS_EXIT_MANIFEST},
        {"invalid-component", AIRS_EXIT_COMPONENT},  {"untrusted", AIRS_EXIT_COMPONENT},
        {"instantiation-failed", AIRS_EXIT_START},   {"initialize-failed", AIRS_EXIT_START},
        {"component-not-found", AIRS_EXIT_TARGET},
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(error, names[i].error) == 0) {
            return names[i].exit_code;
        }
    }
    switch (http_status) {
    case 502: /* the component did it */
        return AIRS_EXIT_FAILED;
    case 422:
        return AIRS_EXIT_COMPONENT;
    case 413:
    case 415:
    case 429:
    case 503:
        return AIRS_EXIT_REFUSED;
    default:
        return AIRS_EXIT_FAILURE;
    }
}

/* `failure` is what the node said, and gets the members; NULL when that was nothing, or could not be read. */
static void tell(const airs_client_t *client, json_t *failure, const char *name, const char *message) {
    if (!client->json) {
        airs_complain(client->verb->name, "%s", message);
        return;
    }
    json_t *object = json_is_object(failure) ? json_incref(failure) : json_object();
    (void)json_object_set_new(object, "status", json_string(name));
    (void)json_object_set_new(object, "message", json_string(message)); /* replaced by itself, perhaps */
    (void)json_object_del(object, "error");                             /* `name` may be in it */
    if (object == NULL || json_dumpf(object, stdout, JSON_COMPACT) != 0) {
        airs_complain(client->verb->name, "%s", message);
    }
    (void)fputc('\n', stdout);
    (void)fflush(stdout);
    json_decref(object);
}

void airs_client_tell(const airs_client_t *client, airs_status_t status, const char *message) {
    tell(client, NULL, airs_status_name(status), message);
}

static int tell_unreached(const airs_client_t *client, airs_status_t status, const airs_error_t *error) {
    airs_client_tell(client, status, error->text);
    switch (status) {
    case AIRS_OUT_OF_MEMORY:
        return AIRS_EXIT_FAILURE;
    case AIRS_INVALID_ARGUMENT:
        return AIRS_EXIT_USAGE;
    default:
        return AIRS_EXIT_NODE;
    }
}

static int tell_failure(const airs_client_t *client, const airs_http_answer_t *answer) {
    json_t *failure = json_loadb(airs_text_cstr(&answer->body), answer->body.size, 0, NULL);
    const char *name = airs_json_text(failure, "error");
    const char *message = airs_json_text(failure, "message");
    char other[96];
    if (message[0] == '\0') {
        (void)snprintf(other, sizeof other, "the socket answered with the HTTP status %d: is it a node's?",
                       answer->status);
        message = other;
    }
    int exit_code = exit_code_of(answer->status, name);
    tell(client, failure, name[0] != '\0' ? name : "protocol", message);
    json_decref(failure);
    return exit_code;
}

/* ---- the exchange ---- */

int airs_client_open(airs_client_t *client, const airs_verb_t *verb, const airs_client_options_t *options) {
    airs_error_t error;
    *client = (airs_client_t){.verb = verb, .json = options->output == AIRS_OUTPUT_JSON};
    airs_text_init(&client->socket, airs_allocator_default());
    (void)signal(SIGPIPE, SIG_IGN); /* a node that goes away is an error of a write */
    if (options->socket != NULL && options->node != NULL) {
        return airs_usage_error(verb, "either --socket or --node, not both");
    }
    airs_status_t status = airs_node_find(options->socket, options->node, &client->socket, &error);
    return status == AIRS_OK ? AIRS_EXIT_OK : tell_unreached(client, status, &error);
}

void airs_client_close(airs_client_t *client) { airs_text_free(&client->socket); }

int airs_client_ask(airs_client_t *client, airs_http_request_t *request, airs_http_answer_t *answer) {
    airs_error_t error;
    request->socket = airs_text_cstr(&client->socket);
    airs_status_t status = airs_http_exchange(request, answer, &error);
    if (status != AIRS_OK) {
        return tell_unreached(client, status, &error);
    }
    return answer->status >= 200 && answer->status < 300 ? AIRS_EXIT_OK : tell_failure(client, answer);
}

json_t *airs_client_object(const airs_client_t *client, const airs_http_answer_t *answer) {
    json_t *object = json_loadb(airs_text_cstr(&answer->body), answer->body.size, 0, NULL);
    if (!json_is_object(object)) {
        json_decref(object);
        tell(client, NULL, "protocol", "the answer is no JSON object: is this a node's socket?");
        return NULL;
    }
    return object;
}

const char *airs_json_text(const json_t *object, const char *name) {
    const char *text = json_string_value(json_object_get(object, name));
    return text != NULL ? text : "";
}

uint64_t airs_json_number(const json_t *object, const char *name) {
    const json_t *number = json_object_get(object, name);
    json_int_t value = json_is_real(number) ? (json_int_t)json_real_value(number)
                                            : json_integer_value(number);
    return value > 0 ? (uint64_t)value : 0;
}

int airs_client_print_line(const airs_client_t *client, const airs_text_t *text) {
    if (airs_text_status(text) != AIRS_OK) {
        airs_client_tell(client, AIRS_OUT_OF_MEMORY, "no memory to show the answer");
        return AIRS_EXIT_FAILURE;
    }
    (void)fwrite(airs_text_cstr(text), 1, text->size, stdout);
    if (text->size == 0 || text->data[text->size - 1] != '\n') {
        (void)fputc('\n', stdout);
    }
    return airs_client_finish(client);
}

int airs_client_finish(const airs_client_t *client) {
    if (fflush(stdout) == 0 && ferror(stdout) == 0) {
        return AIRS_EXIT_OK;
    }
    if (errno != EPIPE) { /* "| head" has seen enough */
        airs_complain(client->verb->name, "cannot write standard output: %s", strerror(errno));
    }
    return AIRS_EXIT_FAILURE;
}
