#include "e2e/neighbours.h"

#include "support/guests.h"

static void expect_well(const airs_pair_report_t *report) {
    assert_int_equal(report->failed, 0);
    assert_int_equal(report->wrong, 0);
    assert_int_equal(report->answered, report->asked);
    assert_in_range(report->longest_ns, 1, (uint64_t)NEIGHBOUR_WORST_MS * 1000000);
    assert_true(report->p50_ns <= report->p99_ns && report->p99_ns <= report->longest_ns);
}

static void need(stage_t *stage, airs_status_t status) {
    if (status != AIRS_OK) {
        fail_msg("%s: %s", airs_status_name(status), stage->error.text);
    }
}

void neighbours_open(stage_t *stage, airs_pair_t *pair) {
    need(stage, airs_pair_open(pair, stage->node, airs_test_guests(), "pair", 0, &stage->error));
}

void neighbours_exchange(stage_t *stage, airs_pair_t *pair, uint64_t count) {
    airs_pair_report_t report;
    need(stage, airs_pair_begin(pair, count, &stage->error));
    need(stage, airs_pair_await(pair, PATIENCE_MS, &report, &stage->error));
    assert_int_equal(report.asked, count);
    expect_well(&report);
}

void neighbours_begin(stage_t *stage, airs_pair_t *pair) {
    need(stage, airs_pair_begin(pair, 0, &stage->error));
}

void neighbours_end(stage_t *stage, airs_pair_t *pair) {
    airs_pair_report_t report;
    need(stage, airs_pair_end(pair, PATIENCE_MS, &report, &stage->error));
    assert_true(report.asked > 0);
    expect_well(&report);
}

void neighbours_get_on(stage_t *stage, airs_pair_t *pair, uint64_t count) {
    uint64_t before = 0;
    uint64_t now = 0;
    uint64_t begin = now_ms();
    need(stage, airs_pair_answered(pair, &before, &stage->error));
    do {
        need(stage, airs_pair_answered(pair, &now, &stage->error));
        assert_in_range(now_ms() - begin, 0, PATIENCE_MS);
    } while (now < before + count);
}
