#include "core/timestamp.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#include "core/check.h"

#define DIGITS_MAX 9
#define NS_PER_S UINT64_C(1000000000)

const char *airs_timestamp_text(uint64_t wall_ns, unsigned digits, char out[AIRS_TIMESTAMP_MAX]) {
    time_t seconds = (time_t)(wall_ns / NS_PER_S);
    uint64_t fraction = wall_ns % NS_PER_S;
    struct tm parts;
    AIRS_ASSERT(digits <= DIGITS_MAX);
    const struct tm *found = gmtime_r(&seconds, &parts);
    AIRS_ASSERT(found != NULL); /* the latest is in the year 2554 */
    size_t size = strftime(out, AIRS_TIMESTAMP_MAX, "%Y-%m-%dT%H:%M:%S", &parts);
    for (unsigned i = digits; i < DIGITS_MAX; i++) {
        fraction /= 10;
    }
    if (digits > 0) {
        (void)snprintf(out + size, AIRS_TIMESTAMP_MAX - size, ".%0*" PRIu64 "Z", (int)digits, fraction);
    } else {
        (void)snprintf(out + size, AIRS_TIMESTAMP_MAX - size, "Z");
    }
    return out;
}
