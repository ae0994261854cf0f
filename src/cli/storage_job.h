/* What the parts of `airssys storage` share: whose storage it is, opened. */
#ifndef AIRSSYS_CLI_STORAGE_JOB_H
#define AIRSSYS_CLI_STORAGE_JOB_H

#include "cli/options.h"
#include "cli/terminal.h"
#include "core/text.h"
#include "node/manifest.h"
#include "storage/blocking_space.h"
#include "storage/lmdb_env.h"

typedef struct airs_storage_job {
    const airs_verb_t *verb;
    /* Of the command line. */
    const char *manifest_path; /* NULL: the current folder's */
    const char *folder_path;   /* NULL: the manifest's */
    const char *prefix;
    const char *space_name; /* of an export; NULL: all */
    const char *from;
    const char *to;
    int output;
    bool quiet;

    airs_manifest_t *manifest; /* NULL: the folder was named */
    char *own_folder;
    const char *folder;
    uint64_t map_bytes;
    airs_storage_backend_t *backend;
    airs_terminal_t terminal;
    uint64_t drawn_ns; /* when the progress was drawn last */
} airs_storage_job_t;

/* All of these answer an exit code, after saying what is wrong. */

/* Find the folder. With `needed` there must be something in it. */
int airs_storage_job_find(airs_storage_job_t *job, bool needed);

/* Open it, as a node would or only to read, which also works while a node has it; or only its environment. */
int airs_storage_job_open(airs_storage_job_t *job, bool reads_only);
int airs_storage_job_open_env(airs_storage_job_t *job, bool reads_only, airs_lmdb_env_t **out);

/* The space that is meant: "component" is one of the manifest's namespace. With `needed` there must be such a space. */
int airs_storage_job_space(airs_storage_job_t *job, const char *name, bool needed,
                           airs_blocking_space_t **out);

/* The name of the space that is meant. */
void airs_storage_append_space(airs_text_t *out, const airs_storage_job_t *job, const char *name);

/* What a failed operation means: it is told, and the exit code is answered. */
int airs_storage_job_fail(const airs_storage_job_t *job, airs_status_t status, const airs_error_t *error);

/* Show on a terminal how far it has come, now and then. */
void airs_storage_job_progress(airs_storage_job_t *job, const char *doing, uint64_t keys);

void airs_storage_job_close(airs_storage_job_t *job);

/* `"name":"base64"` is what a value is in JSON. */
void airs_storage_append_base64(airs_text_t *out, airs_bytes_t value);

/* `"key":"text"`, or `"key-base64":"…"` for one that is not UTF-8. */
void airs_storage_append_key(airs_text_t *out, airs_str_t key);

/* storage_export.c */
airs_verb_work_fn airs_storage_export;
airs_verb_work_fn airs_storage_import;

#endif
