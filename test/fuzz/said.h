/* What was said of an input that was refused. */
#ifndef AIRSSYS_TEST_FUZZ_SAID_H
#define AIRSSYS_TEST_FUZZ_SAID_H

#include <airssys/error.h>

/* Fails unless the text says something, in UTF-8 that can be shown on a terminal, and each of its lines but a last
 * "... and N more" begins with a file in `folder` and a place. A text that was cut may end anywhere. */
void said_where(const airs_error_t *error, const char *folder);

#endif
