#include "security/pattern.h"

airs_str_t airs_segments_first(const airs_segments_t *segments) {
    airs_str_t text = segments->text;
    const char *end = text.size > 0 ? memchr(text.data, segments->separator, text.size) : NULL;
    return end == NULL ? text : airs_str_n(text.data, (size_t)(end - text.data));
}

airs_segments_t airs_segments_rest(const airs_segments_t *segments) {
    airs_str_t first = airs_segments_first(segments);
    airs_str_t text = segments->text;
    if (first.size == text.size) {
        return (airs_segments_t){.separator = segments->separator, .ended = true};
    }
    return airs_segments(segments->separator,
                         airs_str_n(text.data + first.size + 1, text.size - first.size - 1));
}

static bool is_any_run(const airs_segments_t *pattern) {
    return !pattern->ended && airs_segment_is_run(airs_segments_first(pattern));
}

static bool segments_match(const airs_segments_t *pattern, const airs_segments_t *name) {
    if (pattern->ended || name->ended) {
        return false;
    }
    airs_str_t wanted = airs_segments_first(pattern);
    return airs_segment_is_one(wanted) || airs_str_equal(wanted, airs_segments_first(name));
}

/* Only the last "**" seen is ever tried again, one segment longer: what an earlier one could gain by taking
 * more, the last one can take too. */
bool airs_pattern_match_at(char separator, airs_str_t pattern, airs_str_t name) {
    airs_segments_t wanted = airs_segments(separator, pattern);
    airs_segments_t given = airs_segments(separator, name);
    airs_segments_t wanted_again = {.ended = true};
    airs_segments_t given_again = {.ended = true};
    bool can_try_again = false;
    while (!given.ended || !wanted.ended) {
        if (is_any_run(&wanted)) {
            wanted = airs_segments_rest(&wanted);
            wanted_again = wanted;
            given_again = given;
            can_try_again = true;
        } else if (segments_match(&wanted, &given)) {
            wanted = airs_segments_rest(&wanted);
            given = airs_segments_rest(&given);
        } else if (can_try_again && !given_again.ended) {
            given_again = airs_segments_rest(&given_again);
            wanted = wanted_again;
            given = given_again;
        } else {
            return false;
        }
    }
    return true;
}

bool airs_pattern_match(airs_str_t pattern, airs_str_t name) {
    return airs_pattern_match_at('/', pattern, name);
}

/* ---- overlap -------------------------------------------------------------------------------- */

/* The segments of `other`, and for each number of them whether some name matches both them and the segments of
 * `one` that were looked at. */
typedef struct overlap {
    airs_str_t segments[AIRS_PATTERN_SEGMENTS_MAX];
    size_t count;
    bool possible[AIRS_PATTERN_SEGMENTS_MAX + 1];
} overlap_t;

static bool cut(overlap_t *overlap, char separator, airs_str_t text) {
    airs_segments_t rest = airs_segments(separator, text);
    for (overlap->count = 0; !rest.ended; rest = airs_segments_rest(&rest)) {
        if (overlap->count == AIRS_PATTERN_SEGMENTS_MAX) {
            return false;
        }
        overlap->segments[overlap->count++] = airs_segments_first(&rest);
    }
    return true;
}

static bool one_of_both(airs_str_t one, airs_str_t other) {
    return airs_segment_is_one(one) || airs_segment_is_one(other) || airs_str_equal(one, other);
}

static void take_run(overlap_t *overlap) {
    for (size_t i = 0; i < overlap->count; i++) {
        overlap->possible[i + 1] |= overlap->possible[i];
    }
}

static void take_one(overlap_t *overlap, airs_str_t segment) {
    bool above = overlap->possible[0];
    overlap->possible[0] = false;
    for (size_t i = 0; i < overlap->count; i++) {
        bool here = overlap->possible[i + 1];
        if (airs_segment_is_run(overlap->segments[i])) {
            /* It takes this one too, or has ended before. */
            overlap->possible[i + 1] = here || overlap->possible[i];
        } else {
            overlap->possible[i + 1] = above && one_of_both(segment, overlap->segments[i]);
        }
        above = here;
    }
}

bool airs_pattern_overlap(char separator, airs_str_t one, airs_str_t other) {
    overlap_t overlap;
    if (!cut(&overlap, separator, other)) {
        return true;
    }
    overlap.possible[0] = true;
    for (size_t i = 0; i < overlap.count; i++) {
        overlap.possible[i + 1] = overlap.possible[i] && airs_segment_is_run(overlap.segments[i]);
    }
    for (airs_segments_t rest = airs_segments(separator, one); !rest.ended;
         rest = airs_segments_rest(&rest)) {
        airs_str_t segment = airs_segments_first(&rest);
        if (airs_segment_is_run(segment)) {
            take_run(&overlap);
        } else {
            take_one(&overlap, segment);
        }
    }
    return overlap.possible[overlap.count];
}
