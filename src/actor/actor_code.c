#include "actor/actor_code.h"

#include "core/memory.h"

/* The texts of a configuration, and the name of a space. */
static size_t size_of(const airs_component_config_t *config, airs_str_t space) {
    size_t size = config->config.size + space.size;
    for (size_t i = 0; i < config->env_count; i++) {
        size += config->env[i].name.size + config->env[i].value.size;
    }
    return size;
}

static airs_str_t put(char **at, airs_str_t text) {
    char *begin = *at;
    *at = airs_copy(begin, text.data, text.size);
    return airs_str_n(begin, text.size);
}

/* In one block: the code, the variables, the texts, and `extra` bytes, which *rest is the beginning of. */
static airs_actor_code_t *make(const airs_allocator_t *allocator, airs_component_handle_t component,
                               const airs_component_config_t *config, airs_str_t space, size_t extra,
                               char **rest) {
    size_t variables = config->env_count * sizeof(airs_env_var_t);
    airs_actor_code_t *code =
        airs_alloc(allocator, sizeof *code + variables + size_of(config, space) + extra);
    if (code == NULL) {
        return NULL;
    }
    airs_env_var_t *env = (airs_env_var_t *)(void *)(code + 1);
    char *at = (char *)(env + config->env_count);
    *code = (airs_actor_code_t){.allocator = allocator, .component = component, .config = *config};
    airs_refcount_init(&code->references);
    code->config.env = env;
    code->storage_space = put(&at, space);
    for (size_t i = 0; i < config->env_count; i++) {
        env[i].name = put(&at, config->env[i].name);
        env[i].value = put(&at, config->env[i].value);
    }
    if (config->config.data != NULL) {
        airs_str_t data = put(&at, airs_str_n((const char *)config->config.data, config->config.size));
        code->config.config = airs_bytes(data.data, data.size);
    }
    *rest = at;
    return code;
}

/* What a command is called with: its arguments, each with its zero, and what it reads. */
static size_t command_size(const airs_actor_spec_t *spec) {
    size_t size = spec->standard_input.size;
    for (size_t i = 0; i < spec->arg_count; i++) {
        size += strlen(spec->args[i]) + 1;
    }
    return size;
}

static void put_command(airs_actor_code_t *code, const airs_actor_spec_t *spec, char *at) {
    char *begin = at;
    for (size_t i = 0; i < spec->arg_count; i++) {
        at = airs_copy(at, spec->args[i], strlen(spec->args[i]) + 1);
    }
    code->arguments = airs_bytes(begin, (size_t)(at - begin));
    code->standard_input = airs_bytes(at, spec->standard_input.size);
    (void)airs_copy(at, spec->standard_input.data, spec->standard_input.size);
    code->every_ms = spec->every_ms;
}

static airs_component_config_t config_of(const airs_actor_spec_t *spec) {
    return (airs_component_config_t){
        .env = spec->env, .env_count = spec->env_count, .config = spec->config, .limits = spec->limits};
}

airs_actor_code_t *airs_actor_code_create(const airs_allocator_t *allocator,
                                          airs_component_handle_t component, const airs_actor_spec_t *spec) {
    airs_component_config_t config = config_of(spec);
    char *rest = NULL;
    airs_actor_code_t *code =
        make(allocator, component, &config, spec->storage_space, command_size(spec), &rest);
    if (code != NULL) {
        put_command(code, spec, rest);
        code->standard_output = spec->standard_output;
        code->standard_error = spec->standard_error;
        code->storage_quota = spec->storage_quota;
        code->storage_by_instance = spec->storage_by_instance;
        code->record_bytes = spec->record_bytes;
        code->capabilities = spec->capabilities;
        code->settings = airs_settings_ref(spec->settings);
    }
    return code;
}

/* The same as another code says it. */
static void copy_command(airs_actor_code_t *code, const airs_actor_code_t *from, char *at) {
    char *input = airs_copy(at, from->arguments.data, from->arguments.size);
    (void)airs_copy(input, from->standard_input.data, from->standard_input.size);
    code->arguments = airs_bytes(at, from->arguments.size);
    code->standard_input = airs_bytes(input, from->standard_input.size);
    code->every_ms = from->every_ms;
}

airs_actor_code_t *airs_actor_code_derive(const airs_actor_code_t *code, airs_component_handle_t component,
                                          const airs_actor_spec_t *spec) {
    airs_component_config_t config = spec != NULL ? config_of(spec) : code->config;
    char *rest = NULL;
    airs_actor_code_t *derived = make(code->allocator, component, &config, code->storage_space,
                                      code->arguments.size + code->standard_input.size, &rest);
    if (derived != NULL) {
        copy_command(derived, code, rest);
        derived->standard_output = code->standard_output;
        derived->standard_error = code->standard_error;
        derived->storage_quota = spec != NULL ? spec->storage_quota : code->storage_quota;
        derived->storage_by_instance = code->storage_by_instance;
        derived->record_bytes = code->record_bytes;
        derived->capabilities = spec != NULL ? spec->capabilities : code->capabilities;
        derived->settings = airs_settings_ref(spec != NULL ? spec->settings : code->settings);
    }
    return derived;
}

void airs_actor_code_unref(airs_actor_code_t *code) {
    if (code != NULL && airs_refcount_unref(&code->references)) {
        airs_settings_unref(code->settings);
        airs_release(code->allocator, code);
    }
}
