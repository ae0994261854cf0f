/* Host functions that go through Wasmtime's dynamic interface: values come and go as wasmtime_component_val_t, in
 * whatever types the component has declared. The engine checks nothing of that, so each function says its type
 * here, and a component that declares another is refused when it is loaded. */
#ifndef AIRSSYS_RUNTIME_HOST_FUNCTION_H
#define AIRSSYS_RUNTIME_HOST_FUNCTION_H

#include <airssys/error.h>
#include <wasmtime.h>

#include "runtime/instance.h"

typedef wasmtime_error_t *airs_host_call_fn(airs_wasm_instance_t *instance,
                                            const wasmtime_component_val_t *args,
                                            wasmtime_component_val_t *results);

typedef struct airs_host_function {
    const char *name;
    /* As WIT has it, with parameters by their types alone and named types spelled out:
     * "func(string, list<u8>) -> result<_, variant{io(string)}>". */
    const char *type;
    airs_host_call_fn *call;
    /* Where an interface was published in two shapes under one version; NULL: it was not. */
    const char *other_type;
    airs_host_call_fn *other_call;
} airs_host_function_t;

typedef struct airs_host_interface {
    const char *name; /* "wasi:logging/logging@0.1.0-draft" */
    const airs_host_function_t *functions;
    size_t count;
} airs_host_interface_t;

/* What follows links an interface of its own: these are all that there are. */
extern const airs_host_interface_t airs_host_config_interface;
extern const airs_host_interface_t airs_host_logging_interface;
extern const airs_host_interface_t airs_host_services_interface;
extern const airs_host_interface_t airs_host_supervision_interface;
extern const airs_host_interface_t airs_host_seed_interface;

/* Adds an interface with its functions to a linker, or the functions to the interface if it is there; NULL for
 * success. */
wasmtime_error_t *airs_host_interface_link(wasmtime_component_linker_t *linker,
                                           const airs_host_interface_t *interface);

/* Whether the component declares what it imports of these interfaces as they are: AIRS_OK, or
 * AIRS_IMPORT_NOT_PROVIDED with an error that says what differs. */
airs_status_t airs_host_functions_check(const wasm_engine_t *engine, const wasmtime_component_t *component,
                                        const char *name, airs_error_t *error);

/* The type of a function as `type` above has it; what does not fit is cut, so that it equals nothing. Returns
 * `out`. */
#define AIRS_HOST_TYPE_TEXT_MAX 1024
const char *airs_host_type_text(const wasmtime_component_func_type_t *type,
                                char out[AIRS_HOST_TYPE_TEXT_MAX]);

#endif
