/* Answers each quotient with the average of all that it was told, and how many these are. What it knows lasts as long
 * as its incarnation. */
#include <airssys.h>

#include <stdio.h>
#include <stdlib.h>

const airs_metadata_t airs_metadata = {.name = "average", .version = "1.0.0", .stateful = true};

static int sum;
static int count;

airs_outcome_t airs_on_message(const airs_message_t *message) {
    char text[24];
    snprintf(text, sizeof text, "%.*s", AIRS_STR_ARG(message->payload));
    sum += atoi(text);
    count++;
    return airs_answer_text("%d of %d", sum / count, count);
}
