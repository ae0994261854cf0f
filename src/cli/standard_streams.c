#include "cli/standard_streams.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

bool airs_standard_streams_occupy(void) {
    for (int number = STDIN_FILENO; number <= STDERR_FILENO; number++) {
        if (fcntl(number, F_GETFD) >= 0 || errno != EBADF) {
            continue;
        }
        /* The lowest free number is what a file gets, and those below are taken. */
        if (open("/dev/null", number == STDIN_FILENO ? O_WRONLY : O_RDONLY) != number) {
            return false;
        }
    }
    return true;
}
