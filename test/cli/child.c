#include "cli/child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/test.h"

#define PATIENCE_MS 60000
#define LOOK_MS 10

static char *read_stream(const child_t *child, const char *name) {
    char path[AIRS_TEMPORARY_PATH_MAX];
    struct stat information;
    int file = open(airs_temporary_file_path(&child->folder, name, path), O_RDONLY | O_CLOEXEC);
    assert_true(file >= 0);
    assert_int_equal(fstat(file, &information), 0);
    size_t size = (size_t)information.st_size;
    char *text = malloc(size + 1);
    assert_non_null(text);
    assert_int_equal(read(file, text, size), size);
    text[size] = '\0';
    close(file);
    return text;
}

/* In the child: this file, made or read, becomes its descriptor `number`. */
static void redirect(const child_t *child, const char *name, int flags, int number) {
    char path[AIRS_TEMPORARY_PATH_MAX + 8];
    snprintf(path, sizeof path, "%s/%s", child->folder.path, name);
    int file = open(path, flags, 0600);
    if (file < 0 || dup2(file, number) < 0) {
        _exit(125);
    }
}

static _Noreturn void become(const child_t *child, const child_options_t *options, int input, int output,
                             char *const *argv) {
    (void)signal(SIGPIPE, SIG_DFL);
    if (input >= 0) {
        dup2(input, STDIN_FILENO);
    } else {
        redirect(child, "in", O_RDONLY, STDIN_FILENO);
    }
    if (output >= 0) {
        dup2(output, STDOUT_FILENO);
    } else {
        redirect(child, "out", O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, STDOUT_FILENO);
    }
    redirect(child, "err", O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, STDERR_FILENO);
    if (options->folder == NULL || chdir(options->folder) == 0) {
        execv(argv[0], argv);
    }
    _exit(126);
}

void child_start(child_t *child, const child_options_t *options, const char *const *arguments) {
    char *argv[CHILD_ARGUMENTS_MAX + 2] = {(char *)AIRS_TEST_COMMAND};
    int in[2] = {-1, -1};
    int out[2] = {-1, -1};
    for (size_t i = 0; arguments[i] != NULL; i++) {
        assert_in_range(i, 0, CHILD_ARGUMENTS_MAX - 1);
        argv[i + 1] = (char *)arguments[i];
    }
    *child = (child_t){.input = -1};
    airs_temporary_folder_create(&child->folder);
    airs_temporary_file_write_text(&child->folder, "in", options->input != NULL ? options->input : "");
    airs_temporary_file_write_text(&child->folder, "out", "");
    airs_temporary_file_write_text(&child->folder, "err", "");
    if (options->open_input) {
        assert_int_equal(pipe2(in, O_CLOEXEC), 0);
    }
    if (options->closed_output) {
        assert_int_equal(pipe2(out, O_CLOEXEC), 0);
        close(out[0]);
    }
    child->pid = fork();
    assert_true(child->pid >= 0);
    if (child->pid == 0) {
        become(child, options, in[0], out[1], argv);
    }
    child->pidfd = pidfd_open(child->pid, 0);
    assert_true(child->pidfd >= 0);
    if (options->open_input) {
        close(in[0]);
        child->input = in[1];
    }
    if (options->closed_output) {
        close(out[1]);
    }
}

void child_wait(child_t *child) {
    struct pollfd end = {.fd = child->pidfd, .events = POLLIN};
    int status = 0;
    int ended;
    do {
        ended = poll(&end, 1, PATIENCE_MS);
    } while (ended < 0 && errno == EINTR);
    if (ended == 0) {
        kill(child->pid, SIGABRT);
    }
    assert_int_equal(waitpid(child->pid, &status, 0), child->pid);
    child->exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    child->out = read_stream(child, "out");
    child->err = read_stream(child, "err");
    if (ended == 0) {
        fail_msg("the command did not end\nout: %s\nerr: %s", child->out, child->err);
    }
}

void child_wait_for(child_t *child, const char *stream, const char *text) {
    for (int waited = 0; waited < PATIENCE_MS; waited += LOOK_MS) {
        char *said = read_stream(child, stream);
        bool found = strstr(said, text) != NULL;
        free(said);
        if (found) {
            return;
        }
        poll(NULL, 0, LOOK_MS);
    }
    child_signal(child, SIGABRT);
    fail_msg("the command never said: %s", text);
}

void child_signal(const child_t *child, int number) { assert_int_equal(kill(child->pid, number), 0); }

void child_free(child_t *child) {
    if (child->input >= 0) {
        close(child->input);
    }
    close(child->pidfd);
    free(child->out);
    free(child->err);
    airs_temporary_folder_remove(&child->folder);
}

void child_run(child_t *child, const char *input, const char *const *arguments) {
    child_options_t options = {.input = input};
    child_start(child, &options, arguments);
    child_wait(child);
}

void child_expect(const child_t *child, int exit_code) {
    if (child->exit_code != exit_code) {
        fail_msg("exit code %d, not %d\nout: %s\nerr: %s", child->exit_code, exit_code, child->out,
                 child->err);
    }
}

void child_expect_text(const child_t *child, const char *stream, const char *text) {
    const char *said = strcmp(stream, "out") == 0 ? child->out : child->err;
    if (strstr(said, text) == NULL) {
        fail_msg("nowhere in its %s: %s\nout: %s\nerr: %s", stream, text, child->out, child->err);
    }
}
