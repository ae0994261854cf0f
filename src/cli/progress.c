#include "cli/progress.h"

#include <inttypes.h>
#include <stdio.h>

#define NS_PER_S UINT64_C(1000000000)

const char *airs_count_text(uint64_t count, char out[AIRS_COUNT_TEXT_MAX]) {
    char digits[24];
    size_t length = (size_t)snprintf(digits, sizeof digits, "%" PRIu64, count);
    size_t used = 0;
    for (size_t i = 0; i < length; i++) {
        if (i > 0 && (length - i) % 3 == 0) {
            out[used++] = ',';
        }
        out[used++] = digits[i];
    }
    out[used] = '\0';
    return out;
}

const char *airs_seconds_text(uint64_t ns, char out[AIRS_SECONDS_TEXT_MAX]) {
    uint64_t seconds = ns / NS_PER_S;
    if (ns > 0 && ns < NS_PER_S / 10) {
        snprintf(out, AIRS_SECONDS_TEXT_MAX, "%.1f ms", (double)ns * 1000 / (double)NS_PER_S);
    } else if (seconds < 60) {
        snprintf(out, AIRS_SECONDS_TEXT_MAX, seconds < 10 ? "%.2f s" : "%.1f s",
                 (double)ns / (double)NS_PER_S);
    } else if (seconds < 3600) {
        snprintf(out, AIRS_SECONDS_TEXT_MAX, "%" PRIu64 ":%02" PRIu64 " min", seconds / 60, seconds % 60);
    } else {
        snprintf(out, AIRS_SECONDS_TEXT_MAX, "%" PRIu64 ":%02" PRIu64 ":%02" PRIu64 " h", seconds / 3600,
                 seconds / 60 % 60, seconds % 60);
    }
    return out;
}

uint64_t airs_rate(uint64_t count, uint64_t ns) {
    return ns > 0 ? (uint64_t)((double)count * (double)NS_PER_S / (double)ns + 0.5) : 0;
}

/* How far it is in its input, or what else is to be waited for; "" when there is nothing to say. */
static void describe_rest(const airs_application_progress_t *progress, uint64_t input_size, char *out,
                          size_t size) {
    out[0] = '\0';
    if (progress->stage == AIRS_APPLICATION_DRAINING) {
        snprintf(out, size, ", handling what is queued");
    } else if (input_size > 0 && progress->bytes > 0) {
        uint64_t done = progress->bytes < input_size ? progress->bytes : input_size;
        snprintf(out, size, ", %.0f %% of the input", 100.0 * (double)done / (double)input_size);
    }
}

static const char *working_line(const airs_application_progress_t *progress, airs_progress_input_t input,
                                char out[AIRS_PROGRESS_LINE_MAX]) {
    char messages[AIRS_COUNT_TEXT_MAX];
    char count[AIRS_COUNT_TEXT_MAX];
    char time[AIRS_SECONDS_TEXT_MAX];
    char rest[64];
    airs_count_text(progress->totals.messages, messages);
    airs_seconds_text(progress->work_ns, time);
    describe_rest(progress, input.size, rest, sizeof rest);
    if (input.known) {
        airs_count_text(airs_rate(progress->totals.messages, progress->work_ns), count);
        snprintf(out, AIRS_PROGRESS_LINE_MAX, "%s messages, %s a second, %s%s", messages, count, time, rest);
    } else {
        /* Messages a second since it began would say little about something that runs for days. */
        airs_count_text(progress->totals.actors, count);
        snprintf(out, AIRS_PROGRESS_LINE_MAX, "%s messages, %s actors, %s%s", messages, count, time, rest);
    }
    return out;
}

const char *airs_progress_line(const airs_application_progress_t *progress, airs_progress_input_t input,
                               char out[AIRS_PROGRESS_LINE_MAX]) {
    const char *verb;
    switch (progress->stage) {
    case AIRS_APPLICATION_LOADING:
        verb = "loading";
        break;
    case AIRS_APPLICATION_STARTING:
        verb = "starting";
        break;
    case AIRS_APPLICATION_STOPPING:
        verb = "stopping";
        break;
    default:
        return working_line(progress, input, out);
    }
    snprintf(out, AIRS_PROGRESS_LINE_MAX, "%s %s", verb,
             progress->component != NULL ? progress->component : "");
    return out;
}
