/* Cannot be started. */
#include <airssys.h>

airs_outcome_t airs_on_start(void) { return airs_fail_str(airs_str("this component never starts")); }

airs_outcome_t airs_on_message(const airs_message_t *message) { return airs_answer(message->payload); }
