#include "cli/storage_job.h"

#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <sodium.h>

#include "cli/complaint.h"
#include "cli/exit_code.h"
#include "cli/progress.h"
#include "cli/unfinished_file.h"
#include "core/memory.h"
#include "core/text.h"
#include "core/utf8.h"
#include "node/cache_folder.h"
#include "storage/lmdb_backend.h"
#include "storage/lmdb_maintenance.h"

/* The progress is drawn so often at most. */
#define DRAW_NS 100000000

int airs_storage_job_fail(const airs_storage_job_t *job, airs_status_t status, const airs_error_t *error) {
    airs_complain(job->verb->name, "%s%s", error->text,
                  status == AIRS_INVALID_STATE ? "; stop the application first" : "");
    switch (status) {
    case AIRS_OUT_OF_MEMORY:
        return AIRS_EXIT_FAILURE;
    case AIRS_NOT_FOUND:
        return AIRS_EXIT_NO_KEY;
    case AIRS_INVALID_KEY:
    case AIRS_INVALID_ARGUMENT:
        return AIRS_EXIT_USAGE;
    default:
        return AIRS_EXIT_STORAGE;
    }
}

static int find_by_manifest(airs_storage_job_t *job) {
    airs_error_t error;
    const char *path = job->manifest_path != NULL ? job->manifest_path : ".";
    airs_status_t status = airs_manifest_load(airs_allocator_default(), path, &job->manifest, &error);
    if (status != AIRS_OK) {
        airs_complain(job->verb->name, "%s", error.text);
        return status == AIRS_OUT_OF_MEMORY ? AIRS_EXIT_FAILURE : AIRS_EXIT_MANIFEST;
    }
    const airs_manifest_storage_t *storage = &job->manifest->storage;
    if (storage->sync == AIRS_MANIFEST_SYNC_NONE) {
        airs_complain(job->verb->name, "%s keeps nothing: its manifest says sync = \"none\"",
                      job->manifest->name);
        return AIRS_EXIT_STORAGE;
    }
    job->map_bytes = storage->map_bytes;
    job->folder = storage->folder;
    if (storage->folder == NULL) {
        status = airs_storage_folder(airs_allocator_default(), job->manifest->name, &job->own_folder, &error);
        job->folder = job->own_folder;
    }
    return status == AIRS_OK ? AIRS_EXIT_OK : airs_storage_job_fail(job, status, &error);
}

int airs_storage_job_find(airs_storage_job_t *job, bool needed) {
    int exit_code = AIRS_EXIT_OK;
    airs_error_t error;
    job->terminal.draws = job->terminal.draws && !job->quiet;
    if (job->folder_path != NULL && job->manifest_path != NULL) {
        return airs_usage_error(job->verb, "--folder and --manifest both say whose storage it is");
    }
    if (job->folder_path != NULL) {
        job->folder = job->folder_path;
    } else {
        exit_code = find_by_manifest(job);
    }
    if (job->map_bytes == 0) {
        job->map_bytes = AIRS_STORAGE_DEFAULT_MAP_BYTES;
    }
    if (exit_code != AIRS_EXIT_OK || !needed) {
        return exit_code;
    }
    airs_status_t status = airs_lmdb_exists(job->folder, &error);
    if (status == AIRS_NOT_FOUND) {
        airs_complain(job->verb->name, "%s", error.text);
        return AIRS_EXIT_STORAGE;
    }
    return status == AIRS_OK ? AIRS_EXIT_OK : airs_storage_job_fail(job, status, &error);
}

/* ---- a file whose pages cannot be read, or lead nowhere ---- */

typedef struct last_words {
    char text[PATH_MAX + 256];
    size_t size;
} last_words_t;

static last_words_t unreadable;
static last_words_t contradictory;

static _Noreturn void give_up(const last_words_t *words) {
    /* NOLINTNEXTLINE(bugprone-signal-handler,cert-msc54-cpp,cert-sig30-c): it is made for that */
    airs_unfinished_files_remove();
    ssize_t written = write(STDERR_FILENO, words->text, words->size);
    (void)written;
    _exit(AIRS_EXIT_STORAGE);
}

/* LMDB reads through a map, where there is no other way to hear of it: what the file lacks is SIGBUS, and a page that
 * points out of the map SIGSEGV. */
static _Noreturn void on_fault(int number) { give_up(number == SIGBUS ? &unreadable : &contradictory); }

static _Noreturn void on_assertion(void) { give_up(&contradictory); }

static void say_last(last_words_t *words, const airs_storage_job_t *job, const char *why) {
    int size = snprintf(words->text, sizeof words->text, "airssys %s: %s/data.mdb is damaged: %s\n",
                        job->verb->name, job->folder, why);
    words->size = size > 0 && (size_t)size < sizeof words->text ? (size_t)size : 0;
}

static void expect_damage(const airs_storage_job_t *job) {
    say_last(&unreadable, job, "it has been cut short, or the disk cannot read it");
    say_last(&contradictory, job, "its pages contradict each other");
    (void)signal(SIGBUS, on_fault);
    (void)signal(SIGSEGV, on_fault);
    airs_lmdb_when_damaged(on_assertion);
}

int airs_storage_job_open(airs_storage_job_t *job, bool reads_only) {
    airs_error_t error;
    expect_damage(job);
    airs_lmdb_options_t options = {.allocator = airs_allocator_default(),
                                   .log = &job->terminal.log,
                                   .folder = job->folder,
                                   .map_bytes = job->map_bytes,
                                   .reads_only = reads_only};
    airs_status_t status = airs_lmdb_backend_create(&options, &job->backend, &error);
    return status == AIRS_OK ? AIRS_EXIT_OK : airs_storage_job_fail(job, status, &error);
}

int airs_storage_job_open_env(airs_storage_job_t *job, bool reads_only, airs_lmdb_env_t **out) {
    const airs_allocator_t *allocator = airs_allocator_default();
    airs_error_t error;
    expect_damage(job);
    airs_status_t status =
        reads_only ? airs_lmdb_env_open_to_read(allocator, job->folder, job->map_bytes, out, &error)
                   : airs_lmdb_env_open(allocator, job->folder, job->map_bytes, out, &error);
    return status == AIRS_OK ? AIRS_EXIT_OK : airs_storage_job_fail(job, status, &error);
}

typedef struct search {
    airs_str_t name;
    bool found;
} search_t;

static bool compare_name(void *context, airs_str_t name, const airs_storage_usage_t *usage) {
    search_t *search = context;
    (void)usage;
    search->found = airs_str_equal(name, search->name);
    return !search->found;
}

static int open_space(airs_storage_job_t *job, airs_str_t name, bool needed, airs_blocking_space_t **out) {
    airs_error_t error = {AIRS_OK, ""};
    search_t search = {name, !needed};
    airs_status_t status = needed ? airs_lmdb_backend_spaces(job->backend, compare_name, &search, &error)
                                  : AIRS_OK;
    if (status == AIRS_OK && !search.found) {
        status = airs_error_set(&error, AIRS_NOT_FOUND,
                                "there is no space \"%.*s\"; 'airssys storage list' shows them",
                                AIRS_STR_ARG(name));
    }
    if (status == AIRS_OK) {
        status =
            airs_blocking_space_open(airs_allocator_default(), job->backend, name, UINT64_MAX, out, &error);
    }
    return status == AIRS_OK ? AIRS_EXIT_OK : airs_storage_job_fail(job, status, &error);
}

void airs_storage_append_space(airs_text_t *out, const airs_storage_job_t *job, const char *name) {
    if (strchr(name, '/') == NULL && job->manifest != NULL) {
        airs_text_append_format(out, "%s/", job->manifest->ns);
    }
    airs_text_append(out, airs_str(name));
}

int airs_storage_job_space(airs_storage_job_t *job, const char *name, bool needed,
                           airs_blocking_space_t **out) {
    airs_text_t whole;
    airs_text_init(&whole, airs_allocator_default());
    airs_storage_append_space(&whole, job, name);
    airs_error_t error = {AIRS_OUT_OF_MEMORY, "no memory"};
    /* An export could not say it. */
    if (!airs_utf8_valid(airs_str(name))) {
        airs_complain(job->verb->name, "the name of a storage space is UTF-8");
        airs_text_free(&whole);
        return AIRS_EXIT_USAGE;
    }
    int exit_code = airs_text_status(&whole) == AIRS_OK
                        ? open_space(job, airs_text_view(&whole), needed, out)
                        : airs_storage_job_fail(job, AIRS_OUT_OF_MEMORY, &error);
    airs_text_free(&whole);
    return exit_code;
}

void airs_storage_job_progress(airs_storage_job_t *job, const char *doing, uint64_t keys) {
    uint64_t now_ns = airs_clock_monotonic(airs_clock_system());
    char line[128];
    char count[AIRS_COUNT_TEXT_MAX];
    if (!job->terminal.draws || now_ns - job->drawn_ns < DRAW_NS) {
        return;
    }
    job->drawn_ns = now_ns;
    (void)snprintf(line, sizeof line, "%s: %s keys", doing, airs_count_text(keys, count));
    airs_terminal_draw(&job->terminal, line);
}

void airs_storage_job_close(airs_storage_job_t *job) {
    if (job->backend != NULL) {
        job->backend->ops->destroy(job->backend);
    }
    airs_release(airs_allocator_default(), job->own_folder);
    airs_manifest_destroy(job->manifest);
    airs_terminal_clear(&job->terminal);
    airs_terminal_free(&job->terminal);
}

void airs_storage_append_base64(airs_text_t *out, airs_bytes_t value) {
    size_t room = sodium_base64_encoded_len(value.size, sodium_base64_VARIANT_ORIGINAL);
    char *text = airs_alloc(out->allocator, room);
    if (text == NULL) {
        out->failed = true;
        return;
    }
    (void)sodium_bin2base64(text, room, value.data, value.size, sodium_base64_VARIANT_ORIGINAL);
    airs_text_append_char(out, '"');
    airs_text_append(out, airs_str_n(text, room - 1));
    airs_text_append_char(out, '"');
    airs_release(out->allocator, text);
}

void airs_storage_append_key(airs_text_t *out, airs_str_t key) {
    if (airs_utf8_valid(key)) {
        airs_text_append(out, airs_str("\"key\":"));
        airs_text_append_json(out, key);
    } else {
        airs_text_append(out, airs_str("\"key-base64\":"));
        airs_storage_append_base64(out, airs_bytes(key.data, key.size));
    }
}
