/* What a run came to: for a person in a few lines, for a program as JSON. */
#ifndef AIRSSYS_CLI_SUMMARY_H
#define AIRSSYS_CLI_SUMMARY_H

#include "core/text.h"
#include "node/application.h"

typedef struct airs_summary {
    const char *application; /* its name */
    int exit_code;
    bool had_input;
    airs_application_progress_t progress; /* at the end */
    uint64_t total_ns;                    /* loading, starting and stopping included */
    unsigned workers;
    const uint64_t *dead_letters; /* AIRS_DEAD_LETTER_REASONS numbers */
} airs_summary_t;

/* All of them: messages that nobody handled, and those that were answered with an error. */
uint64_t airs_summary_dead_letters(const airs_summary_t *summary);

/* "wordcount: 12,345 messages in 0.45 s, 27,433 a second; …" and a line for each thing that went
 * wrong. */
void airs_summary_text(const airs_summary_t *summary, airs_text_t *out);

/* One JSON object on one line, with a newline. docs/reference/cli.md lists its members. */
void airs_summary_json(const airs_summary_t *summary, airs_text_t *out);

#endif
