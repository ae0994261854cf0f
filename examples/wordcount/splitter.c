/* Cuts lines into words and sends each to the counter that its hash chooses. A word is a longest run of the
 * letters A to Z, in lower case. */
#include "wordcount.h"

#include <stdio.h>
#include <stdlib.h>

const airs_metadata_t airs_metadata = {.name = "splitter", .version = "1.0.0"};

typedef struct counter {
    char instance[12];
    airs_id_t id;
} counter_t;

static counter_t *counters;
static size_t counter_count;

/* The word in hand, as long as the longest so far. */
static char *word;
static size_t word_capacity;

/* When the first line comes, all of the application has started. */
static bool find_counters(void) {
    if (counters != NULL) {
        return true;
    }
    size_t count = wordcount_instances("counter");
    counters = count != 0 ? calloc(count, sizeof *counters) : NULL;
    if (counters == NULL) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        snprintf(counters[i].instance, sizeof counters[i].instance, "%zu", i);
        counters[i].id = (airs_id_t){airs_self().ns, airs_str("counter"), airs_str(counters[i].instance)};
    }
    counter_count = count;
    return true;
}

/* FNV-1a. */
static uint32_t hash(const char *text, size_t size) {
    uint32_t value = 2166136261u;
    for (size_t i = 0; i < size; i++) {
        value = (value ^ (uint8_t)text[i]) * 16777619u;
    }
    return value;
}

/* The letter in lower case, or 0. */
static char letter(uint8_t byte) {
    uint8_t lower = byte | 0x20;
    return lower >= 'a' && lower <= 'z' ? (char)lower : 0;
}

static bool reserve(size_t size) {
    if (size > word_capacity) {
        char *larger = realloc(word, size);
        if (larger == NULL) {
            return false;
        }
        word = larger;
        word_capacity = size;
    }
    return true;
}

static airs_outcome_t split(airs_bytes_t line) {
    if (!reserve(line.size)) {
        return airs_fail_str(airs_str("a line is too long for the memory of this component"));
    }
    size_t size = 0;
    for (size_t i = 0; i <= line.size; i++) {
        char next = i < line.size ? letter(line.data[i]) : 0;
        if (next != 0) {
            word[size++] = next;
        } else if (size != 0) {
            airs_id_t target = counters[hash(word, size) % counter_count].id;
            airs_status_t status = airs_send_wait(target, airs_bytes(word, size), PATIENCE_MS);
            if (status != AIRS_OK) {
                return airs_fail_status(status);
            }
            size = 0;
        }
    }
    return airs_done();
}

static airs_outcome_t end(void) {
    for (size_t i = 0; i < counter_count; i++) {
        airs_status_t status = airs_send_wait(counters[i].id, airs_bytes(NULL, 0), PATIENCE_MS);
        if (status != AIRS_OK) {
            return airs_fail_status(status);
        }
    }
    return airs_done();
}

airs_outcome_t airs_on_message(const airs_message_t *message) {
    if (!find_counters()) {
        return airs_fail_str(airs_str("there is no counter"));
    }
    if (airs_is_end(message)) {
        return end();
    }
    return split(message->payload);
}
