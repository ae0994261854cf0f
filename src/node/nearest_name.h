/* "did you mean …?": the known name that a mistyped word is nearest to. */
#ifndef AIRSSYS_NODE_NEAREST_NAME_H
#define AIRSSYS_NODE_NEAREST_NAME_H

#include <airssys/bytes.h>

/* Gives name number `index`, or NULL after the last one. */
typedef const char *airs_name_at_fn(const void *names, size_t index);

/* The nearest name by Damerau-Levenshtein distance (insert, delete, replace, swap two neighbours;
 * letters compared without regard to case), if it is near enough to be what was meant: at most one
 * change for every three letters, one at least. NULL otherwise. The first of several equally near. */
const char *airs_nearest_name(airs_str_t word, airs_name_at_fn *name_at, const void *names);

/* airs_name_at_fn over an array of strings that ends in NULL. */
const char *airs_name_at_in_list(const void *names, size_t index);

#endif
