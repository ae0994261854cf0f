/* Standard output, and standard error with a line that is redrawn: what the application prints, log lines
 * and the progress line share one terminal without writing into each other. */
#ifndef AIRSSYS_CLI_TERMINAL_H
#define AIRSSYS_CLI_TERMINAL_H

#include <pthread.h>

#include <airssys/bytes.h>
#include <airssys/log.h>

typedef struct airs_terminal {
    airs_log_t log; /* lines on standard error; hand out &terminal.log */
    pthread_mutex_t lock;
    bool draws;          /* standard error is a terminal that can redraw a line, and it is wanted */
    bool line_drawn;     /* it shows the progress line now */
    bool output_shares;  /* standard output is a terminal too */
    bool output_in_line; /* what was written last there did not end its line */
    int output_error;    /* errno of the write that failed; 0: none. Nothing is written after it. */
    void (*on_output_error)(void *context); /* told once, on the thread that wrote; may be NULL */
    void *context;
} airs_terminal_t;

/* How many columns the terminal at this descriptor has; `otherwise` where it is none or does not say. */
size_t airs_terminal_columns(int descriptor, size_t otherwise);

/* `quiet`: no progress line. */
void airs_terminal_init(airs_terminal_t *terminal, airs_log_level_t level, bool quiet);
void airs_terminal_free(airs_terminal_t *terminal);

/* airs_output_fn: all of it to standard output, waiting for who reads it. Any thread. */
void airs_terminal_output(void *terminal, airs_bytes_t bytes);

/* errno of the write to standard output that failed; 0: none. Any thread. */
int airs_terminal_output_error(airs_terminal_t *terminal);

/* Show this line in place of the last one, cut at the terminal's width; nothing where it cannot be
 * redrawn. */
void airs_terminal_draw(airs_terminal_t *terminal, const char *line);

/* Take the line away. */
void airs_terminal_clear(airs_terminal_t *terminal);

/* A line for a person on standard error, if that is a terminal and not to be quiet. */
void airs_terminal_tell(airs_terminal_t *terminal, const char *line);

#endif
