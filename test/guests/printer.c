/* Prints each message on a line of its WASI standard output; one that begins with "error: " on standard
 * error, one that begins with "raw: " as it is and without a newline. The end of the input is said
 * too. */
#include <airssys.h>

#include <stdio.h>

airs_outcome_t airs_on_message(const airs_message_t *message) {
    airs_bytes_t text = message->payload;
    if (airs_is_end(message)) {
        puts("end");
        return airs_done();
    }
    if (airs_starts_with(text, "raw: ", &text)) {
        fwrite(text.data, 1, text.size, stdout);
        return fflush(stdout) == 0 ? airs_done() : airs_fail_str(airs_str("printing failed"));
    }
    FILE *stream = airs_starts_with(text, "error: ", &text) ? stderr : stdout;
    bool good = fprintf(stream, "%.*s\n", AIRS_STR_ARG(text)) >= 0 && fflush(stream) == 0;
    return good ? airs_done() : airs_fail_str(airs_str("printing failed"));
}
