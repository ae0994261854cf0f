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

/* In one block: the code, the variables, the texts. */
static airs_actor_code_t *make(const airs_allocator_t *allocator, airs_component_handle_t component,
                               const airs_component_config_t *config, airs_str_t space) {
    size_t variables = config->env_count * sizeof(airs_env_var_t);
    airs_actor_code_t *code = airs_alloc(allocator, sizeof *code + variables + size_of(config, space));
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
    return code;
}

static airs_component_config_t config_of(const airs_actor_spec_t *spec) {
    return (airs_component_config_t){
        .env = spec->env, .env_count = spec->env_count, .config = spec->config, .limits = spec->limits};
}

airs_actor_code_t *airs_actor_code_create(const airs_allocator_t *allocator,
                                          airs_component_handle_t component, const airs_actor_spec_t *spec) {
    airs_component_config_t config = config_of(spec);
    airs_actor_code_t *code = make(allocator, component, &config, spec->storage_space);
    if (code != NULL) {
        code->standard_output = spec->standard_output;
        code->storage_quota = spec->storage_quota;
        code->record_bytes = spec->record_bytes;
        code->capabilities = spec->capabilities;
    }
    return code;
}

airs_actor_code_t *airs_actor_code_derive(const airs_actor_code_t *code, airs_component_handle_t component,
                                          const airs_actor_spec_t *spec) {
    airs_component_config_t config = spec != NULL ? config_of(spec) : code->config;
    airs_actor_code_t *derived = make(code->allocator, component, &config, code->storage_space);
    if (derived != NULL) {
        derived->standard_output = code->standard_output;
        derived->storage_quota = code->storage_quota;
        derived->record_bytes = code->record_bytes;
        derived->capabilities = spec != NULL ? spec->capabilities : code->capabilities;
    }
    return derived;
}

void airs_actor_code_unref(airs_actor_code_t *code) {
    if (code != NULL && airs_refcount_unref(&code->references)) {
        airs_release(code->allocator, code);
    }
}
