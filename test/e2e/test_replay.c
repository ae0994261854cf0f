/* A hundred recorded crashes of real guests, and each of them again: the same status, the same reason, the same
 * backtrace. The guest (test/guests/faulty.c) falls in a way that depends on all that it has heard and been answered. */
#include "core/backtrace.h"
#include "core/file.h"
#include "core/memory.h"
#include "e2e/stage.h"
#include "runtime/replayer.h"
#include "support/temporary_folder.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CRASHES 100
#define REASON_MAX 8192

/* How one ends, and how often that depends on more than its last message. */
typedef struct fate {
    const char *how;     /* the last message; NULL: it ends otherwise */
    const char *fall_at; /* FALL_AT */
    airs_status_t status;
    airs_replay_end_t end;
} fate_t;

static const fate_t fates[] = {
    {"fall trap", NULL, AIRS_TRAP, AIRS_REPLAY_SAME},
    {"fall divide", NULL, AIRS_TRAP, AIRS_REPLAY_SAME},
    {"fall bounds", NULL, AIRS_TRAP, AIRS_REPLAY_SAME},
    {"fall call", NULL, AIRS_TRAP, AIRS_REPLAY_SAME},
    {"fall stack", NULL, AIRS_STACK_OVERFLOW, AIRS_REPLAY_SAME},
    {"fall memory", NULL, AIRS_TRAP, AIRS_REPLAY_SAME},
    {"fall result", NULL, AIRS_INVALID_RESULT, AIRS_REPLAY_SAME},
    {"fall error", NULL, AIRS_TRAP, AIRS_REPLAY_SAME},
    {"after 2 fall trap", NULL, AIRS_TRAP, AIRS_REPLAY_SAME},
    {"publish faulty.%u fall divide", NULL, AIRS_TRAP, AIRS_REPLAY_SAME},
    {"ask app/echo/0 hello", "callback", AIRS_TRAP, AIRS_REPLAY_SAME},
    {NULL, "initialize", AIRS_TRAP, AIRS_REPLAY_SAME},
    {NULL, "error", AIRS_INITIALIZE_FAILED, AIRS_REPLAY_SAME},
    {NULL, "shutdown", AIRS_TRAP, AIRS_REPLAY_SAME},
    {"fall loop", NULL, AIRS_EXECUTION_TIME_EXCEEDED, AIRS_REPLAY_AS_RECORDED},
    {"fall sleep", NULL, AIRS_PARKED_TIME_EXCEEDED, AIRS_REPLAY_AS_RECORDED},
};

#define FATES (sizeof fates / sizeof fates[0])

/* What the node said of a crash. */
typedef struct told {
    airs_status_t status;
    char reason[REASON_MAX];
} told_t;

typedef struct theatre {
    airs_log_t log; /* notes why actors crashed */
    pthread_mutex_t lock;
    told_t *told; /* CRASHES of them */
    airs_temporary_folder_t folder;
    stage_t stage;
    uint64_t random;
} theatre_t;

static uint64_t draw(theatre_t *theatre, uint64_t below) {
    theatre->random = theatre->random * 6364136223846793005u + 1442695040888963407u;
    return (theatre->random >> 33) % below;
}

/* ---- what the node says ---- */

static airs_str_t field_of(const airs_log_record_t *record, const char *name) {
    for (size_t i = 0; i < record->field_count; i++) {
        if (airs_str_equal(record->fields[i].key, airs_str(name))) {
            return record->fields[i].value;
        }
    }
    return airs_str("");
}

/* What happened, and the backtrace, as the log shows them. */
static void write_told(airs_str_t reason, airs_str_t backtrace, char out[REASON_MAX]) {
    (void)snprintf(out, REASON_MAX, "%.*s at %.*s", AIRS_STR_ARG(reason), AIRS_STR_ARG(backtrace));
}

static void write_whole(airs_str_t reason, char out[REASON_MAX]) {
    char frames[REASON_MAX];
    size_t traced = airs_backtrace_offset(reason);
    airs_str_t backtrace = airs_str_n(reason.data + traced, reason.size - traced);
    write_told(airs_str_n(reason.data, traced), airs_backtrace_on_one_line(backtrace, frames, sizeof frames),
               out);
}

static void write_log(airs_log_t *log, const airs_log_record_t *record) {
    static const char prefix[] = "app/faulty/";
    theatre_t *theatre = (theatre_t *)(void *)((char *)log - offsetof(theatre_t, log));
    bool is_crash = airs_str_equal(record->message, airs_str("the actor has crashed")) ||
                    airs_str_equal(record->message, airs_str("the shutdown call failed"));
    if (getenv("AIRS_TEST_LOG") != NULL) {
        airs_log_stderr()->write(airs_log_stderr(), record);
    }
    if (!is_crash || record->source.size < sizeof prefix ||
        memcmp(record->source.data, prefix, sizeof prefix - 1) != 0) {
        return;
    }
    char number[16] = "";
    airs_copy(number, record->source.data + sizeof prefix - 1, record->source.size - (sizeof prefix - 1));
    pthread_mutex_lock(&theatre->lock);
    unsigned long index = strtoul(number, NULL, 10);
    assert_true(index < CRASHES);
    write_told(field_of(record, "reason"), field_of(record, "backtrace"), theatre->told[index].reason);
    pthread_mutex_unlock(&theatre->lock);
}

static void open_theatre(theatre_t *theatre, unsigned seed) {
    memset(theatre, 0, sizeof *theatre);
    theatre->random = seed;
    theatre->told = calloc(CRASHES, sizeof *theatre->told);
    assert_non_null(theatre->told);
    pthread_mutex_init(&theatre->lock, NULL);
    theatre->log = (airs_log_t){.level = AIRS_LOG_INFO, .write = write_log};
    airs_temporary_folder_create(&theatre->folder);
    airs_failing_allocator_init(&theatre->stage.memory);
    airs_node_options_t options = AIRS_NODE_OPTIONS_INIT;
    options.workers = 2;
    options.cache_dir = "";
    options.allocator = &theatre->stage.memory.allocator;
    options.log = &theatre->log;
    options.record = true;
    options.crash_dir = theatre->folder.path;
    options.max_crash_files = 2 * CRASHES;
    assert_ok(airs_node_create(&options, &theatre->stage.node, &theatre->stage.error));
}

static void close_theatre(theatre_t *theatre) {
    airs_temporary_folder_remove(&theatre->folder);
    pthread_mutex_destroy(&theatre->lock);
    free(theatre->told);
}

/* ---- a life ---- */

/* One thing that happens to it. */
static void command(theatre_t *theatre, unsigned number, char *out, size_t size) {
    static const char *const commands[] = {
        "note %llu",
        "clock",
        "monotonic",
        "random",
        "sleep 1",
        "nap 1",
        "set key-%llu value",
        "get key-3",
        "delete key-5",
        "exists key-2",
        "keys key",
        "usage",
        "send app/echo/0 %llu",
        "send app/nobody/0 %llu",
        "ask app/echo/0 %llu",
        "publish news.%llu text",
        "after 1 note %llu",
        "list",
        "describe app/echo/0",
        "log it is %llu",
        "print it is %llu",
        "send other/echo/0 %llu",
    };
    const char *chosen = commands[draw(theatre, sizeof commands / sizeof *commands)];
    (void)number;
    /* Each has a number at most. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    (void)snprintf(out, size, chosen, (unsigned long long)draw(theatre, 8));
#pragma GCC diagnostic pop
}

static airs_status_t spawn(theatre_t *theatre, unsigned number, const fate_t *fate) {
    char id[32];
    char config[32];
    (void)snprintf(id, sizeof id, "app/faulty/%u", number);
    (void)snprintf(config, sizeof config, "%llu", (unsigned long long)draw(theatre, UINT32_MAX));
    airs_variable_t variable = {"FALL_AT", fate->fall_at != NULL ? fate->fall_at : ""};
    airs_spawn_options_t options = AIRS_SPAWN_OPTIONS_INIT;
    options.config = airs_bytes(config, strlen(config));
    options.env = &variable;
    options.env_count = 1;
    options.record_bytes = 16 << 20;
    options.max_memory_bytes = 8 << 20;
    options.max_execution_time_ms = fate->status == AIRS_EXECUTION_TIME_EXCEEDED ? 200 : 60000;
    options.max_parked_time_ms = fate->status == AIRS_PARKED_TIME_EXCEEDED ? 200 : 60000;
    return stage_spawn(&theatre->stage, "faulty", id, &options);
}

static void live(theatre_t *theatre, unsigned number) {
    const fate_t *fate = &fates[number % FATES];
    stage_t *stage = &theatre->stage;
    char id[32];
    char text[128];
    (void)snprintf(id, sizeof id, "app/faulty/%u", number);
    theatre->told[number].status = fate->status;
    airs_status_t status = spawn(theatre, number, fate);
    if (status != AIRS_OK) {
        assert_status(status, fate->status);
        /* The error begins with the id. */
        write_whole(airs_str(stage->error.text + strlen(id) + 2), theatre->told[number].reason);
        return;
    }
    (void)snprintf(text, sizeof text, "subscribe faulty.%u", number);
    assert_ok(stage_send(stage, id, text));
    /* Some fall by what happened hundreds of messages before. */
    uint64_t commands = number % 5 == 0 ? 300 : 5 + draw(theatre, 20);
    if (fate->fall_at == NULL || strcmp(fate->fall_at, "callback") != 0) {
        for (uint64_t i = 0; i < commands; i++) {
            command(theatre, number, text, sizeof text);
            if (i % 7 == 0) {
                assert_ok(stage_call(stage, id, text));
            } else {
                assert_ok(stage_send(stage, id, text));
            }
        }
    }
    if (fate->how == NULL) {
        assert_status(stage_stop(stage, id, AIRS_STOP_DRAIN), AIRS_SHUTDOWN_FAILED);
        return;
    }
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    (void)snprintf(text, sizeof text, fate->how, number);
#pragma GCC diagnostic pop
    assert_ok(stage_send(stage, id, text));
    if (strcmp(fate->how, "fall error") == 0) {
        assert_ok(stage_send(stage, id, "note that"));
    }
    stage_await_end(stage, id);
}

/* ---- and again ---- */

typedef struct again {
    uint64_t steps;
    uint64_t last;
} again_t;

static void count_step(void *context, const airs_replay_step_t *step) {
    again_t *again = context;
    again->steps += !step->is_end;
    assert_true(step->number >= again->last);
    again->last = step->number;
}

static void expect_reason(airs_str_t reason, const char *told) {
    char text[REASON_MAX];
    write_whole(reason, text);
    assert_string_equal(text, told);
}

static unsigned replay(theatre_t *theatre, const char *name) {
    char path[AIRS_TEMPORARY_PATH_MAX];
    airs_bytes_t file;
    airs_error_t error;
    airs_replayer_t *replayer = NULL;
    airs_replay_result_t result;
    again_t again = {0, 0};
    const airs_allocator_t *allocator = &theatre->stage.memory.allocator;
    airs_temporary_file_path(&theatre->folder, name, path);
    assert_ok(airs_file_read(allocator, path, SIZE_MAX / 2, &file, &error));
    if (airs_replayer_create(allocator, file, &replayer, &error) != AIRS_OK) {
        fail_msg("%s: %s", name, error.text);
    }
    const airs_crash_record_t *record = airs_replayer_record(replayer);
    char id[64] = "";
    (void)snprintf(id, sizeof id, "%.*s", AIRS_STR_ARG(record->id));
    assert_true(strncmp(id, "app/faulty/", 11) == 0);
    unsigned number = (unsigned)strtoul(id + 11, NULL, 10);
    assert_true(number < CRASHES);
    const fate_t *fate = &fates[number % FATES];
    const told_t *told = &theatre->told[number];
    assert_status(record->status, fate->status);
    expect_reason(record->reason, told->reason);
    airs_replay_options_t options = {.compiler = AIRS_TEST_COMPILER, .step = count_step, .context = &again};
    char cache[AIRS_TEMPORARY_PATH_MAX];
    options.cache_dir = airs_temporary_file_path(&theatre->folder, "code", cache);
    if (airs_replayer_run(replayer, &options, &result, &error) != AIRS_OK) {
        fail_msg("%s: %s", name, error.text);
    }
    /* A loop may happen to be ended at the same place. */
    bool by_time = fate->end == AIRS_REPLAY_AS_RECORDED && result.end == AIRS_REPLAY_SAME;
    if (result.end != fate->end && !by_time) {
        fail_msg("%s (%s, %s): end %d, %s\n%s", name, fate->how != NULL ? fate->how : "", fate->fall_at,
                 result.end, result.trouble, result.reason);
    }
    if (result.end == AIRS_REPLAY_SAME) {
        assert_status(result.status, fate->status);
        expect_reason(airs_str(result.reason), told->reason);
        assert_true(airs_str_equal(airs_str(result.reason), record->reason));
        assert_int_equal(again.steps, record->entries);
    }
    airs_replayer_destroy(replayer);
    airs_release(allocator, (void *)file.data);
    return number;
}

static void test_hundred_crashes_come_again(void **state) {
    (void)state;
    theatre_t *theatre = calloc(1, sizeof *theatre);
    bool seen[CRASHES] = {false};
    unsigned files = 0;
    assert_non_null(theatre);
    open_theatre(theatre, 20261129);
    stage_add(&theatre->stage, "echo", "app/echo/0", NULL);
    for (unsigned number = 0; number < CRASHES; number++) {
        live(theatre, number);
    }
    /* Which has all crash files written. */
    airs_node_destroy(theatre->stage.node);
    assert_int_equal(theatre->stage.memory.live_blocks, 0);
    DIR *folder = opendir(theatre->folder.path);
    assert_non_null(folder);
    for (struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
        if (strstr(entry->d_name, ".crash") != NULL) {
            unsigned number = replay(theatre, entry->d_name);
            assert_false(seen[number]);
            seen[number] = true;
            files++;
        }
    }
    closedir(folder);
    assert_int_equal(files, CRASHES);
    assert_int_equal(theatre->stage.memory.live_blocks, 0);
    close_theatre(theatre);
    free(theatre);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hundred_crashes_come_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
