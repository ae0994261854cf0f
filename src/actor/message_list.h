/* Messages in order, linked through their `next`, from which the oldest that may be dropped can be taken
 * out of the middle: those with cost_slots; the others are exempt. Not synchronized. */
#ifndef AIRSSYS_ACTOR_MESSAGE_LIST_H
#define AIRSSYS_ACTOR_MESSAGE_LIST_H

#include "core/component_message.h"

/* Zeroed: empty. */
typedef struct airs_message_list {
    airs_component_message_t *first;
    airs_component_message_t *last;
    airs_component_message_t *exempt; /* up to this one none may be dropped; NULL: not known of any */
} airs_message_list_t;

void airs_message_list_append(airs_message_list_t *list, airs_component_message_t *message);

/* NULL when it is empty. What is taken has no `next`. */
airs_component_message_t *airs_message_list_take(airs_message_list_t *list);

/* NULL when all are exempt. However many are, each is passed by once, not at every call. */
airs_component_message_t *airs_message_list_take_droppable(airs_message_list_t *list);

#endif
