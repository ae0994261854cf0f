#include "runtime/shared_fixture.h"

fixture_t fixture;

int fixture_set_up(void **state) {
    (void)state;
    fixture_open(&fixture, NULL);
    return 0;
}

int fixture_tear_down(void **state) {
    (void)state;
    fixture_close(&fixture);
    return 0;
}
