/* The files with keys that verbs read and make. */
#ifndef AIRSSYS_CLI_KEY_FILE_H
#define AIRSSYS_CLI_KEY_FILE_H

#include <airssys/error.h>

#include "security/signing_key.h"

/* Make a file that must not be there yet, for its owner alone when `secret`; to be settled by the caller
 * (cli/unfinished_file.h). AIRS_ALREADY_EXISTS, AIRS_IO: it is not there. */
airs_status_t airs_key_file_create(const char *path, airs_bytes_t content, bool secret, airs_error_t *error);

/* Read a secret key; *exposed says whether others than its owner may read the file. AIRS_IO, AIRS_INVALID_ARGUMENT,
 * with the path. The caller erases the key. */
airs_status_t airs_signing_key_load(const char *path, airs_signing_key_t *out, bool *exposed,
                                    airs_error_t *error);

#endif
