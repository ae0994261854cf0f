/* Answers a request with its payload. */
#include <airssys.h>

const airs_metadata_t airs_metadata = {.name = "echo", .version = "1.2.3", .description = "says it again"};

airs_outcome_t airs_on_message(const airs_message_t *message) { return airs_answer(message->payload); }
