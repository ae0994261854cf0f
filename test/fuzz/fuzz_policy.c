/* Text as a policy: whatever it is, reading ends, and says where and what is wrong with it, or makes a policy whose quick
 * answers are those that its rules give one by one, and which raises no limit. What is asked, one question a line
 * ("COMPONENT ACTION RESOURCE"), is the input's file "questions". */
#include "core/check.h"
#include "input_files.h"
#include "node/policy_file.h"
#include "said.h"

#define PATH INPUT_FOLDER "policy.toml"

/* Views are made for each, in a time that grows with the rules. */
#define QUESTIONS_MAX 32

static airs_str_t take(airs_str_t *rest, char separator) {
    const char *end = rest->size > 0 ? memchr(rest->data, separator, rest->size) : NULL;
    size_t size = end != NULL ? (size_t)(end - rest->data) : rest->size;
    airs_str_t taken = airs_str_n(rest->data, size);
    size += end != NULL;
    *rest = airs_str_n(rest->data + size, rest->size - size);
    return taken;
}

static void check_ruling(airs_policy_t *policy, airs_str_t component, airs_action_t action,
                         const airs_resource_t *resource) {
    airs_policy_view_t *view = NULL;
    AIRS_ASSERT(airs_policy_view(policy, component, &view) == AIRS_OK);
    airs_ruling_t slow = airs_policy_ask(policy, component, action, resource);
    airs_ruling_t quick = airs_policy_view_ask(view, action, resource);
    AIRS_ASSERT(slow.effect == quick.effect && slow.rule == quick.rule && slow.number == quick.number);
    airs_policy_view_release(view);
}

static void check_limits(const airs_policy_file_t *file, airs_str_t component) {
    airs_spawn_options_t spawn = AIRS_SPAWN_OPTIONS_INIT;
    spawn.max_memory_bytes = (uint64_t)1 << 20;
    spawn.mailbox_messages = 1;
    airs_policy_file_lower(file, component, &spawn);
    AIRS_ASSERT(spawn.max_memory_bytes > 0 && spawn.max_memory_bytes <= (uint64_t)1 << 20);
    AIRS_ASSERT(spawn.mailbox_messages == 1);
}

static void ask(const airs_policy_file_t *file, airs_str_t line) {
    airs_str_t component = take(&line, ' ');
    uint32_t actions = airs_action_parse(take(&line, ' '));
    check_limits(file, component);
    for (unsigned i = 0; i < AIRS_ACTION_COUNT; i++) {
        airs_resource_t resource;
        if ((actions & UINT32_C(1) << i) != 0 &&
            airs_resource_parse((airs_action_t)i, line, &resource, NULL) == AIRS_OK) {
            check_ruling(airs_policy_file_policy(file), component, (airs_action_t)i, &resource);
        }
    }
}

static void load_and_ask(void) {
    airs_policy_file_t *file = NULL;
    airs_error_t error = {AIRS_OK, ""};
    airs_status_t status = airs_policy_file_load(airs_allocator_default(), PATH, &file, &error);
    AIRS_ASSERT(status == AIRS_OK || (status == AIRS_MANIFEST_INVALID && error.status == status));
    if (status != AIRS_OK) {
        said_where(&error, INPUT_FOLDER);
        return;
    }
    airs_str_t questions = input_file("questions");
    for (int i = 0; i < QUESTIONS_MAX && questions.size > 0; i++) {
        ask(file, take(&questions, '\n'));
    }
    airs_policy_file_destroy(file);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    input_files_set(airs_bytes(bytes, size), "policy.toml");
    load_and_ask();
    input_files_end();
    return 0;
}
