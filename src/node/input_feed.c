#include "node/input_feed.h"

#include <inttypes.h>
#include <stdatomic.h>

#include "core/memory.h"
#include "node/line_reader.h"

/* How long one wait for room lasts before the feed looks whether it was interrupted. */
#define WAIT_MS 50

struct airs_input_feed {
    airs_input_feed_options_t options;
    airs_line_reader_t *reader;
    _Atomic bool interrupted; /* relaxed: says no more than that */
    _Atomic uint64_t lines;   /* relaxed: written by `run` alone, read for display */
    _Atomic uint64_t bytes;
};

airs_status_t airs_input_feed_create(const airs_input_feed_options_t *options, airs_input_feed_t **out,
                                     airs_error_t *error) {
    airs_input_feed_t *feed = airs_alloc_zeroed(options->allocator, sizeof *feed);
    if (feed == NULL) {
        return airs_error_set(error, AIRS_OUT_OF_MEMORY, "%s", airs_status_text(AIRS_OUT_OF_MEMORY));
    }
    feed->options = *options;
    feed->options.target.instance = options->instances == 1 ? airs_str("0") : airs_str("");
    airs_line_reader_options_t reader = {
        .allocator = options->allocator,
        .descriptor = options->descriptor,
        .name = options->name,
        .max_line = options->max_line < SIZE_MAX ? (size_t)options->max_line : SIZE_MAX,
    };
    airs_status_t status = airs_line_reader_create(&reader, &feed->reader, error);
    if (status != AIRS_OK) {
        airs_release(options->allocator, feed);
        return status;
    }
    *out = feed;
    return AIRS_OK;
}

void airs_input_feed_destroy(airs_input_feed_t *feed) {
    if (feed == NULL) {
        return;
    }
    airs_line_reader_destroy(feed->reader);
    airs_release(feed->options.allocator, feed);
}

void airs_input_feed_interrupt(airs_input_feed_t *feed) {
    atomic_store_explicit(&feed->interrupted, true, memory_order_relaxed);
    airs_line_reader_interrupt(feed->reader);
}

airs_input_feed_counters_t airs_input_feed_counters(airs_input_feed_t *feed) {
    return (airs_input_feed_counters_t){
        .lines = atomic_load_explicit(&feed->lines, memory_order_relaxed),
        .bytes = atomic_load_explicit(&feed->bytes, memory_order_relaxed),
    };
}

static airs_status_t send_line(airs_input_feed_t *feed, airs_bytes_t line, airs_error_t *error) {
    for (;;) {
        airs_status_t status = airs_node_send_wait(feed->options.node, feed->options.target, line,
                                                   airs_str_n(NULL, 0), WAIT_MS, error);
        if (status != AIRS_QUEUE_FULL) {
            return status;
        }
        if (atomic_load_explicit(&feed->interrupted, memory_order_relaxed)) {
            return AIRS_CANCELLED;
        }
    }
}

/* A line was not accepted: say which, and by whom. */
static airs_status_t refuse_line(airs_input_feed_t *feed, airs_status_t status, airs_error_t *error) {
    const char *why = airs_status_text(status);
    if (status == AIRS_TARGET_NOT_FOUND || status == AIRS_NOT_RUNNING) {
        why = "it has ended, see the log; this line and those after it were not sent";
    }
    return airs_error_set(error, status, "%s:%" PRIu64 ": %.*s/%.*s does not take the line: %s",
                          feed->options.name, airs_line_reader_number(feed->reader),
                          AIRS_STR_ARG(feed->options.target.ns), AIRS_STR_ARG(feed->options.target.name),
                          why);
}

airs_status_t airs_input_feed_run(airs_input_feed_t *feed, airs_error_t *error) {
    for (;;) {
        airs_bytes_t line;
        airs_status_t status = airs_line_reader_next(feed->reader, &line, error);
        if (status != AIRS_OK) {
            return status == AIRS_NOT_FOUND ? AIRS_OK : status;
        }
        status = send_line(feed, line, error);
        if (status == AIRS_CANCELLED) {
            return status;
        }
        if (status != AIRS_OK) {
            return refuse_line(feed, status, error);
        }
        atomic_fetch_add_explicit(&feed->lines, 1, memory_order_relaxed);
        atomic_fetch_add_explicit(&feed->bytes, line.size + 1, memory_order_relaxed);
    }
}
