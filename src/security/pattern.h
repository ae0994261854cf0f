/* Patterns over slash-separated names: ids, storage keys.
 *
 * A pattern is compared segment by segment and must match the whole name. A segment "*" stands for any
 * one segment, also an empty one, a segment "**" for any number of segments, also none; every other segment
 * stands for itself, stars inside it included.
 *
 *     pattern      matches                         does not match
 *     a/b          a/b                             a, a/b/c, a/bc
 *     a/[*]        a/b, a/                         a, a/b/c, ab/c
 *     a/[**]       a, a/b, a/b/c                   ab, ab/c
 *     [**]/c       c, a/c, a/b/c                   a/bc, c/d
 *     a/[**]/c     a/c, a/b/c, a/b/b/c             a, ac, a/b
 *     a*           a*                              ab
 *
 * (Stars stand in brackets here only because star and slash end a C comment.) */
#ifndef AIRSSYS_SECURITY_PATTERN_H
#define AIRSSYS_SECURITY_PATTERN_H

#include <airssys/bytes.h>

/* Takes time in the order of the product of their lengths at worst, and no memory. */
bool airs_pattern_match(airs_str_t pattern, airs_str_t name);

#endif
