/* Topics and patterns (airssys:actor/topics): what is valid, and how they fall into tokens.
 *
 * A topic is tokens with dots between them: "orders.eu.created". None is empty, all is UTF-8 without control
 * characters. In a pattern the token `*` stands for any one token, and the token `>`, which only the last one
 * can be, for one or more. These two characters have no other use. */
#ifndef AIRSSYS_CORE_TOPIC_H
#define AIRSSYS_CORE_TOPIC_H

#include <airssys/bytes.h>
#include <airssys/error.h>

/* Bytes and tokens, at most. */
#define AIRS_TOPIC_MAX 255
#define AIRS_TOPIC_TOKENS_MAX 32

/* May it be published to? AIRS_INVALID_ARGUMENT. */
airs_status_t airs_topic_check(airs_str_t topic, airs_error_t *error);

/* May it be subscribed to? AIRS_INVALID_ARGUMENT. */
airs_status_t airs_topic_check_pattern(airs_str_t pattern, airs_error_t *error);

/* The first token of what is not empty; *rest is what follows its dot, empty behind the last one. */
airs_str_t airs_topic_first_token(airs_str_t text, airs_str_t *rest);

static inline bool airs_topic_is_any(airs_str_t token) { return token.size == 1 && token.data[0] == '*'; }
static inline bool airs_topic_is_rest(airs_str_t token) { return token.size == 1 && token.data[0] == '>'; }

#endif
