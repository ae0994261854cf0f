/* Where the guests are that a test runs: in the build's folder, or in that which AIRS_TEST_GUESTS of the environment
 * names. So a whole test program can be run with the same guests built otherwise (test/guests/single). */
#ifndef AIRSSYS_TEST_SUPPORT_GUESTS_H
#define AIRSSYS_TEST_SUPPORT_GUESTS_H

#include <stdlib.h>

static inline const char *airs_test_guests(void) {
    const char *folder = getenv("AIRS_TEST_GUESTS");
    return folder != NULL ? folder : AIRS_TEST_GUESTS;
}

#endif
