#include "request_text.h"

static void write_digits(char *out, uint64_t value, unsigned digits) {
    while (digits > 0) {
        out[--digits] = "0123456789abcdef"[value & 15];
        value >>= 4;
    }
}

void airs_sdk_request_text(airssys_actor_batch_request_id_t id, char *out) {
    write_digits(out, id.high >> 32, 8);
    write_digits(out + 9, id.high >> 16, 4);
    write_digits(out + 14, id.high, 4);
    write_digits(out + 19, id.low >> 48, 4);
    write_digits(out + 24, id.low, 12);
    out[8] = out[13] = out[18] = out[23] = '-';
}
