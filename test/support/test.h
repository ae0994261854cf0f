/* What every test program includes first: cmocka with the headers it wants before it, and an
 * assertion for statuses. cmocka's assertions belong to the thread that runs the test; other threads
 * use AIRS_ASSERT (core/check.h). */
#ifndef AIRSSYS_TEST_SUPPORT_TEST_H
#define AIRSSYS_TEST_SUPPORT_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <airssys/status.h>

/* Compare two statuses by name, so that a failure reads "queue-full != ok". */
#define assert_status(actual, expected) \
    assert_string_equal(airs_status_name(actual), airs_status_name(expected))

#define assert_ok(actual) assert_status(actual, AIRS_OK)

#endif
