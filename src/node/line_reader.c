#include "node/line_reader.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdatomic.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/memory.h"

/* Few system calls a megabyte, and still in a core's cache. */
#define BUFFER_SIZE ((size_t)256 << 10)

struct airs_line_reader {
    airs_line_reader_options_t options;
    uint8_t *buffer;
    size_t capacity;
    size_t begin;    /* of what is not handed out yet */
    size_t end;      /* of what was read */
    size_t searched; /* up to here there is no newline */
    uint64_t number;
    bool waits;               /* the descriptor can keep us waiting: poll before reading */
    bool finished;            /* nothing more will be read */
    int wake[2];              /* a pipe: a byte in it, or its end, ends a wait */
    _Atomic bool interrupted; /* says no more than that: the order of other memory does not hang on it */
};

static bool can_wait(int descriptor) {
    struct stat information;
    return fstat(descriptor, &information) != 0 || !S_ISREG(information.st_mode);
}

airs_status_t airs_line_reader_create(const airs_line_reader_options_t *options, airs_line_reader_t **out,
                                      airs_error_t *error) {
    airs_line_reader_t *reader = airs_alloc_zeroed(options->allocator, sizeof *reader);
    uint8_t *buffer = airs_alloc(options->allocator, BUFFER_SIZE);
    airs_status_t status = AIRS_OK;
    if (reader == NULL || buffer == NULL) {
        status = airs_error_set(error, AIRS_OUT_OF_MEMORY, "%s", airs_status_text(AIRS_OUT_OF_MEMORY));
    } else if (pipe2(reader->wake, O_CLOEXEC | O_NONBLOCK) != 0) {
        status = airs_error_set(error, AIRS_IO, "cannot make a pipe: %s", strerror(errno));
    }
    if (status != AIRS_OK) {
        airs_release(options->allocator, reader);
        airs_release(options->allocator, buffer);
        return status;
    }
    reader->options = *options;
    reader->buffer = buffer;
    reader->capacity = BUFFER_SIZE;
    reader->waits = can_wait(options->descriptor);
    *out = reader;
    return AIRS_OK;
}

void airs_line_reader_destroy(airs_line_reader_t *reader) {
    if (reader == NULL) {
        return;
    }
    const airs_allocator_t *allocator = reader->options.allocator;
    close(reader->wake[0]);
    close(reader->wake[1]);
    airs_release(allocator, reader->buffer);
    airs_release(allocator, reader);
}

void airs_line_reader_interrupt(airs_line_reader_t *reader) {
    int kept = errno;
    atomic_store_explicit(&reader->interrupted, true, memory_order_relaxed);
    /* A full pipe has bytes enough to wake whoever waits. */
    ssize_t written = write(reader->wake[1], "", 1);
    (void)written;
    errno = kept;
}

uint64_t airs_line_reader_number(const airs_line_reader_t *reader) { return reader->number; }

static airs_status_t fail(airs_line_reader_t *reader, airs_status_t status) {
    reader->finished = true;
    reader->begin = reader->end;
    reader->searched = reader->end;
    return status;
}

static airs_status_t fail_io(airs_line_reader_t *reader, airs_error_t *error) {
    airs_error_set(error, AIRS_IO, "%s: cannot read: %s", reader->options.name, strerror(errno));
    return fail(reader, AIRS_IO);
}

static airs_status_t fail_too_long(airs_line_reader_t *reader, airs_error_t *error) {
    airs_error_set(error, AIRS_MESSAGE_TOO_LARGE,
                   "%s:%" PRIu64 ": the line has more than the %zu bytes allowed", reader->options.name,
                   reader->number, reader->options.max_line);
    return fail(reader, AIRS_MESSAGE_TOO_LARGE);
}

static bool interrupted(airs_line_reader_t *reader) {
    return atomic_load_explicit(&reader->interrupted, memory_order_relaxed);
}

/* Wait until there is something to read, its end included. */
static airs_status_t wait_for_input(airs_line_reader_t *reader, airs_error_t *error) {
    struct pollfd sources[2] = {
        {.fd = reader->options.descriptor, .events = POLLIN},
        {.fd = reader->wake[0], .events = POLLIN},
    };
    while (reader->waits && !interrupted(reader)) {
        if (poll(sources, 2, -1) < 0 && errno != EINTR) {
            return fail_io(reader, error);
        }
        if (sources[0].revents != 0) {
            break;
        }
    }
    return interrupted(reader) ? fail(reader, AIRS_CANCELLED) : AIRS_OK;
}

/* Room behind what is in the buffer: moved to the front, and grown as far as the longest line. */
static airs_status_t make_room(airs_line_reader_t *reader, airs_error_t *error) {
    size_t held = reader->end - reader->begin;
    if (reader->begin > 0) {
        memmove(reader->buffer, reader->buffer + reader->begin, held);
        reader->searched -= reader->begin;
        reader->end = held;
        reader->begin = 0;
    }
    if (held < reader->capacity) {
        return AIRS_OK;
    }
    size_t longest = reader->options.max_line < SIZE_MAX ? reader->options.max_line + 1 : SIZE_MAX;
    size_t larger = reader->capacity < longest / 2 ? reader->capacity * 2 : longest;
    uint8_t *grown = airs_resize_array(reader->options.allocator, reader->buffer, larger, 1);
    if (grown == NULL) {
        airs_error_set(error, AIRS_OUT_OF_MEMORY, "%s:%" PRIu64 ": %s", reader->options.name, reader->number,
                       airs_status_text(AIRS_OUT_OF_MEMORY));
        return fail(reader, AIRS_OUT_OF_MEMORY);
    }
    reader->buffer = grown;
    reader->capacity = larger;
    return AIRS_OK;
}

/* Read more, behind what is in the buffer. Sets `finished` at the end of the input. */
static airs_status_t fill(airs_line_reader_t *reader, airs_error_t *error) {
    airs_status_t status = make_room(reader, error);
    while (status == AIRS_OK) {
        status = wait_for_input(reader, error);
        if (status != AIRS_OK) {
            break;
        }
        ssize_t got =
            read(reader->options.descriptor, reader->buffer + reader->end, reader->capacity - reader->end);
        if (got >= 0) {
            reader->end += (size_t)got;
            reader->finished = got == 0;
            break;
        }
        if (errno == EAGAIN || errno == EWOULDBLOCK) {
            reader->waits = true;
        } else if (errno != EINTR) {
            status = fail_io(reader, error);
        }
    }
    return status;
}

/* Hand out the line that ends at `line_end`; the next one begins at `next`. */
static void take_line(airs_line_reader_t *reader, size_t line_end, size_t next, airs_bytes_t *line) {
    *line = airs_bytes(reader->buffer + reader->begin, line_end - reader->begin);
    reader->begin = next;
    reader->searched = next;
}

airs_status_t airs_line_reader_next(airs_line_reader_t *reader, airs_bytes_t *line, airs_error_t *error) {
    if (interrupted(reader)) {
        return fail(reader, AIRS_CANCELLED);
    }
    reader->number++;
    for (;;) {
        size_t unsearched = reader->end - reader->searched;
        const uint8_t *from = reader->buffer + reader->searched;
        const uint8_t *newline = unsearched > 0 ? memchr(from, '\n', unsearched) : NULL;
        size_t line_end = newline != NULL ? (size_t)(newline - reader->buffer) : reader->end;
        if (line_end - reader->begin > reader->options.max_line) {
            return fail_too_long(reader, error);
        }
        if (newline != NULL) {
            take_line(reader, line_end, line_end + 1, line);
            return AIRS_OK;
        }
        reader->searched = reader->end;
        if (reader->finished) {
            break;
        }
        airs_status_t status = fill(reader, error);
        if (status != AIRS_OK) {
            return status;
        }
    }
    if (reader->begin == reader->end) {
        reader->number--;
        return AIRS_NOT_FOUND;
    }
    take_line(reader, reader->end, reader->end, line);
    return AIRS_OK;
}
