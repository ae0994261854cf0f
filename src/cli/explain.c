#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/command.h"
#include "cli/complaint.h"
#include "cli/exit_code.h"
#include "cli/output_file.h"
#include "core/text.h"
#include "core/timestamp.h"
#include "core/visible.h"
#include "node/import_report.h"
#include "node/manifest.h"
#include "node/policy_file.h"

typedef struct explain {
    const char *manifest_path;
    int output;
} explain_t;

#define ID_TEXT_MAX (AIRS_ID_MAX + 3)

/* What is asked, and what everybody says to it. */
typedef struct question {
    airs_manifest_t *manifest;
    airs_policy_file_t *file; /* NULL: no policy */
    airs_capabilities_t *capabilities;
    const airs_manifest_component_t *component;
    char id[ID_TEXT_MAX];
    airs_action_t action;
    char target[ID_TEXT_MAX];
    airs_resource_t resource;
    char resource_text[AIRS_RESOURCE_TEXT_MAX];
    airs_ruling_t ruling;
    const airs_permission_t *permission;
    uint64_t expires_at_ns;
} question_t;

static const airs_policy_t *policy_of(const question_t *question) {
    return question->file != NULL ? airs_policy_file_policy(question->file) : NULL;
}

/* ---- what is asked -------------------------------------------------------------------------- */

static size_t count_slashes(const char *text) {
    size_t count = 0;
    for (; *text != '\0'; text++) {
        count += *text == '/';
    }
    return count;
}

/* "cart", "cart/0" of this application, or a whole id. */
static airs_status_t spell_out(const question_t *question, const char *text, const char *instance,
                               char out[ID_TEXT_MAX], airs_error_t *error) {
    size_t slashes = count_slashes(text);
    int size = slashes >= 2 ? snprintf(out, ID_TEXT_MAX, "%s", text)
                            : snprintf(out, ID_TEXT_MAX, "%s/%s%s%s", question->manifest->ns, text,
                                       slashes == 0 ? "/" : "", slashes == 0 ? instance : "");
    return size < ID_TEXT_MAX ? AIRS_OK : airs_error_set(error, AIRS_INVALID_ARGUMENT, "the id is too long");
}

static airs_status_t find_component(question_t *question, const char *text, airs_error_t *error) {
    const airs_manifest_t *manifest = question->manifest;
    airs_id_t id;
    airs_status_t status = spell_out(question, text, "0", question->id, error);
    if (status == AIRS_OK) {
        status = airs_id_parse(airs_str(question->id), &id, error);
    }
    if (status != AIRS_OK) {
        return status;
    }
    for (size_t i = 0; i < manifest->component_count; i++) {
        const airs_manifest_component_t *component = &manifest->components[i];
        if (airs_str_equal(id.ns, airs_str(manifest->ns)) &&
            airs_str_equal(id.name, airs_str(component->name))) {
            question->component = component;
            return AIRS_OK;
        }
    }
    return airs_error_set(error, AIRS_TARGET_NOT_FOUND, "%s has no component for %s", manifest->path, text);
}

static airs_status_t read_action(question_t *question, const char *text, airs_error_t *error) {
    uint32_t actions = airs_action_parse(airs_str(text));
    if (__builtin_popcount(actions) != 1) {
        return airs_error_set(error, AIRS_INVALID_ARGUMENT,
                              "'%s' is no single action; actions are like messaging.send", text);
    }
    question->action = (airs_action_t)__builtin_ctz(actions);
    return AIRS_OK;
}

static airs_status_t read_resource(question_t *question, const char *text, airs_error_t *error) {
    airs_status_t status = AIRS_OK;
    if (airs_action_resource(question->action) == AIRS_RESOURCE_ID) {
        status = spell_out(question, text, "", question->target, error);
        text = question->target;
    }
    if (status == AIRS_OK) {
        status = airs_resource_parse(question->action, airs_str(text), &question->resource, error);
    }
    airs_resource_text(&question->resource, question->resource_text);
    return status;
}

/* In the order of the arguments. */
static airs_status_t ask(question_t *question, char **arguments, int count, airs_error_t *error) {
    airs_status_t status = find_component(question, arguments[0], error);
    status = status == AIRS_OK ? read_action(question, arguments[1], error) : status;
    status = status == AIRS_OK ? read_resource(question, count > 2 ? arguments[2] : "", error) : status;
    if (status == AIRS_OK) {
        status = airs_import_report_capabilities(airs_allocator_default(), question->component,
                                                 &question->capabilities, error);
    }
    if (status == AIRS_OK && question->file != NULL) {
        question->ruling = airs_policy_ask(policy_of(question), airs_str(question->id), question->action,
                                           &question->resource);
    }
    if (status == AIRS_OK) {
        question->permission =
            airs_capabilities_find(question->capabilities, airs_str(question->manifest->ns), question->action,
                                   &question->resource, airs_clock_system(), &question->expires_at_ns);
    }
    return status;
}

/* ---- what is answered ----------------------------------------------------------------------- */

static bool denied_by_policy(const question_t *question) {
    return question->ruling.effect == AIRS_EFFECT_DENY ||
           (question->file != NULL && question->ruling.effect == AIRS_EFFECT_NONE &&
            airs_policy_standard(policy_of(question)) == AIRS_EFFECT_DENY);
}

static bool is_allowed(const question_t *question) {
    return !denied_by_policy(question) && question->permission != NULL;
}

static bool speaks(const question_t *question, const airs_policy_rule_t *rule) {
    return airs_policy_rule_names(rule, airs_str(question->id)) &&
           airs_policy_rule_speaks(rule, question->action, &question->resource);
}

/* Reasons and patterns are other people's words, and each has its line. */
static void append_shown(airs_text_t *out, airs_str_t text) {
    char shown[AIRS_VISIBLE_MAX];
    while (text.size > 0) {
        size_t size = airs_visible_next(&text, shown);
        airs_text_append(out, airs_str_n(shown, size));
    }
}

static void append_moment(airs_text_t *out, uint64_t wall_ns) {
    char text[AIRS_TIMESTAMP_MAX];
    airs_text_append(out, airs_str(airs_timestamp_text(wall_ns, 0, text)));
}

/* "policy.toml:12: rule 3, why". */
static void append_rule(const question_t *question, size_t index, airs_text_t *out) {
    const airs_policy_rule_t *rule = airs_policy_at(policy_of(question), index);
    airs_text_append_format(out, "%s:%u: rule %zu", airs_policy_name(policy_of(question)),
                            (unsigned)rule->line, index + 1);
    if (rule->reason.size > 0) {
        airs_text_append(out, airs_str(", "));
        append_shown(out, rule->reason);
    }
}

/* What one permission is for: a pattern, or in words. */
static void append_scope(const question_t *question, const airs_permission_t *permission, airs_text_t *out) {
    if (permission->scope == AIRS_SCOPE_OWN_APPLICATION) {
        airs_text_append_format(out, "%s/*/*", question->manifest->ns);
    } else if (permission->scope == AIRS_SCOPE_PATTERN) {
        append_shown(out, permission->pattern);
    } else {
        airs_text_append(out, airs_str("anything"));
    }
}

/* In the words of the audit. */
static void append_lack(const question_t *question, airs_text_t *out) {
    uint64_t ended = airs_capabilities_ended(question->capabilities, airs_str(question->manifest->ns),
                                             question->action, &question->resource, airs_clock_system());
    if (ended > 0) {
        airs_text_append(out, airs_str("the capability that covered it ended at "));
        append_moment(out, ended);
    } else {
        airs_text_append(out, airs_str("no capability covers it"));
    }
}

/* Why it is as it is, in a line. */
static void append_verdict(const question_t *question, airs_text_t *out) {
    if (question->ruling.effect == AIRS_EFFECT_DENY) {
        append_rule(question, question->ruling.number - 1, out);
    } else if (denied_by_policy(question)) {
        airs_text_append_format(out, "%s denies whatever no rule allows",
                                airs_policy_name(policy_of(question)));
    } else if (question->permission == NULL) {
        append_lack(question, out);
    } else {
        airs_text_append(out,
                         airs_str(question->component->capabilities.given ? "its capabilities, "
                                                                          : "what every component has, "));
        append_scope(question, question->permission, out);
    }
}

static void append_rules_text(const question_t *question, airs_effect_t effect, airs_text_t *out) {
    const airs_policy_t *policy = policy_of(question);
    size_t count = 0;
    for (size_t i = 0; policy != NULL && i < airs_policy_count(policy); i++) {
        const airs_policy_rule_t *rule = airs_policy_at(policy, i);
        if (rule->effect != effect || !speaks(question, rule)) {
            continue;
        }
        airs_text_append(out, airs_str("     "));
        append_rule(question, i, out);
        airs_text_append(out, airs_str(question->ruling.number == i + 1 ? "   <- decides\n" : "\n"));
        count++;
    }
    if (count == 0) {
        airs_text_append(out, airs_str(policy != NULL ? "     none speaks of this\n" : "     no policy\n"));
    }
}

static void append_capabilities_text(const question_t *question, airs_text_t *out) {
    const airs_capabilities_t *capabilities = question->capabilities;
    bool any = false;
    for (size_t i = 0; i < airs_capabilities_count(capabilities); i++) {
        const airs_capability_grant_t *grant = airs_capabilities_at(capabilities, i);
        for (size_t k = 0; k < grant->permission_count; k++) {
            const airs_permission_t *permission = &grant->permissions[k];
            if ((permission->actions & (UINT32_C(1) << (unsigned)question->action)) == 0) {
                continue;
            }
            any = true;
            airs_text_append_format(out, "     %s on ", airs_action_text(question->action));
            append_scope(question, permission, out);
            if (grant->expires_at_ns != AIRS_GRANT_FOREVER) {
                airs_text_append(out, airs_str(" until "));
                append_moment(out, grant->expires_at_ns);
            }
            bool decides = permission == question->permission && !denied_by_policy(question);
            airs_text_append(out, airs_str(decides ? "   <- decides\n" : "\n"));
        }
    }
    if (!any) {
        airs_text_append(out, airs_str("     none for this action\n"));
    }
}

static void append_text(const question_t *question, airs_text_t *out) {
    const airs_policy_t *policy = policy_of(question);
    airs_text_append_format(out, "%s by %s%s", airs_action_text(question->action), question->id,
                            question->resource_text[0] != '\0' ? " on " : "");
    append_shown(out, airs_str(question->resource_text));
    airs_text_append_char(out, '\n');
    airs_text_append(out, airs_str("  1. Rules that deny, of which any wins:\n"));
    append_rules_text(question, AIRS_EFFECT_DENY, out);
    airs_text_append(out, airs_str("  2. Rules that allow, within the capabilities:\n"));
    append_rules_text(question, AIRS_EFFECT_ALLOW, out);
    if (policy != NULL) {
        bool allows = airs_policy_standard(policy) == AIRS_EFFECT_ALLOW;
        airs_text_append_format(out, "     where no rule speaks, the policy %s\n",
                                allows ? "allows" : "denies");
    }
    airs_text_append_format(out, "  3. %s:\n",
                            question->component->capabilities.given ? "Its capabilities"
                                                                    : "What every component has");
    append_capabilities_text(question, out);
    airs_text_append_format(out, "%s: ", is_allowed(question) ? "Allowed" : "Denied");
    append_verdict(question, out);
    airs_text_append(out, airs_str("\n"));
}

static void append_member(airs_text_t *out, const char *key, airs_str_t value) {
    airs_text_append_format(out, ",\"%s\":", key);
    airs_text_append_json(out, value);
}

static void append_rules_json(const question_t *question, airs_text_t *out) {
    const airs_policy_t *policy = policy_of(question);
    const char *comma = "";
    airs_text_append(out, airs_str(",\"rules\":["));
    for (size_t i = 0; policy != NULL && i < airs_policy_count(policy); i++) {
        const airs_policy_rule_t *rule = airs_policy_at(policy, i);
        if (!speaks(question, rule)) {
            continue;
        }
        airs_text_append_format(out, "%s{\"number\":%zu,\"line\":%u,\"effect\":\"%s\"", comma, i + 1,
                                (unsigned)rule->line, rule->effect == AIRS_EFFECT_DENY ? "deny" : "allow");
        append_member(out, "component", rule->component);
        append_member(out, "resource", rule->resource.size > 0 ? rule->resource : airs_str("**"));
        append_member(out, "reason", rule->reason);
        airs_text_append_format(out, ",\"decides\":%s}", question->ruling.number == i + 1 ? "true" : "false");
        comma = ",";
    }
    airs_text_append(out, airs_str("]"));
}

static void append_json(const question_t *question, airs_text_t *out) {
    const airs_policy_t *policy = policy_of(question);
    airs_text_t verdict;
    airs_text_init(&verdict, airs_allocator_default());
    append_verdict(question, &verdict);
    airs_text_append(out, airs_str("{\"component\":"));
    airs_text_append_json(out, airs_str(question->id));
    append_member(out, "action", airs_str(airs_action_text(question->action)));
    append_member(out, "resource", airs_str(question->resource_text));
    if (policy != NULL) {
        append_member(out, "policy", airs_str(airs_policy_name(policy)));
        append_member(out, "default",
                      airs_str(airs_policy_standard(policy) == AIRS_EFFECT_ALLOW ? "allow" : "deny"));
    } else {
        airs_text_append(out, airs_str(",\"policy\":null,\"default\":null"));
    }
    append_rules_json(question, out);
    airs_text_append_format(out, ",\"capability\":%s", question->permission != NULL ? "true" : "false");
    append_member(out, "decision", airs_str(is_allowed(question) ? "allowed" : "denied"));
    append_member(out, "rule", airs_text_view(&verdict));
    airs_text_append(out, airs_str("}\n"));
    out->failed = out->failed || verdict.failed;
    airs_text_free(&verdict);
}

static airs_status_t print(const question_t *question, int output, airs_error_t *error) {
    airs_text_t text;
    airs_text_init(&text, airs_allocator_default());
    if (output == AIRS_OUTPUT_JSON) {
        append_json(question, &text);
    } else {
        append_text(question, &text);
    }
    airs_status_t status = airs_text_status(&text);
    status = status == AIRS_OK ? airs_output_file_write("-", airs_bytes(text.data, text.size), error)
                               : airs_error_set(error, status, "%s", airs_status_text(status));
    airs_text_free(&text);
    return status;
}

static int exit_code_of(airs_status_t status) {
    switch (status) {
    case AIRS_INVALID_ARGUMENT:
        return AIRS_EXIT_USAGE;
    case AIRS_TARGET_NOT_FOUND:
        return AIRS_EXIT_TARGET;
    default:
        return AIRS_EXIT_FAILURE;
    }
}

static airs_status_t load(question_t *question, const char *path, airs_error_t *error) {
    airs_status_t status = airs_manifest_load(airs_allocator_default(), path, &question->manifest, error);
    if (status == AIRS_OK && question->manifest->policy != NULL) {
        status = airs_policy_file_load(airs_allocator_default(), question->manifest->policy, &question->file,
                                       error);
    }
    return status;
}

static int explain(const airs_verb_t *verb, void *context, char **arguments, int count) {
    const explain_t *job = context;
    question_t question = {.ruling = {AIRS_EFFECT_NONE, NULL, 0}};
    airs_error_t error;
    int exit_code = AIRS_EXIT_OK;
    airs_status_t status = load(&question, job->manifest_path, &error);
    if (status != AIRS_OK) {
        exit_code = status == AIRS_OUT_OF_MEMORY ? AIRS_EXIT_FAILURE : AIRS_EXIT_MANIFEST;
    } else {
        status = ask(&question, arguments, count, &error);
        exit_code = status == AIRS_OK ? AIRS_EXIT_OK : exit_code_of(status);
    }
    if (status == AIRS_OK) {
        status = print(&question, job->output, &error);
        exit_code = status != AIRS_OK       ? AIRS_EXIT_FAILURE
                    : is_allowed(&question) ? AIRS_EXIT_OK
                                            : AIRS_EXIT_DENIED;
    }
    if (status != AIRS_OK) {
        airs_complain(verb->name, "%s", error.text);
    }
    airs_capabilities_unref(question.capabilities);
    airs_policy_file_destroy(question.file);
    airs_manifest_destroy(question.manifest);
    return exit_code;
}

int airs_verb_explain(int argc, char **argv) {
    static const int exit_codes[] = {AIRS_EXIT_OK,
                                     AIRS_EXIT_FAILURE,
                                     AIRS_EXIT_USAGE,
                                     AIRS_EXIT_MANIFEST,
                                     AIRS_EXIT_TARGET,
                                     AIRS_EXIT_DENIED,
                                     -1};
    explain_t job = {.manifest_path = AIRS_MANIFEST_FILE_NAME};
    const airs_option_t options[] = {
        AIRS_OPTION_TEXT("manifest", 'm', "MANIFEST",
                         "a file, or a folder with an airssys.toml; default: ./airssys.toml",
                         &job.manifest_path),
        AIRS_OPTION_OUTPUT("text (default) or json", &job.output),
    };
    const airs_verb_t verb = {
        .name = "explain",
        .usage = "COMPONENT ACTION [RESOURCE]",
        .summary = "Show whether a component may do something, and which rule decides.",
        .help = "COMPONENT is a name of the manifest's, with an instance (\"cart/1\") if rules tell "
                "instances apart;\n"
                "ACTION is like messaging.send; RESOURCE is what it is on: an actor (\"till\" is any "
                "instance of that\n"
                "component), a key, a topic, a host with its port, a path.\n",
        .options = options,
        .option_count = sizeof options / sizeof options[0],
        .exit_codes = exit_codes,
        .min_arguments = 2,
        .max_arguments = 3,
    };
    return airs_verb_run_with(&verb, argc, argv, explain, &job);
}
