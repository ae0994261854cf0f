#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/command.h"
#include "cli/complaint.h"
#include "cli/exit_code.h"
#include "cli/output_file.h"
#include "core/memory.h"
#include "core/text.h"
#include "node/application.h"
#include "node/import_report.h"
#include "node/trusted_load.h"

typedef struct check {
    int output;
    bool strict;
    bool no_cache;
    const char *compiler;
} check_t;

/* What is written, a component at a time. */
typedef struct report {
    const airs_manifest_t *manifest;
    airs_node_t *node;
    bool json;
    airs_text_t text;
    size_t failed;    /* components that cannot be loaded */
    size_t ungranted; /* functions, of all components */
    size_t listed;    /* of the component in hand */
} report_t;

static bool list_text(report_t *report, const airs_ungranted_import_t *import) {
    airs_text_t *out = &report->text;
    airs_text_append(out, airs_str(report->listed == 0
                                       ? "  imports what it was not granted, and is refused when it "
                                         "calls it:\n"
                                       : ""));
    airs_text_append_format(out, "    %.*s %.*s needs ", AIRS_STR_ARG(import->interface),
                            AIRS_STR_ARG(import->function));
    airs_import_actions_text(import->needs, out);
    airs_text_append(out, airs_str("\n"));
    return true;
}

static bool list_json(report_t *report, const airs_ungranted_import_t *import) {
    airs_text_t *out = &report->text;
    airs_text_append(out, airs_str(report->listed > 0 ? ",{\"interface\":" : "{\"interface\":"));
    airs_text_append_json(out, import->interface);
    airs_text_append(out, airs_str(",\"function\":"));
    airs_text_append_json(out, import->function);
    airs_text_append(out, airs_str(",\"needs\":["));
    bool first = true;
    for (unsigned i = 0; i < AIRS_ACTION_COUNT; i++) {
        if ((import->needs & UINT32_C(1) << i) != 0) {
            airs_text_append_format(out, "%s\"%s\"", first ? "" : ",", airs_action_text((airs_action_t)i));
            first = false;
        }
    }
    airs_text_append(out, airs_str("]}"));
    return true;
}

static bool list(void *context, const airs_ungranted_import_t *import) {
    report_t *report = context;
    bool go_on = report->json ? list_json(report, import) : list_text(report, import);
    report->listed++;
    report->ungranted++;
    return go_on;
}

static bool list_interface(void *context, airs_str_t interface) {
    report_t *report = context;
    airs_text_append(&report->text, airs_str(report->listed++ > 0 ? "," : ""));
    airs_text_append_json(&report->text, interface);
    return true;
}

static airs_status_t append_imports(report_t *report, const airs_manifest_component_t *plan,
                                    airs_component_t component, airs_error_t *error) {
    airs_capabilities_t *capabilities = NULL;
    airs_status_t status =
        airs_import_report_capabilities(airs_allocator_default(), plan, &capabilities, error);
    if (status != AIRS_OK) {
        return status;
    }
    if (report->json) {
        report->listed = 0;
        airs_text_append(&report->text, airs_str(",\"imports\":["));
        (void)airs_node_imports(report->node, component, list_interface, report);
        airs_text_append(&report->text, airs_str("],\"ungranted\":["));
    }
    report->listed = 0;
    (void)airs_import_report_each(report->node, component, capabilities, list, report);
    airs_text_append(&report->text, airs_str(report->json ? "]" : ""));
    airs_capabilities_unref(capabilities);
    return AIRS_OK;
}

static void append_outcome(report_t *report, const airs_manifest_component_t *plan, airs_status_t status,
                           const airs_error_t *error) {
    airs_text_t *out = &report->text;
    if (!report->json) {
        airs_text_append_format(
            out, "%s: %s%s\n", plan->name,
            status == AIRS_OK ? "loads" : "DOES NOT LOAD: ", status == AIRS_OK ? "" : error->text);
        return;
    }
    airs_text_append(out, airs_str(plan == report->manifest->components ? "{\"name\":" : ",{\"name\":"));
    airs_text_append_json(out, airs_str(plan->name));
    airs_text_append(out, airs_str(",\"source\":"));
    airs_text_append_json(out, airs_str(plan->source));
    airs_text_append_format(out, ",\"loads\":%s,\"status\":\"%s\"", status == AIRS_OK ? "true" : "false",
                            airs_status_name(status));
    if (status != AIRS_OK) {
        airs_text_append(out, airs_str(",\"reason\":"));
        airs_text_append_json(out, airs_str(error->text));
    }
}

/* That one does not load is part of the report, unless it says nothing about the component. */
static airs_status_t check_component(report_t *report, const airs_manifest_component_t *plan,
                                     airs_error_t *error) {
    airs_component_t component = 0;
    airs_status_t status = airs_trusted_load(report->node, report->manifest, plan, airs_allocator_default(),
                                             airs_log_none(), &component, error);
    if (status == AIRS_OUT_OF_MEMORY) {
        return status;
    }
    append_outcome(report, plan, status, error);
    report->failed += status != AIRS_OK;
    status = status == AIRS_OK ? append_imports(report, plan, component, error) : AIRS_OK;
    airs_text_append(&report->text, airs_str(report->json ? "}" : ""));
    airs_node_unload(report->node, component);
    return status;
}

static airs_status_t check_all(report_t *report, airs_error_t *error) {
    const airs_manifest_t *manifest = report->manifest;
    airs_text_t *out = &report->text;
    airs_status_t status = AIRS_OK;
    if (report->json) {
        airs_text_append(out, airs_str("{\"manifest\":"));
        airs_text_append_json(out, airs_str(manifest->path));
        airs_text_append(out, airs_str(",\"components\":["));
    }
    for (size_t i = 0; i < manifest->component_count && status == AIRS_OK; i++) {
        status = check_component(report, &manifest->components[i], error);
    }
    if (report->json) {
        airs_text_append_format(out, "],\"failed\":%zu,\"ungranted\":%zu}\n", report->failed,
                                report->ungranted);
    } else {
        airs_text_append_format(out, "%zu component%s: %zu load%s, %zu import%s not granted\n",
                                manifest->component_count, manifest->component_count == 1 ? "" : "s",
                                manifest->component_count - report->failed,
                                manifest->component_count - report->failed == 1 ? "s" : "", report->ungranted,
                                report->ungranted == 1 ? "" : "s");
    }
    if (status == AIRS_OK && airs_text_status(out) != AIRS_OK) {
        status = airs_error_set(error, AIRS_OUT_OF_MEMORY, "%s", airs_status_text(AIRS_OUT_OF_MEMORY));
    }
    return status == AIRS_OK ? airs_output_file_write("-", airs_bytes(out->data, out->size), error) : status;
}

/* Loaded as for running it: by an engine that is made from the same manifest. Nothing is written but the report, so there
 * is no audit. */
static airs_status_t check_manifest(const check_t *job, const airs_manifest_t *manifest, report_t *report,
                                    airs_error_t *error) {
    airs_manifest_t silent = *manifest;
    silent.audit.file = NULL;
    const airs_application_options_t options = {.log = airs_log_none(),
                                                .workers = 1,
                                                .cache_dir = job->no_cache ? "" : NULL,
                                                .compiler = job->compiler};
    airs_application_t *application = NULL;
    airs_status_t status = airs_application_create(&silent, &options, &application, error);
    if (status == AIRS_OK) {
        report->manifest = manifest;
        report->node = airs_application_node(application);
        status = check_all(report, error);
    }
    airs_application_destroy(application);
    return status;
}

static int check(const airs_verb_t *verb, void *context, char **arguments, int count) {
    const check_t *job = context;
    airs_manifest_t *manifest = NULL;
    airs_error_t error = {AIRS_OK, ""};
    report_t report = {.json = job->output == AIRS_OUTPUT_JSON};
    int exit_code = AIRS_EXIT_MANIFEST;
    airs_text_init(&report.text, airs_allocator_default());
    airs_status_t status = airs_manifest_load(
        airs_allocator_default(), count > 0 ? arguments[0] : AIRS_MANIFEST_FILE_NAME, &manifest, &error);
    if (status == AIRS_OK) {
        status = check_manifest(job, manifest, &report, &error);
        exit_code = AIRS_EXIT_FAILURE;
    }
    if (status != AIRS_OK) {
        airs_complain(verb->name, "%s", error.text);
    } else if (report.failed > 0) {
        exit_code = AIRS_EXIT_COMPONENT;
    } else {
        exit_code = job->strict && report.ungranted > 0 ? AIRS_EXIT_DENIED : AIRS_EXIT_OK;
    }
    airs_text_free(&report.text);
    airs_manifest_destroy(manifest);
    return exit_code;
}

int airs_verb_check(int argc, char **argv) {
    static const int exit_codes[] = {AIRS_EXIT_OK,
                                     AIRS_EXIT_FAILURE,
                                     AIRS_EXIT_USAGE,
                                     AIRS_EXIT_MANIFEST,
                                     AIRS_EXIT_COMPONENT,
                                     AIRS_EXIT_DENIED,
                                     -1};
    check_t job = {.output = AIRS_OUTPUT_TEXT};
    const airs_option_t options[] = {
        AIRS_OPTION_FLAG("strict", 0, "fail when a component imports what it was not granted", &job.strict),
        AIRS_OPTION_OUTPUT("text (default) or json", &job.output),
        AIRS_OPTION_FLAG("no-cache", 0, "keep no compiled code, and use none", &job.no_cache),
        AIRS_OPTION_TEXT("compiler", 0, "PROGRAM", "as for run", &job.compiler),
    };
    const airs_verb_t verb = {
        .name = "check",
        .usage = "[MANIFEST]",
        .summary = "Load what a manifest names without running it, and show what it would be refused.",
        .help = "MANIFEST is a file, or a folder with an airssys.toml in it; default: ./airssys.toml. Each "
                "component is held\n"
                "to trust and limits, compiled, and its imports compared with what it was granted.\n",
        .options = options,
        .option_count = sizeof options / sizeof options[0],
        .exit_codes = exit_codes,
        .max_arguments = 1,
    };
    return airs_verb_run_with(&verb, argc, argv, check, &job);
}
