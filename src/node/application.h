/* A manifest at work: a node with the manifest's components loaded and spawned, fed with input, drained
 * and shut down in order. */
#ifndef AIRSSYS_NODE_APPLICATION_H
#define AIRSSYS_NODE_APPLICATION_H

#include "node/manifest.h"
#include "node/reload_report.h"

typedef struct airs_application airs_application_t;

/* Zeroed members mean the default. What is borrowed must outlive the application. */
typedef struct airs_application_options {
    const airs_allocator_t *allocator;
    airs_clock_t *clock;
    airs_log_t *log;
    unsigned workers;       /* over what the manifest says */
    const char *cache_dir;  /* as in airs_node_options_t */
    const char *compiler;   /* over what the manifest says */
    airs_output_fn *output; /* takes what the output component writes and answers; NULL: into the log */
    void *output_context;
} airs_application_options_t;

typedef enum airs_application_stage {
    AIRS_APPLICATION_CREATED,  /* the node is there */
    AIRS_APPLICATION_LOADING,  /* components are read and compiled */
    AIRS_APPLICATION_STARTING, /* instances are made and initialized */
    AIRS_APPLICATION_RUNNING,  /* input is fed, or it waits to be told to stop */
    AIRS_APPLICATION_DRAINING, /* no more input; messages are still being handled */
    AIRS_APPLICATION_STOPPING, /* instances are shut down */
    AIRS_APPLICATION_ENDED,
} airs_application_stage_t;

/* Makes the node. The manifest is borrowed for the application's life. */
airs_status_t airs_application_create(const airs_manifest_t *manifest,
                                      const airs_application_options_t *options, airs_application_t **out,
                                      airs_error_t *error);

/* Load every component. AIRS_CANCELLED: interrupted; else the statuses of airs_node_load. */
airs_status_t airs_application_load(airs_application_t *application, airs_error_t *error);

/* Start the supervisors with all instances, in the order of the manifest's roots. When one fails, those before
 * it are stopped, the last first. AIRS_CANCELLED, and the statuses of airs_node_start_supervisor. */
airs_status_t airs_application_start(airs_application_t *application, airs_error_t *error);

typedef struct airs_application_input {
    int descriptor;   /* stays open */
    const char *name; /* for messages */
} airs_application_input_t;

/* Work until there is nothing left to do, then shut down, the last started first. With an input (the
 * manifest must name the component that takes it): each line goes to that component, then each of its
 * instances gets the message that says the input has ended, and the application is drained. Without one:
 * until interrupted, or until no actor lives. When a supervisor of the manifest, not a component's own, gives
 * up, the application ends in order with AIRS_STOPPED. An interruption ends the input after a whole line and drains
 * for the manifest's drain-time at most. AIRS_OK also after crashes: see airs_application_progress.
 * AIRS_CANCELLED: interrupted before the input had ended and was handled. Errors of the input come as they
 * are; what had been accepted is handled, but nobody is told that the input has ended. */
airs_status_t airs_application_run(airs_application_t *application, const airs_application_input_t *input,
                                   airs_error_t *error);

/* Read the manifest's file again and change what runs to what it says, without touching the rest. First everything
 * that is new or another file is loaded; when that fails (AIRS_IO, AIRS_MANIFEST_INVALID, AIRS_UNSUPPORTED: a
 * setting that is fixed, the statuses of airs_node_load), or the application is not running (AIRS_INVALID_STATE),
 * nothing has changed, and `error` has all that is wrong. Otherwise what is not wanted any more is stopped in order,
 * and what is new is started in order. What does not start is in the report, and the first of it is the status; a
 * tree that was there before then runs as it did. Any thread, one at a time; the end of the application waits for it.
 * The outcome is logged too. */
airs_status_t airs_application_reload(airs_application_t *application, airs_reload_report_t *report,
                                      airs_error_t *error);

/* Stop in order, soon. Any thread, any number of times. */
void airs_application_interrupt(airs_application_t *application);

/* What is not stopped yet is stopped, and what is queued dropped. NULL is fine. */
void airs_application_destroy(airs_application_t *application);

typedef struct airs_application_progress {
    airs_application_stage_t stage;
    /* Or supervisor, that is being loaded or started; NULL: none. Lives as long as the manifest. */
    const char *component;
    uint64_t lines;         /* of input that were accepted */
    uint64_t bytes;         /* of them */
    uint64_t work_ns;       /* from the first line to the last message handled, or until now */
    uint64_t stop_failures; /* instances whose shutdown failed, or did not end in time */
    airs_node_counters_t totals;
} airs_application_progress_t;

/* Any thread. */
void airs_application_progress(airs_application_t *application, airs_application_progress_t *out);

/* The node, to look at; lives as long as the application. */
airs_node_t *airs_application_node(airs_application_t *application);

#endif
