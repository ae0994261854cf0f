/* Files that a verb writes: complete, or not there. */
#ifndef AIRSSYS_CLI_OUTPUT_FILE_H
#define AIRSSYS_CLI_OUTPUT_FILE_H

#include <airssys/bytes.h>
#include <airssys/error.h>

/* Write `bytes` to `path`, "-" being standard output. A file is written beside its place and then moved
 * there, so that nobody sees half of one. AIRS_IO with the path and the reason. */
airs_status_t airs_output_file_write(const char *path, airs_bytes_t bytes, airs_error_t *error);

#endif
