/* What the three components of this application tell each other: words with spaces between them.
 *
 * desk -> stock     request "reserve ITEM COUNT", answered "reserved" or "sold out"
 *                   request "left", answered "ITEM COUNT, ITEM COUNT, …"
 * desk -> payment   request "charge ORDER METHOD", answered "paid" or "declined"
 * topic orders.paid, orders.cancelled
 *                   "ORDER ITEM COUNT": an order has ended; what a cancelled one had reserved is free again */
#ifndef ORDERS_H
#define ORDERS_H

#include <airssys.h>

/* Cuts the first word off; size 0 when there is none. */
static inline airs_str_t next_word(airs_str_t *rest) {
    const char *space = rest->size != 0 ? memchr(rest->data, ' ', rest->size) : NULL;
    airs_str_t word = {rest->data, space != NULL ? (size_t)(space - rest->data) : rest->size};
    size_t used = word.size + (space != NULL ? 1 : 0);
    *rest = airs_str_n(rest->data + used, rest->size - used);
    return word;
}

#endif
