/* A program that is started with three files as its standard ones, and waited for. Linux only. */
#ifndef AIRSSYS_RUNTIME_COMPILER_PROCESS_H
#define AIRSSYS_RUNTIME_COMPILER_PROCESS_H

#include <stdbool.h>
#include <stdint.h>

#include <airssys/error.h>

/* How it ended. */
typedef struct airs_process_end {
    bool timed_out;
    bool known;      /* false: somebody else in this process was told instead, or nobody wants to be */
    int signal;      /* 0: none */
    int exit_code;   /* without a signal */
    uint64_t cpu_ms; /* that it has used */
} airs_process_end_t;

/* Start the program that is open as `program` (which has to be closed on exec), without environment, and wait for its
 * end; after `timeout_ms` it is ended. `descriptors`: its standard input, output and error. AIRS_COMPILER_MISSING when it
 * cannot be started; `path` is for that. */
airs_status_t airs_process_run(int program, const char *path, const int descriptors[3], uint64_t timeout_ms,
                               airs_process_end_t *out, airs_error_t *error);

#endif
