/* Patterns over topics, as permissions and policies have them: tokens between dots, "*" any one, "**" any number,
 * and, as in a subscription, ">" for one or more at the end ("a.>" is "a.*.**"). */
#ifndef AIRSSYS_SECURITY_TOPIC_PATTERN_H
#define AIRSSYS_SECURITY_TOPIC_PATTERN_H

#include <airssys/bytes.h>
#include <airssys/error.h>

/* AIRS_INVALID_ARGUMENT: a token is empty, ">" is not the last one, or a star is not alone in its token. */
airs_status_t airs_topic_pattern_check(airs_str_t pattern, airs_error_t *error);

/* Whether the pattern matches this topic. */
bool airs_topic_pattern_match(airs_str_t pattern, airs_str_t topic);

/* Whether the pattern matches every topic that the subscription ("orders.*.created", "orders.>") can bring. */
bool airs_topic_pattern_contains(airs_str_t pattern, airs_str_t subscription);

/* Whether it matches any of them. */
bool airs_topic_pattern_overlap(airs_str_t pattern, airs_str_t subscription);

#endif
