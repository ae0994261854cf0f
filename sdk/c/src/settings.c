#include "settings.h"

#include <stdlib.h>

typedef struct variable {
    const char *name;
    const char *value;
} variable_t;

static variable_t *variables;
static size_t variable_count;
static airs_bytes_t config;

void airs_sdk_settings_keep(const airssys_core_types_component_config_t *from) {
    size_t count = from->env_vars.len;
    if (count != 0) {
        variables = calloc(count, sizeof *variables);
        if (variables == NULL) {
            __builtin_trap();
        }
    }
    for (size_t i = 0; i < count; i++) {
        variables[i].name = airs_sdk_keep(airs_sdk_str(from->env_vars.ptr[i].f0));
        variables[i].value = airs_sdk_keep(airs_sdk_str(from->env_vars.ptr[i].f1));
    }
    variable_count = count;
    if (from->config_data.is_some && from->config_data.val.len != 0) {
        airs_str_t bytes = {(const char *)from->config_data.val.ptr, from->config_data.val.len};
        config = airs_bytes(airs_sdk_keep(bytes), bytes.size);
    }
}

const char *airs_env(const char *name) {
    for (size_t i = 0; i < variable_count; i++) {
        if (strcmp(variables[i].name, name) == 0) {
            return variables[i].value;
        }
    }
    return NULL;
}

airs_bytes_t airs_config(void) { return config; }
