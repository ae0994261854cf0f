#include "runtime/journal.h"

#include <xxhash.h>

#include "core/memory.h"
#include "core/utf8.h"

/* Chunks double up to the last of these, so that a short journal is small and a long one has few. */
#define CHUNK_FIRST ((size_t)4 << 10)
#define CHUNK_LAST ((size_t)1 << 20)

/* Seven bits a byte. */
#define NUMBER_MAX 10

const char *airs_entry_text(unsigned kind) {
    switch (kind) {
#define ENTRY_CASE(name, number, text) \
    case number:                       \
        return text;
        AIRS_ENTRY_MAP(ENTRY_CASE)
#undef ENTRY_CASE
    default:
        return NULL;
    }
}

uint32_t airs_journal_hash(uint32_t before, airs_bytes_t part) {
    uint64_t seed = ((uint64_t)before << 32) ^ part.size;
    uint64_t hash = XXH3_64bits_withSeed(part.size > 0 ? (const void *)part.data : "", part.size, seed);
    return (uint32_t)(hash ^ (hash >> 32));
}

/* ---- writing -------------------------------------------------------------------------------- */

void airs_journal_init(airs_journal_t *journal, const airs_allocator_t *allocator, uint64_t limit) {
    *journal = (airs_journal_t){.allocator = allocator, .limit = limit, .status = AIRS_OK};
}

void airs_journal_free(airs_journal_t *journal) {
    while (journal->first != NULL) {
        airs_journal_chunk_t *next = journal->first->next;
        airs_release(journal->allocator, journal->first);
        journal->first = next;
    }
    airs_journal_init(journal, journal->allocator, journal->limit);
}

static size_t number_size(uint64_t number) {
    size_t size = 1;
    while (number >= 0x80) {
        number >>= 7;
        size++;
    }
    return size;
}

static uint8_t *put_number(uint8_t *to, uint64_t number) {
    while (number >= 0x80) {
        *to++ = (uint8_t)(number | 0x80);
        number >>= 7;
    }
    *to++ = (uint8_t)number;
    return to;
}

static size_t field_size(const airs_field_t *field) {
    return field->is_bytes ? number_size(field->bytes.size) + field->bytes.size : number_size(field->number);
}

static uint8_t *put_field(uint8_t *to, const airs_field_t *field) {
    if (!field->is_bytes) {
        return put_number(to, field->number);
    }
    return airs_copy(put_number(to, field->bytes.size), field->bytes.data, field->bytes.size);
}

static void stop(airs_journal_t *journal, airs_status_t status) {
    uint64_t counted = journal->counted;
    airs_journal_free(journal);
    journal->counted = counted;
    journal->status = status;
}

/* Room for an entry, in one piece. */
static uint8_t *reserve(airs_journal_t *journal, size_t size) {
    airs_journal_chunk_t *last = journal->last;
    if (last == NULL || last->capacity - last->size < size) {
        size_t capacity = last == NULL ? CHUNK_FIRST : 2 * (last->capacity + sizeof *last);
        capacity = (capacity < CHUNK_LAST ? capacity : CHUNK_LAST) - sizeof *last;
        capacity = capacity > size ? capacity : size;
        airs_journal_chunk_t *chunk = airs_alloc(journal->allocator, sizeof *chunk + capacity);
        if (chunk == NULL) {
            return NULL;
        }
        chunk->next = NULL;
        chunk->size = 0;
        chunk->capacity = capacity;
        *(last == NULL ? &journal->first : &last->next) = chunk;
        journal->last = last = chunk;
        journal->chunks++;
    }
    uint8_t *room = last->bytes + last->size;
    last->size += size;
    journal->size += size;
    return room;
}

void airs_journal_append(airs_journal_t *journal, airs_entry_kind_t kind, const airs_field_t *fields,
                         size_t count) {
    if (journal->status != AIRS_OK) {
        return;
    }
    size_t body = 0;
    for (size_t i = 0; i < count; i++) {
        body += field_size(&fields[i]);
    }
    size_t size = 1 + number_size(body) + body;
    if (size > journal->limit - journal->size) {
        stop(journal, AIRS_QUOTA_EXCEEDED);
        return;
    }
    uint8_t *at = reserve(journal, size);
    if (at == NULL) {
        stop(journal, AIRS_OUT_OF_MEMORY);
        return;
    }
    *at++ = (uint8_t)kind;
    at = put_number(at, body);
    for (size_t i = 0; i < count; i++) {
        at = put_field(at, &fields[i]);
    }
    journal->counted += airs_entry_is_counted(kind);
}

/* ---- reading -------------------------------------------------------------------------------- */

/* False: there is no number here, or one that 64 bits do not hold. */
static bool take_number(const uint8_t **at, const uint8_t *end, uint64_t *out) {
    uint64_t number = 0;
    for (unsigned i = 0; i < NUMBER_MAX && *at < end; i++) {
        uint8_t byte = *(*at)++;
        if (i == NUMBER_MAX - 1 && byte > 1) {
            return false;
        }
        number |= (uint64_t)(byte & 0x7f) << (7 * i);
        if (byte < 0x80) {
            *out = number;
            return true;
        }
    }
    return false;
}

airs_journal_reader_t airs_journal_reader(airs_bytes_t bytes) {
    static const uint8_t nothing[1];
    const uint8_t *at = bytes.size > 0 ? bytes.data : nothing;
    return (airs_journal_reader_t){.at = at, .end = at + bytes.size};
}

bool airs_journal_next(airs_journal_reader_t *reader, airs_entry_t *out) {
    if (reader->broken || reader->at == reader->end) {
        return false;
    }
    uint64_t size = 0;
    unsigned kind = *reader->at++;
    if (airs_entry_text(kind) == NULL || !take_number(&reader->at, reader->end, &size) ||
        size > (size_t)(reader->end - reader->at)) {
        reader->broken = true;
        return false;
    }
    reader->counted += airs_entry_is_counted(kind);
    *out = (airs_entry_t){
        .kind = kind, .number = reader->counted, .at = reader->at, .end = reader->at + (size_t)size};
    reader->at = out->end;
    return true;
}

uint64_t airs_entry_number(airs_entry_t *entry) {
    uint64_t number = 0;
    if (entry->broken || !take_number(&entry->at, entry->end, &number)) {
        entry->broken = true;
        return 0;
    }
    return number;
}

airs_bytes_t airs_entry_bytes(airs_entry_t *entry) {
    uint64_t size = airs_entry_number(entry);
    if (entry->broken || size > (size_t)(entry->end - entry->at)) {
        entry->broken = true;
        return airs_bytes(NULL, 0);
    }
    airs_bytes_t bytes = airs_bytes(entry->at, (size_t)size);
    entry->at += (size_t)size;
    return bytes;
}

airs_str_t airs_entry_string(airs_entry_t *entry) {
    airs_bytes_t bytes = airs_entry_bytes(entry);
    airs_str_t text = airs_str_n((const char *)bytes.data, bytes.size);
    entry->broken = entry->broken || !airs_utf8_valid(text);
    return entry->broken ? airs_str_n(NULL, 0) : text;
}

bool airs_entry_is_whole(const airs_entry_t *entry) { return !entry->broken && entry->at == entry->end; }
