/* Which components may be loaded: the keys that are trusted, each for the namespaces that it may sign for, and the
 * rule for what nobody signed. Set up once, then immutable: any thread may ask. */
#ifndef AIRSSYS_SECURITY_TRUST_H
#define AIRSSYS_SECURITY_TRUST_H

#include <airssys/allocator.h>

#include "security/digest.h"
#include "security/signing_key.h"

typedef enum airs_trust_mode {
    AIRS_TRUST_REQUIRE, /* what is not trusted is refused */
    AIRS_TRUST_WARN,    /* it is loaded, and said so */
    AIRS_TRUST_OFF,     /* nobody looks */
} airs_trust_mode_t;

typedef struct airs_trust airs_trust_t;

/* Without keys, and trusting no folder. AIRS_OUT_OF_MEMORY. */
airs_status_t airs_trust_create(const airs_allocator_t *allocator, airs_trust_mode_t mode,
                                airs_trust_t **out);

/* NULL is fine. */
void airs_trust_destroy(airs_trust_t *trust);

/* The folder whose files, and those in the folders below it, are the project's own: its absolute path, as
 * realpath(3) has it. Copied. AIRS_OUT_OF_MEMORY. */
airs_status_t airs_trust_set_folder(airs_trust_t *trust, const char *folder);

/* Trust `key`, which messages call `name`, for components of applications whose namespace a pattern covers
 * (security/pattern.h). Texts are copied. The same key may be added again with other patterns. AIRS_OUT_OF_MEMORY. */
airs_status_t airs_trust_add_key(airs_trust_t *trust, airs_str_t name, const airs_public_key_t *key,
                                 const airs_str_t *patterns, size_t pattern_count);

airs_trust_mode_t airs_trust_mode(const airs_trust_t *trust);
size_t airs_trust_key_count(const airs_trust_t *trust);

/* A component that is about to be loaded. */
typedef struct airs_trust_question {
    airs_str_t ns;    /* of its application */
    const char *name; /* for messages: its file */
    const char *path; /* of its file, as realpath(3) has it: what `content` was read from; NULL: none */
    airs_bytes_t content;
    const airs_digest_t *pinned; /* what its digest must be; NULL: that is not said */
} airs_trust_question_t;

/* Why a component may be loaded. */
typedef enum airs_trust_ground {
    AIRS_TRUST_GROUND_NONE,   /* for no reason: the mode says so */
    AIRS_TRUST_GROUND_DIGEST, /* it is what was pinned */
    AIRS_TRUST_GROUND_OWN,    /* it is the project's own */
    AIRS_TRUST_GROUND_KEY,    /* a key signed it that may */
} airs_trust_ground_t;

typedef struct airs_trust_answer {
    airs_trust_ground_t ground;
    const char *key; /* AIRS_TRUST_GROUND_KEY: its name; lives as long as the trust */
} airs_trust_answer_t;

/* May it be loaded? AIRS_OK with the reason, which in the mode AIRS_TRUST_OFF is looked for only where that costs
 * nothing; in the mode AIRS_TRUST_WARN also for none, and then `error` says why
 * it would be refused. AIRS_UNTRUSTED with a text that says what would be right: always when the content is not
 * what was pinned, whatever the mode, else in the mode AIRS_TRUST_REQUIRE. AIRS_OUT_OF_MEMORY. */
airs_status_t airs_trust_check(const airs_trust_t *trust, const airs_trust_question_t *question,
                               airs_trust_answer_t *answer, airs_error_t *error);

/* "its digest", "the project's own folder", …: what a ground is called. Static. */
const char *airs_trust_ground_text(airs_trust_ground_t ground);

/* Who signed a binary, key by key: for each trusted key that signed any of it, `visit` gets its name, whether it
 * signed the whole, how many parts it signed, and whether it may sign for `ns` (true when that is empty). */
struct airs_signed_binary;
struct airs_signed_extent;
typedef void airs_trust_visit_fn(void *context, const char *name, const airs_public_key_t *key,
                                 const struct airs_signed_extent *extent, bool may_sign);
void airs_trust_each_signer(const airs_trust_t *trust, const struct airs_signed_binary *binary, airs_str_t ns,
                            airs_trust_visit_fn *visit, void *context);

#endif
