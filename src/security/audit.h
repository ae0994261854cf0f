/* The audit: what was granted and what was denied, as JSON lines in a file.
 *
 * Who denies something on a worker only notes it: a thread of the audit's own writes. Each component has an account of
 * its own with a bound, so that one that is denied things without end neither fills the file nor delays the notes of
 * others: the same denial (component, action, resource, rule) is one line with a count, at most once in
 * AIRS_AUDIT_REPEAT_NS, and what is more than AIRS_AUDIT_DENIALS_MAX different ones in that time is only counted.
 *
 * A line: {"time", "component", "instance", "action", "resource", "decision": "granted" | "denied", "rule", and of a
 * repeated one "count", "last"}. docs/reference/capabilities.md describes them. */
#ifndef AIRSSYS_SECURITY_AUDIT_H
#define AIRSSYS_SECURITY_AUDIT_H

#include <airssys/allocator.h>
#include <airssys/clock.h>
#include <airssys/id.h>

#include "security/capability.h"

#define AIRS_AUDIT_DENIALS_MAX 32
#define AIRS_AUDIT_REPEAT_NS (UINT64_C(10) * 1000000000)

/* Bytes of grants that wait to be written. */
#define AIRS_AUDIT_QUEUE_MAX ((size_t)1 << 20)

typedef struct airs_audit airs_audit_t;

/* One component's account; the audit's. */
typedef struct airs_audit_source airs_audit_source_t;

typedef struct airs_audit_options {
    const char *path;   /* made with mode 0600 */
    uint64_t max_bytes; /* of a file, before the next one is begun */
    unsigned kept;      /* older files that stay: PATH.1, PATH.2, … */
    airs_clock_t *clock;
    bool is_stepped; /* no thread: whoever made it calls airs_audit_flush */
} airs_audit_options_t;

/* AIRS_IO with the reason, AIRS_OUT_OF_MEMORY, AIRS_INTERNAL: no thread. `clock` outlives the audit. */
airs_status_t airs_audit_create(const airs_allocator_t *allocator, const airs_audit_options_t *options,
                                airs_audit_t **out, airs_error_t *error);

/* Writes what is noted first. Nobody may use a source any more. NULL is fine. */
void airs_audit_destroy(airs_audit_t *audit);

/* The account of the component `id`, whichever instance; the same for the same component. NULL: no memory. Any
 * thread. */
airs_audit_source_t *airs_audit_source(airs_audit_t *audit, airs_id_t id);

/* Note that something was denied, and by which rule. Takes no memory but the first time, no lock of other components
 * but to tell that there is something new, and never waits for the file. `source` NULL: does nothing. Any thread. */
void airs_audit_denied(airs_audit_source_t *source, airs_str_t instance, airs_action_t action,
                       const airs_resource_t *resource, const char *rule);

/* Note that the component was granted actions on a pattern ("" for what is on nothing), until when (wall clock,
 * AIRS_GRANT_FOREVER: without end), and where that is written. Any thread. */
void airs_audit_granted(airs_audit_source_t *source, airs_action_t action, airs_str_t pattern,
                        uint64_t expires_at_ns, const char *rule);

/* The same for all that a component of the application `ns` holds; the second time in a row that it is the same,
 * nothing. Keeps a reference. Any thread. */
void airs_audit_capabilities(airs_audit_source_t *source, airs_str_t ns, airs_capabilities_t *capabilities);

typedef struct airs_audit_counts {
    uint64_t lines;   /* written */
    uint64_t denials; /* noted, repeated ones included */
    uint64_t omitted; /* denials and grants that were only counted */
    uint64_t failed;  /* lines that could not be written */
} airs_audit_counts_t;

airs_audit_counts_t airs_audit_counts(airs_audit_t *audit);

/* Write what is due; with `all`, also repetitions that are not due yet. Any thread. */
void airs_audit_flush(airs_audit_t *audit, bool all);

#endif
