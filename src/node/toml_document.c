#include "node/toml_document.h"

#include <airs_toml.h>
#include <jansson.h>
#include <limits.h>

#include "core/memory.h"

struct airs_toml_document {
    const airs_allocator_t *allocator;
    json_t *root;
};

/* As the parser names them, in the order of airs_toml_type_t. */
static const struct {
    const char *name;
    const char *text;
} types[] = {
    {"string", "a string"},   {"integer", "an integer"},      {"float", "a number with a fraction"},
    {"boolean", "a boolean"}, {"datetime", "a date or time"}, {"array", "an array"},
    {"table", "a table"},
};

const char *airs_toml_type_text(airs_toml_type_t type) { return types[type].text; }

static size_t span_member(const json_t *value, const char *name, size_t index) {
    json_int_t member = json_integer_value(json_array_get(json_object_get(value, name), index));
    return member > 0 ? (size_t)member : 0;
}

static airs_str_t string_of(const json_t *string) {
    return airs_str_n(json_string_value(string), json_string_length(string));
}

/* False when there is not even one error to tell. */
static bool report_errors(const json_t *report, airs_toml_error_fn *on_error, void *context) {
    const json_t *errors = json_object_get(report, "errors");
    size_t count = json_array_size(errors);
    for (size_t i = 0; i < count; i++) {
        const json_t *error = json_array_get(errors, i);
        size_t start = span_member(error, "span", 0);
        size_t end = span_member(error, "span", 1);
        on_error(context, start, end > start ? end - start : 0, string_of(json_object_get(error, "message")));
    }
    return count > 0;
}

/* Parser to parsed JSON; *root is the caller's. */
static airs_status_t parse_to_json(airs_str_t text, json_t **root, airs_toml_outcome_t *outcome) {
    char *json = NULL;
    size_t json_size = 0;
    *outcome = airs_toml_parse(text.data, text.size, &json, &json_size);
    if (*outcome == AIRS_TOML_INTERNAL) {
        return AIRS_INTERNAL;
    }
    json_error_t error;
    *root = json_loadb(json, json_size, JSON_ALLOW_NUL, &error);
    airs_toml_free(json, json_size);
    if (*root != NULL) {
        return AIRS_OK;
    }
    return json_error_code(&error) == json_error_out_of_memory ? AIRS_OUT_OF_MEMORY : AIRS_INTERNAL;
}

airs_status_t airs_toml_document_parse(const airs_allocator_t *allocator, airs_str_t text,
                                       airs_toml_error_fn *on_error, void *context,
                                       airs_toml_document_t **out) {
    json_t *root = NULL;
    airs_toml_outcome_t outcome;
    airs_status_t status = parse_to_json(text, &root, &outcome);
    if (status != AIRS_OK) {
        return status;
    }
    if (outcome == AIRS_TOML_INVALID) {
        status = report_errors(root, on_error, context) ? AIRS_MANIFEST_INVALID : AIRS_INTERNAL;
        json_decref(root);
        return status;
    }
    airs_toml_document_t *document = airs_alloc(allocator, sizeof *document);
    if (document == NULL) {
        json_decref(root);
        return AIRS_OUT_OF_MEMORY;
    }
    *document = (airs_toml_document_t){.allocator = allocator, .root = root};
    *out = document;
    return AIRS_OK;
}

void airs_toml_document_destroy(airs_toml_document_t *document) {
    if (document == NULL) {
        return;
    }
    json_decref(document->root);
    airs_release(document->allocator, document);
}

const airs_toml_value_t *airs_toml_document_root(const airs_toml_document_t *document) {
    return document->root;
}

airs_toml_type_t airs_toml_value_type(const airs_toml_value_t *value) {
    airs_str_t name = string_of(json_object_get(value, "type"));
    size_t type = 0;
    while (type < AIRS_TOML_TABLE && !airs_str_equal(name, airs_str(types[type].name))) {
        type++;
    }
    return (airs_toml_type_t)type;
}

size_t airs_toml_value_offset(const airs_toml_value_t *value) { return span_member(value, "span", 0); }

airs_str_t airs_toml_value_string(const airs_toml_value_t *value) {
    if (airs_toml_value_type(value) != AIRS_TOML_STRING) {
        return airs_str_n(NULL, 0);
    }
    return string_of(json_object_get(value, "value"));
}

bool airs_toml_value_integer(const airs_toml_value_t *value, int64_t *out) {
    const json_t *number = json_object_get(value, "value");
    if (airs_toml_value_type(value) != AIRS_TOML_INTEGER || !json_is_integer(number)) {
        return false;
    }
    *out = json_integer_value(number);
    return true;
}

bool airs_toml_value_boolean(const airs_toml_value_t *value, bool *out) {
    if (airs_toml_value_type(value) != AIRS_TOML_BOOLEAN) {
        return false;
    }
    *out = json_is_true(json_object_get(value, "value"));
    return true;
}

/* What a table or an array holds; NULL when it is not of this type. */
static const json_t *content_of(const airs_toml_value_t *value, airs_toml_type_t type) {
    return airs_toml_value_type(value) == type ? json_object_get(value, "value") : NULL;
}

size_t airs_toml_table_size(const airs_toml_value_t *table) {
    return json_array_size(content_of(table, AIRS_TOML_TABLE));
}

const airs_toml_value_t *airs_toml_table_at(const airs_toml_value_t *table, size_t index) {
    return json_array_get(content_of(table, AIRS_TOML_TABLE), index);
}

size_t airs_toml_array_size(const airs_toml_value_t *array) {
    return json_array_size(content_of(array, AIRS_TOML_ARRAY));
}

const airs_toml_value_t *airs_toml_array_at(const airs_toml_value_t *array, size_t index) {
    return json_array_get(content_of(array, AIRS_TOML_ARRAY), index);
}

const airs_toml_value_t *airs_toml_table_get(const airs_toml_value_t *table, const char *key) {
    size_t size = airs_toml_table_size(table);
    for (size_t i = 0; i < size; i++) {
        const airs_toml_value_t *entry = airs_toml_table_at(table, i);
        if (airs_str_equal(airs_toml_entry_key(entry), airs_str(key))) {
            return entry;
        }
    }
    return NULL;
}

airs_str_t airs_toml_entry_key(const airs_toml_value_t *entry) {
    return string_of(json_object_get(entry, "key"));
}

size_t airs_toml_entry_offset(const airs_toml_value_t *entry) { return span_member(entry, "key_span", 0); }
