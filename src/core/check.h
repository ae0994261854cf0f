/* Assertions that stay in production: for what can only be false when the program is wrong, never
 * for what input, a guest or the system may cause. */
#ifndef AIRSSYS_CORE_CHECK_H
#define AIRSSYS_CORE_CHECK_H

/* Prints "file:line: function: assertion failed: expression" on standard error and aborts. Async-signal-safe. */
_Noreturn void airs_check_failed(const char *file, int line, const char *function, const char *expression);

/* Never compiled out; the expression is evaluated once. */
#define AIRS_ASSERT(expression)                                                                        \
    (__builtin_expect(!(expression), 0) ? airs_check_failed(__FILE__, __LINE__, __func__, #expression) \
                                        : (void)0)

#endif
