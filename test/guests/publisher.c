/* Publishes "TOPIC TEXT", and answers how many mailboxes took it. */
#include <airssys.h>

airs_outcome_t airs_on_message(const airs_message_t *message) {
    airs_str_t all = airs_as_str(message->payload);
    const char *space = all.size != 0 ? memchr(all.data, ' ', all.size) : NULL;
    if (space == NULL) {
        return airs_fail_str(airs_str("not a command"));
    }
    airs_str_t topic = {all.data, (size_t)(space - all.data)};
    airs_bytes_t text = airs_bytes(space + 1, all.size - topic.size - 1);
    uint32_t reached = 0;
    airs_status_t status = airs_publish(topic, text, airs_str("text/plain"), &reached);
    return status == AIRS_OK ? airs_answer_text("%u", (unsigned)reached) : airs_fail_status(status);
}
