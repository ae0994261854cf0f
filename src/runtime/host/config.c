#include "runtime/host/config.h"

#include "core/memory.h"
#include "core/settings.h"
#include "runtime/host/function.h"
#include "runtime/host/values.h"
#include "security/security_context.h"

/* Two shapes of this interface were published as 0.2.0-draft: one that answers with results, and one in which nothing
 * fails. What a component of the second may not see is not there for it. */

static wasmtime_component_val_t option_of(const airs_setting_view_t *setting) {
    wasmtime_component_val_t value = {.kind = WASMTIME_COMPONENT_OPTION};
    if (setting != NULL) {
        wasmtime_component_val_t text = airs_value_string(setting->value);
        value.of.option = wasmtime_component_val_new(&text);
    }
    return value;
}

/* Asked before it is looked whether there is such a setting, so that a denial tells nothing. */
static airs_status_t find(airs_wasm_instance_t *instance, airs_str_t key, const airs_setting_view_t **out,
                          airs_error_t *error) {
    airs_resource_t resource = airs_resource_key(key);
    airs_status_t status = airs_security_check(instance->security, AIRS_ACTION_CONFIG_READ, &resource, error);
    *out = status == AIRS_OK ? airs_settings_find(instance->host.settings, key) : NULL;
    return status;
}

static wasmtime_error_t *get(airs_wasm_instance_t *instance, const wasmtime_component_val_t *args,
                             wasmtime_component_val_t *results) {
    const airs_setting_view_t *setting = NULL;
    airs_error_t error;
    airs_status_t status = find(instance, airs_value_text(&args[0]), &setting, &error);
    results[0] = status == AIRS_OK ? airs_value_ok(option_of(setting))
                                   : airs_value_error("upstream", airs_value_string(airs_str(error.text)));
    return NULL;
}

static wasmtime_error_t *get_plain(airs_wasm_instance_t *instance, const wasmtime_component_val_t *args,
                                   wasmtime_component_val_t *results) {
    const airs_setting_view_t *setting = NULL;
    (void)find(instance, airs_value_text(&args[0]), &setting, NULL);
    results[0] = option_of(setting);
    return NULL;
}

static bool sees(airs_wasm_instance_t *instance, const airs_setting_view_t *setting) {
    airs_resource_t resource = airs_resource_key(setting->name);
    return airs_security_sees(instance->security, AIRS_ACTION_CONFIG_READ, &resource);
}

/* Those that it may read. */
static wasmtime_component_val_t list_settings(airs_wasm_instance_t *instance) {
    const airs_settings_t *settings = instance->host.settings;
    wasmtime_component_val_t value = {.kind = WASMTIME_COMPONENT_LIST};
    size_t count = 0;
    bool visible[AIRS_SETTINGS_MAX] = {false};
    for (size_t i = 0; i < airs_settings_count(settings); i++) {
        visible[i] = sees(instance, airs_settings_at(settings, i));
        count += visible[i];
    }
    wasmtime_component_vallist_new_uninit(&value.of.list, count);
    wasmtime_component_val_t *next = value.of.list.data;
    for (size_t i = 0; i < airs_settings_count(settings); i++) {
        const airs_setting_view_t *setting = airs_settings_at(settings, i);
        if (visible[i]) {
            *next++ = airs_value_pair(airs_value_string(setting->name), airs_value_string(setting->value));
        }
    }
    return value;
}

static wasmtime_error_t *get_all(airs_wasm_instance_t *instance, const wasmtime_component_val_t *args,
                                 wasmtime_component_val_t *results) {
    (void)args;
    airs_error_t error;
    results[0] = airs_security_check_any(instance->security, AIRS_ACTION_CONFIG_READ, &error) == AIRS_OK
                     ? airs_value_ok(list_settings(instance))
                     : airs_value_error("upstream", airs_value_string(airs_str(error.text)));
    return NULL;
}

static wasmtime_error_t *get_all_plain(airs_wasm_instance_t *instance, const wasmtime_component_val_t *args,
                                       wasmtime_component_val_t *results) {
    (void)args;
    if (airs_security_check_any(instance->security, AIRS_ACTION_CONFIG_READ, NULL) == AIRS_OK) {
        results[0] = list_settings(instance);
    } else {
        results[0].kind = WASMTIME_COMPONENT_LIST;
        wasmtime_component_vallist_new_empty(&results[0].of.list);
    }
    return NULL;
}

#define ERROR "variant{upstream(string), io(string)}"

static const airs_host_function_t functions[] = {
    {.name = "get",
     .type = "func(string) -> result<option<string>, " ERROR ">",
     .call = get,
     .other_type = "func(string) -> option<string>",
     .other_call = get_plain},
    {.name = "get-all",
     .type = "func() -> result<list<tuple<string, string>>, " ERROR ">",
     .call = get_all,
     .other_type = "func() -> list<tuple<string, string>>",
     .other_call = get_all_plain},
};

#define COUNT (sizeof functions / sizeof *functions)

const airs_host_interface_t airs_host_config_interface = {"wasi:config/store@0.2.0-rc.1", functions, COUNT};

wasmtime_error_t *airs_host_config_link(wasmtime_component_linker_t *linker) {
    static const airs_host_interface_t draft = {"wasi:config/store@0.2.0-draft", functions, COUNT};
    wasmtime_error_t *failure = airs_host_interface_link(linker, &airs_host_config_interface);
    return failure != NULL ? failure : airs_host_interface_link(linker, &draft);
}
