/* The fixture of tests that need nothing special of it, opened and closed around each. */
#ifndef AIRSSYS_TEST_RUNTIME_SHARED_FIXTURE_H
#define AIRSSYS_TEST_RUNTIME_SHARED_FIXTURE_H

#include "runtime/engine_fixture.h"

extern fixture_t fixture;

/* For cmocka. */
int fixture_set_up(void **state);
int fixture_tear_down(void **state);

#endif
