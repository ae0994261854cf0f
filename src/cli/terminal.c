#include "cli/terminal.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define DEFAULT_COLUMNS 80
#define LINE_MAX_BYTES 256

/* To the beginning of the line, and everything behind it gone (ECMA-48 EL). */
#define ERASE_LINE "\r\033[K"

/* All of it, whatever it takes. Returns errno, 0 when all was written. */
static int write_all(int descriptor, const void *data, size_t size) {
    const char *at = data;
    while (size > 0) {
        ssize_t written = write(descriptor, at, size);
        if (written >= 0) {
            at += written;
            size -= (size_t)written;
        } else if (errno == EAGAIN) {
            struct pollfd target = {.fd = descriptor, .events = POLLOUT};
            (void)poll(&target, 1, -1);
        } else if (errno != EINTR) {
            return errno;
        }
    }
    return 0;
}

static void erase(airs_terminal_t *terminal) {
    if (terminal->line_drawn) {
        (void)write_all(STDERR_FILENO, ERASE_LINE, sizeof ERASE_LINE - 1);
        terminal->line_drawn = false;
    }
}

static void write_log(airs_log_t *log, const airs_log_record_t *record) {
    airs_terminal_t *terminal = (airs_terminal_t *)log;
    airs_log_t *lines = airs_log_stderr();
    pthread_mutex_lock(&terminal->lock);
    erase(terminal);
    lines->write(lines, record);
    pthread_mutex_unlock(&terminal->lock);
}

void airs_terminal_init(airs_terminal_t *terminal, airs_log_level_t level, bool quiet) {
    const char *type = getenv("TERM");
    *terminal = (airs_terminal_t){
        .log = {level, write_log},
        .draws = !quiet && isatty(STDERR_FILENO) && type != NULL && strcmp(type, "dumb") != 0,
        .output_shares = isatty(STDOUT_FILENO) != 0,
    };
    pthread_mutex_init(&terminal->lock, NULL);
}

void airs_terminal_free(airs_terminal_t *terminal) {
    airs_terminal_clear(terminal);
    pthread_mutex_destroy(&terminal->lock);
}

void airs_terminal_output(void *context, airs_bytes_t bytes) {
    airs_terminal_t *terminal = context;
    bool failed_now = false;
    if (bytes.size == 0) {
        return;
    }
    pthread_mutex_lock(&terminal->lock);
    if (terminal->output_error == 0) {
        if (terminal->output_shares) {
            erase(terminal);
            terminal->output_in_line = bytes.data[bytes.size - 1] != '\n';
        }
        terminal->output_error = write_all(STDOUT_FILENO, bytes.data, bytes.size);
        failed_now = terminal->output_error != 0;
    }
    pthread_mutex_unlock(&terminal->lock);
    if (failed_now && terminal->on_output_error != NULL) {
        terminal->on_output_error(terminal->context);
    }
}

int airs_terminal_output_error(airs_terminal_t *terminal) {
    pthread_mutex_lock(&terminal->lock);
    int number = terminal->output_error;
    pthread_mutex_unlock(&terminal->lock);
    return number;
}

size_t airs_terminal_columns(int descriptor, size_t otherwise) {
    struct winsize size;
    return ioctl(descriptor, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : otherwise;
}

void airs_terminal_draw(airs_terminal_t *terminal, const char *line) {
    char text[LINE_MAX_BYTES];
    if (!terminal->draws) {
        return;
    }
    /* The last column stays free: a character there makes some terminals go to the next line. */
    int width = (int)airs_terminal_columns(STDERR_FILENO, DEFAULT_COLUMNS) - 1;
    int length = snprintf(text, sizeof text, ERASE_LINE "%.*s", width, line);
    size_t size = (size_t)length < sizeof text ? (size_t)length : sizeof text - 1;
    pthread_mutex_lock(&terminal->lock);
    if (!terminal->output_in_line) {
        (void)write_all(STDERR_FILENO, text, size);
        terminal->line_drawn = true;
    }
    pthread_mutex_unlock(&terminal->lock);
}

void airs_terminal_clear(airs_terminal_t *terminal) {
    pthread_mutex_lock(&terminal->lock);
    erase(terminal);
    pthread_mutex_unlock(&terminal->lock);
}

void airs_terminal_tell(airs_terminal_t *terminal, const char *line) {
    if (!terminal->draws) {
        return;
    }
    pthread_mutex_lock(&terminal->lock);
    erase(terminal);
    (void)fprintf(stderr, "%s%s\n", terminal->output_in_line ? "\n" : "", line);
    pthread_mutex_unlock(&terminal->lock);
}
