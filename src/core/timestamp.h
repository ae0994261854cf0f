/* A moment as RFC 3339 has it, in UTC: "2026-11-29T13:14:15.123Z". */
#ifndef AIRSSYS_CORE_TIMESTAMP_H
#define AIRSSYS_CORE_TIMESTAMP_H

#include <stdint.h>

#define AIRS_TIMESTAMP_MAX 32

/* `wall_ns` are nanoseconds since 1970, all of which have a text. `digits`: of the second, cut and not rounded; 0 to 9, 0
 * without the point. Writes to `out`, and returns it. */
const char *airs_timestamp_text(uint64_t wall_ns, unsigned digits, char out[AIRS_TIMESTAMP_MAX]);

#endif
