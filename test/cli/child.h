/* The command as a child process: what a shell would see of it. */
#ifndef AIRSSYS_TEST_CLI_CHILD_H
#define AIRSSYS_TEST_CLI_CHILD_H

#include <stdbool.h>
#include <sys/types.h>

#include "support/temporary_folder.h"

#define CHILD_ARGUMENTS_MAX 16

typedef struct child {
    pid_t pid;
    int pidfd;
    int input;                      /* to write its standard input, or -1 */
    airs_temporary_folder_t folder; /* with what it writes: files "out" and "err" */
    int exit_code;                  /* after child_wait; 128 + the signal when one ended it */
    char *out;                      /* after child_wait; zero-terminated */
    size_t out_size;
    char *err;
    int terminal;       /* our end of the one that it has, or -1 */
    int terminal_other; /* its end, which we keep open: what it wrote would go with it */
} child_t;

typedef struct child_options {
    const char *input;        /* its standard input's text; NULL: none, unless open_input */
    size_t input_size;        /* of `input` when that is no text; 0: it ends in a zero */
    bool open_input;          /* a pipe that the test writes: child->input */
    const char *folder;       /* where it starts; NULL: here */
    bool closed_output;       /* its standard output is a pipe that nobody reads any more */
    bool no_input;            /* it starts without the descriptor, as with "<&-" in a shell */
    bool no_output;           /* likewise, ">&-" */
    unsigned long files;      /* it may have so many files open; 0: as many as we */
    unsigned long file_bytes; /* no file that it writes may become larger; 0: as for us */
    bool terminal;            /* its standard input and output are a terminal; what it writes must be short */
} child_options_t;

/* From here on children have this folder as XDG_RUNTIME_DIR, where nodes have their sockets, and XDG_STATE_HOME. Borrowed. NULL, and as
 * long as nobody says otherwise: each a folder of its own. */
void child_share_runtime_folder(const char *path);

/* Start the command that is under test with these arguments, the list ending in NULL. Whatever goes wrong in
 * these functions fails the test. */
void child_start(child_t *child, const child_options_t *options, const char *const *arguments);

/* Until it ends, a minute at most. */
void child_wait(child_t *child);

/* Until its standard error (or output) has this text, a minute at most. */
void child_wait_for(child_t *child, const char *stream, const char *text);

void child_signal(const child_t *child, int number);

void child_free(child_t *child);

/* Start and wait. */
void child_run(child_t *child, const char *input, const char *const *arguments);

/* Both fail with all that the child said. */
void child_expect(const child_t *child, int exit_code);
void child_expect_text(const child_t *child, const char *stream, const char *text);

#endif
