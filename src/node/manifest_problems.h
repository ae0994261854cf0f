/* What is wrong with a manifest, gathered so that one run shows all of it. */
#ifndef AIRSSYS_NODE_MANIFEST_PROBLEMS_H
#define AIRSSYS_NODE_MANIFEST_PROBLEMS_H

#include <airssys/bytes.h>
#include <airssys/error.h>

/* More than these are counted, not kept. */
#define AIRS_MANIFEST_PROBLEMS_MAX 20
#define AIRS_MANIFEST_PROBLEM_TEXT_MAX 512

typedef struct airs_manifest_problem {
    size_t offset; /* of the byte it is about */
    char text[AIRS_MANIFEST_PROBLEM_TEXT_MAX];
} airs_manifest_problem_t;

/* Kept in the order of their offsets. Zeroed: none. */
typedef struct airs_manifest_problems {
    size_t count; /* all of them */
    airs_manifest_problem_t kept[AIRS_MANIFEST_PROBLEMS_MAX];
} airs_manifest_problems_t;

/* Problems at one place are kept in the order in which they were added. */
void airs_manifest_problems_add(airs_manifest_problems_t *problems, size_t offset, const char *format, ...)
    AIRS_PRINTF(3, 4);

/* "path: why", on one line whatever the path is; `why` NULL: what the error says already. Returns `status`. */
airs_status_t airs_manifest_file_error(airs_error_t *error, airs_status_t status, const char *path,
                                       const char *why);

/* AIRS_OK when there are none; otherwise AIRS_MANIFEST_INVALID, with a line for each in `error` as long as
 * they fit. `text` is the manifest's and `path` what messages call it. */
airs_status_t airs_manifest_problems_report(const airs_manifest_problems_t *problems, airs_str_t text,
                                            const char *path, airs_error_t *error);

#endif
