#include "node/admin/admin_parameters.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

bool airs_admin_read_number(airs_admin_exchange_t *exchange, const char *name, uint64_t max, uint64_t *out) {
    const char *text = airs_admin_exchange_parameter(exchange, name);
    if (text == NULL) {
        return true;
    }
    char *end = NULL;
    errno = 0;
    unsigned long long value = strtoull(text, &end, 10);
    if (text[0] < '0' || text[0] > '9' || *end != '\0' || errno != 0 || value > max) {
        airs_admin_exchange_fail(exchange, AIRS_INVALID_ARGUMENT,
                                 "%s: \"%.40s\" is no number from 0 to %" PRIu64, name, text, max);
        return false;
    }
    *out = value;
    return true;
}

const char *airs_admin_need(airs_admin_exchange_t *exchange, const char *name) {
    const char *text = airs_admin_exchange_parameter(exchange, name);
    if (text == NULL) {
        airs_admin_exchange_fail(exchange, AIRS_INVALID_ARGUMENT, "%s lacks the parameter \"%s\"",
                                 exchange->path, name);
    }
    return text;
}
