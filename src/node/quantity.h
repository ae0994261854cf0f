/* Sizes and durations as people write them: "64MiB", "5s". */
#ifndef AIRSSYS_NODE_QUANTITY_H
#define AIRSSYS_NODE_QUANTITY_H

#include <airssys/bytes.h>
#include <airssys/status.h>

/* Text of a formatted quantity, its end included. */
#define AIRS_QUANTITY_TEXT_MAX 32

/* Digits and one of B, KiB, MiB, GiB (1,024 each step). The result is in bytes, UINT64_MAX when it
 * would be more. AIRS_INVALID_ARGUMENT for anything else, also for KB, MB and a number without unit. */
airs_status_t airs_size_parse(airs_str_t text, uint64_t *out_bytes);

/* Digits and one of us, ms, s, m (minutes), h. The result is in microseconds, UINT64_MAX when it would
 * be more. AIRS_INVALID_ARGUMENT for anything else. */
airs_status_t airs_duration_parse(airs_str_t text, uint64_t *out_us);

/* The shortest exact form that the parsers read back ("64KiB", "1500ms"). Returns `out`. */
const char *airs_size_format(uint64_t bytes, char out[AIRS_QUANTITY_TEXT_MAX]);
const char *airs_duration_format(uint64_t us, char out[AIRS_QUANTITY_TEXT_MAX]);

#endif
