/* What the command says when something is wrong. */
#ifndef AIRSSYS_CLI_COMPLAINT_H
#define AIRSSYS_CLI_COMPLAINT_H

#include <airssys/export.h>

/* "airssys VERB: text" on standard error, with a newline behind it. `verb` may be NULL. What a component or a
 * file had a part in may have any bytes: control characters other than newline and tab, and bytes that are not
 * UTF-8, appear as \xNN, so that nobody steers the terminal. */
void airs_complain(const char *verb, const char *format, ...) AIRS_PRINTF(2, 3);

#endif
