#include "cli/summary.h"

#include <inttypes.h>

#include "actor/dead_letters.h"
#include "cli/progress.h"

#define NS_PER_S 1e9

static const char *plural(uint64_t count) { return count == 1 ? "" : "s"; }

uint64_t airs_summary_dead_letters(const airs_summary_t *summary) {
    uint64_t total = 0;
    for (int reason = 0; reason < AIRS_DEAD_LETTER_REASONS; reason++) {
        total += summary->dead_letters[reason];
    }
    return total;
}

static void append_failures(const airs_summary_t *summary, airs_text_t *out) {
    const airs_node_counters_t *totals = &summary->progress.totals;
    char count[AIRS_COUNT_TEXT_MAX];
    if (totals->crashed > 0) {
        airs_text_append_format(out, "%s crash%s\n", airs_count_text(totals->crashed, count),
                                totals->crashed == 1 ? "" : "es");
    }
    if (totals->restarts > 0) {
        airs_text_append_format(out, "%s restart%s\n", airs_count_text(totals->restarts, count),
                                plural(totals->restarts));
    }
    for (int reason = 0; reason < AIRS_DEAD_LETTER_REASONS; reason++) {
        uint64_t letters = summary->dead_letters[reason];
        if (letters > 0) {
            airs_text_append_format(out, "%s dead letter%s: %s\n", airs_count_text(letters, count),
                                    plural(letters),
                                    airs_dead_letter_reason_text((airs_dead_letter_reason_t)reason));
        }
    }
    if (totals->dropped > 0) {
        airs_text_append_format(out, "%s message%s dropped when the application was stopped\n",
                                airs_count_text(totals->dropped, count),
                                totals->dropped == 1 ? " was" : "s were");
    }
    if (summary->progress.stop_failures > 0) {
        airs_text_append_format(out, "%s instance%s should\n",
                                airs_count_text(summary->progress.stop_failures, count),
                                summary->progress.stop_failures == 1 ? " did not shut down as it"
                                                                     : "s did not shut down as they");
    }
}

void airs_summary_text(const airs_summary_t *summary, airs_text_t *out) {
    const airs_application_progress_t *progress = &summary->progress;
    char count[AIRS_COUNT_TEXT_MAX];
    char time[AIRS_SECONDS_TEXT_MAX];
    airs_text_append_format(out, "%s: ", summary->application);
    if (summary->had_input) {
        airs_text_append_format(out, "%s line%s in, ", airs_count_text(progress->lines, count),
                                plural(progress->lines));
    }
    airs_text_append_format(out, "%s message%s handled ", airs_count_text(progress->totals.messages, count),
                            plural(progress->totals.messages));
    airs_text_append_format(out, "by %s actor%s ", airs_count_text(progress->totals.spawned, count),
                            plural(progress->totals.spawned));
    airs_text_append_format(out, "in %s, ", airs_seconds_text(progress->work_ns, time));
    airs_text_append_format(out, "%s messages a second\n",
                            airs_count_text(airs_rate(progress->totals.messages, progress->work_ns), count));
    append_failures(summary, out);
}

static void append_dead_letters(const airs_summary_t *summary, airs_text_t *out) {
    airs_text_append_format(out, "\"dead_letters\":{\"total\":%" PRIu64, airs_summary_dead_letters(summary));
    for (int reason = 0; reason < AIRS_DEAD_LETTER_REASONS; reason++) {
        airs_text_append_format(out, ",\"%s\":%" PRIu64,
                                airs_dead_letter_reason_text((airs_dead_letter_reason_t)reason),
                                summary->dead_letters[reason]);
    }
    airs_text_append(out, airs_str("}"));
}

void airs_summary_json(const airs_summary_t *summary, airs_text_t *out) {
    const airs_application_progress_t *progress = &summary->progress;
    const airs_node_counters_t *totals = &progress->totals;
    airs_text_append(out, airs_str("{\"application\":"));
    airs_text_append_json(out, airs_str(summary->application));
    airs_text_append_format(out, ",\"exit_code\":%d,\"workers\":%u", summary->exit_code, summary->workers);
    airs_text_append_format(out, ",\"input_lines\":%" PRIu64 ",\"input_bytes\":%" PRIu64, progress->lines,
                            progress->bytes);
    airs_text_append_format(out, ",\"messages\":%" PRIu64 ",\"messages_per_second\":%" PRIu64,
                            totals->messages, airs_rate(totals->messages, progress->work_ns));
    airs_text_append_format(out, ",\"seconds\":%.6f,\"total_seconds\":%.6f",
                            (double)progress->work_ns / NS_PER_S, (double)summary->total_ns / NS_PER_S);
    airs_text_append_format(
        out, ",\"actors\":%" PRIu64 ",\"crashed\":%" PRIu64 ",\"restarts\":%" PRIu64 ",\"dropped\":%" PRIu64,
        totals->spawned, totals->crashed, totals->restarts, totals->dropped);
    airs_text_append_format(out, ",\"stop_failures\":%" PRIu64 ",", progress->stop_failures);
    append_dead_letters(summary, out);
    airs_text_append(out, airs_str("}\n"));
}
