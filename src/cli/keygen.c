#include <limits.h>
#include <sodium.h>
#include <stdio.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/complaint.h"
#include "cli/exit_code.h"
#include "cli/key_file.h"
#include "cli/output_file.h"
#include "cli/unfinished_file.h"
#include "core/text.h"

#define DEFAULT_NAME "airssys"

typedef struct keygen {
    const char *name;
    int output;
    char secret_path[PATH_MAX];
    char public_path[PATH_MAX];
} keygen_t;

static bool make_paths(keygen_t *job) {
    int secret = snprintf(job->secret_path, sizeof job->secret_path, "%s.key", job->name);
    int public = snprintf(job->public_path, sizeof job->public_path, "%s.pub", job->name);
    return secret > 0 && public > 0 && (size_t)secret < sizeof job->secret_path &&
           (size_t)public < sizeof job->public_path;
}

/* Both files, or none. */
static airs_status_t write_files(const keygen_t *job, const airs_signing_key_t *key,
                                 const airs_public_key_t *public, airs_error_t *error) {
    uint8_t secret_bytes[AIRS_SIGNING_KEY_FILE_SIZE];
    uint8_t public_bytes[AIRS_PUBLIC_KEY_FILE_SIZE];
    airs_signing_key_write(key, secret_bytes);
    airs_public_key_write(public, public_bytes);
    airs_status_t status =
        airs_key_file_create(job->secret_path, airs_bytes(secret_bytes, sizeof secret_bytes), true, error);
    sodium_memzero(secret_bytes, sizeof secret_bytes);
    if (status != AIRS_OK) {
        return status;
    }
    status =
        airs_key_file_create(job->public_path, airs_bytes(public_bytes, sizeof public_bytes), false, error);
    if (status != AIRS_OK) {
        (void)unlink(job->secret_path);
    }
    /* Not before: one without the other would only be in the way. */
    airs_unfinished_file_settle(job->secret_path);
    airs_unfinished_file_settle(job->public_path);
    return status;
}

static airs_status_t print(const keygen_t *job, const airs_public_key_t *public, airs_error_t *error) {
    char key[AIRS_PUBLIC_KEY_TEXT_MAX];
    char id[AIRS_KEY_ID_TEXT_MAX];
    airs_key_id_t key_id = airs_key_id_of(public);
    airs_text_t text;
    airs_public_key_text(public, key);
    airs_key_id_text(&key_id, id);
    airs_text_init(&text, airs_allocator_default());
    if (job->output == AIRS_OUTPUT_JSON) {
        airs_text_append(&text, airs_str("{\"secret_key_file\":"));
        airs_text_append_json(&text, airs_str(job->secret_path));
        airs_text_append(&text, airs_str(",\"public_key_file\":"));
        airs_text_append_json(&text, airs_str(job->public_path));
        airs_text_append_format(&text, ",\"public_key\":\"%s\",\"key_id\":\"%s\"}\n", key, id);
    } else {
        airs_text_append_format(&text,
                                "Secret key:  %s, for its owner's eyes alone\nPublic key:  %s\n"
                                "As text:     %s\nKey id:      %s\n",
                                job->secret_path, job->public_path, key, id);
    }
    airs_status_t status = airs_text_status(&text);
    status = status == AIRS_OK ? airs_output_file_write("-", airs_bytes(text.data, text.size), error)
                               : airs_error_set(error, status, "%s", airs_status_text(status));
    airs_text_free(&text);
    return status;
}

static int keygen(const airs_verb_t *verb, void *context, char **arguments, int count) {
    keygen_t *job = context;
    airs_signing_key_t key;
    airs_error_t error;
    (void)arguments;
    (void)count;
    if (job->name[0] == '\0' || !make_paths(job)) {
        return airs_usage_error(verb, "--out must be a path to which \".key\" and \".pub\" can be added");
    }
    airs_status_t status = airs_signing_key_generate(&key, &error);
    if (status == AIRS_OK) {
        airs_public_key_t public = airs_signing_key_public(&key);
        status = write_files(job, &key, &public, &error);
        airs_signing_key_erase(&key);
        if (status == AIRS_OK) {
            status = print(job, &public, &error);
        }
    }
    if (status != AIRS_OK) {
        airs_complain(verb->name, "%s", error.text);
        return AIRS_EXIT_FAILURE;
    }
    return AIRS_EXIT_OK;
}

int airs_verb_keygen(int argc, char **argv) {
    static const int exit_codes[] = {AIRS_EXIT_OK, AIRS_EXIT_FAILURE, AIRS_EXIT_USAGE, -1};
    keygen_t job = {.name = DEFAULT_NAME};
    const airs_option_t options[] = {
        AIRS_OPTION_TEXT("out", 'o', "NAME", "write NAME.key and NAME.pub; default: " DEFAULT_NAME,
                         &job.name),
        AIRS_OPTION_OUTPUT("text (default) or json", &job.output),
    };
    const airs_verb_t verb = {
        .name = "keygen",
        .usage = "",
        .summary = "Make a pair of keys, to sign components with.",
        .help = "Whoever has NAME.key can sign in its owner's name; NAME.pub, or the same as text, goes to "
                "those\n"
                "who are to trust what it signed. Files that are there are not overwritten.\n",
        .options = options,
        .option_count = sizeof options / sizeof options[0],
        .exit_codes = exit_codes,
        .min_arguments = 0,
        .max_arguments = 0,
    };
    return airs_verb_run_with(&verb, argc, argv, keygen, &job);
}
