/* The three descriptors that a process starts with. */
#ifndef AIRSSYS_CLI_STANDARD_STREAMS_H
#define AIRSSYS_CLI_STANDARD_STREAMS_H

#include <stdbool.h>

/* Take up those of the numbers 0, 1 and 2 that are closed, by something that can neither be read (0) nor written (1 and
 * 2), so that its use fails as it would have. Otherwise the next file to be opened would get the number, and what is
 * meant for a person would be written into it: into a database, say. Before anything else is opened. False: a number
 * is still free. */
bool airs_standard_streams_occupy(void);

#endif
