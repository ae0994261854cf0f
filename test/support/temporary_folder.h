/* A folder for one test, with the files that it writes there. */
#ifndef AIRSSYS_TEST_SUPPORT_TEMPORARY_FOLDER_H
#define AIRSSYS_TEST_SUPPORT_TEMPORARY_FOLDER_H

#include <stddef.h>

#define AIRS_TEMPORARY_PATH_MAX 512

typedef struct airs_temporary_folder {
    char path[AIRS_TEMPORARY_PATH_MAX]; /* without a slash at its end */
} airs_temporary_folder_t;

/* Under $TMPDIR or /tmp. Whatever goes wrong in these functions fails the test. */
void airs_temporary_folder_create(airs_temporary_folder_t *self);

/* With everything in it. */
void airs_temporary_folder_remove(airs_temporary_folder_t *self);

/* "folder/name" into `out`; returns `out`. */
const char *airs_temporary_file_path(const airs_temporary_folder_t *self, const char *name,
                                     char out[AIRS_TEMPORARY_PATH_MAX]);

/* Writes a file, over what was there. */
void airs_temporary_file_write(const airs_temporary_folder_t *self, const char *name, const void *bytes,
                               size_t size);
void airs_temporary_file_write_text(const airs_temporary_folder_t *self, const char *name, const char *text);

/* Makes a folder in it. */
void airs_temporary_folder_make(const airs_temporary_folder_t *self, const char *name);

#endif
