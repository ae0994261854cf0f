/* Components for benchmarks of what is below a node. */
#ifndef AIRSSYS_BENCH_SUPPORT_COMPONENT_H
#define AIRSSYS_BENCH_SUPPORT_COMPONENT_H

#include "core/runtime_engine.h"

/* Loads the file, or ends the benchmark and says why not. */
airs_component_handle_t bench_component_load(airs_runtime_engine_t *engine, const char *path);

#endif
