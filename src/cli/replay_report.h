/* What `airssys replay` shows: the crash, each step of its replay, and how that ended. */
#ifndef AIRSSYS_CLI_REPLAY_REPORT_H
#define AIRSSYS_CLI_REPLAY_REPORT_H

#include "runtime/replayer.h"

typedef struct airs_replay_report {
    airs_log_t log; /* lines of the guest, among the steps */
    bool json;      /* objects, a line each */
    bool verbose;   /* with every step */
    uint64_t until; /* the step that is shown in any case; 0: none */
    const airs_replayer_t *replayer;
} airs_replay_report_t;

/* For one replayer, which is borrowed. */
void airs_replay_report_init(airs_replay_report_t *report, const airs_replayer_t *replayer);

/* The text's beginning: what crashed, where and when. Nothing for JSON, which has it at the end. */
void airs_replay_report_crash(airs_replay_report_t *report);

/* For airs_replay_options_t.step; the context is the report. */
void airs_replay_report_step(void *report, const airs_replay_step_t *step);

/* How it ended. */
void airs_replay_report_result(airs_replay_report_t *report, const airs_replay_result_t *result);

#endif
