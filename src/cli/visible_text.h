/* Text that came from elsewhere, shown so that it cannot do anything to a terminal. */
#ifndef AIRSSYS_CLI_VISIBLE_TEXT_H
#define AIRSSYS_CLI_VISIBLE_TEXT_H

#include <stdio.h>

#include <airssys/bytes.h>

/* Control characters and what is not UTF-8 as \xNN; newlines and tabs too unless `lines`. */
void airs_visible_print(airs_str_t text, bool lines, FILE *stream);

/* The same of several lines, with `indent` blanks before each but the first. */
void airs_visible_print_block(airs_str_t text, int indent, FILE *stream);

#endif
