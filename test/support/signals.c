/* cmocka catches the signals of a crash around each test, and around each set-up, and restores what was
 * there before: the engine's own handlers, which turn a guest's trap into an error, are lost with the first
 * test. So these signals are kept from it; a test that crashes then ends its program, where a debugger or a
 * sanitizer sees it. */
#include <signal.h>
#include <stdbool.h>

#include "support/test.h"

static bool is_crash(int number) {
    return number == SIGSEGV || number == SIGILL || number == SIGFPE || number == SIGBUS;
}

/* In place of the C library's, for cmocka's calls too. */
__attribute__((visibility("default"))) void (*signal(int number, void (*handler)(int)))(int) {
    struct sigaction action = {.sa_handler = handler, .sa_flags = SA_RESTART};
    struct sigaction before;
    if (is_crash(number)) {
        return SIG_DFL;
    }
    return sigaction(number, &action, &before) == 0 ? before.sa_handler : SIG_ERR;
}
