/* The stock: its configuration is what there is, "ITEM COUNT ITEM COUNT …". It hears of cancelled orders by their
 * topic, and puts back what they had reserved. */
#include "orders.h"

#include <stdio.h>

const airs_metadata_t airs_metadata = {.name = "stock", .version = "1.0.0", .stateful = true};

typedef struct item {
    airs_str_t name; /* in the configuration */
    uint64_t count;
} item_t;

#define ITEMS_MAX 100

static item_t items[ITEMS_MAX];
static size_t item_count;

airs_outcome_t airs_on_start(void) {
    airs_str_t rest = airs_as_str(airs_config());
    while (rest.size != 0) {
        item_t *item = &items[item_count++];
        item->name = next_word(&rest);
        if (item_count == ITEMS_MAX || !airs_parse_u64(airs_as_bytes(next_word(&rest)), &item->count)) {
            return airs_fail("too many items, or no count of %.*s", AIRS_STR_ARG(item->name));
        }
    }
    airs_status_t status = airs_subscribe(airs_str("orders.cancelled"));
    return status == AIRS_OK ? airs_done() : airs_fail_status(status);
}

/* "ITEM COUNT"; NULL when there is no such item, or the count is no number. */
static item_t *read_item(airs_str_t text, uint64_t *count) {
    airs_str_t name = next_word(&text);
    for (size_t i = 0; i < item_count; i++) {
        if (airs_str_equal(items[i].name, name) && airs_parse_u64(airs_as_bytes(text), count)) {
            return &items[i];
        }
    }
    return NULL;
}

static airs_outcome_t reserve(airs_str_t what) {
    uint64_t count = 0;
    item_t *item = read_item(what, &count);
    if (item == NULL || item->count < count) {
        return airs_answer(airs_text("sold out"));
    }
    item->count -= count;
    return airs_answer(airs_text("reserved"));
}

static airs_outcome_t put_back(airs_str_t what) {
    uint64_t count = 0;
    item_t *item = read_item(what, &count);
    if (item != NULL) {
        item->count += count;
    }
    return airs_done();
}

static airs_outcome_t list(void) {
    char text[4096];
    size_t size = 0;
    for (size_t i = 0; i < item_count && size < sizeof text; i++) {
        size += (size_t)snprintf(text + size, sizeof text - size, "%s%.*s %llu", i == 0 ? "" : ", ",
                                 AIRS_STR_ARG(items[i].name), (unsigned long long)items[i].count);
    }
    return airs_answer(airs_bytes(text, size < sizeof text ? size : sizeof text - 1));
}

airs_outcome_t airs_on_message(const airs_message_t *message) {
    airs_str_t text = airs_as_str(message->payload);
    airs_str_t word = next_word(&text);
    if (message->kind == AIRS_MESSAGE) {
        return put_back(text); /* the word is the order's number */
    }
    return airs_str_equal(word, airs_str("reserve")) ? reserve(text) : list();
}
