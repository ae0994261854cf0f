#include "security/trust.h"

#include "core/memory.h"
#include "core/text.h"
#include "security/component_signature.h"
#include "security/pattern.h"

typedef struct trusted_key {
    airs_public_key_t key;
    char *name;
    airs_str_t *patterns; /* one block with their texts */
    size_t pattern_count;
} trusted_key_t;

struct airs_trust {
    const airs_allocator_t *allocator;
    airs_trust_mode_t mode;
    char *folder; /* NULL: none is trusted */
    trusted_key_t *keys;
    size_t key_count;
};

airs_status_t airs_trust_create(const airs_allocator_t *allocator, airs_trust_mode_t mode,
                                airs_trust_t **out) {
    airs_trust_t *trust = airs_alloc_zeroed(allocator, sizeof *trust);
    if (trust == NULL) {
        return AIRS_OUT_OF_MEMORY;
    }
    trust->allocator = allocator;
    trust->mode = mode;
    *out = trust;
    return AIRS_OK;
}

static void free_key(const airs_allocator_t *allocator, trusted_key_t *key) {
    airs_release(allocator, key->name);
    airs_release(allocator, key->patterns);
}

void airs_trust_destroy(airs_trust_t *trust) {
    if (trust == NULL) {
        return;
    }
    for (size_t i = 0; i < trust->key_count; i++) {
        free_key(trust->allocator, &trust->keys[i]);
    }
    airs_release(trust->allocator, trust->keys);
    airs_release(trust->allocator, trust->folder);
    airs_release(trust->allocator, trust);
}

static char *copy_text(const airs_allocator_t *allocator, airs_str_t text) {
    char *copy = airs_alloc(allocator, text.size + 1);
    if (copy != NULL) {
        char *end = airs_copy(copy, text.data, text.size);
        *end = '\0';
    }
    return copy;
}

airs_status_t airs_trust_set_folder(airs_trust_t *trust, const char *folder) {
    char *copy = copy_text(trust->allocator, airs_str(folder));
    if (copy == NULL) {
        return AIRS_OUT_OF_MEMORY;
    }
    airs_release(trust->allocator, trust->folder);
    trust->folder = copy;
    return AIRS_OK;
}

/* The views, and behind them the texts that they are of. NULL: no memory. */
static airs_str_t *copy_patterns(const airs_allocator_t *allocator, const airs_str_t *patterns,
                                 size_t count) {
    size_t size = count * sizeof *patterns;
    for (size_t i = 0; i < count; i++) {
        size += patterns[i].size;
    }
    airs_str_t *copies = airs_alloc(allocator, size > 0 ? size : 1);
    if (copies == NULL) {
        return NULL;
    }
    char *text = (char *)(copies + count);
    for (size_t i = 0; i < count; i++) {
        copies[i] = airs_str_n(text, patterns[i].size);
        text = airs_copy(text, patterns[i].data, patterns[i].size);
    }
    return copies;
}

airs_status_t airs_trust_add_key(airs_trust_t *trust, airs_str_t name, const airs_public_key_t *key,
                                 const airs_str_t *patterns, size_t pattern_count) {
    trusted_key_t added = {*key, copy_text(trust->allocator, name),
                           copy_patterns(trust->allocator, patterns, pattern_count), pattern_count};
    trusted_key_t *keys =
        airs_resize_array(trust->allocator, trust->keys, trust->key_count + 1, sizeof *trust->keys);
    if (keys != NULL) {
        trust->keys = keys;
    }
    if (keys == NULL || added.name == NULL || added.patterns == NULL) {
        free_key(trust->allocator, &added);
        return AIRS_OUT_OF_MEMORY;
    }
    trust->keys[trust->key_count++] = added;
    return AIRS_OK;
}

airs_trust_mode_t airs_trust_mode(const airs_trust_t *trust) { return trust->mode; }

size_t airs_trust_key_count(const airs_trust_t *trust) { return trust->key_count; }

const char *airs_trust_ground_text(airs_trust_ground_t ground) {
    switch (ground) {
    case AIRS_TRUST_GROUND_NONE:
        break;
    case AIRS_TRUST_GROUND_DIGEST:
        return "its digest is pinned";
    case AIRS_TRUST_GROUND_OWN:
        return "it is in the manifest's folder";
    case AIRS_TRUST_GROUND_KEY:
        return "a trusted key signed it";
    }
    return "nothing";
}

static bool may_sign(const trusted_key_t *key, airs_str_t ns) {
    for (size_t i = 0; i < key->pattern_count; i++) {
        if (airs_pattern_match(key->patterns[i], ns)) {
            return true;
        }
    }
    return false;
}

void airs_trust_each_signer(const airs_trust_t *trust, const struct airs_signed_binary *binary, airs_str_t ns,
                            airs_trust_visit_fn *visit, void *context) {
    for (size_t i = 0; i < trust->key_count; i++) {
        const trusted_key_t *key = &trust->keys[i];
        airs_signed_extent_t extent = airs_signed_binary_extent(binary, &key->key);
        if (extent.parts > 0) {
            visit(context, key->name, &key->key, &extent, ns.size == 0 || may_sign(key, ns));
        }
    }
}

/* What is known of the signers of a component, to allow it or to say what is missing. */
typedef struct signers {
    const char *allowed;   /* signed all of it, and may */
    const char *not_for;   /* signed all of it, and may not */
    const char *partially; /* signed some of it */
} signers_t;

static void note_signer(void *context, const char *name, const airs_public_key_t *key,
                        const struct airs_signed_extent *extent, bool may) {
    signers_t *signers = context;
    const char **place = !extent->whole ? &signers->partially : may ? &signers->allowed : &signers->not_for;
    (void)key;
    if (*place == NULL) {
        *place = name;
    }
}

static bool is_own(const airs_trust_t *trust, const char *path) {
    if (trust->folder == NULL || path == NULL) {
        return false;
    }
    size_t length = strlen(trust->folder);
    bool is_root = length == 1 && trust->folder[0] == '/';
    return strncmp(path, trust->folder, length) == 0 && (is_root || path[length] == '/');
}

static airs_status_t refuse_digest(const airs_trust_question_t *question, const airs_digest_t *digest,
                                   airs_error_t *error) {
    char is[AIRS_DIGEST_TEXT_MAX];
    char pinned[AIRS_DIGEST_TEXT_MAX];
    return airs_error_set(error, AIRS_UNTRUSTED, "%s: its digest is %s, pinned is %s", question->name,
                          airs_digest_text(digest, is), airs_digest_text(question->pinned, pinned));
}

#define REMEDY "sign it with a trusted key, pin its digest (%s), or put it into the manifest's folder"

/* Why the signatures do not do, into `error`. Returns AIRS_UNTRUSTED. */
static airs_status_t refuse(const airs_trust_t *trust, const airs_trust_question_t *question,
                            const signers_t *signers, const char *reason, airs_error_t *error) {
    char text[AIRS_DIGEST_TEXT_MAX];
    airs_digest_t digest = airs_digest_of(question->content);
    airs_digest_text(&digest, text);
    if (signers->not_for != NULL) {
        return airs_error_set(
            error, AIRS_UNTRUSTED,
            "%s: it is signed with the key %s, which is not trusted for the namespace %.*s; " REMEDY,
            question->name, signers->not_for, AIRS_STR_ARG(question->ns), text);
    }
    if (signers->partially != NULL) {
        return airs_error_set(error, AIRS_UNTRUSTED, "%s: the key %s has signed a part of it only; " REMEDY,
                              question->name, signers->partially, text);
    }
    if (trust->key_count == 0) {
        return airs_error_set(error, AIRS_UNTRUSTED, "%s: %s, and no key is trusted; " REMEDY, question->name,
                              reason, text);
    }
    return airs_error_set(error, AIRS_UNTRUSTED, "%s: %s; " REMEDY, question->name, reason, text);
}

/* Asks the signatures. AIRS_OK with a key, AIRS_UNTRUSTED, AIRS_OUT_OF_MEMORY. */
static airs_status_t check_signatures(const airs_trust_t *trust, const airs_trust_question_t *question,
                                      airs_trust_answer_t *answer, airs_error_t *error) {
    signers_t signers = {NULL, NULL, NULL};
    airs_error_t damage;
    airs_signed_binary_t *binary = NULL;
    airs_status_t status = airs_signed_binary_read(trust->allocator, question->content, &binary, &damage);
    if (status == AIRS_OUT_OF_MEMORY) {
        return airs_error_set(error, status, "%s: %s", question->name, airs_status_text(status));
    }
    if (status != AIRS_OK) {
        return refuse(trust, question, &signers, damage.text, error);
    }
    airs_trust_each_signer(trust, binary, question->ns, note_signer, &signers);
    const airs_signature_data_t *data = airs_signed_binary_signatures(binary);
    bool is_signed = data != NULL && data->signature_count > 0;
    bool is_component = airs_signed_binary_is_component(binary);
    airs_signed_binary_destroy(binary);
    if (signers.allowed != NULL && is_component) {
        *answer = (airs_trust_answer_t){AIRS_TRUST_GROUND_KEY, signers.allowed};
        return AIRS_OK;
    }
    return refuse(trust, question, &signers,
                  !is_component ? "it is a core module, not a component"
                  : is_signed   ? "no trusted key has signed it"
                                : "it is not signed",
                  error);
}

airs_status_t airs_trust_check(const airs_trust_t *trust, const airs_trust_question_t *question,
                               airs_trust_answer_t *answer, airs_error_t *error) {
    *answer = (airs_trust_answer_t){AIRS_TRUST_GROUND_NONE, NULL};
    if (question->pinned != NULL) {
        airs_digest_t digest = airs_digest_of(question->content);
        if (!airs_digest_equal(&digest, question->pinned)) {
            return refuse_digest(question, &digest, error);
        }
        answer->ground = AIRS_TRUST_GROUND_DIGEST;
        return AIRS_OK;
    }
    if (is_own(trust, question->path)) {
        answer->ground = AIRS_TRUST_GROUND_OWN;
        return AIRS_OK;
    }
    if (trust->mode == AIRS_TRUST_OFF) {
        return AIRS_OK;
    }
    airs_status_t status = check_signatures(trust, question, answer, error);
    return status == AIRS_UNTRUSTED && trust->mode == AIRS_TRUST_WARN ? AIRS_OK : status;
}
