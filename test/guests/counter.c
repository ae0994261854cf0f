/* Counts its messages, and answers each with the count as decimal text. "get" is not counted; "reset"
 * begins again at 0. */
#include <airssys.h>

const airs_metadata_t airs_metadata = {.name = "counter", .version = "1.0.0", .stateful = true};

static uint64_t count;

airs_outcome_t airs_on_message(const airs_message_t *message) {
    if (airs_is(message->payload, "reset")) {
        count = 0;
    } else if (!airs_is(message->payload, "get")) {
        count++;
    }
    char text[20];
    size_t begin = sizeof text;
    uint64_t rest = count;
    do {
        text[--begin] = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest != 0);
    return airs_answer(airs_bytes(text + begin, sizeof text - begin));
}
