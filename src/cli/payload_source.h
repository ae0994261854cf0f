/* Where a verb's payload comes from: its argument, a file, or standard input. */
#ifndef AIRSSYS_CLI_PAYLOAD_SOURCE_H
#define AIRSSYS_CLI_PAYLOAD_SOURCE_H

#include <airssys/bytes.h>
#include <airssys/error.h>

#include "cli/options.h"

typedef struct airs_payload_source {
    const char *argument; /* NULL: not given; "-": standard input */
    const char *file;     /* NULL: not given; "-": standard input */
    airs_bytes_t payload;
    void *memory; /* of the payload; NULL: somebody else's */
} airs_payload_source_t;

/* AIRS_EXIT_OK, or what to return: a wrong command line has been told of then, and what else is wrong is in `error` to be
 * told, whose status is AIRS_OK otherwise. 16 MiB at most. To be freed in each case. */
int airs_payload_source_read(airs_payload_source_t *source, const airs_verb_t *verb, airs_error_t *error);

void airs_payload_source_free(airs_payload_source_t *source);

#endif
