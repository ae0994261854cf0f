#include "runtime/host/function.h"

#include <stdarg.h>
#include <stdio.h>

#include "runtime/provided_imports.h"

/* Types may be nested as deeply as a component likes; ours are not. */
#define DEPTH_MAX 8

static const airs_host_interface_t *const interfaces[] = {
    &airs_host_config_interface,      &airs_host_logging_interface, &airs_host_services_interface,
    &airs_host_supervision_interface, &airs_host_seed_interface,
};

/* ---- a type as text ---- */

typedef struct writer {
    char *out;
    size_t used;
    int depth;
} writer_t;

static void put(writer_t *writer, const char *format, ...) AIRS_PRINTF(2, 3);

static void put(writer_t *writer, const char *format, ...) {
    size_t room = AIRS_HOST_TYPE_TEXT_MAX - writer->used;
    va_list arguments;
    va_start(arguments, format);
    int size = vsnprintf(writer->out + writer->used, room, format, arguments);
    va_end(arguments);
    if (size > 0) {
        writer->used += (size_t)size < room ? (size_t)size : room - 1;
    }
}

static void put_name(writer_t *writer, size_t index, const char *name, size_t size) {
    put(writer, "%s%.*s", index > 0 ? ", " : "", (int)(size < 128 ? size : 128), name);
}

static void put_type(writer_t *writer, const wasmtime_component_valtype_t *type);

/* Takes the type. */
static void put_owned(writer_t *writer, wasmtime_component_valtype_t type) {
    put_type(writer, &type);
    wasmtime_component_valtype_delete(&type);
}

static void put_record(writer_t *writer, const wasmtime_component_record_type_t *type) {
    wasmtime_component_valtype_t field;
    const char *name = NULL;
    size_t size = 0;
    put(writer, "record{");
    for (size_t i = 0; wasmtime_component_record_type_field_nth(type, i, &name, &size, &field); i++) {
        put_name(writer, i, name, size);
        put(writer, ": ");
        put_owned(writer, field);
    }
    put(writer, "}");
}

static void put_tuple(writer_t *writer, const wasmtime_component_tuple_type_t *type) {
    wasmtime_component_valtype_t member;
    put(writer, "tuple<");
    for (size_t i = 0; wasmtime_component_tuple_type_types_nth(type, i, &member); i++) {
        put(writer, "%s", i > 0 ? ", " : "");
        put_owned(writer, member);
    }
    put(writer, ">");
}

static void put_variant(writer_t *writer, const wasmtime_component_variant_type_t *type) {
    wasmtime_component_valtype_t payload;
    const char *name = NULL;
    size_t size = 0;
    bool has_payload = false;
    put(writer, "variant{");
    for (size_t i = 0;
         wasmtime_component_variant_type_case_nth(type, i, &name, &size, &has_payload, &payload); i++) {
        put_name(writer, i, name, size);
        if (has_payload) {
            put(writer, "(");
            put_owned(writer, payload);
            put(writer, ")");
        }
    }
    put(writer, "}");
}

static void put_enum(writer_t *writer, const wasmtime_component_enum_type_t *type) {
    const char *name = NULL;
    size_t size = 0;
    put(writer, "enum{");
    for (size_t i = 0; wasmtime_component_enum_type_names_nth(type, i, &name, &size); i++) {
        put_name(writer, i, name, size);
    }
    put(writer, "}");
}

static void put_result(writer_t *writer, const wasmtime_component_result_type_t *type) {
    wasmtime_component_valtype_t part;
    put(writer, "result<");
    if (wasmtime_component_result_type_ok(type, &part)) {
        put_owned(writer, part);
    } else {
        put(writer, "_");
    }
    put(writer, ", ");
    if (wasmtime_component_result_type_err(type, &part)) {
        put_owned(writer, part);
    } else {
        put(writer, "_");
    }
    put(writer, ">");
}

static void put_wrapped(writer_t *writer, const wasmtime_component_valtype_t *type) {
    wasmtime_component_valtype_t inner;
    bool is_list = type->kind == WASMTIME_COMPONENT_VALTYPE_LIST;
    if (is_list) {
        wasmtime_component_list_type_element(type->of.list, &inner);
    } else {
        wasmtime_component_option_type_ty(type->of.option, &inner);
    }
    put(writer, is_list ? "list<" : "option<");
    put_owned(writer, inner);
    put(writer, ">");
}

static void put_type(writer_t *writer, const wasmtime_component_valtype_t *type) {
    static const char *const plain[] = {"bool", "s8",  "s16", "s32", "s64",  "u8",    "u16",
                                        "u32",  "u64", "f32", "f64", "char", "string"};
    if (type->kind < sizeof plain / sizeof *plain) {
        put(writer, "%s", plain[type->kind]);
        return;
    }
    if (writer->depth == DEPTH_MAX) {
        put(writer, "...");
        return;
    }
    writer->depth++;
    switch (type->kind) {
    case WASMTIME_COMPONENT_VALTYPE_LIST:
    case WASMTIME_COMPONENT_VALTYPE_OPTION:
        put_wrapped(writer, type);
        break;
    case WASMTIME_COMPONENT_VALTYPE_RECORD:
        put_record(writer, type->of.record);
        break;
    case WASMTIME_COMPONENT_VALTYPE_TUPLE:
        put_tuple(writer, type->of.tuple);
        break;
    case WASMTIME_COMPONENT_VALTYPE_VARIANT:
        put_variant(writer, type->of.variant);
        break;
    case WASMTIME_COMPONENT_VALTYPE_ENUM:
        put_enum(writer, type->of.enum_);
        break;
    case WASMTIME_COMPONENT_VALTYPE_RESULT:
        put_result(writer, type->of.result);
        break;
    default: /* nothing here has flags, resources, streams, … */
        put(writer, "another type");
        break;
    }
    writer->depth--;
}

const char *airs_host_type_text(const wasmtime_component_func_type_t *type,
                                char out[AIRS_HOST_TYPE_TEXT_MAX]) {
    writer_t writer = {.out = out};
    wasmtime_component_valtype_t part;
    const char *name = NULL;
    size_t size = 0;
    put(&writer, "func(");
    for (size_t i = 0; wasmtime_component_func_type_param_nth(type, i, &name, &size, &part); i++) {
        put(&writer, "%s", i > 0 ? ", " : "");
        put_owned(&writer, part);
    }
    put(&writer, ")");
    if (wasmtime_component_func_type_result(type, &part)) {
        put(&writer, " -> ");
        put_owned(&writer, part);
    }
    return out;
}

/* ---- linking ---- */

static bool is_other(const airs_host_function_t *function, const wasmtime_component_func_type_t *type) {
    char text[AIRS_HOST_TYPE_TEXT_MAX];
    return function->other_type != NULL && strcmp(airs_host_type_text(type, text), function->other_type) == 0;
}

/* `data` is one of them. */
static wasmtime_error_t *call(void *data, wasmtime_context_t *context,
                              const wasmtime_component_func_type_t *type, wasmtime_component_val_t *args,
                              size_t arg_count, wasmtime_component_val_t *results, size_t result_count) {
    (void)arg_count, (void)result_count;
    const airs_host_function_t *function = data;
    airs_host_call_fn *chosen = is_other(function, type) ? function->other_call : function->call;
    return chosen(wasmtime_context_get_data(context), args, results);
}

wasmtime_error_t *airs_host_interface_link(wasmtime_component_linker_t *linker,
                                           const airs_host_interface_t *interface) {
    wasmtime_component_linker_instance_t *root = wasmtime_component_linker_root(linker);
    wasmtime_component_linker_instance_t *into = NULL;
    wasmtime_error_t *failure = wasmtime_component_linker_instance_add_instance(
        root, interface->name, strlen(interface->name), &into);
    for (size_t i = 0; i < interface->count && failure == NULL; i++) {
        const airs_host_function_t *function = &interface->functions[i];
        failure = wasmtime_component_linker_instance_add_func(into, function->name, strlen(function->name),
                                                              call, (void *)(uintptr_t)function, NULL);
    }
    if (into != NULL) {
        wasmtime_component_linker_instance_delete(into);
    }
    wasmtime_component_linker_instance_delete(root);
    return failure;
}

/* ---- checking ---- */

typedef struct check {
    const wasm_engine_t *engine;
    const char *name; /* of the component */
    airs_error_t *error;
    airs_status_t status;
} check_t;

static airs_str_t without_version(airs_str_t name) {
    const char *at = name.size > 0 ? memchr(name.data, '@', name.size) : NULL;
    return airs_str_n(name.data, at != NULL ? (size_t)(at - name.data) : name.size);
}

/* Whatever its version: which of them fit was the linker's to say. */
static const airs_host_interface_t *find_interface(airs_str_t name) {
    for (size_t i = 0; i < sizeof interfaces / sizeof *interfaces; i++) {
        if (airs_str_equal(without_version(airs_str(interfaces[i]->name)), without_version(name))) {
            return interfaces[i];
        }
    }
    return NULL;
}

static const airs_host_function_t *find_function(const airs_host_interface_t *interface, airs_str_t name) {
    for (size_t i = 0; i < interface->count; i++) {
        if (airs_str_equal(airs_str(interface->functions[i].name), name)) {
            return &interface->functions[i];
        }
    }
    return NULL;
}

static void check_function(check_t *check, airs_str_t interface, const airs_host_function_t *function,
                           const wasmtime_component_func_type_t *type) {
    char text[AIRS_HOST_TYPE_TEXT_MAX];
    airs_host_type_text(type, text);
    bool fits = strcmp(text, function->type) == 0 ||
                (function->other_type != NULL && strcmp(text, function->other_type) == 0);
    if (!fits) {
        check->status = airs_error_set(check->error, AIRS_IMPORT_NOT_PROVIDED,
                                       "%s: it imports %s of %.*s as %.400s; here it is %.400s", check->name,
                                       function->name, AIRS_STR_ARG(interface), text, function->type);
    }
}

static bool check_import(void *context, airs_str_t name, const wasmtime_component_item_t *item) {
    check_t *check = context;
    const airs_host_interface_t *interface = find_interface(name);
    if (interface == NULL || item->kind != WASMTIME_COMPONENT_ITEM_COMPONENT_INSTANCE) {
        return true;
    }
    const wasmtime_component_instance_type_t *type = item->of.component_instance;
    size_t count = wasmtime_component_instance_type_export_count(type, check->engine);
    for (size_t i = 0; i < count && check->status == AIRS_OK; i++) {
        const char *text = NULL;
        size_t size = 0;
        wasmtime_component_item_t inner;
        if (!wasmtime_component_instance_type_export_nth(type, check->engine, i, &text, &size, &inner)) {
            continue;
        }
        const airs_host_function_t *function = find_function(interface, airs_str_n(text, size));
        if (function != NULL && inner.kind == WASMTIME_COMPONENT_ITEM_COMPONENT_FUNC) {
            check_function(check, name, function, inner.of.component_func);
        }
        wasmtime_component_item_delete(&inner);
    }
    return check->status == AIRS_OK;
}

airs_status_t airs_host_functions_check(const wasm_engine_t *engine, const wasmtime_component_t *component,
                                        const char *name, airs_error_t *error) {
    check_t check = {.engine = engine, .name = name, .error = error};
    airs_each_import(engine, component, check_import, &check);
    return check.status;
}
