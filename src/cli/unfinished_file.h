/* Files that are being written and are no good before they are complete: a signal that ends the command takes them with
 * it. One thread uses these functions. */
#ifndef AIRSSYS_CLI_UNFINISHED_FILE_H
#define AIRSSYS_CLI_UNFINISHED_FILE_H

#include <sys/types.h>

/* As many at once. */
#define AIRS_UNFINISHED_FILES 2

/* open(2) of a file that is not there yet, to write it; -1 with errno. It is unfinished from here on. */
int airs_unfinished_file_create(const char *path, mode_t mode);

/* A file that something else is about to make, or has made. The path is copied; one that is too long to be a path is
 * ignored. */
void airs_unfinished_file_expect(const char *path);

/* It is complete, or has been removed. */
void airs_unfinished_file_settle(const char *path);

/* Removes them all; what a signal handler does that ends the process. */
void airs_unfinished_files_remove(void);

#endif
