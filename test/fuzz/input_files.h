/* The files of one input, in memory: whatever the code under test opens is one of these, or is not there; the only folder
 * is "data". A program that uses this is linked with airs_file_read, airs_file_check, realpath and stat replaced
 * (cmake/AirssysFuzz.cmake), so that no text that a fuzzer makes up reaches a file of this machine. */
#ifndef AIRSSYS_TEST_FUZZ_INPUT_FILES_H
#define AIRSSYS_TEST_FUZZ_INPUT_FILES_H

#include <airssys/bytes.h>

/* Where they are; nothing is there on the disk. */
#define INPUT_FOLDER "/airssys-fuzz/"

#define INPUT_FILES_MAX 8

/* Cut an input into files: what stands before the first line "### NAME" is the file `first`, what follows such a line
 * the file NAME. All are views into the input. */
void input_files_set(airs_bytes_t input, const char *first);

/* The input is done with; until then there is nothing on the disk. */
void input_files_end(void);

/* The content of a file; NULL data: there is none. */
airs_str_t input_file(const char *name);

#endif
