/* Answers "A / B" with the quotient. It does not look at B: a division by zero traps, which ends it. */
#include <airssys.h>

#include <stdio.h>

const airs_metadata_t airs_metadata = {.name = "divider", .version = "1.0.0"};

/* Not for the compiler to reason about. */
static volatile int dividend;
static volatile int divisor;

airs_outcome_t airs_on_message(const airs_message_t *message) {
    char text[80];
    int a = 0;
    int b = 0;
    snprintf(text, sizeof text, "%.*s", AIRS_STR_ARG(message->payload));
    if (sscanf(text, "%d / %d", &a, &b) != 2) {
        return airs_fail("\"%s\" is no division", text);
    }
    dividend = a;
    divisor = b;
    return airs_answer_text("%d", dividend / divisor);
}
