/* Counts words; at the end it tells the collector. */
#include "wordcount.h"

#include <stdio.h>
#include <stdlib.h>

const airs_metadata_t airs_metadata = {.name = "counter", .version = "1.0.0", .stateful = true};

/* A message to the collector has at most this many bytes, unless a single line is longer. */
#define REPORT_SIZE 32768

typedef struct entry {
    char *word; /* NULL: free */
    size_t size;
    uint64_t count;
} entry_t;

/* Open addressing; the capacity is a power of two, at most half full. */
static entry_t *entries;
static size_t capacity;
static size_t used;

static char *report;
static size_t report_capacity;
static size_t report_size;

static uint64_t hash(const void *data, size_t size) {
    const uint8_t *bytes = data;
    uint64_t value = 14695981039346656037u;
    for (size_t i = 0; i < size; i++) {
        value = (value ^ bytes[i]) * 1099511628211u;
    }
    return value ^ (value >> 32);
}

/* The word's entry, or the free one where it belongs. */
static entry_t *find(entry_t *table, size_t table_capacity, const void *word, size_t size) {
    size_t i = (size_t)hash(word, size) & (table_capacity - 1);
    while (table[i].word != NULL && (table[i].size != size || memcmp(table[i].word, word, size) != 0)) {
        i = (i + 1) & (table_capacity - 1);
    }
    return &table[i];
}

static bool grow(void) {
    size_t larger = capacity != 0 ? capacity * 2 : 1024;
    entry_t *table = calloc(larger, sizeof *table);
    if (table == NULL) {
        return false;
    }
    for (size_t i = 0; i < capacity; i++) {
        if (entries[i].word != NULL) {
            *find(table, larger, entries[i].word, entries[i].size) = entries[i];
        }
    }
    free(entries);
    entries = table;
    capacity = larger;
    return true;
}

static bool count(airs_bytes_t word) {
    if (used * 2 >= capacity && !grow()) {
        return false;
    }
    entry_t *entry = find(entries, capacity, word.data, word.size);
    if (entry->word == NULL) {
        char *copy = malloc(word.size);
        if (copy == NULL) {
            return false;
        }
        memcpy(copy, word.data, word.size);
        *entry = (entry_t){copy, word.size, 0};
        used++;
    }
    entry->count++;
    return true;
}

static airs_status_t tell(airs_bytes_t payload) {
    return airs_send_wait((airs_id_t){airs_self().ns, airs_str("collector"), airs_str("0")}, payload,
                          PATIENCE_MS);
}

static airs_status_t flush(void) {
    airs_status_t status = report_size != 0 ? tell(airs_bytes(report, report_size)) : AIRS_OK;
    report_size = 0;
    return status;
}

static airs_status_t add_line(const entry_t *entry) {
    size_t line_most = 20 + 1 + entry->size + 1;
    if (report_size + line_most > report_capacity || report_size + line_most > REPORT_SIZE) {
        airs_status_t status = flush();
        if (status != AIRS_OK) {
            return status;
        }
        size_t needed = line_most + 1 > REPORT_SIZE ? line_most + 1 : REPORT_SIZE;
        if (needed > report_capacity) {
            free(report);
            report = malloc(needed);
            report_capacity = report != NULL ? needed : 0;
        }
        if (report == NULL) {
            return AIRS_OUT_OF_MEMORY;
        }
    }
    report_size += (size_t)snprintf(report + report_size, 22, "%llu ", (unsigned long long)entry->count);
    memcpy(report + report_size, entry->word, entry->size);
    report_size += entry->size;
    report[report_size++] = '\n';
    return AIRS_OK;
}

static airs_outcome_t end(void) {
    airs_status_t status = AIRS_OK;
    for (size_t i = 0; i < capacity && status == AIRS_OK; i++) {
        if (entries[i].word != NULL) {
            status = add_line(&entries[i]);
        }
    }
    status = status == AIRS_OK ? flush() : status;
    status = status == AIRS_OK ? tell(airs_bytes(NULL, 0)) : status;
    return status == AIRS_OK ? airs_done() : airs_fail_status(status);
}

airs_outcome_t airs_on_message(const airs_message_t *message) {
    if (message->payload.size == 0) {
        return end();
    }
    return count(message->payload) ? airs_done() : airs_fail_str(airs_str("too many words for the memory"));
}
