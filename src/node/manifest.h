/* An application as its manifest describes it (`airssys.toml`): components, limits, engine, input
 * and output. docs/reference/manifest.md lists every key. */
#ifndef AIRSSYS_NODE_MANIFEST_H
#define AIRSSYS_NODE_MANIFEST_H

#include <airssys/load.h>
#include <airssys/node.h>
#include <airssys/supervisor.h>

#include "security/digest.h"
#include "security/trust.h"

/* The file that a folder is searched for. */
#define AIRS_MANIFEST_FILE_NAME "airssys.toml"

/* What bounds each instance of a component. 0: not in the manifest, the default holds. */
typedef struct airs_manifest_limits {
    uint64_t memory_bytes;
    uint64_t execution_time_ms;
    uint64_t parked_time_ms;
    uint64_t fuel;
    uint64_t mailbox_messages;
    uint64_t mailbox_bytes;
    uint64_t message_bytes;
    uint64_t outstanding_requests;
    uint64_t block_time_ms;
    uint64_t timers;
    uint64_t subscriptions;
    uint64_t deferred_replies;
    uint64_t monitors;
    uint64_t links;
    uint64_t messages_per_s;
    uint64_t log_lines_per_s;
    uint64_t instances;
    uint64_t storage_quota;
    airs_mailbox_policy_t mailbox_policy;
} airs_manifest_limits_t;

/* How its instances are asked how well they are. With the defaults filled in. */
typedef struct airs_manifest_health {
    uint64_t interval_ms; /* 0: never */
    uint64_t timeout_ms;
    uint64_t unhealthy_after; /* checks in a row */
} airs_manifest_health_t;

/* How it is updated. With the defaults filled in. */
typedef struct airs_manifest_update {
    uint64_t window_ms; /* 0: none */
    bool together;
} airs_manifest_update_t;

typedef struct airs_manifest_supervisor airs_manifest_supervisor_t;

/* What a component or supervisor is to its supervisor. */
typedef struct airs_manifest_place {
    airs_restart_t restart;
    bool significant;
    uint64_t shutdown_ms;     /* AIRS_SHUTDOWN_INFINITY and AIRS_SHUTDOWN_BRUTAL too; 0: the default */
    const char *const *after; /* names of components and supervisors that start before it */
    size_t after_count;
    const airs_manifest_supervisor_t *supervisor; /* NULL: a topmost supervisor */
} airs_manifest_place_t;

/* What a component may do. */
typedef struct airs_manifest_capabilities {
    bool given;           /* otherwise it may do what every component may */
    airs_grant_t *grants; /* valid, with whole ids */
    size_t grant_count;
    uint64_t storage_quota; /* 0: not said here */
    uint64_t expires_at_ns; /* of all grants; 0: never */
    const char *const *environment;
    size_t environment_count;
    bool names_services;
} airs_manifest_capabilities_t;

typedef enum airs_stream_kind { AIRS_STREAM_LOG, AIRS_STREAM_NULL, AIRS_STREAM_FILE } airs_stream_kind_t;

/* Where a standard stream goes. */
typedef struct airs_manifest_stream {
    airs_stream_kind_t kind;
    const char
        *path; /* of a file; this and what follows. A path that can be opened from where the process is */
    bool append;
    uint64_t max_bytes;
    uint64_t kept; /* older ones */
} airs_manifest_stream_t;

/* How a command is run; of a component that is none only its streams. */
typedef struct airs_manifest_run {
    bool given;
    airs_manifest_stream_t output;
    airs_manifest_stream_t error;
    const char *const *args;
    size_t arg_count;
    airs_bytes_t standard_input; /* data NULL: none */
    uint64_t every_ms;           /* 0: once */
} airs_manifest_run_t;

typedef struct airs_manifest_component {
    const char *name;
    const char *source;          /* a path that can be opened from where the process is */
    const airs_digest_t *digest; /* that its file must have; NULL: any */
    uint64_t instances;          /* at least 1; 0 only under a simple-one-for-one supervisor */
    const airs_variable_t *env;  /* in the order of the names */
    size_t env_count;
    airs_bytes_t config;            /* data NULL: none; an empty one has data */
    const airs_setting_t *settings; /* with the secrets among them */
    size_t setting_count;
    const char *const *subscriptions; /* valid patterns */
    size_t subscription_count;
    airs_codecs_t accepts; /* 0: any */
    airs_manifest_limits_t limits;
    airs_manifest_health_t health;
    airs_manifest_update_t update;
    airs_manifest_place_t place;
    bool record;
    uint64_t record_bytes; /* of a journal; 0: not recorded */
    airs_manifest_capabilities_t capabilities;
    bool storage_by_instance;    /* otherwise all instances share their keys */
    bool stateless;              /* an instance may be dropped while it has nothing to do */
    uint64_t passivate_after_ms; /* of those; 0: the default */
    airs_load_limits_t compile;  /* 0: as for all; see airs_manifest_load_limits */
    airs_manifest_run_t run;
} airs_manifest_component_t;

/* Exactly one is set. */
typedef struct airs_manifest_child {
    const airs_manifest_component_t *component; /* all its instances, in order */
    const airs_manifest_supervisor_t *supervisor;
} airs_manifest_child_t;

/* One of [supervisors], or the one that a component has which none of those names. */
struct airs_manifest_supervisor {
    const char *name; /* an implicit one's is the component's */
    bool implicit;    /* when it gives up, its component ends, and nothing else */
    airs_strategy_t strategy;
    airs_auto_shutdown_t auto_shutdown;
    uint64_t intensity;
    uint64_t period_ms;
    uint64_t backoff_first_ms; /* 0: none */
    uint64_t backoff_max_ms;   /* 0: the default */
    const airs_manifest_child_t *children;
    size_t child_count; /* at least 1 */
    airs_manifest_place_t place;
};

/* Of an implicit supervisor: so many restarts for each instance, AIRS_INTENSITY_MAX at most, in a period. */
#define AIRS_IMPLICIT_INTENSITY 10
#define AIRS_IMPLICIT_PERIOD_MS 5000

/* 0: not in the manifest. */
typedef struct airs_manifest_engine {
    uint64_t workers;
    uint64_t slice_us;
    uint64_t max_actors;
    uint64_t max_core_instances;
} airs_manifest_engine_t;

typedef struct airs_manifest_shutdown {
    uint64_t drain_time_ms; /* for what is in mailboxes when the application is told to stop */
    uint64_t stop_time_ms;  /* for each actor */
} airs_manifest_shutdown_t;

/* How a running application is reached from outside. */
typedef struct airs_manifest_admin {
    bool disabled;
    const char *socket; /* a path that can be opened from where the process is; NULL: the default one */
} airs_manifest_admin_t;

/* Where crash files of recorded components go, and how many are kept. 0, NULL: not in the manifest. */
typedef struct airs_manifest_crashes {
    const char *folder;
    uint64_t max_files;
    uint64_t max_bytes;
} airs_manifest_crashes_t;

typedef enum airs_manifest_sync {
    AIRS_MANIFEST_SYNC_COMMIT,
    AIRS_MANIFEST_SYNC_INTERVAL,
    AIRS_MANIFEST_SYNC_NONE, /* kept in memory */
} airs_manifest_sync_t;

/* Where and how what components store is kept. 0, NULL: not in the manifest. */
typedef struct airs_manifest_storage {
    const char *folder; /* a path that can be opened from where the process is */
    airs_manifest_sync_t sync;
    uint64_t interval_ms;
    uint64_t map_bytes;
} airs_manifest_storage_t;

/* What is granted and denied is written there. 0: the default holds. */
typedef struct airs_manifest_audit {
    const char *file; /* NULL: nowhere */
    uint64_t max_bytes;
    uint64_t kept;
} airs_manifest_audit_t;

/* How components are compiled, and what they may be. 0, NULL: the defaults hold. */
typedef struct airs_manifest_compile {
    airs_load_limits_t limits;
    airs_compile_mode_t mode;
    const char *program; /* a path that can be opened from where the process is */
} airs_manifest_compile_t;

/* Read-only once made; any thread. */
typedef struct airs_manifest {
    const char *path; /* of the file, as messages show it */
    const char *name;
    const char *ns;
    const airs_manifest_component_t *components; /* in the order of the file */
    size_t component_count;                      /* at least 1 */
    /* The topmost supervisors, in the order of their start: every component is below one of them. */
    const airs_manifest_supervisor_t *const *roots;
    size_t root_count;
    const airs_manifest_component_t *input;  /* NULL: takes none */
    const airs_manifest_component_t *output; /* NULL: gives none */
    airs_manifest_engine_t engine;
    airs_manifest_shutdown_t shutdown; /* with the defaults filled in */
    airs_manifest_admin_t admin;
    const airs_trust_t *trust; /* which components may be loaded */
    airs_manifest_crashes_t crashes;
    airs_manifest_storage_t storage;
    const char *policy; /* the path of a file; NULL: none */
    airs_manifest_audit_t audit;
    airs_manifest_compile_t compile;
} airs_manifest_t;

/* Read the manifest at `path`: a file, or a folder with an airssys.toml in it. AIRS_IO when it cannot
 * be read, AIRS_MANIFEST_INVALID when it is wrong; `error` then has a line for each problem, in the
 * order of the file, as many as fit: "path:line:column: key: what is wrong; what would be right".
 * Lines and columns count from 1, columns in characters. AIRS_OUT_OF_MEMORY. */
airs_status_t airs_manifest_load(const airs_allocator_t *allocator, const char *path, airs_manifest_t **out,
                                 airs_error_t *error);

/* The same from text. `path` is what messages show; files that the manifest names are looked for beside
 * it. The text is not kept. */
airs_status_t airs_manifest_parse(const airs_allocator_t *allocator, airs_str_t text, const char *path,
                                  airs_manifest_t **out, airs_error_t *error);

/* NULL is fine. */
void airs_manifest_destroy(airs_manifest_t *manifest);

/* All components' instances together. */
uint64_t airs_manifest_instances(const airs_manifest_t *manifest);

/* The same, but of a stateless component one, as the others can do without theirs. */
uint64_t airs_manifest_kept_instances(const airs_manifest_t *manifest);

#endif
