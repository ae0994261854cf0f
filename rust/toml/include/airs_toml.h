/* TOML for C: a document in, JSON that knows where everything stood out.
 *
 * A value is {"type", "span": [start, end], "value"}; spans are byte offsets into the document, the
 * end exclusive. By type, "value" is:
 *     "string"    the text
 *     "integer"   the number, or null when it does not fit 64 signed bits
 *     "float"     the number, or null for inf, nan and what a double cannot hold
 *     "boolean"   true or false
 *     "datetime"  the text, as TOML writes it
 *     "array"     a list of values
 *     "table"     a list of entries: values with two more members, "key" and "key_span"
 * Entries are a list and not an object because a TOML key may be any text, also one with zero bytes. */
#ifndef AIRS_TOML_H
#define AIRS_TOML_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A document larger than this many bytes is refused. */
#define AIRS_TOML_DOCUMENT_MAX ((size_t)4 << 20)

typedef enum airs_toml_outcome {
    AIRS_TOML_OK = 0,       /* *out_json is the root table as a value */
    AIRS_TOML_INVALID = 1,  /* *out_json is {"errors": [{"message", "span"}, ...]}, in document order */
    AIRS_TOML_INTERNAL = 2, /* nothing was written: the parser itself failed */
} airs_toml_outcome_t;

/* Parse `size` bytes at `text` (not zero-terminated; NULL when size is 0). Bytes that are not UTF-8
 * are an error of the document. The JSON is UTF-8, zero-terminated, *out_size bytes without the zero,
 * and belongs to the caller, who hands it to airs_toml_free. Any thread. */
airs_toml_outcome_t airs_toml_parse(const char *text, size_t size, char **out_json, size_t *out_size);

/* Takes what airs_toml_parse wrote. NULL is fine. */
void airs_toml_free(char *json, size_t json_size);

#ifdef __cplusplus
}
#endif

#endif
