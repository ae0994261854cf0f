#include "core/line_output.h"

#include <stdlib.h>
#include <string.h>

#include "support/failing_allocator.h"
#include "support/test.h"

/* What came out, with a bar behind each piece. */
static char pieces[1024];
static size_t total;

static void take(void *context, airs_bytes_t bytes) {
    (void)context;
    total += bytes.size;
    size_t used = strlen(pieces);
    if (used + bytes.size + 2 < sizeof pieces) {
        memcpy(pieces + used, bytes.data, bytes.size);
        memcpy(pieces + used + bytes.size, "|", 2);
    }
}

static void begin(airs_line_output_t *output, const airs_allocator_t *allocator) {
    pieces[0] = '\0';
    total = 0;
    airs_line_output_init(output, allocator, take, NULL);
}

static void write_text(airs_line_output_t *output, const char *text) {
    airs_line_output_write(output, airs_bytes(text, strlen(text)));
}

static void lines_come_out_whole(void **state) {
    (void)state;
    airs_line_output_t output;
    begin(&output, airs_allocator_default());
    write_text(&output, "one");
    write_text(&output, "");
    write_text(&output, " line\n");
    write_text(&output, "two\nthree\nfo");
    write_text(&output, "ur\nfive\nsi");
    assert_string_equal(pieces, "one line\n|two\nthree\n|four\nfive\n|");
    write_text(&output, "x");
    airs_line_output_finish(&output);
    assert_string_equal(pieces, "one line\n|two\nthree\n|four\nfive\n|six|");
    airs_line_output_finish(&output);
    assert_string_equal(pieces, "one line\n|two\nthree\n|four\nfive\n|six|");
}

static void a_line_that_is_too_long_comes_in_pieces(void **state) {
    (void)state;
    airs_line_output_t output;
    char *long_text = malloc(AIRS_LINE_OUTPUT_MAX);
    assert_non_null(long_text);
    memset(long_text, 'x', AIRS_LINE_OUTPUT_MAX);
    begin(&output, airs_allocator_default());
    for (int i = 0; i < 5; i++) {
        airs_line_output_write(&output, airs_bytes(long_text, AIRS_LINE_OUTPUT_MAX));
        airs_line_output_write(&output, airs_bytes(long_text, 1000));
    }
    assert_in_range(total, 4 * AIRS_LINE_OUTPUT_MAX, 5 * (AIRS_LINE_OUTPUT_MAX + 1000));
    airs_line_output_finish(&output);
    assert_int_equal(total, 5 * (AIRS_LINE_OUTPUT_MAX + 1000));
    free(long_text);
}

static void without_memory_nothing_is_lost(void **state) {
    (void)state;
    airs_line_output_t output;
    airs_failing_allocator_t allocator;
    airs_failing_allocator_init(&allocator);
    begin(&output, &allocator.allocator);
    write_text(&output, "held ");
    airs_failing_allocator_fail(&allocator, 1, UINT64_MAX);
    write_text(&output, "and a text that needs more room");
    write_text(&output, "\nnext");
    assert_string_equal(pieces, "held |and a text that needs more room|\n|next|");
    airs_line_output_finish(&output);
    assert_int_equal(allocator.live_blocks, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_come_out_whole),
        cmocka_unit_test(a_line_that_is_too_long_comes_in_pieces),
        cmocka_unit_test(without_memory_nothing_is_lost),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
