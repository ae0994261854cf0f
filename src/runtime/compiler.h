/* The other process that compiles what the node does not trust: the program airssys-compile, started for one component,
 * under limits. Whatever happens to it is an error here and nothing else. Linux only. */
#ifndef AIRSSYS_RUNTIME_COMPILER_H
#define AIRSSYS_RUNTIME_COMPILER_H

#include <airssys/allocator.h>
#include <airssys/bytes.h>
#include <airssys/error.h>
#include <airssys/load.h>

#include "runtime/code_settings.h"

typedef struct airs_compiler airs_compiler_t;

/* `program` NULL: airssys-compile is looked for beside what this is linked into (the running program, or the library)
 * and where installing puts it. It is looked for when it is needed. AIRS_OUT_OF_MEMORY. */
airs_status_t airs_compiler_create(const airs_allocator_t *allocator, const char *program,
                                   airs_compiler_t **out, airs_error_t *error);

/* NULL is fine. */
void airs_compiler_destroy(airs_compiler_t *compiler);

/* A component's machine code, mapped into memory until it is released. */
typedef struct airs_compiled_code {
    airs_bytes_t code;
    void *mapping;
    size_t mapping_size;
} airs_compiled_code_t;

void airs_compiled_code_release(airs_compiled_code_t *code);

/* Fill in the defaults of what compiling may cost. */
void airs_compile_limits_resolve(airs_load_limits_t *limits);

/* Have a component compiled, binary or text; `name` is for messages, which begin with it; `limits` are resolved, those of
 * the file too. Waits until that has ended, by the limits at the latest; of several threads one at a time.
 * AIRS_COMPILE_MEMORY_EXCEEDED, AIRS_COMPILE_TIME_EXCEEDED, AIRS_COMPONENT_TOO_LARGE (the machine code),
 * AIRS_COMPILER_MISSING: there is no such program, it is of another build, or others than its user may write to it;
 * AIRS_COMPILER_FAILED: it ended otherwise, or what it answered is not what it wrote. Else what compiling here would have
 * said: AIRS_INVALID_COMPONENT, AIRS_COMPONENT_TOO_COMPLEX. AIRS_OUT_OF_MEMORY, AIRS_IO. */
airs_status_t airs_compiler_run(airs_compiler_t *compiler, const char *name, airs_bytes_t component,
                                const airs_code_settings_t *settings, const airs_load_limits_t *limits,
                                airs_compiled_code_t *out, airs_error_t *error);

/* What is run: AIRS_COMPILER_MISSING. */
airs_status_t airs_compiler_path(airs_compiler_t *compiler, char *out, size_t size, airs_error_t *error);

#endif
