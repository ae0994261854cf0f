#include "actor/message_list.h"

static airs_component_message_t *next_of(airs_component_message_t *message) {
    /* Relaxed, here and below: whoever shares the list guards it with a lock. */
    return atomic_load_explicit(&message->next, memory_order_relaxed);
}

static void set_next(airs_component_message_t *message, airs_component_message_t *next) {
    atomic_store_explicit(&message->next, next, memory_order_relaxed);
}

void airs_message_list_append(airs_message_list_t *list, airs_component_message_t *message) {
    set_next(message, NULL);
    if (list->last != NULL) {
        set_next(list->last, message);
    } else {
        list->first = message;
    }
    list->last = message;
}

/* Take out the message behind `before`; NULL: the first. */
static airs_component_message_t *take_behind(airs_message_list_t *list, airs_component_message_t *before) {
    airs_component_message_t *message = before != NULL ? next_of(before) : list->first;
    if (message == NULL) {
        return NULL;
    }
    if (before != NULL) {
        set_next(before, next_of(message));
    } else {
        list->first = next_of(message);
    }
    if (list->last == message) {
        list->last = before;
    }
    set_next(message, NULL);
    return message;
}

airs_component_message_t *airs_message_list_take(airs_message_list_t *list) {
    if (list->exempt == list->first) {
        list->exempt = NULL;
    }
    return take_behind(list, NULL);
}

airs_component_message_t *airs_message_list_take_droppable(airs_message_list_t *list) {
    airs_component_message_t *next = list->exempt != NULL ? next_of(list->exempt) : list->first;
    while (next != NULL && next->cost_slots == 0) {
        list->exempt = next;
        next = next_of(next);
    }
    return take_behind(list, list->exempt);
}
