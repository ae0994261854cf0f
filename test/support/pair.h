/* Two well-behaved guests that keep exchanging messages (pacer and echo of test/guests), for whoever wants to know what
 * others do to them: one asks, the other answers, and the time between is kept. Only by the public headers, for tests
 * and benchmarks; errors are the caller's to look at. One thread. */
#ifndef AIRSSYS_TEST_SUPPORT_PAIR_H
#define AIRSSYS_TEST_SUPPORT_PAIR_H

#include <pthread.h>

#include <airssys/airssys.h>

typedef struct airs_pair_report {
    uint64_t asked;
    uint64_t answered;
    uint64_t failed;
    uint64_t wrong; /* answers that were not the next one due: lost ones, or in another order */
    uint64_t p50_ns, p99_ns, longest_ns; /* from question to answer, as the guest sees it; within 4 % */
} airs_pair_report_t;

typedef struct airs_pair {
    airs_node_t *node;
    airs_component_t pacer, echo;
    char ids[2][96]; /* of the asking one, and of the one that answers */
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool has_ended;
    airs_status_t status; /* how the run ended */
    char answer[256];
} airs_pair_t;

/* Makes the actors NAMESPACE/pacer/0 and NAMESPACE/partner/0 from the guests in the folder `guests`. `pace_ms` 0: the
 * next question follows the answer; else one is asked each so many milliseconds, whether or not the ones before are
 * answered. */
airs_status_t airs_pair_open(airs_pair_t *pair, airs_node_t *node, const char *guests, const char *ns,
                             uint32_t pace_ms, airs_error_t *error);

/* Stops both. Before the node is destroyed. */
void airs_pair_close(airs_pair_t *pair);

/* Have them begin, with so many questions, or without end until airs_pair_end. */
airs_status_t airs_pair_begin(airs_pair_t *pair, uint64_t questions, airs_error_t *error);

/* How many were answered so far. */
airs_status_t airs_pair_answered(airs_pair_t *pair, uint64_t *out, airs_error_t *error);

/* Wait until all questions are answered, `timeout_ms` at most: AIRS_TIMEOUT. */
airs_status_t airs_pair_await(airs_pair_t *pair, uint64_t timeout_ms, airs_pair_report_t *out,
                              airs_error_t *error);

/* Ask no more, and wait likewise. */
airs_status_t airs_pair_end(airs_pair_t *pair, uint64_t timeout_ms, airs_pair_report_t *out,
                            airs_error_t *error);

#endif
