#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <uv.h>

#include "actor/actor_system.h"
#include "cli/command.h"
#include "cli/complaint.h"
#include "cli/exit_code.h"
#include "cli/output_file.h"
#include "cli/progress.h"
#include "cli/service_notify.h"
#include "cli/summary.h"
#include "cli/terminal.h"
#include "cli/watch.h"
#include "core/log.h"
#include "core/text.h"
#include "node/admin/admin_socket.h"
#include "node/application.h"
#include "node/node.h"

#define REDRAW_MS 200
#define TELL_MAX 512
#define LOOP_FILES 4
#define STANDARD_INPUT "standard input"

typedef struct run_options {
    const char *manifest;
    const char *input; /* NULL: none; "-": standard input */
    uint64_t workers;
    int log_level; /* -1: not given */
    int output;    /* airs_output_format_t */
    bool quiet;
    bool no_cache;
    const char *compiler; /* NULL: as the manifest says */
    const char *summary;  /* a file; NULL: none */
    const char *socket;   /* where the application is reached; NULL: as the manifest says */
    bool no_socket;
    bool watch;
} run_options_t;

/* How far the application came. */
typedef enum step { STEP_LOAD, STEP_START, STEP_SOCKET, STEP_RUN, STEP_DONE } step_t;

typedef struct run {
    run_options_t options;
    airs_manifest_t *manifest;
    airs_application_t *application;
    airs_admin_socket_t *admin; /* NULL: none */
    airs_watch_t *watch;        /* likewise */
    airs_terminal_t terminal;
    airs_application_input_t input;
    bool has_input;
    uint64_t input_size; /* 0: not known */
    uint64_t begin_ns;
    /* Of the thread that works; read by the other after it has ended. */
    pthread_t worker;
    step_t failed_at;
    airs_status_t status;
    airs_error_t error;
    /* Of the thread with the loop. */
    uv_loop_t loop;
    uv_signal_t signals[3];
    uv_timer_t timer;
    uv_async_t done;
    int signal; /* the first that told it to stop; 0: none */
    uv_work_t reload;
    bool reloading;
    bool reload_again; /* asked for meanwhile */
    bool had_terminal; /* at the start */
    airs_service_notify_t service;
    _Atomic bool stopping; /* the service manager has heard of it; relaxed: orders nothing else */
    uv_timer_t watchdog;
    uv_work_t probe;
    bool probing;
} run_t;

static const char *const log_levels[] = {"trace", "debug", "info", "warn", "error", NULL};

/* ---- the thread that works ---- */

static const char *admin_stage(void *context) {
    run_t *run = context;
    airs_application_progress_t progress;
    airs_application_progress(run->application, &progress);
    switch (progress.stage) {
    case AIRS_APPLICATION_DRAINING:
        return "draining";
    case AIRS_APPLICATION_STOPPING:
    case AIRS_APPLICATION_ENDED:
        return "stopping";
    default:
        return "running";
    }
}

/* ---- what the service manager is told ---- */

static void tell_stopping(run_t *run) {
    if (!atomic_exchange_explicit(&run->stopping, true, memory_order_relaxed)) {
        airs_service_notify_send(&run->service, "STOPPING=1\nSTATUS=stopping in order");
    }
}

static void tell_ready(run_t *run) {
    airs_node_counters_t totals;
    airs_node_totals(airs_application_node(run->application), &totals);
    airs_service_notify_send(&run->service, "READY=1\nSTATUS=%s runs with %" PRIu64 " actors",
                             run->manifest->name, totals.actors);
}

static airs_status_t reload_manifest(run_t *run, airs_reload_report_t *report, airs_error_t *error) {
    if (!atomic_load_explicit(&run->stopping, memory_order_relaxed)) {
        airs_service_notify_reloading(&run->service);
    }
    airs_status_t status = airs_application_reload(run->application, report, error);
    if (!atomic_load_explicit(&run->stopping, memory_order_relaxed)) {
        tell_ready(run);
    }
    return status;
}

static void admin_shutdown(void *context) {
    run_t *run = context;
    tell_stopping(run);
    airs_log_printf(&run->terminal.log, AIRS_LOG_INFO, airs_str("application"),
                    "told to stop over the admin socket");
    airs_application_interrupt(run->application);
}

/* What was done, also when a part of it failed. */
static airs_status_t admin_reload(void *context, airs_text_t *out, airs_error_t *error) {
    run_t *run = context;
    airs_reload_report_t report;
    airs_reload_report_init(&report, airs_allocator_default());
    airs_log_printf(&run->terminal.log, AIRS_LOG_INFO, airs_str("application"),
                    "told over the admin socket to read the manifest anew");
    airs_status_t status = reload_manifest(run, &report, error);
    airs_reload_report_json(&report, out);
    airs_reload_report_free(&report);
    return status;
}

static airs_status_t admin_update(void *context, const airs_application_update_t *update,
                                  airs_error_t *error) {
    run_t *run = context;
    return airs_application_update(run->application, update, error);
}

/* A socket that nobody asked for is no reason not to run. */
static airs_status_t open_admin(run_t *run, airs_error_t *error) {
    const airs_manifest_t *manifest = run->manifest;
    const char *path = run->options.socket != NULL ? run->options.socket : manifest->admin.socket;
    if (run->options.no_socket || (manifest->admin.disabled && run->options.socket == NULL)) {
        return AIRS_OK;
    }
    airs_node_t *node = airs_application_node(run->application);
    airs_admin_options_t options = {
        .log = &run->terminal.log,
        .path = path,
        .scene =
            {
                .node = node,
                .application = manifest->name,
                .ns = manifest->ns,
                .manifest = manifest->path,
                .workers = airs_actor_system_workers(airs_node_actors(node)),
                .stage = admin_stage,
                .shutdown = admin_shutdown,
                .reload = admin_reload,
                .update = admin_update,
                .context = run,
            },
    };
    airs_status_t status = airs_admin_socket_create(&options, &run->admin, error);
    long other = status == AIRS_OK ? airs_admin_socket_other(run->admin) : 0;
    if (other != 0) {
        airs_log_printf(&run->terminal.log, AIRS_LOG_WARN, airs_str("admin"),
                        "process %ld runs this application too; this one is reached at %s, or where --socket"
                        " or admin.socket say",
                        other, airs_admin_socket_path(run->admin));
    }
    if (status != AIRS_OK && path == NULL) {
        airs_log_printf(&run->terminal.log, AIRS_LOG_WARN, airs_str("admin"),
                        "nobody can reach this application: %s; --socket or admin.socket say where else",
                        error->text);
        return AIRS_OK;
    }
    return status;
}

/* What a person can do with an application that waits to be talked to. */
static void tell_how_to_talk(run_t *run) {
    char line[TELL_MAX];
    const char *without = run->manifest->input != NULL ? " without --input" : "";
    if (run->admin == NULL) {
        snprintf(line, sizeof line, "running%s; Ctrl-C stops it", without);
    } else if (run->options.socket != NULL || run->manifest->admin.socket != NULL) {
        snprintf(line, sizeof line,
                 "running%s; 'airssys ps --socket %s' shows its actors, so do call and send talk to them; "
                 "Ctrl-C stops it",
                 without, airs_admin_socket_path(run->admin));
    } else {
        snprintf(line, sizeof line,
                 "running%s; 'airssys ps' shows its actors, 'airssys call' and 'send' talk to them; Ctrl-C "
                 "stops it",
                 without);
    }
    airs_terminal_tell(&run->terminal, line);
}

static void *work(void *argument) {
    run_t *run = argument;
    run->failed_at = STEP_LOAD;
    airs_service_notify_send(&run->service, "STATUS=loading components");
    run->status = airs_application_load(run->application, &run->error);
    if (run->status == AIRS_OK) {
        run->failed_at = STEP_START;
        airs_service_notify_send(&run->service, "STATUS=starting actors");
        run->status = airs_application_start(run->application, &run->error);
    }
    if (run->status == AIRS_OK) {
        run->failed_at = STEP_SOCKET;
        run->status = open_admin(run, &run->error);
    }
    if (run->status == AIRS_OK && run->options.watch) {
        run->status = airs_watch_start(run->application, &run->terminal.log, &run->watch, &run->error);
    }
    if (run->status == AIRS_OK && !run->has_input) {
        tell_how_to_talk(run);
    }
    if (run->status == AIRS_OK) {
        run->failed_at = STEP_RUN;
        tell_ready(run);
        run->status =
            airs_application_run(run->application, run->has_input ? &run->input : NULL, &run->error);
    }
    airs_watch_stop(run->watch);
    airs_admin_socket_destroy(run->admin);
    if (run->status == AIRS_OK) {
        run->failed_at = STEP_DONE;
    }
    uv_async_send(&run->done);
    return NULL;
}

/* Told when standard output takes nothing more: without its reader the application works for nobody. */
static void stop_for_output(void *context) {
    run_t *run = context;
    airs_application_interrupt(run->application);
}

/* ---- the thread with the loop ---- */

static void on_done(uv_async_t *handle) {
    tell_stopping(handle->data);
    uv_stop(handle->loop);
}

static int signal_exit_code(int number) {
    return number == SIGTERM ? AIRS_EXIT_TERMINATED : AIRS_EXIT_INTERRUPTED;
}

static void on_signal(uv_signal_t *handle, int number) {
    run_t *run = handle->data;
    if (run->signal != 0) {
        airs_terminal_clear(&run->terminal);
        _exit(signal_exit_code(number)); /* asked for twice: nothing is waited for any more */
    }
    run->signal = number;
    tell_stopping(run);
    airs_log_printf(&run->terminal.log, AIRS_LOG_INFO, airs_str("application"), "told to stop by SIG%s",
                    sigabbrev_np(number));
    airs_terminal_tell(&run->terminal, "stopping in order; Ctrl-C once more stops at once");
    airs_application_interrupt(run->application);
}

/* ---- reading the manifest anew, on a thread of the loop's ---- */

static void reload(uv_work_t *work) {
    run_t *run = work->data;
    airs_reload_report_t report;
    airs_reload_report_init(&report, airs_allocator_default());
    (void)reload_manifest(run, &report, NULL); /* which logs the outcome */
    airs_reload_report_free(&report);
}

static void start_reload(run_t *run);

static void on_reloaded(uv_work_t *work, int status) {
    run_t *run = work->data;
    (void)status;
    run->reloading = false;
    if (run->reload_again) {
        run->reload_again = false;
        start_reload(run);
    }
}

static void start_reload(run_t *run) {
    run->reload_again = run->reloading;
    if (!run->reloading) {
        run->reload.data = run;
        run->reloading = uv_queue_work(&run->loop, &run->reload, reload, on_reloaded) == 0;
    }
}

/* ---- the watchdog ---- */

static bool look_at_none(void *context, const airs_child_info_t *info) {
    (void)context;
    (void)info;
    return false;
}

/* Is looked at on a worker, in its turn among the actors: it comes back only when they make progress. */
static void probe(uv_work_t *work) {
    run_t *run = work->data;
    airs_node_supervisors(airs_application_node(run->application), look_at_none, NULL);
}

static void on_probed(uv_work_t *work, int status) {
    run_t *run = work->data;
    run->probing = false;
    if (status == 0) {
        airs_service_notify_send(&run->service, "WATCHDOG=1");
    }
}

static void on_watchdog(uv_timer_t *handle) {
    run_t *run = handle->data;
    if (!run->probing) {
        run->probe.data = run;
        run->probing = uv_queue_work(handle->loop, &run->probe, probe, on_probed) == 0;
    }
}

/* A terminal that is gone is no reason to read the manifest. */
static void on_hangup(uv_signal_t *handle, int number) {
    run_t *run = handle->data;
    if (run->had_terminal && isatty(STDERR_FILENO) == 0) {
        on_signal(handle, SIGTERM);
        return;
    }
    airs_log_printf(&run->terminal.log, AIRS_LOG_INFO, airs_str("application"),
                    "told by SIG%s to read the manifest anew", sigabbrev_np(number));
    start_reload(run);
}

static void on_timer(uv_timer_t *handle) {
    run_t *run = handle->data;
    char line[AIRS_PROGRESS_LINE_MAX];
    airs_application_progress_t progress;
    airs_application_progress(run->application, &progress);
    airs_progress_input_t input = {run->has_input, run->input_size};
    airs_terminal_draw(&run->terminal, airs_progress_line(&progress, input, line));
}

static void close_handle(uv_handle_t *handle, void *context) {
    (void)context;
    uv_close(handle, NULL);
}

/* What waits in the loop; false: a number of libuv's in *failed. */
static bool fill_loop(run_t *run, int *failed) {
    static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};
    *failed = uv_async_init(&run->loop, &run->done, on_done);
    run->done.data = run;
    run->had_terminal = isatty(STDERR_FILENO) != 0;
    for (size_t i = 0; i < 3 && *failed == 0; i++) {
        *failed = uv_signal_init(&run->loop, &run->signals[i]);
        run->signals[i].data = run;
        if (*failed == 0) {
            *failed =
                uv_signal_start(&run->signals[i], numbers[i] == SIGHUP ? on_hangup : on_signal, numbers[i]);
        }
    }
    /* Nothing is redrawn where it cannot be: then an application that waits wakes nobody up. */
    if (*failed == 0 && run->terminal.draws) {
        uv_timer_init(&run->loop, &run->timer);
        run->timer.data = run;
        *failed = uv_timer_start(&run->timer, on_timer, REDRAW_MS, REDRAW_MS);
    }
    if (*failed == 0 && run->service.watchdog_us > 0) {
        uint64_t half_ms = run->service.watchdog_us / 2000;
        uv_timer_init(&run->loop, &run->watchdog);
        run->watchdog.data = run;
        *failed = uv_timer_start(&run->watchdog, on_watchdog, 0, half_ms > 0 ? half_ms : 1);
    }
    return *failed == 0;
}

static void close_loop(run_t *run) {
    uv_walk(&run->loop, close_handle, NULL);
    uv_run(&run->loop, UV_RUN_DEFAULT);
    uv_loop_close(&run->loop);
}

/* libuv ends the process where it cannot make its first pipe, and does not say why. 0, or a number of libuv's. */
static int try_files(void) {
    int files[LOOP_FILES];
    int count = 0;
    int failed = 0;
    while (count < LOOP_FILES && failed == 0) {
        files[count] = open("/dev/null", O_RDONLY | O_CLOEXEC);
        failed = files[count] < 0 ? uv_translate_sys_error(errno) : 0;
        count += failed == 0;
    }
    while (count > 0) {
        close(files[--count]);
    }
    return failed;
}

/* The loop, or nothing of it. */
static bool open_loop(run_t *run, int *failed) {
    *failed = try_files();
    *failed = *failed == 0 ? uv_loop_init(&run->loop) : *failed;
    if (*failed != 0) {
        return false;
    }
    if (!fill_loop(run, failed)) {
        close_loop(run);
        return false;
    }
    return true;
}

/* Let the application work, with signals and progress. */
static bool supervise(const airs_verb_t *verb, run_t *run) {
    int failed;
    if (!open_loop(run, &failed)) {
        airs_complain(verb->name, "cannot wait for signals: %s", uv_strerror(failed));
        return false;
    }
    failed = pthread_create(&run->worker, NULL, work, run);
    if (failed != 0) {
        airs_complain(verb->name, "cannot start a thread: %s", strerror(failed));
    } else {
        uv_run(&run->loop, UV_RUN_DEFAULT);
        pthread_join(run->worker, NULL);
    }
    close_loop(run);
    airs_terminal_clear(&run->terminal);
    return failed == 0;
}

/* ---- the outcome ---- */

static int failure_exit_code(const run_t *run, const airs_application_progress_t *progress) {
    if (run->failed_at == STEP_LOAD) {
        return AIRS_EXIT_COMPONENT;
    }
    if (run->failed_at == STEP_START) {
        return AIRS_EXIT_START;
    }
    if (run->failed_at == STEP_SOCKET) {
        return AIRS_EXIT_FAILURE;
    }
    switch (run->status) {
    case AIRS_OUT_OF_MEMORY:
    case AIRS_INTERNAL:
        return AIRS_EXIT_FAILURE;
    case AIRS_IO:
    case AIRS_MESSAGE_TOO_LARGE:
    case AIRS_INVALID_ARGUMENT:
        return progress->totals.crashed > 0 ? AIRS_EXIT_CRASHED : AIRS_EXIT_INPUT;
    default:
        /* The component that takes the input has ended, or answered its end with an error. */
        return AIRS_EXIT_CRASHED;
    }
}

static int exit_code_of(run_t *run, const airs_summary_t *summary) {
    const airs_application_progress_t *progress = &summary->progress;
    bool cancelled = run->status == AIRS_CANCELLED;
    if (run->status != AIRS_OK && !cancelled) {
        return failure_exit_code(run, progress);
    }
    if (progress->totals.crashed > 0 || airs_summary_dead_letters(summary) > 0) {
        return AIRS_EXIT_CRASHED;
    }
    if (airs_terminal_output_error(&run->terminal) != 0) {
        return AIRS_EXIT_FAILURE;
    }
    if (cancelled) {
        return signal_exit_code(run->signal);
    }
    return progress->stop_failures > 0 ? AIRS_EXIT_SHUTDOWN : AIRS_EXIT_OK;
}

static void complain_outcome(const airs_verb_t *verb, run_t *run) {
    int failed = airs_terminal_output_error(&run->terminal);
    if (run->status != AIRS_OK && run->status != AIRS_CANCELLED) {
        airs_complain(verb->name, "%s", run->error.text);
    }
    if (failed != 0) {
        airs_complain(verb->name, "cannot write standard output: %s", strerror(failed));
    }
}

/* False: the summary's file cannot be written. */
static bool show_summary(const airs_verb_t *verb, const run_t *run, const airs_summary_t *summary) {
    airs_error_t error = {AIRS_OK, ""};
    airs_text_t json;
    airs_text_t text;
    airs_text_init(&json, airs_allocator_default());
    airs_text_init(&text, airs_allocator_default());
    airs_summary_json(summary, &json);
    airs_summary_text(summary, &text);
    if (!run->options.quiet) {
        (void)fputs(airs_text_cstr(run->options.output == AIRS_OUTPUT_JSON ? &json : &text), stderr);
    }
    if (run->options.summary != NULL) {
        airs_output_file_write(run->options.summary, airs_bytes(airs_text_cstr(&json), json.size), &error);
    }
    if (error.status != AIRS_OK) {
        airs_complain(verb->name, "%s", error.text);
    }
    airs_text_free(&json);
    airs_text_free(&text);
    return error.status == AIRS_OK;
}

static int report(const airs_verb_t *verb, run_t *run) {
    uint64_t dead_letters[AIRS_DEAD_LETTER_REASONS];
    airs_actor_system_t *actors = airs_node_actors(airs_application_node(run->application));
    for (int reason = 0; reason < AIRS_DEAD_LETTER_REASONS; reason++) {
        dead_letters[reason] = airs_dead_letters_count(airs_actor_system_dead_letters(actors),
                                                       (airs_dead_letter_reason_t)reason);
    }
    airs_summary_t summary = {
        .application = run->manifest->name,
        .had_input = run->has_input,
        .total_ns = airs_clock_monotonic(airs_clock_system()) - run->begin_ns,
        .workers = airs_actor_system_workers(actors),
        .dead_letters = dead_letters,
    };
    airs_application_progress(run->application, &summary.progress);
    summary.exit_code = exit_code_of(run, &summary);
    complain_outcome(verb, run);
    /* Before the work began there is nothing to sum up. */
    bool written = run->failed_at < STEP_RUN || show_summary(verb, run, &summary);
    return written || summary.exit_code != AIRS_EXIT_OK ? summary.exit_code : AIRS_EXIT_FAILURE;
}

/* ---- before the work ---- */

/* Opening a pipe that nobody writes yet must not wait: Ctrl-C could not end that. */
static int open_input(const airs_verb_t *verb, run_t *run) {
    const char *name = run->options.input;
    struct stat information;
    if (run->manifest->input == NULL) {
        airs_complain(verb->name,
                      "%s: application.input names no component that could take the lines of --input",
                      run->manifest->path);
        return AIRS_EXIT_USAGE;
    }
    bool standard = strcmp(name, "-") == 0;
    run->input.name = standard ? STANDARD_INPUT : name;
    run->input.descriptor = standard ? STDIN_FILENO : open(name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (run->input.descriptor < 0 || fstat(run->input.descriptor, &information) != 0) {
        airs_complain(verb->name, "cannot read %s: %s", run->input.name, strerror(errno));
        return AIRS_EXIT_INPUT;
    }
    if (S_ISDIR(information.st_mode)) {
        airs_complain(verb->name, "cannot read %s: it is a folder", run->input.name);
        return AIRS_EXIT_INPUT;
    }
    if (S_ISREG(information.st_mode)) {
        run->input_size = (uint64_t)information.st_size;
    }
    run->has_input = true;
    return AIRS_EXIT_OK;
}

static int run_application(const airs_verb_t *verb, run_t *run) {
    airs_error_t error;
    airs_application_options_t options = {
        .log = &run->terminal.log,
        .workers = (unsigned)run->options.workers,
        .cache_dir = run->options.no_cache ? "" : NULL,
        .compiler = run->options.compiler,
        .output = airs_terminal_output,
        .output_context = &run->terminal,
    };
    airs_status_t status = airs_application_create(run->manifest, &options, &run->application, &error);
    if (status != AIRS_OK) {
        bool is_policy = status == AIRS_MANIFEST_INVALID;
        airs_complain(verb->name, "%s%s", is_policy ? "the policy is invalid\n" : "", error.text);
        return is_policy ? AIRS_EXIT_MANIFEST : AIRS_EXIT_FAILURE;
    }
    run->terminal.on_output_error = stop_for_output;
    run->terminal.context = run;
    airs_service_notify_open(&run->service);
    int exit_code = supervise(verb, run) ? report(verb, run) : AIRS_EXIT_FAILURE;
    airs_service_notify_close(&run->service);
    airs_application_destroy(run->application);
    return exit_code;
}

/* Storage is read through a map, and what is not there to be read ends the process. That it does is well (see
 * docs/decisions/2026-11-29-storage-page-errors.md), but not without a word. */
static void on_bus(int number) {
    static const char words[] =
        "airssys run: a page of a file cannot be read, which ends this process (SIGBUS); "
        "'airssys storage check' says whether it is the storage, damaged or cut short\n";
    ssize_t written = write(STDERR_FILENO, words, sizeof words - 1);
    (void)written;
    (void)signal(number, SIG_DFL); /* it comes again as soon as this returns */
}

static int run_manifest(const airs_verb_t *verb, void *context, char **arguments, int count) {
    run_t *run = context;
    airs_error_t error;
    /* A reader that goes away is an error of a write, which stops us in order. */
    (void)signal(SIGPIPE, SIG_IGN);
    (void)signal(SIGBUS, on_bus);
    if (count == 1) {
        run->options.manifest = arguments[0];
    }
    if (run->options.log_level < 0) {
        run->options.log_level = run->options.quiet ? AIRS_LOG_ERROR : AIRS_LOG_INFO;
    }
    run->begin_ns = airs_clock_monotonic(airs_clock_system());
    airs_status_t status =
        airs_manifest_load(airs_allocator_default(), run->options.manifest, &run->manifest, &error);
    if (status != AIRS_OK) {
        airs_complain(verb->name, "%s%s", status == AIRS_IO ? "" : "the manifest is invalid\n", error.text);
        return status == AIRS_OUT_OF_MEMORY ? AIRS_EXIT_FAILURE : AIRS_EXIT_MANIFEST;
    }
    int exit_code = run->options.input != NULL ? open_input(verb, run) : AIRS_EXIT_OK;
    if (exit_code == AIRS_EXIT_OK) {
        airs_terminal_init(&run->terminal, (airs_log_level_t)run->options.log_level, run->options.quiet);
        exit_code = run_application(verb, run);
        airs_terminal_free(&run->terminal);
    }
    if (run->input.descriptor > STDERR_FILENO) {
        close(run->input.descriptor);
    }
    airs_manifest_destroy(run->manifest);
    return exit_code;
}

/* ---- the command line ---- */

static const int exit_codes[] = {
    AIRS_EXIT_OK,        AIRS_EXIT_FAILURE,     AIRS_EXIT_USAGE,      AIRS_EXIT_MANIFEST,
    AIRS_EXIT_COMPONENT, AIRS_EXIT_START,       AIRS_EXIT_INPUT,      AIRS_EXIT_CRASHED,
    AIRS_EXIT_SHUTDOWN,  AIRS_EXIT_INTERRUPTED, AIRS_EXIT_TERMINATED, -1,
};

static const char help[] =
    "MANIFEST is a file, or a folder with an airssys.toml; default: ./airssys.toml.\n"
    "\n"
    "With --input each line of FILE, without its newline, is a message to the component that\n"
    "the manifest's application.input names. After the last one each of its instances gets an\n"
    "empty message of content type application/vnd.airssys.end; when all messages have been\n"
    "handled, the application is shut down. Without --input it runs until Ctrl-C or SIGTERM.\n"
    "\n"
    "Standard output has what the component named by application.output writes, or returns for\n"
    "the last message; other components' output goes to the log. The log, the progress and the\n"
    "summary are on standard error. Ctrl-C stops in order, a second one at once. On SIGHUP the\n"
    "manifest is read anew and what differs is changed.\n";

int airs_verb_run(int argc, char **argv) {
    run_t run = {.options = {.manifest = AIRS_MANIFEST_FILE_NAME, .log_level = -1}, .error = {AIRS_OK, ""}};
    const airs_option_t options[] = {
        AIRS_OPTION_TEXT("input", 'i', "FILE", "feed the lines of FILE; \"-\" is standard input",
                         &run.options.input),
        AIRS_OPTION_NUMBER("workers", 'w', "N", "worker threads; default: one for each usable core",
                           &run.options.workers, 1, 256),
        AIRS_OPTION_WORD("log", 0, "LEVEL", "trace, debug, info (default), warn or error",
                         &run.options.log_level, log_levels),
        AIRS_OPTION_OUTPUT("of the summary: text (default) or json", &run.options.output),
        AIRS_OPTION_TEXT("summary", 0, "FILE", "write the summary as JSON to FILE too", &run.options.summary),
        AIRS_OPTION_TEXT("socket", 0, "FILE", "be reached there; default: as the manifest says",
                         &run.options.socket),
        AIRS_OPTION_FLAG("no-socket", 0, "have no socket to be reached at", &run.options.no_socket),
        AIRS_OPTION_FLAG("watch", 0, "update components whose files change, while they run",
                         &run.options.watch),
        AIRS_OPTION_FLAG("quiet", 'q', "no progress, no summary, only errors in the log", &run.options.quiet),
        AIRS_OPTION_FLAG("no-cache", 0, "keep no compiled code, and use none", &run.options.no_cache),
        AIRS_OPTION_TEXT(
            "compiler", 0, "PROGRAM",
            "the airssys-compile that compiles what is not trusted; default: the one beside airssys",
            &run.options.compiler),
    };
    const airs_verb_t verb = {
        .name = "run",
        .usage = "[MANIFEST]",
        .summary = "Run the application that a manifest describes.",
        .help = help,
        .options = options,
        .option_count = sizeof options / sizeof options[0],
        .exit_codes = exit_codes,
        .min_arguments = 0,
        .max_arguments = 1,
    };
    return airs_verb_run_with(&verb, argc, argv, run_manifest, &run);
}
