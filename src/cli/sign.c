#include "cli/command.h"
#include "cli/complaint.h"
#include "cli/exit_code.h"
#include "cli/input_file.h"
#include "cli/key_file.h"
#include "cli/output_file.h"
#include "core/memory.h"
#include "core/runtime_engine.h"
#include "security/component_signature.h"

typedef struct sign {
    const char *key;
    const char *out;
    bool delimiter;
} sign_t;

/* Write the signed binary; one that this key has signed already as it is. */
static int write_signed(const airs_verb_t *verb, const sign_t *job, const char *path, airs_bytes_t binary,
                        const airs_signing_key_t *key) {
    const airs_allocator_t *allocator = airs_allocator_default();
    airs_bytes_t made = {NULL, 0};
    airs_error_t error;
    airs_status_t status = airs_component_sign(allocator, binary, key,
                                               job->delimiter ? airs_random_system() : NULL, &made, &error);
    if (status != AIRS_OK && status != AIRS_ALREADY_EXISTS) {
        airs_complain(verb->name, "%s: %s", path, error.text);
        return status == AIRS_OUT_OF_MEMORY ? AIRS_EXIT_FAILURE : AIRS_EXIT_COMPONENT;
    }
    if (status == AIRS_ALREADY_EXISTS) {
        airs_complain(verb->name, "%s: %s", path, error.text);
    }
    status = AIRS_OK;
    if (made.data != NULL || job->out != NULL) {
        status = airs_output_file_write(job->out != NULL ? job->out : path, made.data != NULL ? made : binary,
                                        &error);
    }
    airs_release(allocator, (void *)made.data);
    if (status != AIRS_OK) {
        airs_complain(verb->name, "%s", error.text);
        return AIRS_EXIT_FAILURE;
    }
    return AIRS_EXIT_OK;
}

static int sign_file(const airs_verb_t *verb, const sign_t *job, const char *path,
                     const airs_signing_key_t *key) {
    airs_bytes_t binary;
    int exit_code = airs_input_file_read(verb, path, AIRS_COMPONENT_FILE_MAX, &binary);
    if (exit_code == AIRS_EXIT_OK) {
        exit_code = write_signed(verb, job, path, binary, key);
        airs_release(airs_allocator_default(), (void *)binary.data);
    }
    return exit_code;
}

static int run(const airs_verb_t *verb, void *context, char **arguments, int count) {
    const sign_t *job = context;
    airs_signing_key_t key;
    airs_error_t error;
    bool exposed = false;
    (void)count;
    if (job->key == NULL) {
        return airs_usage_error(verb, "--key FILE is missing: the secret key to sign with");
    }
    if (airs_signing_key_load(job->key, &key, &exposed, &error) != AIRS_OK) {
        airs_complain(verb->name, "%s", error.text);
        return AIRS_EXIT_USAGE;
    }
    if (exposed) {
        airs_complain(verb->name, "warning: others than its owner may read %s; chmod 600 ends that",
                      job->key);
    }
    int exit_code = sign_file(verb, job, arguments[0], &key);
    airs_signing_key_erase(&key);
    return exit_code;
}

int airs_verb_sign(int argc, char **argv) {
    static const int exit_codes[] = {AIRS_EXIT_OK, AIRS_EXIT_FAILURE, AIRS_EXIT_USAGE, AIRS_EXIT_COMPONENT,
                                     -1};
    sign_t job = {0};
    const airs_option_t options[] = {
        AIRS_OPTION_TEXT("key", 'k', "FILE", "the secret key, as 'airssys keygen' makes it; required",
                         &job.key),
        AIRS_OPTION_TEXT("out", 'o', "FILE",
                         "write the signed component there and not over FILE; \"-\" is standard output",
                         &job.out),
        AIRS_OPTION_FLAG("delimiter", 0, "let sections be added later without an end of this signature",
                         &job.delimiter),
    };
    const airs_verb_t verb = {
        .name = "sign",
        .usage = "FILE",
        .summary = "Sign a component, beside those who have signed it already.",
        .help = "The signature covers every byte behind the header and goes into the section \"signature\", "
                "as the\n"
                "WebAssembly tool-conventions have it. One that this key has signed is left as it is.\n",
        .options = options,
        .option_count = sizeof options / sizeof options[0],
        .exit_codes = exit_codes,
        .min_arguments = 1,
        .max_arguments = 1,
    };
    return airs_verb_run_with(&verb, argc, argv, run, &job);
}
