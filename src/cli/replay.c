#include <stdio.h>

#include "cli/command.h"
#include "cli/complaint.h"
#include "cli/exit_code.h"
#include "cli/replay_report.h"
#include "core/file.h"
#include "core/memory.h"
#include "node/cache_folder.h"

/* The largest journal that a manifest allows, and what is around it. */
#define CRASH_FILE_MAX (((size_t)4 << 30) + ((size_t)64 << 20))

typedef struct replay {
    const char *component;
    uint64_t until;
    bool verbose;
    bool no_cache;
    const char *compiler;
    int output;
} replay_t;

static int exit_code_of(airs_replay_end_t end) {
    return end == AIRS_REPLAY_DIVERGED ? AIRS_EXIT_DIVERGED : AIRS_EXIT_OK;
}

/* What goes wrong before anything was replayed. */
static int exit_code_of_failure(airs_status_t status) {
    return status == AIRS_OUT_OF_MEMORY || status == AIRS_INTERNAL ? AIRS_EXIT_FAILURE : AIRS_EXIT_COMPONENT;
}

static int run(const airs_verb_t *verb, const replay_t *self, airs_replayer_t *replayer) {
    airs_replay_report_t report;
    airs_replay_result_t result;
    airs_error_t error;
    char *cache = NULL;
    airs_replay_report_init(&report, replayer);
    report.json = self->output == AIRS_OUTPUT_JSON;
    report.verbose = self->verbose;
    report.until = self->until;
    airs_replay_report_crash(&report);
    if (!self->no_cache) {
        /* Without a folder for it the component is compiled anew, nothing worse. */
        (void)airs_cache_folder(airs_allocator_default(), &cache, NULL);
    }
    airs_replay_options_t options = {
        .component = self->component,
        .cache_dir = cache,
        .compiler = self->compiler,
        .log = self->verbose ? &report.log : NULL,
        .until = self->until,
        .step = airs_replay_report_step,
        .context = &report,
    };
    airs_status_t status = airs_replayer_run(replayer, &options, &result, &error);
    airs_release(airs_allocator_default(), cache);
    if (status != AIRS_OK) {
        (void)fflush(stdout);
        airs_complain(verb->name, "%s", error.text);
        return exit_code_of_failure(status);
    }
    airs_replay_report_result(&report, &result);
    return exit_code_of(result.end);
}

static int replay(const airs_verb_t *verb, void *context, char **arguments, int count) {
    const replay_t *self = context;
    const airs_allocator_t *allocator = airs_allocator_default();
    airs_replayer_t *replayer = NULL;
    airs_bytes_t file;
    airs_error_t error;
    (void)count;
    if (airs_file_read(allocator, arguments[0], CRASH_FILE_MAX, &file, &error) != AIRS_OK) {
        airs_complain(verb->name, "%s: %s", arguments[0], error.text);
        return AIRS_EXIT_CRASH_FILE;
    }
    airs_status_t status = airs_replayer_create(allocator, file, &replayer, &error);
    int exit_code = AIRS_EXIT_CRASH_FILE;
    if (status != AIRS_OK) {
        airs_complain(verb->name, "%s: %s", arguments[0], error.text);
    } else {
        exit_code = run(verb, self, replayer);
    }
    airs_replayer_destroy(replayer);
    airs_release(allocator, (void *)file.data);
    if (fflush(stdout) != 0 || ferror(stdout) != 0) {
        airs_complain(verb->name, "standard output cannot be written");
        return AIRS_EXIT_FAILURE;
    }
    return exit_code;
}

int airs_verb_replay(int argc, char **argv) {
    static const int exit_codes[] = {AIRS_EXIT_OK,
                                     AIRS_EXIT_FAILURE,
                                     AIRS_EXIT_USAGE,
                                     AIRS_EXIT_COMPONENT,
                                     AIRS_EXIT_DIVERGED,
                                     AIRS_EXIT_CRASH_FILE,
                                     -1};
    replay_t self = {.output = AIRS_OUTPUT_TEXT};
    const airs_option_t options[] = {
        AIRS_OPTION_FLAG("verbose", 'v', "every message, every call of the host, and what the guest says",
                         &self.verbose),
        AIRS_OPTION_NUMBER("until", 'u', "N", "stop before the entry N, which is shown last", &self.until, 1,
                           UINT64_MAX),
        AIRS_OPTION_TEXT("component", 'c', "FILE", "the component; default: where it was when it crashed",
                         &self.component),
        AIRS_OPTION_FLAG("no-cache", 0, "keep no compiled code, and use none that was kept", &self.no_cache),
        AIRS_OPTION_TEXT("compiler", 0, "PROGRAM", "as for run", &self.compiler),
        AIRS_OPTION_OUTPUT("text (default) or json, an object on each line", &self.output),
    };
    const airs_verb_t verb = {
        .name = "replay",
        .usage = "FILE",
        .summary = "Run a recorded crash again, by itself, to the same end.",
        .help = "FILE is a crash file, as a component with `record = true` leaves one. The component is run "
                "with what it\n"
                "was told and answered then: no other actor, no clock, no network and no file is touched. "
                "Exit code 0 says\n"
                "that it came to the same end; ends by time, memory or stack depth are taken as recorded.\n"
                "\n"
                "Examples:\n"
                "  airssys replay 20261129T131415.123456Z-app_counter_0.crash\n"
                "  airssys replay --verbose FILE | less\n"
                "  airssys replay --verbose --until 17 --component build/counter.wasm FILE\n",
        .options = options,
        .option_count = sizeof options / sizeof options[0],
        .exit_codes = exit_codes,
        .min_arguments = 1,
        .max_arguments = 1,
    };
    return airs_verb_run_with(&verb, argc, argv, replay, &self);
}
