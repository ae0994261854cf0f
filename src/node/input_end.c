#include "node/input_end.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>

#include "core/memory.h"
#include "node/input_feed.h"
#include "node/waiter.h"

/* As good as for ever, and nothing overflows when it is added to a time. */
#define FOREVER_MS ((uint64_t)1 << 40)

#define RETRY_MS 2

struct airs_input_end {
    airs_input_end_options_t options;
    pthread_t thread;
    airs_waiter_t waiter; /* over what follows; told when `done` is set */
    bool done;
    airs_error_t error; /* the first; its status is AIRS_OK when there was none */
};

static void note_error(airs_input_end_t *end, const char *instance, const airs_error_t *error) {
    airs_waiter_lock(&end->waiter);
    if (end->error.status == AIRS_OK) {
        airs_error_set(&end->error, error->status, "%.*s/%.*s/%s, told that the input has ended: %s",
                       AIRS_STR_ARG(end->options.target.ns), AIRS_STR_ARG(end->options.target.name), instance,
                       error->text);
    }
    airs_waiter_unlock(&end->waiter);
}

/* A call does not wait for room in a mailbox that is full; it is tried again until there is some. The
 * instance empties its mailbox or ends, so this ends too. */
static airs_status_t call(airs_input_end_t *end, airs_id_t target, airs_error_t *error) {
    const airs_input_end_options_t *options = &end->options;
    for (;;) {
        airs_status_t status = airs_node_call(options->node, target, airs_bytes(NULL, 0),
                                              airs_str(AIRS_CONTENT_TYPE_END), FOREVER_MS, options->answer,
                                              options->answer_context, error);
        if (status != AIRS_QUEUE_FULL) {
            return status;
        }
        airs_waiter_lock(&end->waiter);
        airs_waiter_wait(&end->waiter, RETRY_MS);
        airs_waiter_unlock(&end->waiter);
    }
}

static void tell(airs_input_end_t *end, uint64_t number) {
    const airs_input_end_options_t *options = &end->options;
    char instance[24];
    snprintf(instance, sizeof instance, "%" PRIu64, number);
    airs_id_t target = {options->target.ns, options->target.name, airs_str(instance)};
    airs_error_t error = {AIRS_OK, ""};
    airs_status_t status;
    if (options->answer != NULL) {
        status = call(end, target, &error);
    } else {
        status = airs_node_send_wait(options->node, target, airs_bytes(NULL, 0),
                                     airs_str(AIRS_CONTENT_TYPE_END), FOREVER_MS, &error);
    }
    if (status != AIRS_OK) {
        note_error(end, instance, &error);
    }
}

static void *run(void *argument) {
    airs_input_end_t *end = argument;
    for (uint64_t number = 0; number < end->options.instances; number++) {
        tell(end, number);
    }
    airs_waiter_lock(&end->waiter);
    end->done = true;
    airs_waiter_wake(&end->waiter);
    airs_waiter_unlock(&end->waiter);
    return NULL;
}

airs_status_t airs_input_end_start(const airs_input_end_options_t *options, airs_input_end_t **out,
                                   airs_error_t *error) {
    airs_input_end_t *end = airs_alloc_zeroed(options->allocator, sizeof *end);
    if (end == NULL) {
        return airs_error_set(error, AIRS_OUT_OF_MEMORY, "%s", airs_status_text(AIRS_OUT_OF_MEMORY));
    }
    end->options = *options;
    airs_waiter_init(&end->waiter);
    int failed = pthread_create(&end->thread, NULL, run, end);
    if (failed != 0) {
        airs_waiter_free(&end->waiter);
        airs_release(options->allocator, end);
        return airs_error_set(error, AIRS_INTERNAL, "cannot start a thread: %s", strerror(failed));
    }
    *out = end;
    return AIRS_OK;
}

airs_status_t airs_input_end_wait(airs_input_end_t *end, uint64_t timeout_ms, airs_error_t *error) {
    airs_status_t status = AIRS_TIMEOUT;
    airs_waiter_lock(&end->waiter);
    if (!end->done) {
        airs_waiter_wait(&end->waiter, timeout_ms);
    }
    if (end->done) {
        status = end->error.status;
        if (status != AIRS_OK) {
            airs_error_set(error, status, "%s", end->error.text);
        }
    }
    airs_waiter_unlock(&end->waiter);
    return status;
}

void airs_input_end_destroy(airs_input_end_t *end) {
    if (end == NULL) {
        return;
    }
    pthread_join(end->thread, NULL);
    airs_waiter_free(&end->waiter);
    airs_release(end->options.allocator, end);
}
