/* What a process that compiles takes away from itself before it looks at a component. Linux only. */
#ifndef AIRSSYS_RUNTIME_COMPILE_CONFINEMENT_H
#define AIRSSYS_RUNTIME_COMPILE_CONFINEMENT_H

#include <airssys/error.h>
#include <airssys/load.h>

/* Before anything is read: no descriptors but the three standard ones, no new privileges, no core dumps, and not
 * traced; the end with the end of the thread that started it; the first to be chosen when the machine has no memory
 * left; and behind those that have something to do. */
void airs_compile_confine_process(void);

/* The limits of memory, processor time and size of what is written. AIRS_INTERNAL when they cannot be set. */
airs_status_t airs_compile_confine_resources(const airs_load_limits_t *limits, airs_error_t *error);

/* From here on only what compiling needs of the kernel: memory, threads, reading and writing what is open. Whatever
 * else is asked for fails with EPERM. AIRS_UNSUPPORTED when the kernel has no filters. */
airs_status_t airs_compile_confine_calls(airs_error_t *error);

#endif
