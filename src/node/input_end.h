/* Telling a component that its input has ended: one empty message of content type
 * AIRS_CONTENT_TYPE_END to each of its instances, after all lines. */
#ifndef AIRSSYS_NODE_INPUT_END_H
#define AIRSSYS_NODE_INPUT_END_H

#include <airssys/node.h>

typedef struct airs_input_end airs_input_end_t;

/* What is borrowed must outlive the whole. */
typedef struct airs_input_end_options {
    const airs_allocator_t *allocator;
    airs_node_t *node;
    airs_id_t target;       /* its instance is not looked at */
    uint64_t instances;     /* "0" to "N-1" are told, one after the other */
    airs_output_fn *answer; /* takes what each returns; NULL: nobody waits for an answer */
    void *answer_context;
} airs_input_end_options_t;

/* Begin, on a thread of its own: an instance may take as long as it likes. */
airs_status_t airs_input_end_start(const airs_input_end_options_t *options, airs_input_end_t **out,
                                   airs_error_t *error);

/* Wait until all were told, and have answered if that is asked for. AIRS_TIMEOUT: not yet. Otherwise
 * AIRS_OK, or what went wrong first. */
airs_status_t airs_input_end_wait(airs_input_end_t *end, uint64_t timeout_ms, airs_error_t *error);

/* Waits for the thread: an instance that does not answer has to be stopped before. NULL is fine. */
void airs_input_end_destroy(airs_input_end_t *end);

#endif
