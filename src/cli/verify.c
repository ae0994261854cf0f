#include <stdio.h>

#include "cli/command.h"
#include "cli/complaint.h"
#include "cli/exit_code.h"
#include "cli/input_file.h"
#include "cli/output_file.h"
#include "cli/progress.h"
#include "core/memory.h"
#include "core/runtime_engine.h"
#include "core/text.h"
#include "node/quantity.h"
#include "node/trust_store.h"
#include "security/component_signature.h"

typedef struct verify {
    const char *key;
    const char *store;
    const char *ns;
    bool partial;
    int output;
} verify_t;

/* What is known of a file, and what is to be said of it. */
typedef struct finding {
    const verify_t *job;
    const char *path;
    airs_bytes_t content;
    const airs_signed_binary_t *binary;
    airs_text_t signers; /* a line, or a JSON object, for each that is asked for */
    size_t signer_count;
    bool counts; /* one of them signed as much as is asked for, and may */
} finding_t;

static void append_signer_text(finding_t *finding, const char *name, const char *id,
                               const airs_signed_extent_t *extent, bool may_sign) {
    char part[64];
    (void)snprintf(part, sizeof part, "the first %zu of %zu parts", extent->parts,
                   airs_signed_binary_parts(finding->binary));
    airs_text_append_format(&finding->signers, "Signed by %s (key id %s): %s%s\n", name, id,
                            extent->whole ? "the whole" : part,
                            may_sign ? "" : "; not trusted for this namespace");
}

static void append_signer_json(finding_t *finding, const char *name, const airs_public_key_t *key,
                               const char *id, const airs_signed_extent_t *extent, bool may_sign) {
    char text[AIRS_PUBLIC_KEY_TEXT_MAX];
    airs_text_t *out = &finding->signers;
    airs_text_append(out, airs_str(finding->signer_count > 0 ? ",{\"name\":" : "{\"name\":"));
    airs_text_append_json(out, airs_str(name));
    airs_text_append_format(out, ",\"public_key\":\"%s\",\"key_id\":\"%s\",\"whole\":%s,\"parts\":%zu",
                            airs_public_key_text(key, text), id, extent->whole ? "true" : "false",
                            extent->parts);
    airs_text_append_format(out, ",\"may_sign\":%s}", may_sign ? "true" : "false");
}

static void note_signer(void *context, const char *name, const airs_public_key_t *key,
                        const struct airs_signed_extent *extent, bool may_sign) {
    finding_t *finding = context;
    char id[AIRS_KEY_ID_TEXT_MAX];
    airs_key_id_t key_id = airs_key_id_of(key);
    airs_key_id_text(&key_id, id);
    if (finding->job->output == AIRS_OUTPUT_JSON) {
        append_signer_json(finding, name, key, id, extent, may_sign);
    } else {
        append_signer_text(finding, name, id, extent, may_sign);
    }
    finding->signer_count++;
    finding->counts = finding->counts || (may_sign && (extent->whole || finding->job->partial));
}

static size_t signature_count(const finding_t *finding) {
    const airs_signature_data_t *data = airs_signed_binary_signatures(finding->binary);
    return data != NULL ? data->signature_count : 0;
}

static void append_text(const finding_t *finding, const char *digest, airs_text_t *out) {
    char size[AIRS_COUNT_TEXT_MAX];
    size_t count = signature_count(finding);
    airs_text_append_format(out, "%s: a %s of %s bytes, %zu signature%s\nDigest: %s\n", finding->path,
                            airs_signed_binary_is_component(finding->binary) ? "component" : "core module",
                            airs_count_text(finding->content.size, size), count, count == 1 ? "" : "s",
                            digest);
    airs_text_append(out, airs_text_view(&finding->signers));
    const char *answer = finding->counts              ? "yes"
                         : count == 0                 ? "no, it is not signed"
                         : finding->signer_count == 0 ? "no, none of these keys signed it"
                                                      : "no, nobody signed all of it who may";
    airs_text_append_format(out, "Valid: %s\n", answer);
}

static void append_json(const finding_t *finding, const char *digest, airs_text_t *out) {
    airs_text_append(out, airs_str("{\"file\":"));
    airs_text_append_json(out, airs_str(finding->path));
    airs_text_append_format(
        out,
        ",\"kind\":\"%s\",\"bytes\":%zu,\"digest\":\"%s\",\"parts\":%zu,\"signatures\":%zu,\"signers\":[",
        airs_signed_binary_is_component(finding->binary) ? "component" : "module", finding->content.size,
        digest, airs_signed_binary_parts(finding->binary), signature_count(finding));
    airs_text_append(out, airs_text_view(&finding->signers));
    airs_text_append_format(out, "],\"valid\":%s}\n", finding->counts ? "true" : "false");
}

static airs_status_t print(const finding_t *finding, airs_error_t *error) {
    char digest_text[AIRS_DIGEST_TEXT_MAX];
    airs_digest_t digest = airs_digest_of(finding->content);
    airs_text_t text;
    airs_text_init(&text, airs_allocator_default());
    airs_digest_text(&digest, digest_text);
    if (finding->job->output == AIRS_OUTPUT_JSON) {
        append_json(finding, digest_text, &text);
    } else {
        append_text(finding, digest_text, &text);
    }
    airs_status_t status = airs_text_status(&text);
    if (status == AIRS_OK) {
        status = airs_text_status(&finding->signers);
    }
    status = status == AIRS_OK ? airs_output_file_write("-", airs_bytes(text.data, text.size), error)
                               : airs_error_set(error, status, "%s", airs_status_text(status));
    airs_text_free(&text);
    return status;
}

static int judge(const airs_verb_t *verb, const verify_t *job, const char *path, airs_bytes_t content,
                 const airs_trust_t *trust) {
    const airs_allocator_t *allocator = airs_allocator_default();
    airs_signed_binary_t *binary = NULL;
    airs_error_t error;
    airs_status_t status = airs_signed_binary_read(allocator, content, &binary, &error);
    if (status != AIRS_OK) {
        airs_complain(verb->name, "%s: %s", path, error.text);
        return status == AIRS_OUT_OF_MEMORY ? AIRS_EXIT_FAILURE : AIRS_EXIT_COMPONENT;
    }
    finding_t finding = {.job = job, .path = path, .content = content, .binary = binary};
    airs_text_init(&finding.signers, allocator);
    airs_trust_each_signer(trust, binary, airs_str(job->ns), note_signer, &finding);
    status = print(&finding, &error);
    airs_text_free(&finding.signers);
    airs_signed_binary_destroy(binary);
    if (status != AIRS_OK) {
        airs_complain(verb->name, "%s", error.text);
        return AIRS_EXIT_FAILURE;
    }
    return finding.counts ? AIRS_EXIT_OK : AIRS_EXIT_UNTRUSTED;
}

/* The keys that count: the one, or the store's. */
static airs_status_t read_keys(const verify_t *job, airs_trust_t *trust, airs_error_t *error) {
    const airs_allocator_t *allocator = airs_allocator_default();
    const airs_str_t everything = airs_str("**");
    airs_public_key_t key;
    if (job->store != NULL) {
        return airs_trust_store_read(allocator, job->store, trust, error);
    }
    airs_status_t status = airs_public_key_load(allocator, job->key, &key, error);
    if (status != AIRS_OK) {
        airs_error_prefix(error, "%s", job->key);
        return status;
    }
    status = airs_trust_add_key(trust, airs_str(job->key), &key, &everything, 1);
    return status == AIRS_OK ? status : airs_error_set(error, status, "%s", airs_status_text(status));
}

static int verify_file(const airs_verb_t *verb, const verify_t *job, const char *path,
                       const airs_trust_t *trust) {
    airs_bytes_t content;
    int exit_code = airs_input_file_read(verb, path, AIRS_COMPONENT_FILE_MAX, &content);
    if (exit_code == AIRS_EXIT_OK) {
        exit_code = judge(verb, job, path, content, trust);
        airs_release(airs_allocator_default(), (void *)content.data);
    }
    return exit_code;
}

static int run(const airs_verb_t *verb, void *context, char **arguments, int count) {
    const verify_t *job = context;
    airs_trust_t *trust = NULL;
    airs_error_t error;
    (void)count;
    if ((job->key != NULL) == (job->store != NULL)) {
        return airs_usage_error(verb, "either --key FILE or --trust STORE says whose signatures count");
    }
    if (job->key != NULL && job->ns != NULL) {
        return airs_usage_error(verb,
                                "--namespace belongs to --trust: a single --key counts for all of them");
    }
    airs_status_t status = airs_trust_create(airs_allocator_default(), AIRS_TRUST_REQUIRE, &trust);
    if (status != AIRS_OK) {
        airs_complain(verb->name, "%s", airs_status_text(status));
        return AIRS_EXIT_FAILURE;
    }
    status = read_keys(job, trust, &error);
    int exit_code = AIRS_EXIT_USAGE;
    if (status == AIRS_OK) {
        exit_code = verify_file(verb, job, arguments[0], trust);
    } else {
        airs_complain(verb->name, "%s", error.text);
    }
    airs_trust_destroy(trust);
    return exit_code;
}

int airs_verb_verify(int argc, char **argv) {
    static const int exit_codes[] = {AIRS_EXIT_OK,        AIRS_EXIT_FAILURE,   AIRS_EXIT_USAGE,
                                     AIRS_EXIT_COMPONENT, AIRS_EXIT_UNTRUSTED, -1};
    verify_t job = {0};
    const airs_option_t options[] = {
        AIRS_OPTION_TEXT("key", 'k', "FILE", "the public key whose signature counts", &job.key),
        AIRS_OPTION_TEXT("trust", 't', "STORE", "a trust store: the keys in it count", &job.store),
        AIRS_OPTION_TEXT("namespace", 'n', "NAME", "and only those that may sign for this namespace",
                         &job.ns),
        AIRS_OPTION_FLAG("partial", 0, "let a signature of the first parts do", &job.partial),
        AIRS_OPTION_OUTPUT("text (default) or json", &job.output),
    };
    const airs_verb_t verb = {
        .name = "verify",
        .usage = "FILE",
        .summary = "Say who has signed a component, and whether that will do.",
        .help =
            "Done, 0, means: a key that counts has signed every byte behind the header. With --partial a\n"
            "signature of what is before a delimiter will do; behind it anything may stand.\n",
        .options = options,
        .option_count = sizeof options / sizeof options[0],
        .exit_codes = exit_codes,
        .min_arguments = 1,
        .max_arguments = 1,
    };
    return airs_verb_run_with(&verb, argc, argv, run, &job);
}
