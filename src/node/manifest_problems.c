#include "node/manifest_problems.h"

#include <stdarg.h>
#include <stdio.h>

#include "core/utf8.h"
#include "core/visible.h"

/* Kept free at the end of the report for "... and N more". */
#define REST_LINE_MAX 32

#define ELLIPSIS "..."

static size_t kept_count(const airs_manifest_problems_t *problems) {
    return problems->count < AIRS_MANIFEST_PROBLEMS_MAX ? problems->count : AIRS_MANIFEST_PROBLEMS_MAX;
}

/* Where the new one belongs among those that are kept; AIRS_MANIFEST_PROBLEMS_MAX: nowhere. */
static size_t find_place(const airs_manifest_problems_t *problems, size_t offset) {
    size_t place = kept_count(problems);
    while (place > 0 && problems->kept[place - 1].offset > offset) {
        place--;
    }
    return place;
}

/* What does not fit is cut between two characters, and says so. Lines are those of a file that the manifest names; other
 * control characters, as of its path, are shown. */
static void AIRS_PRINTF(2, 0)
    format_text(char text[AIRS_MANIFEST_PROBLEM_TEXT_MAX], const char *format, va_list arguments) {
    char formatted[2 * AIRS_MANIFEST_PROBLEM_TEXT_MAX];
    (void)vsnprintf(formatted, sizeof formatted, format, arguments);
    if (airs_visible(airs_str(formatted), true, text, AIRS_MANIFEST_PROBLEM_TEXT_MAX) >=
        AIRS_MANIFEST_PROBLEM_TEXT_MAX) {
        size_t cut = airs_utf8_cut(airs_str(text), AIRS_MANIFEST_PROBLEM_TEXT_MAX - sizeof ELLIPSIS);
        memcpy(text + cut, ELLIPSIS, sizeof ELLIPSIS);
    }
}

void airs_manifest_problems_add(airs_manifest_problems_t *problems, size_t offset, const char *format, ...) {
    size_t place = find_place(problems, offset);
    size_t kept = kept_count(problems);
    problems->count++;
    if (place == AIRS_MANIFEST_PROBLEMS_MAX) {
        return;
    }
    size_t behind = (kept < AIRS_MANIFEST_PROBLEMS_MAX ? kept : kept - 1) - place;
    memmove(&problems->kept[place + 1], &problems->kept[place], behind * sizeof problems->kept[0]);
    airs_manifest_problem_t *problem = &problems->kept[place];
    problem->offset = offset;
    va_list arguments;
    va_start(arguments, format);
    format_text(problem->text, format, arguments);
    va_end(arguments);
}

typedef struct position {
    size_t line;
    size_t column;
} position_t;

static position_t position_at(airs_str_t text, size_t offset) {
    position_t position = {1, 1};
    for (size_t i = 0; i < offset && i < text.size; i++) {
        if (text.data[i] == '\n') {
            position.line++;
            position.column = 1;
        } else if (((unsigned char)text.data[i] & 0xC0) != 0x80) {
            position.column++; /* the first byte of a character */
        }
    }
    return position;
}

/* Append one line to `report` if it fits before `limit`. */
static bool append_line(char *report, size_t *used, size_t limit, const char *path, position_t position,
                        const char *text) {
    int length = snprintf(report + *used, limit - *used, "%s%s:%zu:%zu: %s", *used > 0 ? "\n" : "", path,
                          position.line, position.column, text);
    if (length < 0 || (size_t)length >= limit - *used) {
        return false;
    }
    *used += (size_t)length;
    return true;
}

airs_status_t airs_manifest_file_error(airs_error_t *error, airs_status_t status, const char *path,
                                       const char *why) {
    char name[AIRS_ERROR_TEXT_MAX];
    if (error == NULL) {
        return status;
    }
    (void)airs_visible(airs_str(path), false, name, sizeof name);
    return airs_error_set(error, status, "%s: %s", name, why != NULL ? why : error->text);
}

airs_status_t airs_manifest_problems_report(const airs_manifest_problems_t *problems, airs_str_t text,
                                            const char *path, airs_error_t *error) {
    if (problems->count == 0) {
        return AIRS_OK;
    }
    char report[AIRS_ERROR_TEXT_MAX];
    char name[AIRS_ERROR_TEXT_MAX];
    size_t used = 0;
    size_t shown = 0;
    (void)airs_visible(airs_str(path), false, name, sizeof name);
    for (size_t i = 0; i < kept_count(problems); i++) {
        const airs_manifest_problem_t *problem = &problems->kept[i];
        if (!append_line(report, &used, sizeof report - REST_LINE_MAX, name,
                         position_at(text, problem->offset), problem->text)) {
            break;
        }
        shown++;
    }
    if (shown == 0) {
        /* A path as long as the report: the error is cut, its place is not lost. */
        position_t position = position_at(text, problems->kept[0].offset);
        return airs_error_set(error, AIRS_MANIFEST_INVALID, "%zu:%zu: %s: %s", position.line, position.column,
                              problems->kept[0].text, name);
    }
    report[used] = '\0';
    if (shown == problems->count) {
        return airs_error_set(error, AIRS_MANIFEST_INVALID, "%s", report);
    }
    return airs_error_set(error, AIRS_MANIFEST_INVALID, "%s\n... and %zu more", report,
                          problems->count - shown);
}
