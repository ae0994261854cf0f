#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <airs_wit_tools.h>

#include "cli/command.h"
#include "cli/complaint.h"
#include "cli/exit_code.h"
#include "cli/output_file.h"
#include "cli/progress.h"
#include "core/memory.h"
#include "core/text.h"
#include "node/cache_folder.h"
#include "node/quantity.h"
#include "runtime/component_inspect.h"

/* What makes a component an actor that takes messages, whatever its version. */
#define LIFECYCLE "airssys:core/component-lifecycle"

typedef struct inspect_job {
    int output;
    bool no_cache;
    const char *compiler;
} inspect_job_t;

typedef struct inspection {
    const char *path;
    const airs_component_report_t *report;
    airs_str_t wit;
} inspection_t;

static bool has_lifecycle(const airs_component_report_t *report) {
    size_t length = strlen(LIFECYCLE);
    for (size_t i = 0; i < report->export_count; i++) {
        const char *name = report->exports[i];
        if (strncmp(name, LIFECYCLE, length) == 0 && (name[length] == '@' || name[length] == '\0')) {
            return true;
        }
    }
    return false;
}

static const char *need_name(airs_import_need_t need) {
    switch (need) {
    case AIRS_IMPORT_PROVIDED:
        return "provided";
    case AIRS_IMPORT_TYPES:
        return "types";
    default:
        return "missing";
    }
}

static const char *need_text(airs_import_need_t need) {
    switch (need) {
    case AIRS_IMPORT_PROVIDED:
        return "provided";
    case AIRS_IMPORT_TYPES:
        return "types only, needs nothing";
    default:
        return "MISSING: nobody provides it here";
    }
}

static void append_resources_text(const airs_component_report_t *report, airs_text_t *out) {
    char size[AIRS_QUANTITY_TEXT_MAX];
    if (!report->has_resources) {
        airs_text_append(out,
                         airs_str("Memory: depends on what it is given; it cannot be told beforehand\n"));
        return;
    }
    airs_text_append_format(
        out, "Memory: %" PRIu32 " memor%s, the largest begins with %s; %" PRIu32 " table%s\n",
        report->memories, report->memories == 1 ? "y" : "ies",
        airs_size_format(report->initial_memory_bytes, size), report->tables, report->tables == 1 ? "" : "s");
}

static void append_text(const inspection_t *inspection, airs_text_t *out) {
    const airs_component_report_t *report = inspection->report;
    char size[AIRS_COUNT_TEXT_MAX];
    airs_text_append_format(out, "%s: a component of %s bytes\n\n", inspection->path,
                            airs_count_text(report->binary.size, size));
    airs_text_append(out, inspection->wit);
    airs_text_append(out, airs_str(report->import_count > 0 ? "\nImports:\n" : "\nImports: none\n"));
    for (size_t i = 0; i < report->import_count; i++) {
        airs_text_append_format(out, "  %-44s %s\n", report->imports[i].name,
                                need_text(report->imports[i].need));
    }
    airs_text_append(out, airs_str(report->export_count > 0 ? "Exports:\n" : "Exports: none\n"));
    for (size_t i = 0; i < report->export_count; i++) {
        airs_text_append_format(out, "  %s\n", report->exports[i]);
    }
    append_resources_text(report, out);
    airs_text_append_format(out, "Takes messages: %s\n",
                            has_lifecycle(report) ? "yes" : "no, it does not export " LIFECYCLE);
    if (report->verdict == AIRS_OK) {
        airs_text_append(out, airs_str("Runs here: yes\n"));
    } else {
        airs_text_append_format(out, "Runs here: no, %s\n", report->reason);
    }
}

static void append_imports_json(const airs_component_report_t *report, airs_text_t *out) {
    airs_text_append(out, airs_str(",\"imports\":["));
    for (size_t i = 0; i < report->import_count; i++) {
        airs_text_append(out, airs_str(i > 0 ? ",{\"name\":" : "{\"name\":"));
        airs_text_append_json(out, airs_str(report->imports[i].name));
        airs_text_append_format(out, ",\"need\":\"%s\"}", need_name(report->imports[i].need));
    }
    airs_text_append(out, airs_str("],\"exports\":["));
    for (size_t i = 0; i < report->export_count; i++) {
        airs_text_append(out, airs_str(i > 0 ? "," : ""));
        airs_text_append_json(out, airs_str(report->exports[i]));
    }
    airs_text_append(out, airs_str("]"));
}

static void append_json(const inspection_t *inspection, airs_text_t *out) {
    const airs_component_report_t *report = inspection->report;
    airs_text_append(out, airs_str("{\"file\":"));
    airs_text_append_json(out, airs_str(inspection->path));
    airs_text_append_format(out, ",\"bytes\":%zu", report->binary.size);
    append_imports_json(report, out);
    if (report->has_resources) {
        airs_text_append_format(
            out, ",\"memories\":%" PRIu32 ",\"tables\":%" PRIu32 ",\"initial_memory_bytes\":%" PRIu64,
            report->memories, report->tables, report->initial_memory_bytes);
    }
    airs_text_append_format(out, ",\"takes_messages\":%s,\"runs\":%s",
                            has_lifecycle(report) ? "true" : "false",
                            report->verdict == AIRS_OK ? "true" : "false");
    if (report->verdict != AIRS_OK) {
        airs_text_append_format(out, ",\"status\":\"%s\",\"reason\":", airs_status_name(report->verdict));
        airs_text_append_json(out, airs_str(report->reason));
    }
    airs_text_append(out, airs_str(",\"wit\":"));
    airs_text_append_json(out, inspection->wit);
    airs_text_append(out, airs_str("}\n"));
}

static airs_status_t print(const inspection_t *inspection, bool json, airs_error_t *error) {
    airs_text_t text;
    airs_text_init(&text, airs_allocator_default());
    if (json) {
        append_json(inspection, &text);
    } else {
        append_text(inspection, &text);
    }
    airs_status_t status = airs_text_status(&text);
    if (status == AIRS_OK) {
        status = airs_output_file_write("-", airs_bytes(text.data, text.size), error);
    } else {
        airs_error_set(error, status, "%s", airs_status_text(status));
    }
    airs_text_free(&text);
    return status;
}

static airs_status_t print_wit(const char *path, airs_bytes_t binary, airs_wit_output_t *wit,
                               airs_error_t *error) {
    airs_wit_output_t message = {NULL, 0};
    airs_status_t status = AIRS_OK;
    if (!airs_wit_print(binary.data, binary.size, wit, &message)) {
        status = airs_error_set(error, AIRS_INVALID_COMPONENT, "%s: %.*s", path, (int)message.size,
                                message.data != NULL ? (const char *)message.data : "");
    }
    airs_wit_output_free(&message);
    return status;
}

static int inspect(const airs_verb_t *verb, void *context, char **arguments, int count) {
    const inspect_job_t *job = context;
    const char *path = arguments[0];
    (void)count;
    airs_error_t error;
    airs_component_report_t *report = NULL;
    airs_wit_output_t wit = {NULL, 0};
    int exit_code = AIRS_EXIT_OK;
    char *cache = NULL;
    if (!job->no_cache) {
        /* Without a folder for it the component is compiled anew, nothing worse. */
        (void)airs_cache_folder(airs_allocator_default(), &cache, NULL);
    }
    airs_inspect_options_t options = {.cache_dir = cache, .compiler = job->compiler};
    airs_status_t status = airs_component_inspect(airs_allocator_default(), path, &options, &report, &error);
    airs_release(airs_allocator_default(), cache);
    if (status == AIRS_OK) {
        status = print_wit(path, report->binary, &wit, &error);
    }
    if (status != AIRS_OK) {
        exit_code = status == AIRS_OUT_OF_MEMORY || status == AIRS_INTERNAL ? AIRS_EXIT_FAILURE
                                                                            : AIRS_EXIT_COMPONENT;
    } else {
        inspection_t inspection = {path, report, airs_str_n((const char *)wit.data, wit.size)};
        status = print(&inspection, job->output == AIRS_OUTPUT_JSON, &error);
        exit_code = status == AIRS_OK ? AIRS_EXIT_OK : AIRS_EXIT_FAILURE;
    }
    if (status != AIRS_OK) {
        airs_complain(verb->name, "%s", error.text);
    }
    airs_wit_output_free(&wit);
    airs_component_report_destroy(report);
    return exit_code;
}

int airs_verb_inspect(int argc, char **argv) {
    static const int exit_codes[] = {AIRS_EXIT_OK, AIRS_EXIT_FAILURE, AIRS_EXIT_USAGE, AIRS_EXIT_COMPONENT,
                                     -1};
    inspect_job_t job = {.output = AIRS_OUTPUT_TEXT};
    const airs_option_t options[] = {
        AIRS_OPTION_OUTPUT("text (default) or json", &job.output),
        AIRS_OPTION_FLAG("no-cache", 0, "keep no compiled code, and use none", &job.no_cache),
        AIRS_OPTION_TEXT("compiler", 0, "PROGRAM", "as for run", &job.compiler),
    };
    const airs_verb_t verb = {
        .name = "inspect",
        .usage = "FILE",
        .summary = "Show a component's imports and exports as WIT, and what it will need here.",
        .help = "FILE is a component, binary (.wasm) or text (.wat); it is compiled, by another process and "
                "within\n"
                "limits, and not run. That it cannot run here is part of what is shown, not an error.\n",
        .options = options,
        .option_count = sizeof options / sizeof options[0],
        .exit_codes = exit_codes,
        .min_arguments = 1,
        .max_arguments = 1,
    };
    return airs_verb_run_with(&verb, argc, argv, inspect, &job);
}
