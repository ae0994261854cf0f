/* What an application is doing, in one line for a person. */
#ifndef AIRSSYS_CLI_PROGRESS_H
#define AIRSSYS_CLI_PROGRESS_H

#include "node/application.h"

#define AIRS_PROGRESS_LINE_MAX 256

/* "1,234,567": digits in groups of three. */
#define AIRS_COUNT_TEXT_MAX 32
const char *airs_count_text(uint64_t count, char out[AIRS_COUNT_TEXT_MAX]);

/* "3.2 ms", "0.42 s", "12.3 s", "2:05 min", "1:02:03 h". */
#define AIRS_SECONDS_TEXT_MAX 32
const char *airs_seconds_text(uint64_t ns, char out[AIRS_SECONDS_TEXT_MAX]);

/* Messages a second, to the nearest; 0 when no time has passed. */
uint64_t airs_rate(uint64_t count, uint64_t ns);

/* What the application is fed with. */
typedef struct airs_progress_input {
    bool known;    /* false: it has no input, and works until it is told to stop */
    uint64_t size; /* 0: not known */
} airs_progress_input_t;

/* Returns `out`. */
const char *airs_progress_line(const airs_application_progress_t *progress, airs_progress_input_t input,
                               char out[AIRS_PROGRESS_LINE_MAX]);

#endif
