/* Reading a table of the manifest by a list of the keys it may have: every key is checked against the
 * list, every value against its type and range, and what is wrong is noted with its place. */
#ifndef AIRSSYS_NODE_MANIFEST_READER_H
#define AIRSSYS_NODE_MANIFEST_READER_H

#include <airssys/allocator.h>

#include "node/manifest_problems.h"
#include "node/toml_document.h"

/* Memory of one manifest: blocks in a list, freed together. */
typedef struct airs_manifest_block airs_manifest_block_t;

typedef struct airs_manifest_reader {
    const airs_allocator_t *allocator;
    airs_manifest_block_t **blocks; /* the manifest's */
    airs_manifest_problems_t *problems;
    const char *path;   /* of the manifest */
    bool out_of_memory; /* an allocation failed: what was read is not complete */
} airs_manifest_reader_t;

/* A key with the tables around it, on the stack of who reads: "components.counter.limits". */
typedef struct airs_manifest_key {
    const struct airs_manifest_key *parent; /* NULL: a table of the root */
    airs_str_t name;
} airs_manifest_key_t;

typedef struct airs_manifest_field airs_manifest_field_t;

/* Reads `value` into `target`, the structure's member at field->offset. */
typedef void airs_manifest_read_fn(airs_manifest_reader_t *reader, const airs_manifest_field_t *field,
                                   const airs_manifest_key_t *key, const airs_toml_value_t *value,
                                   void *target);

struct airs_manifest_field {
    const char *name;
    airs_manifest_read_fn *read;
    size_t offset;
    uint64_t min; /* of what is stored, numbers only */
    uint64_t max;
    bool required;
};

/* Read the entries of `table` into `target` by the `count` fields. `key` NULL: it is the root. */
void airs_manifest_read_table(airs_manifest_reader_t *reader, const airs_manifest_key_t *key,
                              const airs_toml_value_t *table, const airs_manifest_field_t *fields,
                              size_t count, void *target);

/* Readers for uint64_t members: a whole number; a size in bytes; a time in milliseconds; a time in
 * microseconds. In the last two a bare number counts milliseconds. */
airs_manifest_read_fn airs_manifest_read_integer;
airs_manifest_read_fn airs_manifest_read_size;
airs_manifest_read_fn airs_manifest_read_time_ms;
airs_manifest_read_fn airs_manifest_read_time_us;

/* True if the value has this type; otherwise a problem is noted. `what` says what it must be. */
bool airs_manifest_expect(airs_manifest_reader_t *reader, const airs_manifest_key_t *key,
                          const airs_toml_value_t *value, airs_toml_type_t type, const char *what);

/* Which of `words` (NULL at its end) the value is; false: a problem is noted. `what`: "a policy"; `type`: what
 * the value must be, for one that is no string. */
bool airs_manifest_read_word(airs_manifest_reader_t *reader, const airs_manifest_key_t *key,
                             const airs_toml_value_t *value, const char *type, const char *what,
                             const char *const *words, size_t *out);

/* Note that a string is none of the `words`: what was meant, or what there is. */
void airs_manifest_complain_word(airs_manifest_reader_t *reader, const airs_manifest_key_t *key,
                                 const airs_toml_value_t *value, const char *what, const char *const *words);

/* The entries of a table in the order in which they were written (the parser hands them out by name), in the
 * manifest's memory; NULL: there is none. */
const airs_toml_value_t **airs_manifest_entries(airs_manifest_reader_t *reader,
                                                const airs_toml_value_t *table);

/* Note a problem with a key: "key: text". */
void airs_manifest_complain(airs_manifest_reader_t *reader, const airs_manifest_key_t *key, size_t offset,
                            const char *format, ...) AIRS_PRINTF(4, 5);

/* The key as it would be written, "a.\"b c\".d", with control characters shown. Returns `out`. */
const char *airs_manifest_key_text(const airs_manifest_key_t *key, char *out, size_t size);

/* Text of the manifest for a message: bounded in length, control characters shown as \xNN. Returns `out`. */
#define AIRS_MANIFEST_EXCERPT_MAX 240
const char *airs_manifest_excerpt(airs_str_t text, char out[AIRS_MANIFEST_EXCERPT_MAX]);

/* Zeroed memory that lives as long as the manifest; NULL when there is none (noted in the reader). */
void *airs_manifest_alloc(airs_manifest_reader_t *reader, size_t size);

/* A zero-terminated copy in such memory. */
char *airs_manifest_copy(airs_manifest_reader_t *reader, airs_str_t text);

/* The manifest's own folder and `name` put together, or `name` itself when it is absolute. */
char *airs_manifest_path_beside(airs_manifest_reader_t *reader, airs_str_t name);

/* A string that is a path, as airs_manifest_path_beside makes it. NULL: it is none, which is noted, or there is no memory.
 * `what` says what it must be. */
char *airs_manifest_expect_path(airs_manifest_reader_t *reader, const airs_manifest_key_t *key,
                                const airs_toml_value_t *value, const char *what);

/* All of it is wiped, for some of it may be secrets. */
void airs_manifest_blocks_release(const airs_allocator_t *allocator, airs_manifest_block_t *blocks);

#endif
