/* What is done to the folder of a node that does not run: looking through all of it, and making its file small. */
#ifndef AIRSSYS_STORAGE_LMDB_MAINTENANCE_H
#define AIRSSYS_STORAGE_LMDB_MAINTENANCE_H

#include "storage/lmdb_env.h"

/* Is there anything in this folder? AIRS_NOT_FOUND when no storage was ever made there, AIRS_IO. */
airs_status_t airs_lmdb_exists(const char *folder, airs_error_t *error);

/* Calls each(context, name, usage) for the spaces of an LMDB backend, in order of their names; the quota is not known. */
airs_status_t airs_lmdb_backend_spaces(airs_storage_backend_t *backend,
                                       bool (*each)(void *context, airs_str_t name,
                                                    const airs_storage_usage_t *usage),
                                       void *context, airs_error_t *error);

/* Calls each(context, space, key, value) for every key, in order of spaces and keys, or for those of the space `only`
 * (empty: all); false stops. It is all as it was at one moment, whoever writes meanwhile. AIRS_NOT_FOUND: there is no
 * such space. */
airs_status_t airs_lmdb_each_value(airs_lmdb_env_t *env, airs_str_t only,
                                   bool (*each)(void *context, airs_str_t space, airs_str_t key,
                                                airs_bytes_t value),
                                   void *context, airs_error_t *error);

/* Told while it goes on. */
typedef struct airs_lmdb_watcher {
    void (*problem)(void *context, const char *text); /* what is wrong, in words */
    void (*progress)(void *context, uint64_t keys);   /* after each key; may be NULL */
    void *context;
} airs_lmdb_watcher_t;

typedef struct airs_lmdb_findings {
    uint64_t spaces;
    uint64_t keys;
    uint64_t bytes; /* of keys and values */
    uint64_t problems;
} airs_lmdb_findings_t;

/* Read every key and value, and compare what there is with what is recorded of it. AIRS_OK also when there are
 * problems; AIRS_IO when it could not be read to its end. */
airs_status_t airs_lmdb_check(airs_lmdb_env_t *env, const airs_lmdb_watcher_t *watcher,
                              airs_lmdb_findings_t *out, airs_error_t *error);

/* What the new file is called, in the same folder, until it takes the place of the old one: whoever ends the process in the
 * middle removes it, for it may be large. */
#define AIRS_LMDB_COPY_NAME "data.mdb.new"

/* Write what is used into a new file, put it in place of the old one, and close the environment, however it ends. A
 * crash leaves the one or the other. Sizes in bytes. AIRS_IO. */
airs_status_t airs_lmdb_compact(airs_lmdb_env_t *env, uint64_t *before, uint64_t *after, airs_error_t *error);

#endif
