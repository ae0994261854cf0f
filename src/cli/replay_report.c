#include "cli/replay_report.h"

#include <inttypes.h>
#include <stdio.h>

#include "cli/visible_text.h"
#include "core/log.h"
#include "core/text.h"
#include "core/timestamp.h"
#include "core/utf8.h"
#include "node/admin/admin_report.h"
#include "node/quantity.h"

/* Of a payload in a line for a person. */
#define SHOWN_BYTES ((size_t)64)

/* Under the number of an entry, and under what is in a call. */
#define INDENT 8

/* ---- text ----------------------------------------------------------------------------------- */

static void print(airs_str_t text) { airs_visible_print(text, false, stdout); }

/* ", 12B \"text of it\" ..." */
static void print_payload(airs_bytes_t payload) {
    char size[AIRS_QUANTITY_TEXT_MAX];
    airs_str_t text = airs_str_n((const char *)payload.data, payload.size);
    if (text.size > SHOWN_BYTES) {
        text.size = airs_utf8_cut(text, SHOWN_BYTES);
    }
    printf("%s", airs_size_format(payload.size, size));
    if (payload.size > 0) {
        printf(" \"");
        print(text);
        printf("\"%s", text.size < payload.size ? " ..." : "");
    }
}

static void print_step(const airs_replay_step_t *step) {
    if (step->is_end) {
        printf("%*s", INDENT, "");
    } else {
        printf("%6" PRIu64 "  %s%s", step->number, step->is_call ? "" : "  ", step->name);
    }
    if (step->detail.size > 0) {
        printf(" ");
        print(step->detail);
    }
    if (step->has_payload) {
        printf(", ");
        print_payload(step->payload);
    }
    if (step->outcome.size > 0) {
        printf("%s", step->is_end ? "= " : " = ");
        airs_visible_print_block(step->outcome, INDENT + 2, stdout);
    }
    if (step->has_answer) {
        printf(", ");
        print_payload(step->answer);
    }
    printf("\n");
}

static void print_log(const airs_log_record_t *record) {
    printf("%*s| %s: ", INDENT, "", airs_log_level_text(record->level));
    print(record->message);
    for (size_t i = 0; i < record->field_count; i++) {
        printf(" ");
        print(record->fields[i].key);
        printf("=");
        print(record->fields[i].value);
    }
    printf("\n");
}

static void print_crash(const airs_replay_report_t *report) {
    const airs_crash_record_t *record = airs_replayer_record(report->replayer);
    uint64_t started_ns = airs_replayer_started_ns(report->replayer);
    uint64_t lived_ns = record->crashed_ns > started_ns ? record->crashed_ns - started_ns : 0;
    char when[AIRS_TIMESTAMP_MAX];
    char digest[AIRS_DIGEST_TEXT_MAX];
    print(record->id);
    printf(" crashed at %s, %" PRIu64 ".%03u s after its start\n",
           airs_timestamp_text(record->crashed_ns, 3, when), lived_ns / 1000000000U,
           (unsigned)(lived_ns % 1000000000U / 1000000));
    printf("  component  ");
    print(record->source);
    printf("\n             %s\n", airs_digest_text(&record->digest, digest));
    printf("  recorded   %" PRIu64 " entries, by airssys ", record->entries);
    print(record->airssys_version);
    printf(" with Wasmtime ");
    print(record->engine_version);
    printf(" on ");
    print(record->machine);
    printf("\n  ended      %s: ", airs_status_name(record->status));
    airs_visible_print_block(record->reason, 13, stdout);
    printf("\n\n");
}

static void print_end(const char *what, airs_status_t status, airs_str_t reason) {
    printf("%s: %s", what, airs_status_name(status));
    if (reason.size > 0) {
        printf(": ");
        airs_visible_print_block(reason, 0, stdout);
    }
    printf("\n");
}

static void print_result(const airs_replay_report_t *report, const airs_replay_result_t *result) {
    const airs_crash_record_t *record = airs_replayer_record(report->replayer);
    if (report->verbose || result->end == AIRS_REPLAY_STOPPED) {
        printf("\n");
    }
    switch (result->end) {
    case AIRS_REPLAY_SAME:
        print_end("The same end again", result->status, airs_str(result->reason));
        break;
    case AIRS_REPLAY_AS_RECORDED:
        printf("It came as far as the recording, behind entry %" PRIu64
               ". Its end is none that the guest brings about: "
               "taken as recorded.\n",
               result->number);
        print_end("The end", record->status, record->reason);
        break;
    case AIRS_REPLAY_STOPPED:
        printf("Stopped before entry %" PRIu64 ".", result->number);
        if (result->reason[0] != '\0') {
            printf(" The guest is there, or a little further:");
            airs_visible_print_block(airs_str(result->reason), 0, stdout);
        }
        printf("\n");
        break;
    case AIRS_REPLAY_DIVERGED:
        printf("It went another way. ");
        airs_visible_print_block(airs_str(result->trouble), 0, stdout);
        printf("\n");
        if (result->status != AIRS_OK) {
            print_end("The end here", result->status, airs_str(result->reason));
        }
        break;
    }
}

/* ---- JSON ----------------------------------------------------------------------------------- */

static void append_member(airs_text_t *out, const char *name, airs_str_t value) {
    airs_text_append_format(out, ",\"%s\":", name);
    airs_text_append_json(out, value);
}

static void append_payload(airs_text_t *out, const char *name, airs_bytes_t payload) {
    airs_text_append_format(out, ",\"%s\":{", name);
    size_t begin = out->size;
    airs_admin_report_payload(out, payload, UINT64_MAX);
    /* Its first member comes with a comma. */
    if (!out->failed) {
        out->data[begin] = ' ';
    }
    airs_text_append_char(out, '}');
}

/* A line on standard output; nothing where memory ran out, which the exit code cannot tell from here. */
static void put_line(airs_text_t *line) {
    airs_text_append_char(line, '\n');
    if (airs_text_status(line) == AIRS_OK) {
        (void)fwrite(line->data, 1, line->size, stdout);
    }
    airs_text_free(line);
}

static void put_step(const airs_replay_step_t *step) {
    airs_text_t line;
    airs_text_init(&line, airs_allocator_default());
    airs_text_append_format(&line, "{\"entry\":%" PRIu64 ",\"kind\":\"%s\",\"name\":\"%s\"", step->number,
                            step->is_end ? "end" : (step->is_call ? "call" : "import"), step->name);
    if (step->detail.size > 0) {
        append_member(&line, "detail", step->detail);
    }
    if (step->has_payload) {
        append_payload(&line, "payload", step->payload);
    }
    if (step->outcome.size > 0) {
        append_member(&line, "outcome", step->outcome);
    }
    if (step->has_answer) {
        append_payload(&line, "answer", step->answer);
    }
    airs_text_append_char(&line, '}');
    put_line(&line);
}

static void put_log(const airs_log_record_t *record) {
    airs_text_t line;
    airs_text_init(&line, airs_allocator_default());
    airs_text_append_format(&line, "{\"kind\":\"log\",\"level\":\"%s\"", airs_log_level_text(record->level));
    append_member(&line, "message", record->message);
    airs_text_append(&line, airs_str(",\"fields\":{"));
    for (size_t i = 0; i < record->field_count; i++) {
        airs_text_append(&line, airs_str(i > 0 ? "," : ""));
        airs_text_append_json(&line, record->fields[i].key);
        airs_text_append_char(&line, ':');
        airs_text_append_json(&line, record->fields[i].value);
    }
    airs_text_append(&line, airs_str("}}"));
    put_line(&line);
}

static const char *end_name(airs_replay_end_t end) {
    static const char *const names[] = {"same", "as-recorded", "stopped", "diverged"};
    return names[end];
}

static void put_result(const airs_replay_report_t *report, const airs_replay_result_t *result) {
    const airs_crash_record_t *record = airs_replayer_record(report->replayer);
    char digest[AIRS_DIGEST_TEXT_MAX];
    char when[AIRS_TIMESTAMP_MAX];
    airs_text_t line;
    airs_text_init(&line, airs_allocator_default());
    airs_text_append_format(&line, "{\"kind\":\"result\",\"end\":\"%s\",\"entry\":%" PRIu64,
                            end_name(result->end), result->number);
    if (result->end == AIRS_REPLAY_SAME || result->end == AIRS_REPLAY_DIVERGED) {
        airs_text_append_format(&line, ",\"status\":\"%s\"", airs_status_name(result->status));
        append_member(&line, "reason", airs_str(result->reason));
    }
    if (result->end == AIRS_REPLAY_STOPPED && result->reason[0] != '\0') {
        append_member(&line, "backtrace", airs_str(result->reason + 1));
    }
    if (result->end == AIRS_REPLAY_DIVERGED) {
        append_member(&line, "trouble", airs_str(result->trouble));
    }
    airs_text_append(&line, airs_str(",\"crash\":{\"id\":"));
    airs_text_append_json(&line, record->id);
    append_member(&line, "started",
                  airs_str(airs_timestamp_text(airs_replayer_started_ns(report->replayer), 3, when)));
    append_member(&line, "crashed", airs_str(airs_timestamp_text(record->crashed_ns, 3, when)));
    append_member(&line, "component", record->source);
    append_member(&line, "digest", airs_str(airs_digest_text(&record->digest, digest)));
    airs_text_append_format(&line, ",\"status\":\"%s\"", airs_status_name(record->status));
    append_member(&line, "reason", record->reason);
    airs_text_append_format(&line, ",\"entries\":%" PRIu64, record->entries);
    append_member(&line, "airssys", record->airssys_version);
    append_member(&line, "wasmtime", record->engine_version);
    append_member(&line, "machine", record->machine);
    airs_text_append(&line, airs_str("}}"));
    put_line(&line);
}

/* ---- either --------------------------------------------------------------------------------- */

static void write_log(airs_log_t *log, const airs_log_record_t *record) {
    const airs_replay_report_t *report = (airs_replay_report_t *)(void *)log;
    if (report->json) {
        put_log(record);
    } else {
        print_log(record);
    }
}

void airs_replay_report_init(airs_replay_report_t *report, const airs_replayer_t *replayer) {
    *report =
        (airs_replay_report_t){.log = {.level = AIRS_LOG_TRACE, .write = write_log}, .replayer = replayer};
}

void airs_replay_report_crash(airs_replay_report_t *report) {
    if (!report->json) {
        print_crash(report);
    }
}

void airs_replay_report_step(void *context, const airs_replay_step_t *step) {
    const airs_replay_report_t *report = context;
    if (!report->verbose && (step->is_end || step->number != report->until)) {
        return;
    }
    if (report->json) {
        put_step(step);
    } else {
        print_step(step);
    }
}

void airs_replay_report_result(airs_replay_report_t *report, const airs_replay_result_t *result) {
    if (report->json) {
        put_result(report, result);
    } else {
        print_result(report, result);
    }
}
