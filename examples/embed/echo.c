/* Answers each request with its payload. */
#include <airssys.h>

airs_outcome_t airs_on_message(const airs_message_t *message) { return airs_answer(message->payload); }
