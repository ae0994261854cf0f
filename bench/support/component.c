#include "support/component.h"

#include "support/bench.h"

airs_component_handle_t bench_component_load(airs_runtime_engine_t *engine, const char *path) {
    airs_component_source_t source = {.path = path};
    airs_component_handle_t component = 0;
    airs_error_t error;
    bench_need(engine->ops->load(engine, &source, &component, &error), &error);
    return component;
}
