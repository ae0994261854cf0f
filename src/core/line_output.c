#include "core/line_output.h"

#include "core/memory.h"

void airs_line_output_init(airs_line_output_t *self, const airs_allocator_t *allocator,
                           airs_output_fn *output, void *context) {
    *self = (airs_line_output_t){.allocator = allocator, .output = output, .context = context};
}

void airs_line_output_finish(airs_line_output_t *self) {
    if (self->size > 0) {
        self->output(self->context, airs_bytes(self->held, self->size));
    }
    airs_release(self->allocator, self->held);
    self->held = NULL;
    self->size = 0;
    self->capacity = 0;
}

/* False: no memory, or too much. */
static bool hold(airs_line_output_t *self, airs_bytes_t bytes) {
    size_t needed = self->size + bytes.size;
    if (bytes.size > AIRS_LINE_OUTPUT_MAX || needed > AIRS_LINE_OUTPUT_MAX) {
        return false;
    }
    if (needed > self->capacity) {
        size_t capacity = needed > 2 * self->capacity ? needed : 2 * self->capacity;
        uint8_t *grown = airs_resize_array(self->allocator, self->held, capacity, 1);
        if (grown == NULL) {
            return false;
        }
        self->held = grown;
        self->capacity = capacity;
    }
    airs_copy(self->held + self->size, bytes.data, bytes.size);
    self->size = needed;
    return true;
}

static void hold_or_hand_on(airs_line_output_t *self, airs_bytes_t bytes) {
    if (bytes.size > 0 && !hold(self, bytes)) {
        airs_line_output_finish(self);
        self->output(self->context, bytes);
    }
}

void airs_line_output_write(void *context, airs_bytes_t bytes) {
    airs_line_output_t *self = context;
    const uint8_t *newline = bytes.size > 0 ? memrchr(bytes.data, '\n', bytes.size) : NULL;
    if (newline != NULL) {
        airs_bytes_t lines = airs_bytes(bytes.data, (size_t)(newline - bytes.data) + 1);
        if (self->size > 0) {
            /* In one piece with its beginning, so that nobody writes in between. */
            hold_or_hand_on(self, lines);
            airs_line_output_finish(self);
        } else {
            self->output(self->context, lines);
        }
        bytes = airs_bytes(newline + 1, bytes.size - lines.size);
    }
    hold_or_hand_on(self, bytes);
}
