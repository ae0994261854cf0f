#include "core/system_error.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

const char *airs_system_error_text(int number, char out[AIRS_SYSTEM_ERROR_MAX]) {
    struct rlimit files;
    if (number == EMFILE && getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur != RLIM_INFINITY) {
        (void)snprintf(out, AIRS_SYSTEM_ERROR_MAX, "%s: this process may have %llu (ulimit -n)",
                       strerror(number), (unsigned long long)files.rlim_cur);
    } else if (number == ENFILE) {
        (void)snprintf(out, AIRS_SYSTEM_ERROR_MAX, "%s: all processes together (sysctl fs.file-max)",
                       strerror(number));
    } else {
        (void)snprintf(out, AIRS_SYSTEM_ERROR_MAX, "%s", strerror(number));
    }
    return out;
}
