#include "cli/child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "support/test.h"

#define PATIENCE_MS 60000
#define LOOK_MS 10
#define TERMINAL_MAX 4096

static const char *runtime_folder;

void child_share_runtime_folder(const char *path) { runtime_folder = path; }

static char *read_stream(const child_t *child, const char *name, size_t *out_size) {
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
    if (out_size != NULL) {
        *out_size = size;
    }
    return text;
}

/* What has been written to the terminal: into the file of the standard output. */
static void drain_terminal(const child_t *child) {
    char text[TERMINAL_MAX];
    ssize_t size = read(child->terminal, text, sizeof text);
    airs_temporary_file_write(&child->folder, "out", text, size > 0 ? (size_t)size : 0);
}

static int open_terminal(child_t *child) {
    struct termios settings;
    child->terminal = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
    assert_true(child->terminal >= 0);
    assert_int_equal(grantpt(child->terminal), 0);
    assert_int_equal(unlockpt(child->terminal), 0);
    int other_end = open(ptsname(child->terminal), O_RDWR | O_NOCTTY | O_CLOEXEC);
    assert_true(other_end >= 0);
    assert_int_equal(tcgetattr(other_end, &settings), 0);
    settings.c_oflag &= ~(tcflag_t)OPOST; /* newlines as they are */
    assert_int_equal(tcsetattr(other_end, TCSANOW, &settings), 0);
    return other_end;
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

static void limit(int resource, unsigned long most) {
    const struct rlimit both = {most, most};
    if (most > 0) {
        (void)setrlimit((__rlimit_resource_t)resource, &both);
    }
}

/* Who looks for leaks at the end opens files for it, and ends the process otherwise when there are none. */
static void look_for_no_leaks(void) {
    char options[512];
    const char *given = getenv("ASAN_OPTIONS");
    (void)snprintf(options, sizeof options, "%s%sdetect_leaks=0", given != NULL ? given : "",
                   given != NULL ? ":" : "");
    setenv("ASAN_OPTIONS", options, 1);
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
    if (options->files > 0) {
        look_for_no_leaks();
    }
    limit(RLIMIT_FSIZE, options->file_bytes);
    limit(RLIMIT_NOFILE, options->files);
    if (options->no_input) {
        close(STDIN_FILENO);
    }
    if (options->no_output) {
        close(STDOUT_FILENO);
    }
    setenv("XDG_RUNTIME_DIR", runtime_folder != NULL ? runtime_folder : child->folder.path, 1);
    setenv("XDG_STATE_HOME", runtime_folder != NULL ? runtime_folder : child->folder.path, 1);
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
    *child = (child_t){.input = -1, .terminal = -1};
    airs_temporary_folder_create(&child->folder);
    const char *input = options->input != NULL ? options->input : "";
    airs_temporary_file_write(&child->folder, "in", input,
                              options->input_size > 0 ? options->input_size : strlen(input));
    airs_temporary_file_write_text(&child->folder, "out", "");
    airs_temporary_file_write_text(&child->folder, "err", "");
    if (options->open_input) {
        assert_int_equal(pipe2(in, O_CLOEXEC), 0);
    }
    if (options->closed_output) {
        assert_int_equal(pipe2(out, O_CLOEXEC), 0);
        close(out[0]);
    }
    int terminal = options->terminal ? open_terminal(child) : -1;
    child->pid = fork();
    assert_true(child->pid >= 0);
    if (child->pid == 0) {
        become(child, options, terminal >= 0 ? terminal : in[0], terminal >= 0 ? terminal : out[1], argv);
    }
    child->pidfd = pidfd_open(child->pid, 0);
    assert_true(child->pidfd >= 0);
    child->terminal_other = terminal;
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
    if (child->terminal >= 0) {
        drain_terminal(child);
    }
    child->out = read_stream(child, "out", &child->out_size);
    child->err = read_stream(child, "err", NULL);
    if (ended == 0) {
        fail_msg("the command did not end\nout: %s\nerr: %s", child->out, child->err);
    }
}

void child_wait_for(child_t *child, const char *stream, const char *text) {
    for (int waited = 0; waited < PATIENCE_MS; waited += LOOK_MS) {
        char *said = read_stream(child, stream, NULL);
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
    if (child->terminal >= 0) {
        close(child->terminal);
        close(child->terminal_other);
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
