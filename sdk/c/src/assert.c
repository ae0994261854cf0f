/* A failed assert goes to the node's log and traps. The C library's own writes to WASI's standard error,
 * for which alone a component would import WASI. */
#include <assert.h>

#include "airssys.h"

#include <stdio.h>

_Noreturn void __assert_fail(const char *expression, const char *file, int line, const char *function) {
    airs_log(AIRS_LOG_ERROR, "%s:%d: %s: assertion failed: %s", file, line, function, expression);
    __builtin_trap();
}
