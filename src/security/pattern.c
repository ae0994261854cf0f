#include "security/pattern.h"

/* What is left of a name. Not the same as an empty text: "a/" has two segments, the second is empty. */
typedef struct rest {
    airs_str_t text;
    bool ended;
} rest_t;

static airs_str_t first_segment(const rest_t *rest) {
    const char *slash = rest->text.size > 0 ? memchr(rest->text.data, '/', rest->text.size) : NULL;
    return slash == NULL ? rest->text : airs_str_n(rest->text.data, (size_t)(slash - rest->text.data));
}

static rest_t behind_first(const rest_t *rest) {
    airs_str_t segment = first_segment(rest);
    if (segment.size == rest->text.size) {
        return (rest_t){.ended = true};
    }
    return (rest_t){airs_str_n(rest->text.data + segment.size + 1, rest->text.size - segment.size - 1),
                    false};
}

static bool is_any_run(const rest_t *pattern) {
    return !pattern->ended && airs_str_equal(first_segment(pattern), airs_str("**"));
}

static bool segments_match(const rest_t *pattern, const rest_t *name) {
    if (pattern->ended || name->ended) {
        return false;
    }
    airs_str_t wanted = first_segment(pattern);
    return airs_str_equal(wanted, airs_str("*")) || airs_str_equal(wanted, first_segment(name));
}

/* Only the last "**" seen is ever tried again, one segment longer: what an earlier one could gain by taking
 * more, the last one can take too. */
bool airs_pattern_match(airs_str_t pattern, airs_str_t name) {
    rest_t wanted = {pattern, false};
    rest_t given = {name, false};
    rest_t wanted_again = {.ended = true};
    rest_t given_again = {.ended = true};
    bool can_try_again = false;
    while (!given.ended || !wanted.ended) {
        if (is_any_run(&wanted)) {
            wanted = behind_first(&wanted);
            wanted_again = wanted;
            given_again = given;
            can_try_again = true;
        } else if (segments_match(&wanted, &given)) {
            wanted = behind_first(&wanted);
            given = behind_first(&given);
        } else if (can_try_again && !given_again.ended) {
            given_again = behind_first(&given_again);
            wanted = wanted_again;
            given = given_again;
        } else {
            return false;
        }
    }
    return true;
}
