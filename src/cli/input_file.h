/* Files that a verb reads. */
#ifndef AIRSSYS_CLI_INPUT_FILE_H
#define AIRSSYS_CLI_INPUT_FILE_H

#include <airssys/bytes.h>

#include "cli/options.h"

/* Read a component or module of `max_size` bytes at most, to be released with the default allocator. An exit code: AIRS_EXIT_OK,
 * or that of what went wrong, of which the person has been told. */
int airs_input_file_read(const airs_verb_t *verb, const char *path, size_t max_size, airs_bytes_t *out);

#endif
