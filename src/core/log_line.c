#include "core/log_line.h"

#include <stdio.h>

#include "core/timestamp.h"
#include "core/visible.h"

/* Kept free for " ... (18446744073709551615 more bytes)\n". */
#define TAIL_MAX 48

typedef struct line {
    char *data;
    size_t size;
    size_t limit;
    size_t missing; /* bytes of input that did not fit; once it is not zero nothing more is written */
} line_t;

/* All of `text` or, counted as `cost` bytes of input, nothing. */
static void put(line_t *line, const char *text, size_t size, size_t cost) {
    if (line->missing > 0 || size > line->limit - line->size) {
        line->missing += cost;
        return;
    }
    memcpy(line->data + line->size, text, size);
    line->size += size;
}

static void put_text(line_t *line, const char *text) { put(line, text, strlen(text), 0); }

/* One character of what someone else wrote. */
static size_t put_shown(line_t *line, airs_str_t text, bool quoted) {
    char shown[1 + AIRS_VISIBLE_MAX] = "\\";
    airs_str_t rest = text;
    size_t escape = quoted && (text.data[0] == '"' || text.data[0] == '\\');
    size_t size = escape + airs_visible_next(&rest, shown + escape);
    put(line, shown, size, text.size - rest.size);
    return text.size - rest.size;
}

static void put_all(line_t *line, airs_str_t text, bool quoted) {
    for (size_t at = 0; at < text.size;) {
        if (line->missing > 0) { /* nothing more fits: count the rest and look at it no longer */
            line->missing += text.size - at;
            return;
        }
        at += put_shown(line, airs_str_n(text.data + at, text.size - at), quoted);
    }
}

static bool needs_quotes(airs_str_t text) {
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] == ' ' || text.data[i] == '"' || text.data[i] == '=') {
            return true;
        }
    }
    return text.size == 0;
}

static void put_word(line_t *line, airs_str_t text) {
    bool quoted = needs_quotes(text);
    put_text(line, quoted ? "\"" : "");
    put_all(line, text, quoted);
    put_text(line, quoted ? "\"" : "");
}

static void put_time(line_t *line, uint64_t wall_ns) {
    char text[AIRS_TIMESTAMP_MAX];
    put_text(line, airs_timestamp_text(wall_ns, 6, text));
    put_text(line, " ");
}

static const char *level_column(airs_log_level_t level) {
    static const char *const COLUMNS[] = {"TRACE ", "DEBUG ", "INFO  ", "WARN  ", "ERROR "};
    return (unsigned)level < sizeof COLUMNS / sizeof COLUMNS[0] ? COLUMNS[level] : "?     ";
}

size_t airs_log_line_format(const airs_log_record_t *record, uint64_t wall_ns, char out[AIRS_LOG_LINE_MAX]) {
    line_t line = {.data = out, .limit = AIRS_LOG_LINE_MAX - TAIL_MAX};
    put_time(&line, wall_ns);
    put_text(&line, level_column(record->level));
    put_all(&line, record->source, false);
    put_text(&line, ": ");
    put_all(&line, record->message, false);
    for (size_t i = 0; i < record->field_count; i++) {
        put_text(&line, " ");
        put_word(&line, record->fields[i].key);
        put_text(&line, "=");
        put_word(&line, record->fields[i].value);
    }
    if (line.missing > 0) {
        int tail = snprintf(out + line.size, TAIL_MAX, " ... (%zu more bytes)", line.missing);
        line.size += (size_t)tail;
    }
    out[line.size++] = '\n';
    return line.size;
}
