/* Patterns over names that fall into segments: ids and storage keys at slashes, topics and hosts at dots.
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
 * (Stars stand in brackets here only because star and slash end a C comment.) docs/reference/capabilities.md
 * has the table that the tests go by. */
#ifndef AIRSSYS_SECURITY_PATTERN_H
#define AIRSSYS_SECURITY_PATTERN_H

#include <airssys/bytes.h>

/* Takes time in the order of the product of their lengths at worst, and no memory. */
bool airs_pattern_match_at(char separator, airs_str_t pattern, airs_str_t name);

/* The same at slashes. */
bool airs_pattern_match(airs_str_t pattern, airs_str_t name);

/* Whether there is a name that both patterns match. True also when the second has more segments than
 * AIRS_PATTERN_SEGMENTS_MAX: who asks wants to know whether something can be left alone. */
#define AIRS_PATTERN_SEGMENTS_MAX 256
bool airs_pattern_overlap(char separator, airs_str_t one, airs_str_t other);

/* A name or pattern cut at separators, one segment after the other. */
typedef struct airs_segments {
    airs_str_t text;
    char separator;
    bool ended; /* not the same as an empty text: "a/" has two segments, the second is empty */
} airs_segments_t;

static inline airs_segments_t airs_segments(char separator, airs_str_t text) {
    return (airs_segments_t){text, separator, false};
}

/* The first of those that are left, of which there is one at least. */
airs_str_t airs_segments_first(const airs_segments_t *segments);

/* What is left behind it. */
airs_segments_t airs_segments_rest(const airs_segments_t *segments);

static inline bool airs_segment_is_one(airs_str_t segment) {
    return segment.size == 1 && segment.data[0] == '*';
}

static inline bool airs_segment_is_run(airs_str_t segment) {
    return segment.size == 2 && segment.data[0] == '*' && segment.data[1] == '*';
}

#endif
