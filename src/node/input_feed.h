/* Lines of the outside as messages to one component, as fast as it takes them. */
#ifndef AIRSSYS_NODE_INPUT_FEED_H
#define AIRSSYS_NODE_INPUT_FEED_H

#include <airssys/node.h>

/* The content type of the empty message that says: there is no more input. */
#define AIRS_CONTENT_TYPE_END "application/vnd.airssys.end"

typedef struct airs_input_feed airs_input_feed_t;

/* What is borrowed must outlive the feed. */
typedef struct airs_input_feed_options {
    const airs_allocator_t *allocator;
    airs_node_t *node;
    airs_id_t target;   /* its instance is not looked at */
    uint64_t instances; /* of the target: lines go to "0" when it is 1, else to any that lives */
    uint64_t max_line;  /* bytes: the largest message that the target takes */
    int descriptor;
    const char *name; /* of the input, for messages */
} airs_input_feed_options_t;

airs_status_t airs_input_feed_create(const airs_input_feed_options_t *options, airs_input_feed_t **out,
                                     airs_error_t *error);

/* NULL is fine. */
void airs_input_feed_destroy(airs_input_feed_t *feed);

/* Send every line, in order, waiting for room in the mailbox. AIRS_OK: the input has ended and all of it
 * was accepted. AIRS_CANCELLED: interrupted, after whole lines. AIRS_TARGET_NOT_FOUND, AIRS_NOT_RUNNING:
 * the target has ended; `error` names the line that it did not get. The errors of airs_line_reader_next. */
airs_status_t airs_input_feed_run(airs_input_feed_t *feed, airs_error_t *error);

/* `run` ends soon. Any thread, any number of times; also in a signal handler. */
void airs_input_feed_interrupt(airs_input_feed_t *feed);

typedef struct airs_input_feed_counters {
    uint64_t lines; /* accepted */
    uint64_t bytes; /* of them, newlines counted as one each */
} airs_input_feed_counters_t;

/* Any thread. */
airs_input_feed_counters_t airs_input_feed_counters(airs_input_feed_t *feed);

#endif
