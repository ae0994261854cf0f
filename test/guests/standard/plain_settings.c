/* The shape of wasi:config that has no errors: "KEY" answers its value or "none", "" how many there are. */
#include <airssys.h>

#include <guest.h>

airs_outcome_t airs_on_message(const airs_message_t *message) {
    guest_list_tuple2_string_string_t all;
    guest_string_t key = {(uint8_t *)(uintptr_t)message->payload.data, message->payload.size};
    guest_string_t found;
    if (message->payload.size == 0) {
        wasi_config_store_get_all(&all);
        return airs_answer_text("%zu", all.len);
    }
    return wasi_config_store_get(&key, &found) ? airs_answer(airs_bytes(found.ptr, found.len))
                                               : airs_answer(airs_text("none"));
}
