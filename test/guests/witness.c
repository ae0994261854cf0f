/* Tells what it was told of a message: a request's sender as the answer, else the actor that its configuration
 * names. "KIND|SENDER|CONTENT-TYPE|CORRELATION-ID|REPLY-TO|PAYLOAD" */
#include <airssys.h>

#include <stdio.h>
#include <stdlib.h>

static airs_id_t target;

airs_outcome_t airs_on_start(void) {
    return airs_id_parse(airs_as_str(airs_config()), &target)
               ? airs_done()
               : airs_fail_str(airs_str("the configuration is not an id"));
}

static char *testimony(const airs_message_t *message, size_t *size) {
    static const char *const kinds[] = {"message", "request", "response", "failure"};
    size_t room = message->payload.size + 1024;
    char *text = malloc(room);
    if (text != NULL) {
        *size = (size_t)snprintf(text, room, "%s|%.*s/%.*s/%.*s|%.*s|%.*s|%.*s/%.*s/%.*s|%.*s",
                                 kinds[message->kind], AIRS_STR_ARG(message->sender.ns),
                                 AIRS_STR_ARG(message->sender.name), AIRS_STR_ARG(message->sender.instance),
                                 AIRS_STR_ARG(message->content_type), AIRS_STR_ARG(message->correlation_id),
                                 AIRS_STR_ARG(message->reply_to.ns), AIRS_STR_ARG(message->reply_to.name),
                                 AIRS_STR_ARG(message->reply_to.instance), AIRS_STR_ARG(message->payload));
    }
    return text;
}

static airs_outcome_t tell(const airs_message_t *message) {
    size_t size = 0;
    char *text = testimony(message, &size);
    if (text == NULL) {
        return airs_fail_str(airs_str("no memory"));
    }
    airs_status_t status = airs_send(target, airs_bytes(text, size));
    free(text);
    return status == AIRS_OK ? airs_done() : airs_fail_status(status);
}

airs_outcome_t airs_on_message(const airs_message_t *message) {
    if (message->kind != AIRS_REQUEST) {
        return tell(message);
    }
    size_t size = 0;
    char *text = testimony(message, &size);
    airs_outcome_t outcome = text != NULL ? airs_answer(airs_bytes(text, size)) : airs_done();
    free(text);
    return outcome;
}

airs_outcome_t airs_on_callback(const airs_message_t *message) { return tell(message); }
