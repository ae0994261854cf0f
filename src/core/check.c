#include "core/check.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#define DECIMAL_MAX 12 /* digits of an int, sign and end included */

/* Without printf: memory may be in any state by now. */
static const char *decimal(int value, char out[DECIMAL_MAX]) {
    char *at = out + DECIMAL_MAX - 1;
    *at = '\0';
    unsigned rest = value < 0 ? 0 : (unsigned)value;
    do {
        *--at = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest > 0);
    return at;
}

_Noreturn void airs_check_failed(const char *file, int line, const char *function, const char *expression) {
    char number[DECIMAL_MAX];
    const char *parts[] = {
        file, ":", decimal(line, number), ": ", function, ": assertion failed: ", expression, "\n"};
    struct iovec pieces[sizeof parts / sizeof parts[0]];
    int count = 0;
    for (; count < (int)(sizeof parts / sizeof parts[0]); count++) {
        pieces[count].iov_base = (void *)(uintptr_t)parts[count];
        pieces[count].iov_len = strlen(parts[count]);
    }
    ssize_t written = writev(STDERR_FILENO, pieces, count);
    (void)written; /* there is nobody left to tell */
    abort();
}
