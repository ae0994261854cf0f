/* airssys storage export and import: keys and values as JSON lines. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <jansson.h>
#include <sodium.h>

#include "cli/complaint.h"
#include "cli/exit_code.h"
#include "cli/output_file.h"
#include "cli/progress.h"
#include "cli/storage_job.h"
#include "core/memory.h"
#include "core/text.h"
#include "storage/lmdb_maintenance.h"
#include "storage/write_plan.h"

/* No line of an import is longer: the largest value takes a third of that. What is no export, a device say, need not have
 * lines at all. */
#define LINE_BYTES ((size_t)64 << 20)

/* What one write of an import has at most. */
#define BATCH_KEYS 1000
#define BATCH_BYTES ((size_t)8 << 20)

static int fail_file(const airs_storage_job_t *job, const char *doing, const char *path, int exit_code) {
    airs_complain(job->verb->name, "cannot %s %s: %s", doing, path, strerror(errno));
    return exit_code;
}

/* ---- export ---- */

typedef struct exporter {
    airs_storage_job_t *job;
    FILE *file;
    airs_text_t line;
    uint64_t keys;
    bool unwritten; /* the trouble is with where it goes, and not with the storage */
    airs_status_t status;
    airs_error_t error;
} exporter_t;

static bool is_to_file(const airs_storage_job_t *job) { return job->to != NULL && strcmp(job->to, "-") != 0; }

static const char *output_name(const airs_storage_job_t *job) {
    return is_to_file(job) ? job->to : "standard output";
}

static bool write_line(void *context, airs_str_t space, airs_str_t key, airs_bytes_t value) {
    exporter_t *self = context;
    airs_text_clear(&self->line);
    airs_text_append(&self->line, airs_str("{\"space\":"));
    airs_text_append_json(&self->line, space);
    airs_text_append_char(&self->line, ',');
    airs_storage_append_key(&self->line, key);
    airs_text_append(&self->line, airs_str(",\"value\":"));
    airs_storage_append_base64(&self->line, value);
    airs_text_append(&self->line, airs_str("}\n"));
    self->status = airs_text_status(&self->line);
    if (self->status != AIRS_OK) {
        airs_error_set(&self->error, self->status, "no memory for a value of %zu bytes", value.size);
    } else if (fwrite(self->line.data, 1, self->line.size, self->file) != self->line.size) {
        self->unwritten = true;
        self->status = airs_output_file_fail(output_name(self->job), &self->error);
    }
    airs_storage_job_progress(self->job, "exporting", ++self->keys);
    return self->status == AIRS_OK;
}

static airs_status_t export_from(exporter_t *self, airs_lmdb_env_t *env) {
    const airs_storage_job_t *job = self->job;
    airs_text_t only;
    airs_text_init(&only, airs_allocator_default());
    if (job->space_name != NULL) {
        airs_storage_append_space(&only, job, job->space_name);
    }
    airs_status_t status = airs_text_status(&only);
    status = status == AIRS_OK
                 ? airs_lmdb_each_value(env, airs_text_view(&only), write_line, self, &self->error)
                 : airs_error_set(&self->error, status, "%s", airs_status_text(status));
    airs_text_free(&only);
    return status == AIRS_OK ? self->status : status;
}

static int write_export(airs_storage_job_t *job, FILE *file) {
    exporter_t self = {.job = job, .file = file};
    airs_lmdb_env_t *env = NULL;
    char count[AIRS_COUNT_TEXT_MAX];
    char line[128];
    int exit_code = airs_storage_job_open_env(job, true, &env);
    if (exit_code != AIRS_EXIT_OK) {
        return exit_code;
    }
    airs_text_init(&self.line, airs_allocator_default());
    airs_status_t status = export_from(&self, env);
    airs_text_free(&self.line);
    airs_lmdb_env_close(env);
    if (self.unwritten) {
        airs_complain(job->verb->name, "%s", self.error.text);
        return AIRS_EXIT_FAILURE;
    }
    if (status != AIRS_OK) {
        return airs_storage_job_fail(job, status, &self.error);
    }
    if (fflush(file) != 0) {
        return fail_file(job, "write", output_name(job), AIRS_EXIT_FAILURE);
    }
    (void)snprintf(line, sizeof line, "%s keys", airs_count_text(self.keys, count));
    airs_terminal_tell(&job->terminal, line);
    return AIRS_EXIT_OK;
}

/* Beside its place, and then moved there once it is on the disk: a backup that is half there is worse than none. */
static int export_to_file(airs_storage_job_t *job) {
    airs_output_file_t output;
    airs_error_t error;
    int exit_code = AIRS_EXIT_FAILURE;
    airs_status_t status = airs_output_file_open(&output, job->to, &error);
    if (status == AIRS_OK) {
        exit_code = write_export(job, output.file);
        if (exit_code != AIRS_EXIT_OK) {
            airs_output_file_abandon(&output);
            return exit_code;
        }
        status = airs_output_file_finish(&output, true, &error);
    }
    if (status != AIRS_OK) {
        airs_complain(job->verb->name, "%s", error.text);
        return AIRS_EXIT_FAILURE;
    }
    return AIRS_EXIT_OK;
}

int airs_storage_export(const airs_verb_t *verb, void *context, char **arguments, int count) {
    airs_storage_job_t *job = context;
    (void)verb, (void)arguments, (void)count;
    int exit_code = airs_storage_job_find(job, true);
    if (exit_code != AIRS_EXIT_OK) {
        return exit_code;
    }
    return is_to_file(job) ? export_to_file(job) : write_export(job, stdout);
}

/* ---- one line of an import ---- */

typedef struct entry {
    json_t *object; /* what follows points into it */
    const char *space;
    airs_str_t key;
    airs_bytes_t value;
    void *key_memory; /* of what was base64 */
    void *value_memory;
} entry_t;

static void free_entry(entry_t *entry) {
    const airs_allocator_t *allocator = airs_allocator_default();
    airs_release(allocator, entry->key_memory);
    airs_release(allocator, entry->value_memory);
    json_decref(entry->object);
    *entry = (entry_t){0};
}

/* NULL with a text in `why`: it is none. */
static void *decode(const json_t *text, airs_bytes_t *out, const char **why) {
    size_t size = json_string_length(text);
    void *memory = airs_alloc(airs_allocator_default(), size + 1);
    const char *end = NULL;
    if (memory == NULL) {
        *why = "there is no memory for it";
        return NULL;
    }
    if (sodium_base642bin(memory, size + 1, json_string_value(text), size, NULL, &out->size, &end,
                          sodium_base64_VARIANT_ORIGINAL) != 0 ||
        end != json_string_value(text) + size) {
        *why = "it is not base64";
        airs_release(airs_allocator_default(), memory);
        return NULL;
    }
    out->data = memory;
    return memory;
}

static const char *read_key(entry_t *entry) {
    const json_t *plain = json_object_get(entry->object, "key");
    const json_t *coded = json_object_get(entry->object, "key-base64");
    const char *why = "\"key\" is missing: a string, or \"key-base64\"";
    if (json_is_string(plain) && coded == NULL) {
        entry->key = airs_str_n(json_string_value(plain), json_string_length(plain));
        return NULL;
    }
    if (json_is_string(coded) && plain == NULL) {
        airs_bytes_t key;
        entry->key_memory = decode(coded, &key, &why);
        if (entry->key_memory != NULL) {
            entry->key = airs_str_n((const char *)key.data, key.size);
            return NULL;
        }
    }
    return why;
}

/* NULL, or what is wrong with it. */
static const char *read_entry(airs_str_t line, entry_t *entry, airs_error_t *error) {
    const char *why = NULL;
    *entry = (entry_t){0};
    entry->object = json_loadb(line.data, line.size, JSON_REJECT_DUPLICATES, NULL);
    const json_t *space = json_object_get(entry->object, "space");
    const json_t *value = json_object_get(entry->object, "value");
    if (!json_is_object(entry->object)) {
        return "it is not a JSON object";
    }
    if (!json_is_string(space) || json_string_length(space) == 0 ||
        json_string_length(space) > AIRS_LMDB_NAME_MAX) {
        return "\"space\" is missing: a string, not empty, of 480 bytes at most";
    }
    if (!json_is_string(value)) {
        return "\"value\" is missing: a string in base64";
    }
    entry->space = json_string_value(space);
    why = read_key(entry);
    if (why == NULL) {
        entry->value_memory = decode(value, &entry->value, &why);
    }
    if (why == NULL && airs_storage_check_key(entry->key, error) != AIRS_OK) {
        why = error->text;
    }
    if (why == NULL && entry->value.size > AIRS_STORAGE_VALUE_MAX) {
        why = "the value has more than 16 MiB";
    }
    return why;
}

/* ---- import ---- */

typedef struct importer {
    airs_storage_job_t *job;
    const char *path;
    FILE *file;
    bool writes; /* the second time: the first one only looks whether all is well */
    uint64_t keys;
    uint64_t written; /* of them, those that are in the storage */
    airs_blocking_space_t *space;
    char space_name[AIRS_LMDB_NAME_MAX + 1];
    entry_t entries[BATCH_KEYS]; /* of the write in hand */
    size_t count;
    size_t bytes;
} importer_t;

static void forget_batch(importer_t *self) {
    while (self->count > 0) {
        free_entry(&self->entries[--self->count]);
    }
    self->bytes = 0;
}

static int write_batch(importer_t *self) {
    airs_storage_change_t *changes =
        airs_alloc_array(airs_allocator_default(), self->count + 1, sizeof *changes);
    airs_error_t error;
    if (changes == NULL) {
        airs_error_set(&error, AIRS_OUT_OF_MEMORY, "no memory to write %zu keys", self->count);
        return airs_storage_job_fail(self->job, AIRS_OUT_OF_MEMORY, &error);
    }
    for (size_t i = 0; i < self->count; i++) {
        changes[i] = (airs_storage_change_t){.key = self->entries[i].key, .value = self->entries[i].value};
    }
    airs_storage_write_t write = {.kind = AIRS_STORAGE_CHANGE, .changes = changes, .count = self->count};
    airs_status_t status = self->count > 0 ? airs_blocking_space_write(self->space, &write, NULL, &error)
                                           : AIRS_OK;
    airs_release(airs_allocator_default(), changes);
    self->written += status == AIRS_OK ? self->count : 0;
    forget_batch(self);
    if (status != AIRS_OK && self->written > 0) {
        airs_complain(self->job->verb->name, "%" PRIu64 " keys were imported before this:", self->written);
    }
    return status == AIRS_OK ? AIRS_EXIT_OK : airs_storage_job_fail(self->job, status, &error);
}

static int enter_space(importer_t *self, const char *name) {
    airs_error_t error;
    if (self->space != NULL && strcmp(self->space_name, name) == 0) {
        return AIRS_EXIT_OK;
    }
    int exit_code = self->space != NULL ? write_batch(self) : AIRS_EXIT_OK;
    airs_blocking_space_close(self->space);
    self->space = NULL;
    (void)snprintf(self->space_name, sizeof self->space_name, "%s", name);
    if (exit_code != AIRS_EXIT_OK) {
        return exit_code;
    }
    airs_status_t status = airs_blocking_space_open(airs_allocator_default(), self->job->backend,
                                                    airs_str(name), UINT64_MAX, &self->space, &error);
    return status == AIRS_OK ? AIRS_EXIT_OK : airs_storage_job_fail(self->job, status, &error);
}

/* Takes the entry. */
static int add_entry(importer_t *self, entry_t *entry) {
    int exit_code = enter_space(self, entry->space);
    if (exit_code != AIRS_EXIT_OK) {
        free_entry(entry);
        return exit_code;
    }
    self->entries[self->count++] = *entry;
    self->bytes += entry->key.size + entry->value.size;
    return self->count == BATCH_KEYS || self->bytes >= BATCH_BYTES ? write_batch(self) : AIRS_EXIT_OK;
}

static int take_line(importer_t *self, airs_str_t line, uint64_t number) {
    entry_t entry;
    airs_error_t error;
    const char *why = read_entry(line, &entry, &error);
    if (why != NULL) {
        airs_complain(self->job->verb->name, "%s:%" PRIu64 ": %s; %s imported", self->path, number, why,
                      self->writes ? "what is before it may have been" : "nothing was");
        free_entry(&entry);
        return AIRS_EXIT_INPUT;
    }
    airs_storage_job_progress(self->job, self->writes ? "importing" : "checking", ++self->keys);
    if (self->writes) {
        return add_entry(self, &entry);
    }
    free_entry(&entry);
    return AIRS_EXIT_OK;
}

typedef enum next_line { LINE, NO_LINE, LINE_TOO_LONG, NO_MEMORY } next_line_t;

/* The next one, without its end, into *line. */
static next_line_t next_line(FILE *file, airs_text_t *line) {
    int byte = EOF;
    airs_text_clear(line);
    flockfile(file);
    while (line->size <= LINE_BYTES && !line->failed && (byte = getc_unlocked(file)) != EOF && byte != '\n') {
        airs_text_append_char(line, (char)byte);
    }
    funlockfile(file);
    if (line->failed) {
        return NO_MEMORY;
    }
    if (line->size > LINE_BYTES) {
        return LINE_TOO_LONG;
    }
    return byte == EOF && line->size == 0 ? NO_LINE : LINE;
}

static int fail_line(const importer_t *self, next_line_t why, uint64_t number) {
    if (why == NO_MEMORY) {
        airs_complain(self->job->verb->name, "%s:%" PRIu64 ": no memory for the line", self->path, number);
        return AIRS_EXIT_FAILURE;
    }
    airs_complain(self->job->verb->name,
                  "%s:%" PRIu64 ": a line of more than %zu bytes, which no key and value have; %s imported",
                  self->path, number, LINE_BYTES,
                  self->writes ? "what is before it may have been" : "nothing was");
    return AIRS_EXIT_INPUT;
}

/* All of the file, once. */
static int read_through(importer_t *self) {
    airs_text_t line;
    next_line_t next = LINE;
    uint64_t number = 0;
    int exit_code = AIRS_EXIT_OK;
    self->keys = 0;
    if (fseek(self->file, 0, SEEK_SET) != 0) {
        return fail_file(self->job, "read", self->path, AIRS_EXIT_INPUT);
    }
    airs_text_init(&line, airs_allocator_default());
    while (exit_code == AIRS_EXIT_OK && (next = next_line(self->file, &line)) == LINE) {
        number++;
        if (line.size > 0) {
            exit_code = take_line(self, airs_text_view(&line), number);
        }
    }
    airs_text_free(&line);
    if (exit_code == AIRS_EXIT_OK && next != NO_LINE) {
        exit_code = fail_line(self, next, number + 1);
    }
    if (exit_code == AIRS_EXIT_OK && ferror(self->file) != 0) {
        exit_code = fail_file(self->job, "read", self->path, AIRS_EXIT_INPUT);
    }
    if (exit_code == AIRS_EXIT_OK && self->space != NULL) {
        exit_code = write_batch(self);
    }
    return exit_code;
}

/* What cannot be read twice goes into a file that nobody else sees. */
static FILE *spool(FILE *from) {
    char buffer[65536];
    FILE *copy = tmpfile();
    size_t size = 0;
    while (copy != NULL && (size = fread(buffer, 1, sizeof buffer, from)) > 0) {
        if (fwrite(buffer, 1, size, copy) != size) {
            (void)fclose(copy);
            return NULL;
        }
    }
    if (copy != NULL && ferror(from) != 0) {
        (void)fclose(copy);
        return NULL;
    }
    return copy;
}

static FILE *open_import(const char *path) {
    FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
    if (file == NULL || fseek(file, 0, SEEK_SET) == 0) {
        return file; /* it can be read twice */
    }
    FILE *copy = spool(file);
    if (file != stdin) {
        (void)fclose(file);
    }
    return copy;
}

static int import_all(importer_t *self) {
    int exit_code = read_through(self);
    if (exit_code == AIRS_EXIT_OK) {
        self->writes = true;
        exit_code = read_through(self);
    }
    forget_batch(self);
    airs_blocking_space_close(self->space);
    if (exit_code != AIRS_EXIT_OK) {
        return exit_code;
    }
    char count[AIRS_COUNT_TEXT_MAX];
    airs_terminal_clear(&self->job->terminal);
    if (self->job->output == AIRS_OUTPUT_JSON) {
        printf("{\"keys\":%" PRIu64 "}\n", self->keys);
    } else {
        printf("%s keys\n", airs_count_text(self->keys, count));
    }
    return fflush(stdout) == 0 ? AIRS_EXIT_OK
                               : fail_file(self->job, "write to", "standard output", AIRS_EXIT_FAILURE);
}

int airs_storage_import(const airs_verb_t *verb, void *context, char **arguments, int count) {
    static importer_t self; /* large */
    airs_storage_job_t *job = context;
    (void)verb;
    self = (importer_t){.job = job, .path = count > 0 ? arguments[0] : "-"};
    self.file = open_import(self.path);
    if (self.file == NULL) {
        return fail_file(job, "read", self.path, AIRS_EXIT_INPUT);
    }
    int exit_code = airs_storage_job_find(job, false);
    exit_code = exit_code == AIRS_EXIT_OK ? airs_storage_job_open(job, false) : exit_code;
    exit_code = exit_code == AIRS_EXIT_OK ? import_all(&self) : exit_code;
    if (self.file != stdin) {
        (void)fclose(self.file);
    }
    return exit_code;
}
