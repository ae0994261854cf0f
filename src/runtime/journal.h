/* What goes into an instance, as a sequence of entries: the calls of its exports, and what its imports were
 * answered with. Written while the instance runs, read when a crash is replayed.
 *
 * An entry is a byte for its kind, the size of its body, and the body: fields, each a number or bytes, whose order is
 * that of the table below. Numbers and sizes are LEB128, seven bits a byte, the low ones first. */
#ifndef AIRSSYS_RUNTIME_JOURNAL_H
#define AIRSSYS_RUNTIME_JOURNAL_H

#include <airssys/allocator.h>
#include <airssys/bytes.h>
#include <airssys/status.h>

/* X(name, number, text, fields). The numbers are part of the format: never reused, new ones go to the end.
 * `arguments` is a 32-bit hash of what the guest asked; `answer` is a status and a text. */
#define AIRS_ENTRY_MAP(X)                                                                                   \
    X(HEADER, 1, "header")                  /* see runtime/crash_record.h */                                \
    X(BEGIN, 2, "begin")                    /* wall clock, has storage, count, names and values */          \
    X(END, 3, "end")                        /* status, and a hash of what the call answered */              \
    X(PEER, 4, "peer")                      /* of LIST: id, name, version, health */                        \
    X(KEY, 5, "key")                        /* of STORAGE_LIST: a key */                                    \
    X(LIST_END, 6, "list-end")              /* answer */                                                    \
    X(VALUE, 7, "value")                    /* of STORAGE_GET_MANY: which key's, the value */               \
    X(SETTINGS, 8, "settings")              /* behind BEGIN, if there are any: count, names and values */   \
    X(INSTANTIATE, 16, "instantiate")       /* nothing */                                                   \
    X(INITIALIZE, 17, "initialize")         /* has config, config, limits (4), count, names and values */   \
    X(HANDLE_MESSAGE, 18, "handle-message") /* kind, time, sender, content type, correlation id, payload */ \
    X(HANDLE_CALLBACK, 19, "handle-callback")     /* likewise */                                            \
    X(METADATA, 20, "metadata")                   /* nothing */                                             \
    X(HEALTH, 21, "health")                       /* nothing */                                             \
    X(SHUTDOWN, 22, "shutdown")                   /* nothing */                                             \
    X(EXPORT_STATE, 23, "export-state")           /* nothing */                                             \
    X(IMPORT_STATE, 24, "import-state")           /* from version, state */                                 \
    X(SEND, 32, "send")                           /* arguments, answer */                                   \
    X(REQUEST, 33, "request")                     /* arguments, answer, id */                               \
    X(WAITED, 34, "waited")                       /* arguments (0), answer */                               \
    X(CANCEL_REQUEST, 35, "cancel-request")       /* arguments, answer */                                   \
    X(BROADCAST, 36, "broadcast")                 /* arguments, answer, the first that failed */            \
    X(DEFER_REPLY, 37, "defer-reply")             /* arguments (0), answer, id */                           \
    X(REPLY, 38, "reply")                         /* arguments, answer */                                   \
    X(FAIL, 39, "fail")                           /* arguments, answer */                                   \
    X(SUBSCRIBE, 40, "subscribe")                 /* arguments, answer */                                   \
    X(UNSUBSCRIBE, 41, "unsubscribe")             /* arguments, answer */                                   \
    X(PUBLISH, 42, "publish")                     /* arguments, answer, how many were reached */            \
    X(START_TIMER, 43, "start-timer")             /* arguments, answer, id */                               \
    X(CANCEL_TIMER, 44, "cancel-timer")           /* arguments, whether */                                  \
    X(LIST, 45, "list-components")                /* nothing; PEERs and a LIST_END follow */                \
    X(DESCRIBE, 46, "get-component-metadata")     /* arguments, answer, if ok: id, name, version, health */ \
    X(STORAGE_OPEN, 48, "storage.open")           /* arguments (0), answer */                               \
    X(STORAGE_GET, 49, "storage.get")             /* arguments, answer, if ok: the value */                 \
    X(STORAGE_SET, 50, "storage.set")             /* arguments, answer */                                   \
    X(STORAGE_REMOVE, 51, "storage.delete")       /* arguments, answer */                                   \
    X(STORAGE_EXISTS, 52, "storage.exists")       /* arguments, answer, whether */                          \
    X(STORAGE_LIST, 53, "storage.list-keys")      /* arguments; KEYs and a LIST_END follow */               \
    X(STORAGE_USAGE, 54, "storage.usage")         /* arguments (0), answer, used, quota, count */           \
    X(STORAGE_CHANGE, 55, "storage.change")       /* arguments, answer */                                   \
    X(MONOTONIC, 56, "monotonic-clock")           /* nanoseconds */                                         \
    X(WALL, 57, "wall-clock")                     /* nanoseconds */                                         \
    X(RANDOM, 58, "random")                       /* bytes */                                               \
    X(STORAGE_SWAP, 59, "storage.swap")           /* arguments, answer */                                   \
    X(STORAGE_INCREMENT, 60, "storage.increment") /* arguments, answer, the sum */                          \
    X(STORAGE_GET_MANY, 61, "storage.get-many")   /* arguments; VALUEs and a LIST_END follow */             \
    X(SPAWN, 64, "spawn")                         /* arguments, answer, id, monitor */                      \
    X(STOP, 65, "stop")                           /* arguments, answer */                                   \
    X(EXIT, 66, "exit")                           /* arguments, answer */                                   \
    X(MONITOR, 67, "monitor")                     /* arguments, answer, monitor */                          \
    X(DEMONITOR, 68, "demonitor")                 /* arguments, answer */                                   \
    X(LINK, 69, "link")                           /* arguments, answer */                                   \
    X(UNLINK, 70, "unlink")                       /* arguments, answer (ok) */                              \
    X(TRAP_EXITS, 71, "trap-exit")                /* arguments, answer */                                   \
    X(DENIED, 72, "denied")                       /* arguments (of any kind), reason */

typedef enum airs_entry_kind {
#define AIRS_ENTRY_ENUM(name, number, text) AIRS_ENTRY_##name = (number),
    AIRS_ENTRY_MAP(AIRS_ENTRY_ENUM)
#undef AIRS_ENTRY_ENUM
} airs_entry_kind_t;

/* As in the table; NULL for another number. Static. */
const char *airs_entry_text(unsigned kind);

/* A call of an export. */
static inline bool airs_entry_is_call(unsigned kind) { return kind >= 16 && kind < 32; }

/* What a person counts: calls, and imports that were asked something. */
static inline bool airs_entry_is_counted(unsigned kind) { return kind >= 16; }

/* A field to write. */
typedef struct airs_field {
    bool is_bytes;
    uint64_t number;
    airs_bytes_t bytes;
} airs_field_t;

static inline airs_field_t airs_field_number(uint64_t number) { return (airs_field_t){.number = number}; }

static inline airs_field_t airs_field_bytes(airs_bytes_t bytes) {
    return (airs_field_t){.is_bytes = true, .bytes = bytes};
}

static inline airs_field_t airs_field_text(airs_str_t text) {
    return airs_field_bytes(airs_bytes(text.data, text.size));
}

/* ---- writing -------------------------------------------------------------------------------- */

typedef struct airs_journal_chunk airs_journal_chunk_t;

struct airs_journal_chunk {
    airs_journal_chunk_t *next;
    size_t size;
    size_t capacity;
    uint8_t bytes[];
};

/* Used by one thread at a time. */
typedef struct airs_journal {
    const airs_allocator_t *allocator;
    airs_journal_chunk_t *first;
    airs_journal_chunk_t *last;
    size_t chunks;
    uint64_t size;
    uint64_t limit;
    uint64_t counted; /* entries that airs_entry_is_counted */
    airs_status_t
        status; /* AIRS_OK, or why nothing more is written: AIRS_QUOTA_EXCEEDED, AIRS_OUT_OF_MEMORY */
} airs_journal_t;

/* Takes no memory yet. Entries of more than `limit` bytes together are not taken. */
void airs_journal_init(airs_journal_t *journal, const airs_allocator_t *allocator, uint64_t limit);

/* Gives the memory back; the journal is as after init. */
void airs_journal_free(airs_journal_t *journal);

/* One entry, copied. When it does not fit, or there is no memory for it, the status says so and what was written is
 * dropped: half a journal is of no use. */
void airs_journal_append(airs_journal_t *journal, airs_entry_kind_t kind, const airs_field_t *fields,
                         size_t count);

/* ---- reading -------------------------------------------------------------------------------- */

/* Over bytes that are not trusted: nothing is read that is not there, whatever they say. */
typedef struct airs_journal_reader {
    const uint8_t *at;
    const uint8_t *end;
    uint64_t counted; /* entries read that airs_entry_is_counted */
    bool broken;      /* what follows is no entry */
} airs_journal_reader_t;

/* Its fields are read in order, each once; a field that is not there makes it broken and reads as 0 or empty. */
typedef struct airs_entry {
    unsigned kind;
    uint64_t number; /* of those that are counted, from 1; of another: the number of the one before */
    const uint8_t *at;
    const uint8_t *end;
    bool broken;
} airs_entry_t;

/* The bytes must live as long as the reader and its entries. */
airs_journal_reader_t airs_journal_reader(airs_bytes_t bytes);

/* False at the end, or when the reader is broken. */
bool airs_journal_next(airs_journal_reader_t *reader, airs_entry_t *out);

uint64_t airs_entry_number(airs_entry_t *entry);
airs_bytes_t airs_entry_bytes(airs_entry_t *entry);

/* Bytes that must be UTF-8, or the entry is broken. */
airs_str_t airs_entry_string(airs_entry_t *entry);

/* All fields were read, and each was there. */
bool airs_entry_is_whole(const airs_entry_t *entry);

/* A hash of several parts, sizes included: begin with 0, and hand each answer on. */
uint32_t airs_journal_hash(uint32_t before, airs_bytes_t part);

#endif
