#include "security/topic_pattern.h"

#include "core/topic.h"
#include "security/pattern.h"

/* A pattern whose ">" is written out. */
typedef struct spelled {
    char text[AIRS_TOPIC_MAX + 4];
    airs_str_t view;
} spelled_t;

static bool ends_in_rest(airs_str_t pattern) {
    return pattern.size > 0 && pattern.data[pattern.size - 1] == '>' &&
           (pattern.size == 1 || pattern.data[pattern.size - 2] == '.');
}

/* False: too long for any topic. */
static bool spell_out(airs_str_t pattern, spelled_t *out) {
    if (pattern.size > AIRS_TOPIC_MAX) {
        return false;
    }
    out->view = pattern;
    if (ends_in_rest(pattern)) {
        memcpy(out->text, pattern.data, pattern.size - 1);
        memcpy(out->text + pattern.size - 1, "*.**", 4);
        out->view = airs_str_n(out->text, pattern.size + 3);
    }
    return true;
}

bool airs_topic_pattern_match(airs_str_t pattern, airs_str_t topic) {
    spelled_t spelled;
    return spell_out(pattern, &spelled) && airs_pattern_match_at('.', spelled.view, topic);
}

static size_t count_tokens(airs_str_t text) {
    size_t count = 1;
    for (size_t i = 0; i < text.size; i++) {
        count += text.data[i] == '.';
    }
    return count;
}

/* A subscription's "*" can become any token, also one that no pattern names, so only a wildcard contains it: read as
 * a name, it is such a token. What ">" can become is tried in every length that a topic may have. */
bool airs_topic_pattern_contains(airs_str_t pattern, airs_str_t subscription) {
    spelled_t spelled;
    char name[AIRS_TOPIC_MAX + 2 * AIRS_TOPIC_TOKENS_MAX];
    if (subscription.size > AIRS_TOPIC_MAX || !spell_out(pattern, &spelled)) {
        return false;
    }
    if (!ends_in_rest(subscription)) {
        return airs_pattern_match_at('.', spelled.view, subscription);
    }
    size_t tokens = count_tokens(subscription);
    size_t size = subscription.size;
    memcpy(name, subscription.data, size);
    name[size - 1] = '*';
    while (airs_pattern_match_at('.', spelled.view, airs_str_n(name, size))) {
        if (++tokens > AIRS_TOPIC_TOKENS_MAX) {
            return true;
        }
        name[size++] = '.';
        name[size++] = '*';
    }
    return false;
}

bool airs_topic_pattern_overlap(airs_str_t pattern, airs_str_t subscription) {
    spelled_t one;
    spelled_t other;
    return !spell_out(pattern, &one) || !spell_out(subscription, &other) ||
           airs_pattern_overlap('.', one.view, other.view);
}

airs_status_t airs_topic_pattern_check(airs_str_t pattern, airs_error_t *error) {
    for (airs_segments_t rest = airs_segments('.', pattern); !rest.ended;) {
        airs_str_t token = airs_segments_first(&rest);
        rest = airs_segments_rest(&rest);
        if (token.size == 0) {
            return airs_error_set(error, AIRS_INVALID_ARGUMENT,
                                  "a topic has no empty tokens between its dots");
        }
        bool is_rest = airs_topic_is_rest(token);
        if ((is_rest && !rest.ended) || (!is_rest && memchr(token.data, '>', token.size) != NULL)) {
            return airs_error_set(error, AIRS_INVALID_ARGUMENT,
                                  "\">\" stands for the rest of a topic, alone and at the end, as in "
                                  "\"orders.>\"");
        }
        if (memchr(token.data, '*', token.size) != NULL && !airs_segment_is_one(token) &&
            !airs_segment_is_run(token)) {
            return airs_error_set(error, AIRS_INVALID_ARGUMENT,
                                  "a star stands alone: \"*\" is any one token, \"**\" any number of tokens");
        }
    }
    return AIRS_OK;
}
