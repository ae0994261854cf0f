/* Whole files into memory and out of it, and what is in a folder. */
#ifndef AIRSSYS_CORE_FILE_H
#define AIRSSYS_CORE_FILE_H

#include <airssys/allocator.h>
#include <airssys/bytes.h>
#include <airssys/error.h>

/* Read a file, or whatever else `path` names that ends, into memory that the caller releases with
 * `allocator`; out->data is never NULL. AIRS_IO when it cannot be read or has more than `max_size` bytes,
 * AIRS_OUT_OF_MEMORY; the error does not repeat the path. */
airs_status_t airs_file_read(const airs_allocator_t *allocator, const char *path, size_t max_size,
                             airs_bytes_t *out, airs_error_t *error);

/* The same from what is open already, until its end. */
airs_status_t airs_file_read_descriptor(const airs_allocator_t *allocator, int descriptor, size_t max_size,
                                        airs_bytes_t *out, airs_error_t *error);

/* Read `size` bytes from an open file, whatever the number of steps. False, with errno set, when they are not to
 * be had: EIO when the file ends before. */
bool airs_file_read_fully(int file, void *into, size_t size);

/* Write all of it to an open file, whatever the number of steps. False, with errno set, when that cannot be. */
bool airs_file_write_fully(int file, airs_bytes_t bytes);

/* Call each() with every name in an open folder, "." and ".." included, in no order; none when it cannot be read. */
void airs_folder_each(int folder, void (*each)(void *context, const char *name), void *context);

/* Whether `path` is a regular file that can be read: AIRS_OK, or AIRS_IO with the reason ("no such file",
 * "is a directory", …) in `error`, without the path. */
airs_status_t airs_file_check(const char *path, airs_error_t *error);

#endif
