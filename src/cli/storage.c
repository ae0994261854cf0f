/* airssys storage: what components have stored. It can be looked at while their application runs, and changed while it
 * does not. */
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/complaint.h"
#include "cli/exit_code.h"
#include "cli/output_file.h"
#include "cli/payload_source.h"
#include "cli/progress.h"
#include "cli/storage_job.h"
#include "cli/table.h"
#include "cli/unfinished_file.h"
#include "cli/visible_text.h"
#include "core/text.h"
#include "node/nearest_name.h"
#include "storage/lmdb_maintenance.h"

static int finish(const airs_storage_job_t *job, const airs_text_t *text) {
    airs_error_t error;
    airs_str_t view = airs_text_view(text);
    airs_status_t status = airs_text_status(text);
    status = status == AIRS_OK ? airs_output_file_write("-", airs_bytes(view.data, view.size), &error)
                               : airs_error_set(&error, status, "%s", airs_status_text(status));
    if (status == AIRS_OK) {
        return AIRS_EXIT_OK;
    }
    airs_complain(job->verb->name, "%s", error.text);
    return AIRS_EXIT_FAILURE;
}

/* Nothing to say but that it is done, which only a program wants to hear. */
static int done(const airs_storage_job_t *job) {
    if (job->output == AIRS_OUTPUT_JSON) {
        printf("{\"status\":\"ok\"}\n");
    }
    return airs_output_finish(job->verb->name);
}

/* ---- list ---- */

typedef struct listing {
    airs_storage_job_t *job;
    airs_text_t text; /* JSON */
    airs_table_t table;
    size_t count;
} listing_t;

static bool add_space(void *context, airs_str_t name, const airs_storage_usage_t *usage) {
    listing_t *listing = context;
    airs_text_append(&listing->text, airs_str(listing->count++ > 0 ? ",{\"space\":" : "{\"space\":"));
    airs_text_append_json(&listing->text, name);
    airs_text_append_format(&listing->text, ",\"keys\":%" PRIu64 ",\"bytes\":%" PRIu64 "}", usage->key_count,
                            usage->used_bytes);
    airs_text_t cell;
    airs_text_init(&cell, airs_allocator_default());
    airs_text_append(&cell, name);
    airs_table_add(&listing->table, airs_text_cstr(&cell));
    airs_table_add_number(&listing->table, usage->key_count);
    airs_table_add_number(&listing->table, usage->used_bytes);
    airs_text_free(&cell);
    return true;
}

static int print_spaces(listing_t *listing) {
    airs_storage_job_t *job = listing->job;
    if (job->output == AIRS_OUTPUT_JSON) {
        airs_text_append(&listing->text, airs_str("]}\n"));
        return finish(job, &listing->text);
    }
    airs_status_t status = airs_table_print(&listing->table, 3, SIZE_MAX, stdout);
    airs_error_t error;
    return status == AIRS_OK
               ? airs_output_finish(job->verb->name)
               : airs_storage_job_fail(job, airs_error_set(&error, status, "no memory for the list"), &error);
}

static int list_spaces(airs_storage_job_t *job) {
    static const airs_table_column_t columns[] = {{"SPACE", false}, {"KEYS", true}, {"BYTES", true}};
    listing_t listing = {.job = job};
    airs_error_t error;
    airs_text_init(&listing.text, airs_allocator_default());
    airs_table_init(&listing.table, columns, 3);
    airs_text_append(&listing.text, airs_str("{\"folder\":"));
    airs_text_append_json(&listing.text, airs_str(job->folder));
    airs_text_append(&listing.text, airs_str(",\"spaces\":["));
    airs_status_t status = airs_lmdb_backend_spaces(job->backend, add_space, &listing, &error);
    int exit_code = status == AIRS_OK ? print_spaces(&listing) : airs_storage_job_fail(job, status, &error);
    airs_table_free(&listing.table);
    airs_text_free(&listing.text);
    return exit_code;
}

/* A line each; in JSON an object each, as in an export. */
static bool print_key(void *context, airs_str_t key) {
    listing_t *listing = context;
    if (listing->job->output == AIRS_OUTPUT_JSON) {
        airs_text_append(&listing->text, airs_str(listing->count++ > 0 ? ",{" : "{"));
        airs_storage_append_key(&listing->text, key);
        airs_text_append_char(&listing->text, '}');
    } else if (isatty(STDOUT_FILENO) != 0) {
        airs_visible_print(key, false, stdout);
        (void)fputc('\n', stdout);
    } else {
        (void)fwrite(key.data, 1, key.size, stdout);
        (void)fputc('\n', stdout);
    }
    return !listing->text.failed && ferror(stdout) == 0;
}

static int list_keys(airs_storage_job_t *job, const char *name) {
    airs_blocking_space_t *space = NULL;
    int exit_code = airs_storage_job_space(job, name, true, &space);
    if (exit_code != AIRS_EXIT_OK) {
        return exit_code;
    }
    airs_error_t error;
    listing_t listing = {.job = job};
    airs_storage_range_t range = {.prefix = airs_str(job->prefix)};
    airs_text_init(&listing.text, airs_allocator_default());
    airs_text_append(&listing.text, airs_str("{\"keys\":["));
    airs_status_t status =
        job->backend->ops->list(airs_blocking_space_of(space), &range, print_key, &listing, &error);
    airs_text_append(&listing.text, airs_str("]}\n"));
    if (status != AIRS_OK) {
        exit_code = airs_storage_job_fail(job, status, &error);
    } else {
        exit_code = job->output == AIRS_OUTPUT_JSON ? finish(job, &listing.text)
                                                    : airs_output_finish(job->verb->name);
    }
    airs_text_free(&listing.text);
    airs_blocking_space_close(space);
    return exit_code;
}

static int list(const airs_verb_t *verb, void *context, char **arguments, int count) {
    airs_storage_job_t *job = context;
    (void)verb;
    int exit_code = airs_storage_job_find(job, true);
    exit_code = exit_code == AIRS_EXIT_OK ? airs_storage_job_open(job, true) : exit_code;
    if (exit_code != AIRS_EXIT_OK) {
        return exit_code;
    }
    return count == 0 ? list_spaces(job) : list_keys(job, arguments[0]);
}

/* ---- get ---- */

typedef struct answer {
    const airs_storage_job_t *job;
    const char *space;
    airs_str_t key;
    bool found;
    int exit_code;
} answer_t;

static int print_json(const answer_t *answer, airs_bytes_t value) {
    airs_text_t text;
    airs_text_init(&text, airs_allocator_default());
    airs_text_append_char(&text, '{');
    airs_storage_append_key(&text, answer->key);
    airs_text_append_format(&text, ",\"size\":%zu,\"value\":", value.size);
    airs_storage_append_base64(&text, value);
    airs_text_append(&text, airs_str("}\n"));
    int exit_code = finish(answer->job, &text);
    airs_text_free(&text);
    return exit_code;
}

/* Exactly the bytes into a file or a pipe; on a terminal nothing that could steer it. */
static int print_value(const answer_t *answer, airs_bytes_t value) {
    airs_error_t error;
    const char *to = answer->job->to != NULL ? answer->job->to : "-";
    if (answer->job->output == AIRS_OUTPUT_JSON) {
        return print_json(answer, value);
    }
    if (strcmp(to, "-") == 0 && isatty(STDOUT_FILENO) != 0) {
        airs_visible_print(airs_str_n((const char *)value.data, value.size), true, stdout);
        (void)fputc('\n', stdout);
        return airs_output_finish(answer->job->verb->name);
    }
    if (airs_output_file_write(to, value, &error) != AIRS_OK) {
        airs_complain(answer->job->verb->name, "%s", error.text);
        return AIRS_EXIT_FAILURE;
    }
    return AIRS_EXIT_OK;
}

static void take_value(void *context, size_t index, airs_bytes_t value) {
    answer_t *answer = context;
    (void)index;
    answer->found = true;
    answer->exit_code = print_value(answer, value);
}

static int no_such_key(const airs_storage_job_t *job, const char *space, airs_str_t key) {
    airs_error_t error;
    airs_status_t status =
        airs_error_set(&error, AIRS_NOT_FOUND, "%s: there is no key \"%.*s\"", space, AIRS_STR_ARG(key));
    return airs_storage_job_fail(job, status, &error);
}

static int get(const airs_verb_t *verb, void *context, char **arguments, int count) {
    airs_storage_job_t *job = context;
    airs_blocking_space_t *space = NULL;
    (void)verb, (void)count;
    int exit_code = airs_storage_job_find(job, true);
    exit_code = exit_code == AIRS_EXIT_OK ? airs_storage_job_open(job, true) : exit_code;
    exit_code = exit_code == AIRS_EXIT_OK ? airs_storage_job_space(job, arguments[0], true, &space)
                                          : exit_code;
    if (exit_code != AIRS_EXIT_OK) {
        return exit_code;
    }
    airs_error_t error;
    answer_t answer = {.job = job, .space = arguments[0], .key = airs_str(arguments[1])};
    airs_status_t status =
        job->backend->ops->get(airs_blocking_space_of(space), &answer.key, 1, take_value, &answer, &error);
    if (status != AIRS_OK) {
        exit_code = airs_storage_job_fail(job, status, &error);
    } else {
        exit_code = answer.found ? answer.exit_code : no_such_key(job, arguments[0], answer.key);
    }
    airs_blocking_space_close(space);
    return exit_code;
}

/* ---- set and delete ---- */

static int write_key(airs_storage_job_t *job, const char *name, airs_storage_write_kind_t kind,
                     airs_storage_change_t change) {
    airs_blocking_space_t *space = NULL;
    int exit_code = airs_storage_job_open(job, false);
    exit_code = exit_code == AIRS_EXIT_OK ? airs_storage_job_space(job, name, change.removes, &space)
                                          : exit_code;
    if (exit_code != AIRS_EXIT_OK) {
        return exit_code;
    }
    airs_error_t error;
    airs_storage_write_t write = {.kind = kind, .changes = &change, .count = 1};
    airs_status_t status = airs_blocking_space_write(space, &write, NULL, &error);
    airs_blocking_space_close(space);
    return status == AIRS_OK ? done(job) : airs_storage_job_fail(job, status, &error);
}

static int set(const airs_verb_t *verb, void *context, char **arguments, int count) {
    airs_storage_job_t *job = context;
    airs_payload_source_t source = {.argument = count > 2 ? arguments[2] : NULL, .file = job->from};
    int exit_code = airs_storage_job_find(job, false);
    airs_error_t error = {AIRS_OK, ""};
    exit_code = exit_code == AIRS_EXIT_OK ? airs_payload_source_read(&source, verb, &error) : exit_code;
    if (error.status != AIRS_OK) {
        airs_complain(verb->name, "%s", error.text);
    }
    if (exit_code == AIRS_EXIT_OK) {
        airs_storage_change_t change = {.key = airs_str(arguments[1]), .value = source.payload};
        exit_code = write_key(job, arguments[0], AIRS_STORAGE_CHANGE, change);
    }
    airs_payload_source_free(&source);
    return exit_code;
}

static int delete_key(const airs_verb_t *verb, void *context, char **arguments, int count) {
    airs_storage_job_t *job = context;
    (void)verb, (void)count;
    int exit_code = airs_storage_job_find(job, true);
    airs_storage_change_t change = {.key = airs_str(arguments[1]), .removes = true};
    return exit_code == AIRS_EXIT_OK ? write_key(job, arguments[0], AIRS_STORAGE_REMOVE, change) : exit_code;
}

/* ---- check and compact ---- */

typedef struct report {
    airs_storage_job_t *job;
    airs_text_t problems; /* JSON strings */
} report_t;

static void note_problem(void *context, const char *text) {
    report_t *report = context;
    if (report->job->output == AIRS_OUTPUT_JSON) {
        airs_text_append(&report->problems, airs_str(report->problems.size > 0 ? "," : ""));
        airs_text_append_json(&report->problems, airs_str(text));
    } else {
        airs_terminal_clear(&report->job->terminal);
        airs_complain(report->job->verb->name, "%s", text);
    }
}

static void draw_check(void *context, uint64_t keys) {
    airs_storage_job_progress(((report_t *)context)->job, "checking", keys);
}

static int print_findings(report_t *report, const airs_lmdb_findings_t *found) {
    airs_text_t text;
    char keys[AIRS_COUNT_TEXT_MAX];
    char bytes[AIRS_COUNT_TEXT_MAX];
    char spaces[AIRS_COUNT_TEXT_MAX];
    airs_text_init(&text, airs_allocator_default());
    if (report->job->output == AIRS_OUTPUT_JSON) {
        airs_text_append_format(
            &text, "{\"spaces\":%" PRIu64 ",\"keys\":%" PRIu64 ",\"bytes\":%" PRIu64 ",\"problems\":[",
            found->spaces, found->keys, found->bytes);
        airs_text_append(&text, airs_text_view(&report->problems));
        airs_text_append(&text, airs_str("]}\n"));
    } else {
        airs_text_append_format(&text, "%s keys in %s spaces, %s bytes: %s\n",
                                airs_count_text(found->keys, keys), airs_count_text(found->spaces, spaces),
                                airs_count_text(found->bytes, bytes),
                                found->problems == 0 ? "all is well" : "not all is well");
    }
    airs_terminal_clear(&report->job->terminal);
    int exit_code = finish(report->job, &text);
    airs_text_free(&text);
    return exit_code != AIRS_EXIT_OK || found->problems == 0 ? exit_code : AIRS_EXIT_STORAGE;
}

static int check(const airs_verb_t *verb, void *context, char **arguments, int count) {
    airs_storage_job_t *job = context;
    airs_lmdb_env_t *env = NULL;
    (void)verb, (void)arguments, (void)count;
    int exit_code = airs_storage_job_find(job, true);
    exit_code = exit_code == AIRS_EXIT_OK ? airs_storage_job_open_env(job, true, &env) : exit_code;
    if (exit_code != AIRS_EXIT_OK) {
        return exit_code;
    }
    airs_error_t error;
    airs_lmdb_findings_t found;
    report_t report = {.job = job};
    airs_lmdb_watcher_t watcher = {note_problem, draw_check, &report};
    airs_text_init(&report.problems, airs_allocator_default());
    airs_status_t status = airs_lmdb_check(env, &watcher, &found, &error);
    airs_lmdb_env_close(env);
    exit_code = status == AIRS_OK ? print_findings(&report, &found)
                                  : airs_storage_job_fail(job, status, &error);
    airs_text_free(&report.problems);
    return exit_code;
}

static int compact(const airs_verb_t *verb, void *context, char **arguments, int count) {
    airs_storage_job_t *job = context;
    airs_lmdb_env_t *env = NULL;
    uint64_t before = 0;
    uint64_t after = 0;
    char texts[2][AIRS_COUNT_TEXT_MAX];
    (void)verb, (void)arguments, (void)count;
    int exit_code = airs_storage_job_find(job, true);
    exit_code = exit_code == AIRS_EXIT_OK ? airs_storage_job_open_env(job, false, &env) : exit_code;
    if (exit_code != AIRS_EXIT_OK) {
        return exit_code;
    }
    airs_error_t error;
    char copy[PATH_MAX];
    if (job->terminal.draws) {
        airs_terminal_draw(&job->terminal, "compacting");
    }
    int size = snprintf(copy, sizeof copy, "%s/" AIRS_LMDB_COPY_NAME, job->folder);
    if (size > 0 && (size_t)size < sizeof copy) {
        airs_unfinished_file_expect(copy);
    }
    airs_status_t status = airs_lmdb_compact(env, &before, &after, &error);
    airs_unfinished_file_settle(copy);
    airs_terminal_clear(&job->terminal);
    if (status != AIRS_OK) {
        return airs_storage_job_fail(job, status, &error);
    }
    if (job->output == AIRS_OUTPUT_JSON) {
        printf("{\"before\":%" PRIu64 ",\"after\":%" PRIu64 "}\n", before, after);
    } else {
        printf("%s bytes, %s before\n", airs_count_text(after, texts[0]), airs_count_text(before, texts[1]));
    }
    return airs_output_finish(job->verb->name);
}

/* ---- the verbs ---- */

#define OPTIONS_MAX 7

typedef struct work {
    const char *name; /* of the verb, "storage" in front of it */
    const char *usage;
    const char *summary;
    const char *help;
    airs_verb_work_fn *work;
    const char *takes; /* letters of the options beside --manifest and --folder */
    int min_arguments;
    int max_arguments;
} work_t;

static const work_t works[] = {
    {"storage list", "[SPACE]", "Shows the spaces with what they use, or the keys of one, in order.", NULL,
     list, "po", 0, 1},
    {"storage get", "SPACE KEY", "Writes the bytes of a value.", NULL, get, "to", 2, 2},
    {"storage set", "SPACE KEY [VALUE]",
     "Sets a key, to VALUE or to what comes from a file or standard input.", NULL, set, "fo", 2, 3},
    {"storage delete", "SPACE KEY", "Removes a key.", NULL, delete_key, "o", 2, 2},
    {"storage export", "", "Writes keys and values as JSON lines.",
     "Each line is an object with \"space\", \"key\" (or \"key-base64\" for one that is not UTF-8) and "
     "\"value\", in "
     "base64.",
     airs_storage_export, "tsq", 0, 0},
    {"storage import", "[FILE]", "Sets the keys that an export has; others stay.",
     "FILE is read from standard input when it is left out. When a line of it is wrong nothing is imported.",
     airs_storage_import, "oq", 0, 1},
    {"storage check", "", "Reads everything, and compares it with what is recorded.", NULL, check, "oq", 0,
     0},
    {"storage compact", "", "Gives the room of what was removed back to the disk.", NULL, compact, "oq", 0,
     0},
};

#define WORK_COUNT (sizeof works / sizeof works[0])

static const char *work_name_at(const void *context, size_t index) {
    (void)context;
    return index < WORK_COUNT ? works[index].name + strlen("storage ") : NULL;
}

static size_t add_options(airs_storage_job_t *job, const char *takes, airs_option_t *out) {
    const airs_option_t all[] = {
        AIRS_OPTION_TEXT("prefix", 'p', "TEXT", "only keys that begin with this", &job->prefix),
        AIRS_OPTION_TEXT("space", 's', "SPACE", "only this one", &job->space_name),
        AIRS_OPTION_TEXT("to", 't', "FILE", "into this file, instead of standard output", &job->to),
        AIRS_OPTION_TEXT("from", 'f', "FILE", "the value is this file; -: standard input", &job->from),
        AIRS_OPTION_FLAG("quiet", 'q', "no progress", &job->quiet),
        AIRS_OPTION_OUTPUT("text or json", &job->output),
    };
    size_t count = 0;
    out[count++] = (airs_option_t)AIRS_OPTION_TEXT("manifest", 'm', "FILE",
                                                   "the application's manifest, or its folder; default: here",
                                                   &job->manifest_path);
    out[count++] =
        (airs_option_t)AIRS_OPTION_TEXT("folder", 0, "FOLDER", "the storage's own folder", &job->folder_path);
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        if (strchr(takes, all[i].letter != 0 ? all[i].letter : 'o') != NULL) {
            out[count++] = all[i];
        }
    }
    return count;
}

static int work_on(const work_t *work, int argc, char **argv) {
    static const int exit_codes[] = {AIRS_EXIT_OK,    AIRS_EXIT_FAILURE, AIRS_EXIT_USAGE,  AIRS_EXIT_MANIFEST,
                                     AIRS_EXIT_INPUT, AIRS_EXIT_STORAGE, AIRS_EXIT_NO_KEY, -1};
    airs_storage_job_t job = {.prefix = ""};
    airs_option_t options[OPTIONS_MAX];
    airs_verb_t verb = {
        .name = work->name,
        .usage = work->usage,
        .summary = work->summary,
        .help = work->help,
        .options = options,
        .option_count = add_options(&job, work->takes, options),
        .exit_codes = exit_codes,
        .min_arguments = work->min_arguments,
        .max_arguments = work->max_arguments,
    };
    job.verb = &verb;
    airs_terminal_init(&job.terminal, AIRS_LOG_WARN, false);
    int exit_code = airs_verb_run_with(&verb, argc, argv, work->work, &job);
    airs_storage_job_close(&job);
    return exit_code;
}

static void print_usage(FILE *stream) {
    (void)fprintf(stream,
                  "Usage: airssys storage VERB [OPTION]... [ARGUMENT]...\n"
                  "What components have stored. To change it their application must not run.\n\nVerbs:\n");
    for (size_t i = 0; i < WORK_COUNT; i++) {
        (void)fprintf(stream, "  %-8s %s\n", work_name_at(NULL, i), works[i].summary);
    }
    (void)fprintf(stream, "\n'airssys storage VERB --help' says more about one of them.\n");
}

static int complain_unknown(const char *word) {
    const char *nearest = airs_nearest_name(airs_str(word), work_name_at, NULL);
    if (nearest != NULL) {
        airs_complain("storage", "unknown verb '%s'; did you mean '%s'?", word, nearest);
    } else {
        airs_complain("storage", "unknown verb '%s'", word);
    }
    (void)fprintf(stderr, "Try 'airssys storage --help'.\n");
    return AIRS_EXIT_USAGE;
}

int airs_verb_storage(int argc, char **argv) {
    if (argc < 2) {
        print_usage(stderr);
        return AIRS_EXIT_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "help") == 0) {
        print_usage(stdout);
        return airs_output_finish("storage");
    }
    for (size_t i = 0; i < WORK_COUNT; i++) {
        if (strcmp(argv[1], work_name_at(NULL, i)) == 0) {
            return work_on(&works[i], argc - 1, argv + 1);
        }
    }
    return complain_unknown(argv[1]);
}
