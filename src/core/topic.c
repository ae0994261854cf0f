#include "core/topic.h"

#include "core/utf8.h"

/* A topic or pattern that is being looked at; what is shown of it in a message has been seen to be text. */
typedef struct airs_topic_view {
    airs_str_t text;
    const char *what; /* "topic" or "pattern" */
    airs_error_t *error;
} airs_topic_view_t;

airs_str_t airs_topic_first_token(airs_str_t text, airs_str_t *rest) {
    const char *dot = memchr(text.data, '.', text.size);
    if (dot == NULL) {
        *rest = airs_str_n(NULL, 0);
        return text;
    }
    size_t size = (size_t)(dot - text.data);
    *rest = airs_str_n(dot + 1, text.size - size - 1);
    return airs_str_n(text.data, size);
}

static airs_status_t check_characters(const airs_topic_view_t *view) {
    for (size_t at = 0; at < view->text.size;) {
        uint32_t character = 0;
        size_t length = airs_utf8_decode(airs_str_n(view->text.data + at, view->text.size - at), &character);
        if (length == 0) {
            return airs_error_set(view->error, AIRS_INVALID_ARGUMENT, "a %s must be UTF-8; byte %zu is not",
                                  view->what, at + 1);
        }
        if (airs_utf8_is_control(character)) {
            return airs_error_set(view->error, AIRS_INVALID_ARGUMENT,
                                  "a %s has no control characters; there is U+%04X at byte %zu", view->what,
                                  (unsigned)character, at + 1);
        }
        at += length;
    }
    return AIRS_OK;
}

static bool has_wildcard(airs_str_t token) {
    return memchr(token.data, '*', token.size) != NULL || memchr(token.data, '>', token.size) != NULL;
}

static airs_status_t check_wildcards(const airs_topic_view_t *view, airs_str_t token, bool last,
                                     bool pattern) {
    if (!has_wildcard(token)) {
        return AIRS_OK;
    }
    if (!pattern) {
        return airs_error_set(
            view->error, AIRS_INVALID_ARGUMENT,
            "the topic \"%.*s\" has a wildcard: one publishes to a topic without `*` and `>`",
            AIRS_STR_ARG(view->text));
    }
    if (!airs_topic_is_any(token) && !airs_topic_is_rest(token)) {
        return airs_error_set(
            view->error, AIRS_INVALID_ARGUMENT,
            "the token \"%.*s\" of the pattern \"%.*s\": a wildcard is a token of its own, as "
            "in \"a.*\" or \"a.>\"",
            AIRS_STR_ARG(token), AIRS_STR_ARG(view->text));
    }
    if (airs_topic_is_rest(token) && !last) {
        return airs_error_set(view->error, AIRS_INVALID_ARGUMENT,
                              "`>` is not the last token of the pattern \"%.*s\": for one token write `*`",
                              AIRS_STR_ARG(view->text));
    }
    return AIRS_OK;
}

/* What ends in a dot has an empty last token, which airs_topic_first_token does not tell. */
static airs_status_t check_tokens(const airs_topic_view_t *view, bool pattern) {
    airs_str_t rest = view->text;
    size_t count = 0;
    while (rest.size > 0) {
        airs_str_t token = airs_topic_first_token(rest, &rest);
        if (token.size == 0 || (rest.size == 0 && rest.data != NULL)) {
            return airs_error_set(
                view->error, AIRS_INVALID_ARGUMENT,
                "the %s \"%.*s\" has an empty token: one dot stands between two tokens, none "
                "at the ends",
                view->what, AIRS_STR_ARG(view->text));
        }
        if (++count > AIRS_TOPIC_TOKENS_MAX) {
            return airs_error_set(view->error, AIRS_INVALID_ARGUMENT,
                                  "the %s \"%.*s\" has more than %d tokens", view->what,
                                  AIRS_STR_ARG(view->text), AIRS_TOPIC_TOKENS_MAX);
        }
        airs_status_t status = check_wildcards(view, token, rest.size == 0, pattern);
        if (status != AIRS_OK) {
            return status;
        }
    }
    return AIRS_OK;
}

static airs_status_t check(airs_str_t text, bool pattern, airs_error_t *error) {
    airs_topic_view_t view = {.text = text, .what = pattern ? "pattern" : "topic", .error = error};
    if (text.size == 0) {
        return airs_error_set(error, AIRS_INVALID_ARGUMENT,
                              "an empty %s: it is tokens with dots between them, as in \"orders.created\"",
                              view.what);
    }
    if (text.size > AIRS_TOPIC_MAX) {
        return airs_error_set(error, AIRS_INVALID_ARGUMENT, "a %s of %zu bytes: at most %d are possible",
                              view.what, text.size, AIRS_TOPIC_MAX);
    }
    airs_status_t status = check_characters(&view);
    return status == AIRS_OK ? check_tokens(&view, pattern) : status;
}

airs_status_t airs_topic_check(airs_str_t topic, airs_error_t *error) { return check(topic, false, error); }

airs_status_t airs_topic_check_pattern(airs_str_t pattern, airs_error_t *error) {
    return check(pattern, true, error);
}
