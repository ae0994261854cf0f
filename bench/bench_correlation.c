/* What it costs to register a request and to complete it, with up to a million others pending. */
#include <stdlib.h>

#include "actor/timer_wheel.h"
#include "core/correlation_tracker.h"
#include "support/bench.h"

#define SECOND_NS UINT64_C(1000000000)
/* On their way at once: a window of a busy requester. */
#define WINDOW 64
#define REQUESTERS 64

static const size_t pending[] = {0, 1000, 100000, 1000000};
#define SIZES (sizeof pending / sizeof *pending)
static const char *const names[] = {"none pending", "1,000 pending", "100,000 pending", "1,000,000 pending"};

typedef struct figures {
    bench_series_t trip;     /* register and complete one more */
    bench_series_t replaced; /* complete one of those that are pending, and register another */
    bench_series_t filled;   /* register one of those that stay */
} figures_t;

static figures_t figures[SIZES];

typedef struct table {
    airs_block_pool_t *pool;
    airs_timer_wheel_t *timers;
    airs_correlation_tracker_t *tracker;
    airs_component_id_t *requester;
    airs_component_id_t *target;
    airs_pending_list_t lists[REQUESTERS];
    uint64_t registered;
} table_t;

static void timed_out(void *context, airs_pending_request_t *request) {
    (void)context, (void)request;
    bench_die("a request timed out");
}

static void open_table(table_t *table) {
    const airs_allocator_t *allocator = airs_allocator_default();
    table->registered = 0;
    bench_need(airs_block_pool_create(allocator, &table->pool), NULL);
    bench_need(airs_timer_wheel_create(allocator, airs_clock_system(), true, &table->timers), NULL);
    airs_correlation_tracker_options_t options = {
        .allocator = allocator,
        .pool = table->pool,
        .random = airs_random_system(),
        .timers = airs_timer_wheel_service(table->timers),
        .timed_out = timed_out,
    };
    bench_need(airs_correlation_tracker_create(&options, &table->tracker), NULL);
    bench_need(airs_component_id_create(allocator, airs_id("bench", "asker", "0"), &table->requester, NULL),
               NULL);
    bench_need(airs_component_id_create(allocator, airs_id("bench", "echo", "0"), &table->target, NULL),
               NULL);
    for (size_t i = 0; i < REQUESTERS; i++) {
        airs_pending_list_init(&table->lists[i], table->tracker);
    }
}

static airs_pending_list_t *register_one(table_t *table, airs_correlation_id_t *out) {
    uint64_t number = table->registered++;
    airs_pending_list_t *list = &table->lists[number % REQUESTERS];
    /* Some ten minutes, so that none ends here. */
    airs_pending_parts_t parts = {
        .requester_id = table->requester,
        .target_id = table->target,
        .deadline_ns = bench_now_ns() + 600 * SECOND_NS + number % 60 * SECOND_NS,
        .limit = UINT64_MAX,
    };
    bench_need(airs_correlation_tracker_register(table->tracker, list, &parts, out), NULL);
    return list;
}

static void complete_one(table_t *table, const airs_correlation_id_t *id) {
    airs_pending_request_t *request =
        airs_correlation_tracker_take(table->tracker, id, AIRS_REQUEST_COMPLETED);
    if (request == NULL) {
        bench_die("a request that was registered is not found");
    }
    airs_pending_list_settle(request->list);
    airs_pending_request_destroy(request);
}

static double trip_ns(table_t *table, size_t operations) {
    airs_correlation_id_t window[WINDOW];
    uint64_t start = bench_now_ns();
    for (size_t i = 0; i < operations; i += WINDOW) {
        for (size_t j = 0; j < WINDOW; j++) {
            register_one(table, &window[j]);
        }
        for (size_t j = 0; j < WINDOW; j++) {
            complete_one(table, &window[j]);
        }
    }
    return (double)(bench_now_ns() - start) / (double)operations;
}

static double replaced_ns(table_t *table, airs_correlation_id_t *ids, size_t count, size_t operations) {
    uint64_t start = bench_now_ns();
    for (size_t i = 0; i < operations; i++) {
        airs_correlation_id_t *id = &ids[i * UINT64_C(2654435761) % count];
        complete_one(table, id);
        register_one(table, id);
    }
    return (double)(bench_now_ns() - start) / (double)operations;
}

static double filled_ns(table_t *table, airs_correlation_id_t *ids, size_t count) {
    uint64_t start = bench_now_ns();
    for (size_t i = 0; i < count; i++) {
        register_one(table, &ids[i]);
    }
    return (double)(bench_now_ns() - start) / (double)count;
}

static void close_table(table_t *table, const airs_correlation_id_t *ids, size_t count) {
    for (size_t i = 0; i < count; i++) {
        complete_one(table, &ids[i]);
    }
    airs_timer_wheel_stop(table->timers);
    airs_correlation_tracker_destroy(table->tracker);
    airs_timer_wheel_destroy(table->timers);
    airs_component_id_unref(table->requester);
    airs_component_id_unref(table->target);
    airs_block_pool_destroy(table->pool);
}

static void measure(size_t index, airs_correlation_id_t *ids, size_t operations) {
    static table_t table;
    figures_t *figure = &figures[index];
    size_t count = pending[index];
    open_table(&table);
    if (count > 0) {
        bench_series_add(&figure->filled, filled_ns(&table, ids, count));
        bench_series_add(&figure->replaced, replaced_ns(&table, ids, count, operations));
    }
    (void)trip_ns(&table, operations / 10);
    bench_series_add(&figure->trip, trip_ns(&table, operations));
    close_table(&table, ids, count);
}

int main(int argc, char **argv) {
    bench_options_t options = bench_parse(argc, argv);
    size_t operations = options.quick ? 64000 : 640000;
    airs_correlation_id_t *ids = malloc(pending[SIZES - 1] * sizeof *ids);
    if (ids == NULL) {
        bench_die("no memory");
    }
    bench_begin("correlation", "to register a request and to complete it, with its timer, on one thread",
                &options);
    for (size_t i = 0; i < options.repeats; i++) {
        for (size_t j = 0; j < SIZES; j++) {
            measure(j, ids, operations);
        }
    }
    for (size_t i = 0; i < SIZES; i++) {
        bench_section(names[i]);
        bench_row("register and complete one more", &figures[i].trip, "ns");
        if (pending[i] > 0) {
            bench_row("register one of those that stay", &figures[i].filled, "ns");
            bench_row("complete one of them and register another", &figures[i].replaced, "ns");
        }
    }
    bench_section("flat");
    bench_ratio_row("one more: 1,000,000 pending / none",
                    bench_median_ratio(&figures[SIZES - 1].trip, &figures[0].trip), 2, false);
    bench_ratio_row("one that stays: 1,000,000 / 1,000",
                    bench_median_ratio(&figures[SIZES - 1].filled, &figures[1].filled), 0, false);
    free(ids);
    return bench_end();
}
