#include <stdio.h>
#include <string.h>

#include <airs_wit_tools.h>

#include "cli/command.h"
#include "cli/complaint.h"
#include "cli/exit_code.h"
#include "cli/input_file.h"
#include "cli/output_file.h"
#include "core/memory.h"

#define MODULE_SIZE_MAX ((size_t)1 << 30)

typedef struct componentize {
    const char *module;
    const char *out;
    const char *wit;
    const char *world;
    bool command;
} componentize_t;

/* The eight bytes that a binary component begins with; a module's end in other ones. */
static bool is_component(airs_bytes_t binary) {
    static const uint8_t header[] = {0, 'a', 's', 'm', 13, 0, 1, 0};
    return binary.size >= sizeof header && memcmp(binary.data, header, sizeof header) == 0;
}

static int convert(const airs_verb_t *verb, const componentize_t *job, airs_bytes_t module) {
    airs_wit_output_t component = {NULL, 0};
    airs_wit_output_t message = {NULL, 0};
    airs_error_t error;
    int exit_code = AIRS_EXIT_OK;
    if (is_component(module)) {
        airs_complain(verb->name, "%s: is a component already", job->module);
        return AIRS_EXIT_COMPONENT;
    }
    if (!airs_wit_componentize(module.data, module.size, &job->wit, job->wit != NULL ? 1 : 0, job->world,
                               job->command ? AIRS_WIT_ADAPTER_COMMAND : AIRS_WIT_ADAPTER_REACTOR, &component,
                               &message)) {
        airs_complain(verb->name, "%s: %.*s", job->module, (int)message.size,
                      message.data != NULL ? (const char *)message.data : "");
        exit_code = AIRS_EXIT_COMPONENT;
    } else if (airs_output_file_write(job->out, airs_bytes(component.data, component.size), &error) !=
               AIRS_OK) {
        airs_complain(verb->name, "%s", error.text);
        exit_code = AIRS_EXIT_FAILURE;
    }
    airs_wit_output_free(&component);
    airs_wit_output_free(&message);
    return exit_code;
}

static int run(const airs_verb_t *verb, void *context, char **arguments, int count) {
    componentize_t *job = context;
    (void)count;
    if (job->out == NULL) {
        return airs_usage_error(verb, "--out FILE is missing: where to write the component");
    }
    job->module = arguments[0];
    airs_bytes_t module;
    int exit_code = airs_input_file_read(verb, job->module, MODULE_SIZE_MAX, &module);
    if (exit_code == AIRS_EXIT_OK) {
        exit_code = convert(verb, job, module);
        airs_release(airs_allocator_default(), (void *)module.data);
    }
    return exit_code;
}

int airs_verb_componentize(int argc, char **argv) {
    static const int exit_codes[] = {AIRS_EXIT_OK, AIRS_EXIT_FAILURE, AIRS_EXIT_USAGE, AIRS_EXIT_COMPONENT,
                                     -1};
    componentize_t job = {0};
    const airs_option_t options[] = {
        AIRS_OPTION_TEXT("out", 'o', "FILE", "the component to write; \"-\" is standard output", &job.out),
        AIRS_OPTION_TEXT("wit", 0, "PATH", "take the world from this WIT and not from the module", &job.wit),
        AIRS_OPTION_TEXT("world", 'w', "WORLD", "the world, when the WIT of --wit has several", &job.world),
        AIRS_OPTION_FLAG("command", 0, "the module is a program with a _start (a wasi:cli/run command)",
                         &job.command),
    };
    const airs_verb_t verb = {
        .name = "componentize",
        .usage = "MODULE",
        .summary = "Make a component from a core module, binary or text.",
        .help =
            "Without --wit the world is what the module's own component-type section says, which is there\n"
            "when NAME_component_type.o of 'airssys bindgen' was linked into it.\n",
        .options = options,
        .option_count = sizeof options / sizeof options[0],
        .exit_codes = exit_codes,
        .min_arguments = 1,
        .max_arguments = 1,
    };
    return airs_verb_run_with(&verb, argc, argv, run, &job);
}
