/* Keeps the most frequent words, and prints them when all counters have told theirs: a line a word, as
 * `uniq -c` prints it (the count right-aligned in seven columns, a space, the word), the most frequent
 * first, words as frequent as one another in alphabetical order. */
#include "wordcount.h"

#include <stdio.h>
#include <stdlib.h>

const airs_metadata_t airs_metadata = {.name = "collector", .version = "1.0.0", .stateful = true};

#define SHOWN 20

typedef struct place {
    uint64_t count;
    airs_str_t word; /* owned */
} place_t;

static place_t places[SHOWN]; /* in the order of the output */
static size_t place_count;
static size_t counters_done;

static bool before(uint64_t count, airs_str_t word, const place_t *place) {
    if (count != place->count) {
        return count > place->count;
    }
    size_t shared = word.size < place->word.size ? word.size : place->word.size;
    int order = memcmp(word.data, place->word.data, shared);
    return order != 0 ? order < 0 : word.size < place->word.size;
}

static bool enter(uint64_t count, airs_str_t word) {
    size_t at = place_count;
    while (at != 0 && before(count, word, &places[at - 1])) {
        at--;
    }
    if (at == SHOWN) {
        return true;
    }
    char *copy = malloc(word.size);
    if (copy == NULL) {
        return false;
    }
    memcpy(copy, word.data, word.size);
    if (place_count == SHOWN) {
        free((void *)(uintptr_t)places[SHOWN - 1].word.data);
    } else {
        place_count++;
    }
    memmove(&places[at + 1], &places[at], (place_count - 1 - at) * sizeof *places);
    places[at] = (place_t){count, airs_str_n(copy, word.size)};
    return true;
}

/* Lines "COUNT WORD\n". */
static bool enter_all(airs_bytes_t lines) {
    while (lines.size != 0) {
        const uint8_t *space = memchr(lines.data, ' ', lines.size);
        const uint8_t *newline = memchr(lines.data, '\n', lines.size);
        uint64_t count = 0;
        if (space == NULL || newline == NULL || newline < space ||
            !airs_parse_u64(airs_bytes(lines.data, (size_t)(space - lines.data)), &count) ||
            !enter(count, airs_str_n((const char *)space + 1, (size_t)(newline - space) - 1))) {
            return false;
        }
        lines = airs_bytes(newline + 1, lines.size - (size_t)(newline + 1 - lines.data));
    }
    return true;
}

static void print(void) {
    for (size_t i = 0; i < place_count; i++) {
        printf("%7llu %.*s\n", (unsigned long long)places[i].count, AIRS_STR_ARG(places[i].word));
    }
}

airs_outcome_t airs_on_message(const airs_message_t *message) {
    if (message->payload.size != 0) {
        return enter_all(message->payload) ? airs_done() : airs_fail_str(airs_str("a report cannot be read"));
    }
    if (++counters_done == wordcount_instances("counter")) {
        print();
    }
    return airs_done();
}
