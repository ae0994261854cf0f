/* A TOML document in memory, in which every key and value still knows where it was written. */
#ifndef AIRSSYS_NODE_TOML_DOCUMENT_H
#define AIRSSYS_NODE_TOML_DOCUMENT_H

#include <airssys/allocator.h>
#include <airssys/bytes.h>
#include <airssys/status.h>

typedef struct airs_toml_document airs_toml_document_t;

/* A value in a document; borrowed from it. */
typedef struct json_t airs_toml_value_t;

typedef enum airs_toml_type {
    AIRS_TOML_STRING,
    AIRS_TOML_INTEGER,
    AIRS_TOML_FLOAT,
    AIRS_TOML_BOOLEAN,
    AIRS_TOML_DATETIME,
    AIRS_TOML_ARRAY,
    AIRS_TOML_TABLE,
} airs_toml_type_t;

/* "a string", "an integer", … Static. */
const char *airs_toml_type_text(airs_toml_type_t type);

/* Told of each syntax error, in document order: where, and what the parser says. */
typedef void airs_toml_error_fn(void *context, size_t offset, size_t length, airs_str_t message);

/* Read a document. AIRS_MANIFEST_INVALID after `on_error` was told of at least one error,
 * AIRS_OUT_OF_MEMORY, AIRS_INTERNAL. The text is not kept. */
airs_status_t airs_toml_document_parse(const airs_allocator_t *allocator, airs_str_t text,
                                       airs_toml_error_fn *on_error, void *context,
                                       airs_toml_document_t **out);

/* NULL is fine. */
void airs_toml_document_destroy(airs_toml_document_t *document);

/* The root table. */
const airs_toml_value_t *airs_toml_document_root(const airs_toml_document_t *document);

airs_toml_type_t airs_toml_value_type(const airs_toml_value_t *value);

/* Byte offset of where the value begins; for a table with a header of its own, that of the header. */
size_t airs_toml_value_offset(const airs_toml_value_t *value);

/* The text of a string value; size 0 for other types. May hold zero bytes. */
airs_str_t airs_toml_value_string(const airs_toml_value_t *value);

/* False when it is not an integer, or one that does not fit. */
bool airs_toml_value_integer(const airs_toml_value_t *value, int64_t *out);

/* False when it is not a boolean. */
bool airs_toml_value_boolean(const airs_toml_value_t *value, bool *out);

/* Entries of a table; 0 for other types. */
size_t airs_toml_table_size(const airs_toml_value_t *table);

/* Entry number `index`: its value, which knows its key. */
const airs_toml_value_t *airs_toml_table_at(const airs_toml_value_t *table, size_t index);

/* The entry with this key, or NULL. */
const airs_toml_value_t *airs_toml_table_get(const airs_toml_value_t *table, const char *key);

/* Elements of an array; 0 for other types. */
size_t airs_toml_array_size(const airs_toml_value_t *array);

/* Element number `index`. */
const airs_toml_value_t *airs_toml_array_at(const airs_toml_value_t *array, size_t index);

/* The key of an entry, and the byte offset where it was written. */
airs_str_t airs_toml_entry_key(const airs_toml_value_t *entry);
size_t airs_toml_entry_offset(const airs_toml_value_t *entry);

#endif
