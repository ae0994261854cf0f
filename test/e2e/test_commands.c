/* Commands as actors: programs with a main, run once or again and again, with arguments, environment and standard
 * streams, and what their ends are to others. */
#include "e2e/stage.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/file.h"
#include "core/memory.h"
#include "node/application.h"
#include "node/manifest.h"
#include "support/guest_manifest.h"
#include "support/temporary_folder.h"

#define ID "app/job/0"
#define GUEST "commands/job"

/* What came on standard output, and how the actor ended. */
typedef struct ending {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    char printed[1024];
    bool down;
    airs_reason_kind_t kind;
    char text[512];
} ending_t;

static void ending_init(ending_t *ending) {
    memset(ending, 0, sizeof *ending);
    pthread_mutex_init(&ending->lock, NULL);
    pthread_cond_init(&ending->changed, NULL);
}

static void print(void *context, airs_bytes_t bytes) {
    ending_t *ending = context;
    pthread_mutex_lock(&ending->lock);
    size_t used = strlen(ending->printed);
    (void)snprintf(ending->printed + used, sizeof ending->printed - used, "%.*s", (int)bytes.size,
                   (const char *)bytes.data);
    pthread_mutex_unlock(&ending->lock);
}

static void note_down(void *context, const airs_down_t *down) {
    ending_t *ending = context;
    pthread_mutex_lock(&ending->lock);
    ending->down = true;
    ending->kind = down->reason.kind;
    (void)snprintf(ending->text, sizeof ending->text, "%s", down->reason.text);
    pthread_cond_signal(&ending->changed);
    pthread_mutex_unlock(&ending->lock);
}

static void await_down(ending_t *ending) {
    struct timespec until;
    assert_int_equal(clock_gettime(CLOCK_REALTIME, &until), 0);
    until.tv_sec += PATIENCE_MS / 1000;
    pthread_mutex_lock(&ending->lock);
    int result = 0;
    while (!ending->down && result == 0) {
        result = pthread_cond_timedwait(&ending->changed, &ending->lock, &until);
    }
    pthread_mutex_unlock(&ending->lock);
    assert_true(ending->down);
}

/* A folder that the command may write to as "/data", and a program that waits for a file in it before all else. */
typedef struct scene {
    stage_t stage;
    ending_t ending;
    airs_temporary_folder_t folder;
    airs_spawn_options_t options;
    airs_grant_t grants[3];
} scene_t;

static void scene_open(scene_t *scene) {
    memset(scene, 0, sizeof *scene);
    ending_init(&scene->ending);
    airs_temporary_folder_create(&scene->folder);
    stage_open(&scene->stage, 1);
    scene->grants[0] =
        (airs_grant_t){.action = "filesystem.*", .pattern = scene->folder.path, .guest_path = "/data"};
    scene->grants[1] = (airs_grant_t){.action = "services.*"};
    scene->options = (airs_spawn_options_t)AIRS_SPAWN_OPTIONS_INIT;
    scene->options.confined = true;
    scene->options.grants = scene->grants;
    scene->options.grant_count = 2;
    scene->options.standard_output = print;
    scene->options.output_context = &scene->ending;
}

static void scene_close(scene_t *scene) {
    stage_close(&scene->stage);
    airs_temporary_folder_remove(&scene->folder);
}

/* Runs it with these arguments, behind a gate, until it has ended. */
static void run(scene_t *scene, const char *const *args, size_t count) {
    const char *all[16] = {"wait", "/data/gate"};
    airs_host_monitor_t *monitor = NULL;
    char gate[AIRS_TEMPORARY_PATH_MAX];
    assert_true(count + 2 <= 16);
    (void)unlink(airs_temporary_file_path(&scene->folder, "gate", gate)); /* of the run before */
    for (size_t i = 0; i < count; i++) {
        all[i + 2] = args[i];
    }
    scene->options.args = all;
    scene->options.arg_count = count + 2;
    scene->ending.down = false;
    scene->ending.printed[0] = '\0';
    if (stage_spawn(&scene->stage, GUEST, ID, &scene->options) != AIRS_OK) {
        fail_msg("%s", scene->stage.error.text);
    }
    assert_ok(airs_node_monitor(scene->stage.node, id_of(ID), note_down, &scene->ending, &monitor,
                                &scene->stage.error));
    airs_temporary_file_write_text(&scene->folder, "gate", "");
    await_down(&scene->ending);
    airs_node_demonitor(scene->stage.node, monitor);
    stage_await_end(&scene->stage, ID);
}

#define RUN(scene, ...) \
    run(scene, (const char *const[]){__VA_ARGS__}, sizeof(const char *[]){__VA_ARGS__} / sizeof(const char *))

static void a_program_does_what_it_does_anywhere(void **state) {
    (void)state;
    scene_t scene;
    static const airs_variable_t variable = {"NAME", "value"};
    scene_open(&scene);
    scene.options.env = &variable;
    scene.options.env_count = 1;
    scene.options.standard_input = airs_bytes("one\ntwo\n", 8);
    RUN(&scene, "say", "hello", "args", "env", "NAME", "env", "PATH", "cat", "time");
    assert_string_equal(scene.ending.printed, "hello\n12 job\nvalue\nnot set\none\ntwo\ntime flies\n");
    assert_int_equal(scene.ending.kind, AIRS_REASON_NORMAL);
    /* With nothing to read there is an end at once. */
    scene.options.standard_input = airs_bytes(NULL, 0);
    RUN(&scene, "cat", "work", "/data", "sleep", "20", "say", "done");
    assert_string_equal(scene.ending.printed, "2 file: 2 lines\ndone\n");
    assert_int_equal(scene.ending.kind, AIRS_REASON_NORMAL);
    scene_close(&scene);
}

/* More than what was between its data and the memory of the adapter, which the C library does not know of. */
static void its_heap_is_its_own(void **state) {
    (void)state;
    scene_t scene;
    scene_open(&scene);
    RUN(&scene, "heap", "4096", "say", "done");
    assert_string_equal(scene.ending.printed, "0 wrong\ndone\n");
    assert_int_equal(scene.ending.kind, AIRS_REASON_NORMAL);
    scene_close(&scene);
}

static void its_exit_code_is_its_end(void **state) {
    (void)state;
    scene_t scene;
    scene_open(&scene);
    RUN(&scene, "exit", "0", "say", "never");
    assert_int_equal(scene.ending.kind, AIRS_REASON_NORMAL);
    assert_string_equal(scene.ending.printed, "");
    RUN(&scene, "say", "bad", "exit", "3");
    assert_int_equal(scene.ending.kind, AIRS_REASON_ERROR);
    assert_non_null(strstr(scene.ending.text, "the command exited with code"));
    assert_string_equal(scene.ending.printed, "bad\n");
    RUN(&scene, "trap", "");
    assert_int_equal(scene.ending.kind, AIRS_REASON_CRASH);
    scene.options.max_execution_time_ms = BRIEF_MS;
    RUN(&scene, "loop", "");
    assert_int_equal(scene.ending.kind, AIRS_REASON_CRASH);
    assert_non_null(strstr(scene.ending.text, "execution-time limit"));
    scene_close(&scene);
}

static size_t lines_in(const airs_temporary_folder_t *folder, const char *name) {
    char path[AIRS_TEMPORARY_PATH_MAX];
    airs_bytes_t bytes;
    size_t count = 0;
    if (airs_file_read(airs_allocator_default(), airs_temporary_file_path(folder, name, path), 1 << 20,
                       &bytes, NULL) != AIRS_OK) {
        return 0;
    }
    for (size_t i = 0; i < bytes.size; i++) {
        count += bytes.data[i] == '\n';
    }
    airs_release(airs_allocator_default(), (void *)(uintptr_t)bytes.data);
    return count;
}

static void await_lines(const airs_temporary_folder_t *folder, const char *name, size_t count) {
    uint64_t end = now_ms() + PATIENCE_MS;
    while (lines_in(folder, name) < count) {
        assert_true(now_ms() < end);
        const struct timespec nap = {0, 2000000};
        (void)nanosleep(&nap, NULL);
    }
}

static void it_takes_no_messages(void **state) {
    (void)state;
    static const char *const args[] = {"count", "/data/began", "wait", "/data/gate"};
    scene_t scene;
    scene_open(&scene);
    scene.options.args = args;
    scene.options.arg_count = 4;
    assert_true(airs_node_is_command(scene.stage.node, stage_guest(&scene.stage, GUEST)));
    assert_false(airs_node_is_command(scene.stage.node, stage_guest(&scene.stage, "deeds")));
    assert_false(airs_node_is_command(scene.stage.node, 12345));
    stage_add(&scene.stage, "deeds", "app/deeds/0", NULL);
    assert_ok(stage_spawn(&scene.stage, GUEST, ID, &scene.options));
    assert_status(stage_send(&scene.stage, ID, "hello"), AIRS_UNSUPPORTED);
    assert_status(stage_call(&scene.stage, ID, "hello"), AIRS_UNSUPPORTED);
    assert_non_null(strstr(scene.stage.error.text, "app/job/0 is a command, which takes no messages"));
    stage_expect_error(&scene.stage, "app/deeds/0", "send app/job/0", "takes no messages");
    stage_expect_error(&scene.stage, "app/deeds/0", "request app/job/0", "takes no messages");
    await_lines(&scene.folder, "began", 1);
    /* While it waits it holds no worker, and it can be stopped. */
    assert_int_equal(stage_counters(&scene.stage, ID).state, AIRS_ACTOR_RUNNING);
    assert_status(airs_node_stop(scene.stage.node, id_of(ID), AIRS_STOP_DROP, 20, &scene.stage.error),
                  AIRS_TIMEOUT);
    stage_await_end(&scene.stage, ID);
    scene_close(&scene);
}

static void one_may_run_again_and_again(void **state) {
    (void)state;
    static const char *const args[] = {"count", "/data/runs"};
    scene_t scene;
    scene_open(&scene);
    scene.options.args = args;
    scene.options.arg_count = 2;
    scene.options.every_ms = 1;
    assert_ok(stage_spawn(&scene.stage, GUEST, ID, &scene.options));
    await_lines(&scene.folder, "runs", 5);
    assert_int_equal(stage_counters(&scene.stage, ID).state, AIRS_ACTOR_RUNNING);
    assert_ok(stage_stop(&scene.stage, ID, AIRS_STOP_DROP));
    size_t runs = lines_in(&scene.folder, "runs");
    assert_in_range(runs, 5, SIZE_MAX);
    assert_int_equal(stage_totals(&scene.stage).crashed, 0);
    scene_close(&scene);
}

/* The run in hand comes to its end; those after it are the new one's, and called like those before. */
static void the_next_run_is_the_new_ones(void **state) {
    (void)state;
    static const char *const args[] = {"count", "/data/runs", "wait", "/data/gate"};
    scene_t scene;
    airs_update_options_t options = AIRS_UPDATE_OPTIONS_INIT;
    airs_component_t next = 0;
    char path[AIRS_TEMPORARY_PATH_MAX];
    scene_open(&scene);
    scene.options.args = args;
    scene.options.arg_count = 4;
    scene.options.every_ms = 1;
    assert_ok(stage_spawn(&scene.stage, GUEST, ID, &scene.options));
    await_lines(&scene.folder, "runs", 1);
    assert_status(airs_node_update(scene.stage.node, id_of(ID), stage_guest(&scene.stage, "echo"), NULL,
                                   &scene.stage.error),
                  AIRS_UNSUPPORTED);
    assert_non_null(
        strstr(scene.stage.error.text, "app/job: it is a command, and the new component is none"));
    assert_ok(airs_node_load(scene.stage.node, airs_guest_path(GUEST, path), &next, &scene.stage.error));
    assert_int_not_equal(next, stage_guest(&scene.stage, GUEST));
    airs_temporary_file_write_text(&scene.folder, "gate", "");
    options.window_ms = AIRS_UPDATE_NO_WINDOW;
    if (airs_node_update(scene.stage.node, id_of(ID), next, &options, &scene.stage.error) != AIRS_OK) {
        fail_msg("%s", scene.stage.error.text);
    }
    airs_node_unload(scene.stage.node, stage_guest(&scene.stage, GUEST));
    size_t runs = lines_in(&scene.folder, "runs");
    await_lines(&scene.folder, "runs", runs + 3);
    assert_int_equal(stage_counters(&scene.stage, ID).restarts, 0);
    assert_int_equal(stage_totals(&scene.stage).crashed, 0);
    assert_ok(stage_stop(&scene.stage, ID, AIRS_STOP_DROP));
    scene_close(&scene);
}

/* ---- of a manifest ---- */

typedef struct app {
    airs_temporary_folder_t folder;
    airs_log_t log;
    pthread_mutex_t lock; /* over `logged` */
    char logged[4096];
    airs_manifest_t *manifest;
    airs_application_t *application;
    airs_error_t error;
} app_t;

static void take_record(airs_log_t *log, const airs_log_record_t *record) {
    app_t *app = (app_t *)(void *)((char *)log - offsetof(app_t, log));
    pthread_mutex_lock(&app->lock);
    size_t used = strlen(app->logged);
    (void)snprintf(app->logged + used, sizeof app->logged - used, "%.*s: %.*s\n",
                   AIRS_STR_ARG(record->source), AIRS_STR_ARG(record->message));
    pthread_mutex_unlock(&app->lock);
}

static bool app_has_logged(app_t *app, const char *text) {
    pthread_mutex_lock(&app->lock);
    bool found = strstr(app->logged, text) != NULL;
    pthread_mutex_unlock(&app->lock);
    return found;
}

/* What the folder has before it starts. */
static void app_prepare(app_t *app) {
    memset(app, 0, sizeof *app);
    app->log = (airs_log_t){.write = take_record, .level = AIRS_LOG_INFO};
    pthread_mutex_init(&app->lock, NULL);
    airs_temporary_folder_create(&app->folder);
    airs_temporary_folder_make(&app->folder, "data");
    airs_temporary_file_write_text(&app->folder, "input.txt", "from a file\n");
}

static airs_status_t app_begin(app_t *app, const char *manifest, unsigned workers) {
    airs_guest_manifest_write(&app->folder, manifest);
    airs_application_options_t options = {.cache_dir = "", .log = &app->log, .workers = workers};
    airs_status_t status =
        airs_manifest_load(airs_allocator_default(), app->folder.path, &app->manifest, &app->error);
    if (status == AIRS_OK) {
        status = airs_application_create(app->manifest, &options, &app->application, &app->error);
    }
    status = status == AIRS_OK ? airs_application_load(app->application, &app->error) : status;
    return status == AIRS_OK ? airs_application_start(app->application, &app->error) : status;
}

static airs_status_t app_open(app_t *app, const char *manifest) {
    app_prepare(app);
    return app_begin(app, manifest, 1);
}

/* The application has ended, and so has what it writes. */
static void app_end(app_t *app) {
    airs_application_destroy(app->application);
    app->application = NULL;
}

static char *content_of(const airs_temporary_folder_t *folder, const char *name) {
    char path[AIRS_TEMPORARY_PATH_MAX];
    airs_bytes_t bytes;
    assert_ok(airs_file_read(airs_allocator_default(), airs_temporary_file_path(folder, name, path), 1 << 22,
                             &bytes, NULL));
    char *text = strndup((const char *)bytes.data, bytes.size);
    assert_non_null(text);
    airs_release(airs_allocator_default(), (void *)(uintptr_t)bytes.data);
    return text;
}

static void app_expect_file(const app_t *app, const char *name, const char *wanted) {
    char *text = content_of(&app->folder, name);
    assert_string_equal(text, wanted);
    free(text);
}

static void app_close(app_t *app) {
    if (app->application != NULL) {
        airs_application_destroy(app->application);
    }
    airs_manifest_destroy(app->manifest);
    airs_temporary_folder_remove(&app->folder);
}

#define JOB                                   \
    "[application]\nname = \"app\"\n"         \
    "[components.echo]\nsource = \"@echo\"\n" \
    "[components.job]\nsource = \"@commands/job\"\n"
#define MAY \
    "[components.job.capabilities]\nfilesystem = { write = [{ folder = \"data\", as = \"/data\" }] }\n"

static void one_that_succeeded_is_not_run_again(void **state) {
    (void)state;
    app_t app;
    if (app_open(&app, JOB "run = { args = [\"count\", \"/data/runs\"] }\n" MAY) != AIRS_OK) {
        fail_msg("%s", app.error.text);
    }
    stage_t stage = {.node = airs_application_node(app.application)};
    stage_await_end(&stage, "app/job/0");
    stage_expect(&stage, "app/echo/0", "still here", "still here");
    assert_int_equal(stage_totals(&stage).restarts, 0);
    assert_int_equal(lines_in(&app.folder, "data/runs"), 1);
    app_close(&app);
}

static void one_that_fails_is_run_again_within_bounds(void **state) {
    (void)state;
    app_t app;
    if (app_open(&app, JOB "run = { args = [\"count\", \"/data/runs\", \"exit\", \"1\"] }\n" MAY) !=
        AIRS_OK) {
        fail_msg("%s", app.error.text);
    }
    stage_t stage = {.node = airs_application_node(app.application)};
    stage_await_end(&stage, "app/job/0");
    /* Its own supervisor's bound of ten restarts, and the first run. */
    assert_int_equal(lines_in(&app.folder, "data/runs"), 11);
    stage_expect(&stage, "app/echo/0", "still here", "still here");
    app_close(&app);
}

static void an_interval_and_the_streams_are_the_manifests(void **state) {
    (void)state;
    app_t app;
    if (app_open(&app,
                 JOB "run = { args = [\"cat\", \"count\", \"/data/runs\"], every = \"2ms\", stdin = { file = "
                     "\"input.txt\" } }\n" MAY) != AIRS_OK) {
        fail_msg("%s", app.error.text);
    }
    await_lines(&app.folder, "data/runs", 3);
    app_close(&app);
}

/* ---- where its streams go ---- */

static void its_output_is_in_a_file_as_it_was_written(void **state) {
    (void)state;
    app_t app;
    app_prepare(&app);
    airs_temporary_file_write_text(&app.folder, "out.txt", "old\n");
    airs_temporary_file_write_text(&app.folder, "err.txt", "old\n");
    if (app_begin(&app,
                  JOB "run = { args = [\"say\", \"one\", \"warn\", \"bad\", \"put\", \"two\"], "
                      "stdout = { file = \"out.txt\", append = false }, stderr = { file = \"err.txt\" } }\n",
                  1) != AIRS_OK) {
        fail_msg("%s", app.error.text);
    }
    stage_t stage = {.node = airs_application_node(app.application)};
    stage_await_end(&stage, "app/job/0");
    app_end(&app);
    app_expect_file(&app, "out.txt", "one\ntwo");
    app_expect_file(&app, "err.txt", "old\nbad\n");
    assert_false(app_has_logged(&app, "one"));
    assert_false(app_has_logged(&app, "bad"));
    app_close(&app);
}

static void or_nowhere(void **state) {
    (void)state;
    app_t app;
    if (app_open(&app, JOB "run = { args = [\"say\", \"one\", \"warn\", \"bad\"], stdout = \"null\" }\n") !=
        AIRS_OK) {
        fail_msg("%s", app.error.text);
    }
    stage_t stage = {.node = airs_application_node(app.application)};
    stage_await_end(&stage, "app/job/0");
    app_end(&app);
    assert_false(app_has_logged(&app, "one"));
    assert_true(app_has_logged(&app, "app/job/0: bad"));
    app_close(&app);
}

#define CHOPPER(name, text)                                                                                 \
    "[components." name "]\nsource = \"@commands/job\"\nrun = { every = \"1ms\", args = [\"chop\", \"" text \
    "\", \"put\", \"" text "\"], stdout = { file = \"all.txt\" } }\n"

static void lines_of_several_are_not_mixed(void **state) {
    (void)state;
    app_t app;
    app_prepare(&app);
    if (app_begin(&app,
                  "[application]\nname = \"app\"\n" CHOPPER("a", "aaaaaaaaaaaaaaaa")
                      CHOPPER("b", "bbbbbbbbbbbbbbbb") CHOPPER("c", "cccccccccccccccc") "instances = 2\n",
                  2) != AIRS_OK) {
        fail_msg("%s", app.error.text);
    }
    await_lines(&app.folder, "all.txt", 400);
    /* Who is stopped in the middle of a line leaves its beginning, so before that. */
    char *text = content_of(&app.folder, "all.txt");
    size_t counts[3] = {0};
    for (const char *at = text; strnlen(at, 17) == 17; at += 17) {
        const char same[2] = {*at, '\0'};
        assert_in_range(*at, 'a', 'c');
        assert_int_equal(strspn(at, same), 16);
        assert_int_equal(at[16], '\n');
        counts[*at - 'a']++;
    }
    for (size_t i = 0; i < 3; i++) {
        assert_in_range(counts[i], 1, SIZE_MAX);
    }
    free(text);
    app_close(&app);
}

static void a_file_is_bounded(void **state) {
    (void)state;
    app_t app;
    app_prepare(&app);
    if (app_begin(&app,
                  JOB "run = { every = \"1ms\", args = [\"say\", "
                      "\"a line of some length, of which it takes not too many until the file is full\", "
                      "\"count\", \"/data/runs\"], "
                      "stdout = { file = \"out.txt\", size = 4096, keep = 1 } }\n" MAY,
                  1) != AIRS_OK) {
        fail_msg("%s", app.error.text);
    }
    await_lines(&app.folder, "data/runs", 200);
    app_end(&app);
    /* 53 lines of 77 bytes are a file's. */
    assert_int_equal(lines_in(&app.folder, "out.txt.1"), 53);
    assert_in_range(lines_in(&app.folder, "out.txt"), 1, 53);
    assert_int_equal(lines_in(&app.folder, "out.txt.2"), 0);
    app_close(&app);
}

static void a_file_that_cannot_be_written_is_a_warning(void **state) {
    (void)state;
    app_t app;
    char path[AIRS_TEMPORARY_PATH_MAX];
    app_prepare(&app);
    assert_int_equal(symlink("elsewhere", airs_temporary_file_path(&app.folder, "out.txt", path)), 0);
    if (app_begin(&app,
                  JOB
                  "run = { args = [\"say\", \"one\", \"say\", \"two\"], stdout = { file = \"out.txt\" } }\n",
                  1) != AIRS_OK) {
        fail_msg("%s", app.error.text);
    }
    stage_t stage = {.node = airs_application_node(app.application)};
    stage_await_end(&stage, "app/job/0");
    stage_expect(&stage, "app/echo/0", "still here", "still here");
    assert_int_equal(stage_totals(&stage).restarts, 0);
    assert_true(app_has_logged(&app,
                               "out.txt, where a standard stream goes, cannot be written: is a symbolic "
                               "link; what comes is lost until it can be"));
    assert_int_equal(access(airs_temporary_file_path(&app.folder, "elsewhere", path), F_OK), -1);
    app_close(&app);
}

static void what_is_no_command_has_it_too(void **state) {
    (void)state;
    app_t app;
    if (app_open(&app, "[application]\nname = \"app\"\n[components.printer]\nsource = \"@printer\"\n"
                       "stdout = { file = \"out.txt\" }\nstderr = \"null\"\n") != AIRS_OK) {
        fail_msg("%s", app.error.text);
    }
    stage_t stage = {.node = airs_application_node(app.application)};
    assert_ok(stage_send(&stage, "app/printer/0", "one"));
    assert_ok(stage_send(&stage, "app/printer/0", "error: bad"));
    assert_ok(stage_send(&stage, "app/printer/0", "raw: half"));
    await_lines(&app.folder, "out.txt", 1);
    app_expect_file(&app, "out.txt", "one\n");
    assert_ok(stage_stop(&stage, "app/printer/0", AIRS_STOP_DRAIN));
    app_end(&app);
    app_expect_file(&app, "out.txt", "one\nhalf\n");
    assert_false(app_has_logged(&app, "bad"));
    app_close(&app);
}

#define RELOADED(file)                                                                                       \
    "[application]\nname = \"app\"\n[components.job]\nsource = \"@commands/job\"\nrun = { every = \"1ms\", " \
    "args = [\"say\", \"one\"], stdout = { file = \"" file "\" } }\n"

static void another_place_is_a_change(void **state) {
    (void)state;
    app_t app;
    char path[AIRS_TEMPORARY_PATH_MAX];
    char moved[AIRS_TEMPORARY_PATH_MAX];
    airs_reload_report_t report;
    if (app_open(&app, RELOADED("first.txt")) != AIRS_OK) {
        fail_msg("%s", app.error.text);
    }
    await_lines(&app.folder, "first.txt", 2);
    /* Reading it anew is how what was moved away is let go of, too. */
    assert_int_equal(rename(airs_temporary_file_path(&app.folder, "first.txt", path),
                            airs_temporary_file_path(&app.folder, "moved.txt", moved)),
                     0);
    airs_reload_report_init(&report, airs_allocator_default());
    assert_ok(airs_application_reload(app.application, &report, &app.error));
    assert_int_equal(report.count, 0);
    await_lines(&app.folder, "first.txt", 2);
    airs_guest_manifest_write(&app.folder, RELOADED("second.txt"));
    assert_ok(airs_application_reload(app.application, &report, &app.error));
    assert_int_equal(report.count, 1);
    assert_int_equal(report.items[0].kind, AIRS_RELOAD_RESTARTED);
    await_lines(&app.folder, "second.txt", 2);
    airs_reload_report_free(&report);
    app_close(&app);
}

static void what_does_not_fit_is_told(void **state) {
    (void)state;
    app_t app;
    assert_status(app_open(&app, JOB), AIRS_EXPORT_NOT_FOUND);
    assert_string_equal(
        app.error.text,
        "component job: it is a command (it exports wasi:cli/run), so the manifest has to say "
        "how it is run: run = {} is once, run = { every = \"10s\" } again and again");
    app_close(&app);
    assert_status(
        app_open(&app, "[application]\nname = \"app\"\n[components.echo]\nsource = \"@echo\"\nrun = {}\n"),
        AIRS_EXPORT_NOT_FOUND);
    assert_string_equal(app.error.text,
                        "component echo: the manifest has a `run` for it, but it is an actor and no "
                        "command");
    app_close(&app);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_program_does_what_it_does_anywhere),
        cmocka_unit_test(its_heap_is_its_own),
        cmocka_unit_test(its_exit_code_is_its_end),
        cmocka_unit_test(it_takes_no_messages),
        cmocka_unit_test(one_may_run_again_and_again),
        cmocka_unit_test(the_next_run_is_the_new_ones),
        cmocka_unit_test(one_that_succeeded_is_not_run_again),
        cmocka_unit_test(one_that_fails_is_run_again_within_bounds),
        cmocka_unit_test(an_interval_and_the_streams_are_the_manifests),
        cmocka_unit_test(its_output_is_in_a_file_as_it_was_written),
        cmocka_unit_test(or_nowhere),
        cmocka_unit_test(lines_of_several_are_not_mixed),
        cmocka_unit_test(a_file_is_bounded),
        cmocka_unit_test(a_file_that_cannot_be_written_is_a_warning),
        cmocka_unit_test(what_is_no_command_has_it_too),
        cmocka_unit_test(another_place_is_a_change),
        cmocka_unit_test(what_does_not_fit_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
