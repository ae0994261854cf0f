#include "node/manifest_reader.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/memory.h"
#include "core/utf8.h"
#include "core/visible.h"
#include "node/nearest_name.h"
#include "node/quantity.h"

#define KEY_TEXT_MAX 200

struct airs_manifest_block {
    airs_manifest_block_t *next;
    size_t size;
    max_align_t memory[];
};

void *airs_manifest_alloc(airs_manifest_reader_t *reader, size_t size) {
    const airs_allocator_t *allocator = reader->allocator;
    airs_manifest_block_t *block = airs_alloc(allocator, sizeof *block + size);
    if (block == NULL) {
        reader->out_of_memory = true;
        return NULL;
    }
    block->next = *reader->blocks;
    block->size = size;
    *reader->blocks = block;
    return memset(block->memory, 0, size);
}

void airs_manifest_blocks_release(const airs_allocator_t *allocator, airs_manifest_block_t *blocks) {
    while (blocks != NULL) {
        airs_manifest_block_t *next = blocks->next;
        airs_wipe(blocks->memory, blocks->size);
        airs_release(allocator, blocks);
        blocks = next;
    }
}

char *airs_manifest_copy(airs_manifest_reader_t *reader, airs_str_t text) {
    char *copy = airs_manifest_alloc(reader, text.size + 1);
    if (copy != NULL) {
        airs_copy(copy, text.data, text.size);
    }
    return copy;
}

char *airs_manifest_path_beside(airs_manifest_reader_t *reader, airs_str_t name) {
    const char *slash = strrchr(reader->path, '/');
    size_t folder = slash != NULL && name.data[0] != '/' ? (size_t)(slash - reader->path) + 1 : 0;
    char *path = airs_manifest_alloc(reader, folder + name.size + 1);
    if (path != NULL) {
        memcpy(path, reader->path, folder);
        memcpy(path + folder, name.data, name.size);
    }
    return path;
}

char *airs_manifest_expect_path(airs_manifest_reader_t *reader, const airs_manifest_key_t *key,
                                const airs_toml_value_t *value, const char *what) {
    if (!airs_manifest_expect(reader, key, value, AIRS_TOML_STRING, what)) {
        return NULL;
    }
    airs_str_t text = airs_toml_value_string(value);
    if (text.size == 0 || memchr(text.data, '\0', text.size) != NULL) {
        airs_manifest_complain(reader, key, airs_toml_value_offset(value),
                               "must be a path, neither empty nor with a zero character");
        return NULL;
    }
    return airs_manifest_path_beside(reader, text);
}

/* Append to a bounded text; what does not fit is cut. */
static void append(char *out, size_t size, size_t *used, const char *text, size_t length) {
    size_t room = size - 1 - *used;
    if (length > room) {
        length = room;
    }
    memcpy(out + *used, text, length);
    *used += length;
    out[*used] = '\0';
}

/* The manifest is UTF-8 by now: what would steer the terminal of whoever reads the message is shown
 * instead. */
static void append_visible(char *out, size_t size, size_t *used, airs_str_t text) {
    (void)airs_visible(text, false, out + *used, size - *used);
    *used += strlen(out + *used);
}

static bool is_bare_key(airs_str_t name) {
    static const char bare[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    for (size_t i = 0; i < name.size; i++) {
        if (name.data[i] == '\0' || strchr(bare, name.data[i]) == NULL) {
            return false;
        }
    }
    return name.size > 0;
}

static void append_key(char *out, size_t size, size_t *used, const airs_manifest_key_t *key) {
    if (key->parent != NULL) {
        append_key(out, size, used, key->parent);
        append(out, size, used, ".", 1);
    }
    bool bare = is_bare_key(key->name);
    append(out, size, used, "\"", bare ? 0 : 1);
    append_visible(out, size, used, key->name);
    append(out, size, used, "\"", bare ? 0 : 1);
}

const char *airs_manifest_key_text(const airs_manifest_key_t *key, char *out, size_t size) {
    size_t used = 0;
    out[0] = '\0';
    append_key(out, size, &used, key);
    return out;
}

const char *airs_manifest_excerpt(airs_str_t text, char out[AIRS_MANIFEST_EXCERPT_MAX]) {
    size_t used = 0;
    size_t whole = text.size;
    out[0] = '\0';
    if (whole > AIRS_MANIFEST_EXCERPT_MAX / 2) {
        text.size = airs_utf8_cut(text, AIRS_MANIFEST_EXCERPT_MAX / 2);
    }
    append_visible(out, AIRS_MANIFEST_EXCERPT_MAX - 3, &used, text);
    if (text.size < whole) {
        append(out, AIRS_MANIFEST_EXCERPT_MAX, &used, "...", 3);
    }
    return out;
}

void airs_manifest_complain(airs_manifest_reader_t *reader, const airs_manifest_key_t *key, size_t offset,
                            const char *format, ...) {
    char key_text[KEY_TEXT_MAX];
    char text[AIRS_MANIFEST_PROBLEM_TEXT_MAX];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    airs_manifest_problems_add(reader->problems, offset, "%s: %s",
                               airs_manifest_key_text(key, key_text, sizeof key_text), text);
}

bool airs_manifest_expect(airs_manifest_reader_t *reader, const airs_manifest_key_t *key,
                          const airs_toml_value_t *value, airs_toml_type_t type, const char *what) {
    airs_toml_type_t found = airs_toml_value_type(value);
    if (found == type) {
        return true;
    }
    airs_manifest_complain(reader, key, airs_toml_value_offset(value), "must be %s, not %s", what,
                           airs_toml_type_text(found));
    return false;
}

void airs_manifest_complain_word(airs_manifest_reader_t *reader, const airs_manifest_key_t *key,
                                 const airs_toml_value_t *value, const char *what, const char *const *words) {
    char excerpt[AIRS_MANIFEST_EXCERPT_MAX];
    airs_str_t word = airs_toml_value_string(value);
    airs_manifest_excerpt(word, excerpt);
    const char *nearest = airs_nearest_name(word, airs_name_at_in_list, words);
    if (nearest != NULL) {
        airs_manifest_complain(reader, key, airs_toml_value_offset(value),
                               "\"%s\" is not %s; did you mean \"%s\"?", excerpt, what, nearest);
        return;
    }
    char known[256] = "";
    size_t used = 0;
    for (size_t i = 0; words[i] != NULL && used < sizeof known; i++) {
        used += (size_t)snprintf(known + used, sizeof known - used, "%s%s", i > 0 ? ", " : "", words[i]);
    }
    airs_manifest_complain(reader, key, airs_toml_value_offset(value), "\"%s\" is not %s; known here: %s",
                           excerpt, what, known);
}

bool airs_manifest_read_word(airs_manifest_reader_t *reader, const airs_manifest_key_t *key,
                             const airs_toml_value_t *value, const char *type, const char *what,
                             const char *const *words, size_t *out) {
    if (!airs_manifest_expect(reader, key, value, AIRS_TOML_STRING, type)) {
        return false;
    }
    for (size_t i = 0; words[i] != NULL; i++) {
        if (airs_str_equal(airs_toml_value_string(value), airs_str(words[i]))) {
            *out = i;
            return true;
        }
    }
    airs_manifest_complain_word(reader, key, value, what, words);
    return false;
}

static int compare_places(const void *a, const void *b) {
    size_t left = airs_toml_entry_offset(*(const airs_toml_value_t *const *)a);
    size_t right = airs_toml_entry_offset(*(const airs_toml_value_t *const *)b);
    return left < right ? -1 : left > right;
}

const airs_toml_value_t **airs_manifest_entries(airs_manifest_reader_t *reader,
                                                const airs_toml_value_t *table) {
    size_t count = airs_toml_table_size(table);
    const airs_toml_value_t **entries = airs_manifest_alloc(reader, count * sizeof *entries);
    if (entries == NULL) {
        return NULL;
    }
    for (size_t i = 0; i < count; i++) {
        entries[i] = airs_toml_table_at(table, i);
    }
    qsort(entries, count, sizeof *entries, compare_places);
    return entries;
}

/* The fields of one table, for the search of the nearest name. */
typedef struct field_list {
    const airs_manifest_field_t *fields;
    size_t count;
} field_list_t;

static const char *field_name_at(const void *names, size_t index) {
    const field_list_t *list = names;
    return index < list->count ? list->fields[index].name : NULL;
}

static void complain_unknown(airs_manifest_reader_t *reader, const airs_manifest_key_t *key, size_t offset,
                             const field_list_t *list) {
    const char *nearest = airs_nearest_name(key->name, field_name_at, list);
    if (nearest != NULL) {
        airs_manifest_complain(reader, key, offset, "unknown key; did you mean \"%s\"?", nearest);
        return;
    }
    char known[256] = "";
    size_t used = 0;
    for (size_t i = 0; i < list->count; i++) {
        append(known, sizeof known, &used, ", ", i > 0 ? 2 : 0);
        append(known, sizeof known, &used, list->fields[i].name, strlen(list->fields[i].name));
    }
    airs_manifest_complain(reader, key, offset, "unknown key; known here: %s", known);
}

static const airs_manifest_field_t *find_field(const field_list_t *list, airs_str_t name) {
    for (size_t i = 0; i < list->count; i++) {
        if (airs_str_equal(name, airs_str(list->fields[i].name))) {
            return &list->fields[i];
        }
    }
    return NULL;
}

static void check_required(airs_manifest_reader_t *reader, const airs_manifest_key_t *key,
                           const airs_toml_value_t *table, const field_list_t *list) {
    for (size_t i = 0; i < list->count; i++) {
        const char *name = list->fields[i].name;
        if (!list->fields[i].required || airs_toml_table_get(table, name) != NULL) {
            continue;
        }
        if (key == NULL) {
            airs_manifest_problems_add(reader->problems, 0, "the table [%s] is missing", name);
        } else {
            airs_manifest_complain(reader, key, airs_toml_value_offset(table), "the key \"%s\" is missing",
                                   name);
        }
    }
}

void airs_manifest_read_table(airs_manifest_reader_t *reader, const airs_manifest_key_t *key,
                              const airs_toml_value_t *table, const airs_manifest_field_t *fields,
                              size_t count, void *target) {
    field_list_t list = {fields, count};
    if (!airs_manifest_expect(reader, key, table, AIRS_TOML_TABLE, "a table")) {
        return;
    }
    size_t size = airs_toml_table_size(table);
    for (size_t i = 0; i < size; i++) {
        const airs_toml_value_t *entry = airs_toml_table_at(table, i);
        airs_manifest_key_t entry_key = {key, airs_toml_entry_key(entry)};
        const airs_manifest_field_t *field = find_field(&list, entry_key.name);
        if (field == NULL) {
            complain_unknown(reader, &entry_key, airs_toml_entry_offset(entry), &list);
        } else {
            field->read(reader, field, &entry_key, entry, (char *)target + field->offset);
        }
    }
    check_required(reader, key, table, &list);
}

/* What an integer value holds. False: the problem is noted; `range` says what would be right. */
static bool read_number(airs_manifest_reader_t *reader, const airs_manifest_field_t *field,
                        const airs_manifest_key_t *key, const airs_toml_value_t *value, uint64_t scale,
                        const char *range, uint64_t *out) {
    int64_t number;
    uint64_t scaled;
    if (!airs_toml_value_integer(value, &number)) {
        airs_manifest_complain(reader, key, airs_toml_value_offset(value),
                               "the number is out of range; it must be %s", range);
        return false;
    }
    if (number < 0 || __builtin_mul_overflow((uint64_t)number, scale, &scaled) || scaled < field->min ||
        scaled > field->max) {
        airs_manifest_complain(reader, key, airs_toml_value_offset(value),
                               "%" PRId64 " is out of range; it must be %s", number, range);
        return false;
    }
    *out = scaled;
    return true;
}

void airs_manifest_read_integer(airs_manifest_reader_t *reader, const airs_manifest_field_t *field,
                                const airs_manifest_key_t *key, const airs_toml_value_t *value,
                                void *target) {
    char range[80];
    snprintf(range, sizeof range, "a whole number from %" PRIu64 " to %" PRIu64, field->min, field->max);
    if (airs_manifest_expect(reader, key, value, AIRS_TOML_INTEGER, range)) {
        read_number(reader, field, key, value, 1, range, target);
    }
}

/* How a quantity is written: its unit texts, its parser, what a bare number counts. */
typedef struct quantity {
    const char *what; /* "a size like \"64MiB\"" */
    airs_status_t (*parse)(airs_str_t text, uint64_t *out);
    const char *(*format)(uint64_t amount, char out[AIRS_QUANTITY_TEXT_MAX]);
    uint64_t bare;   /* what one counts of the parser's unit, for a number without unit */
    uint64_t stored; /* how many of the parser's units one of the stored are */
    const char *units;
} quantity_t;

static const quantity_t size_quantity = {
    "a size like \"64MiB\"", airs_size_parse, airs_size_format, 1, 1, "B, KiB, MiB and GiB",
};
static const quantity_t time_ms_quantity = {
    "a time like \"5s\"", airs_duration_parse, airs_duration_format, 1000, 1000, "us, ms, s, m and h",
};
static const quantity_t time_us_quantity = {
    "a time like \"5ms\"", airs_duration_parse, airs_duration_format, 1000, 1, "us, ms, s, m and h",
};

static void read_quantity_text(airs_manifest_reader_t *reader, const airs_manifest_field_t *field,
                               const airs_manifest_key_t *key, const airs_toml_value_t *value,
                               const quantity_t *quantity, const char *range, uint64_t *target) {
    char excerpt[AIRS_MANIFEST_EXCERPT_MAX];
    airs_str_t text = airs_toml_value_string(value);
    uint64_t amount = 0;
    airs_manifest_excerpt(text, excerpt);
    if (quantity->parse(text, &amount) != AIRS_OK) {
        airs_manifest_complain(reader, key, airs_toml_value_offset(value),
                               "\"%s\" is not %s; the units are %s", excerpt, quantity->what,
                               quantity->units);
    } else if (amount % quantity->stored != 0 || amount / quantity->stored < field->min ||
               amount / quantity->stored > field->max) {
        airs_manifest_complain(reader, key, airs_toml_value_offset(value),
                               "\"%s\" is out of range; it must be %s", excerpt, range);
    } else {
        *target = amount / quantity->stored;
    }
}

static void read_quantity(airs_manifest_reader_t *reader, const airs_manifest_field_t *field,
                          const airs_manifest_key_t *key, const airs_toml_value_t *value,
                          const quantity_t *quantity, uint64_t *target) {
    char range[2 * AIRS_QUANTITY_TEXT_MAX + 16];
    char min[AIRS_QUANTITY_TEXT_MAX];
    char max[AIRS_QUANTITY_TEXT_MAX];
    snprintf(range, sizeof range, "from %s to %s", quantity->format(field->min * quantity->stored, min),
             quantity->format(field->max * quantity->stored, max));
    if (airs_toml_value_type(value) == AIRS_TOML_INTEGER) {
        read_number(reader, field, key, value, quantity->bare / quantity->stored, range, target);
    } else if (airs_manifest_expect(reader, key, value, AIRS_TOML_STRING, quantity->what)) {
        read_quantity_text(reader, field, key, value, quantity, range, target);
    }
}

void airs_manifest_read_size(airs_manifest_reader_t *reader, const airs_manifest_field_t *field,
                             const airs_manifest_key_t *key, const airs_toml_value_t *value, void *target) {
    read_quantity(reader, field, key, value, &size_quantity, target);
}

void airs_manifest_read_time_ms(airs_manifest_reader_t *reader, const airs_manifest_field_t *field,
                                const airs_manifest_key_t *key, const airs_toml_value_t *value,
                                void *target) {
    read_quantity(reader, field, key, value, &time_ms_quantity, target);
}

void airs_manifest_read_time_us(airs_manifest_reader_t *reader, const airs_manifest_field_t *field,
                                const airs_manifest_key_t *key, const airs_toml_value_t *value,
                                void *target) {
    read_quantity(reader, field, key, value, &time_us_quantity, target);
}
