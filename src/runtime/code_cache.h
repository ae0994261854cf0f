/* Compiled code on disk, so that a component is compiled once.
 *
 * Loading compiled code means running it, so the folder must belong to the user alone (its owner and
 * mode are checked when it is opened), and each entry is authenticated with a secret that is made
 * there on first use (BLAKE2b, keyed). An entry that does not verify is not used; it is compiled
 * again and replaced. */
#ifndef AIRSSYS_RUNTIME_CODE_CACHE_H
#define AIRSSYS_RUNTIME_CODE_CACHE_H

#include <airssys/allocator.h>
#include <airssys/bytes.h>
#include <airssys/error.h>

#define AIRS_CODE_KEY_SIZE 32

typedef struct airs_code_cache airs_code_cache_t;

/* Names the code compiled from some bytes under some settings. */
typedef struct airs_code_key {
    uint8_t bytes[AIRS_CODE_KEY_SIZE];
} airs_code_key_t;

/* Opens the folder, making it (0700, with its parents) when it is missing. AIRS_IO when it is not the
 * user's alone or cannot be used: the error says why. */
airs_status_t airs_code_cache_open(const airs_allocator_t *allocator, const char *folder,
                                   airs_code_cache_t **out, airs_error_t *error);

/* NULL is fine. */
void airs_code_cache_close(airs_code_cache_t *cache);

/* `settings` is everything beside the bytes that the code depends on. */
airs_code_key_t airs_code_key_of(airs_bytes_t component, airs_str_t settings);

/* The entry's code, in memory that the caller releases with the allocator (`block`); AIRS_NOT_FOUND
 * when there is none that verifies. Any thread. */
airs_status_t airs_code_cache_get(airs_code_cache_t *cache, const airs_code_key_t *key, void **block,
                                  airs_bytes_t *code);

/* Keep an entry, in place of an older one with that key; entries that were not used for the longest
 * go when the folder holds more than AIRS_CODE_CACHE_BYTES. Any thread, any process. AIRS_IO. */
airs_status_t airs_code_cache_put(airs_code_cache_t *cache, const airs_code_key_t *key, airs_bytes_t code,
                                  airs_error_t *error);

#define AIRS_CODE_CACHE_BYTES ((uint64_t)2 << 30)

#endif
