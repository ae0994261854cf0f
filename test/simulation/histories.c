#include "simulation/histories.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "support/test.h"

static const char *current_variable;
static uint64_t current; /* seed; 0: none has failed */

bool histories_run(const char *variable, uint64_t count, history_t *run) {
    char plural[64];
    (void)snprintf(plural, sizeof plural, "%sS", variable);
    const char *only = getenv(variable);
    const char *many = getenv(plural);
    uint64_t first = only != NULL ? strtoull(only, NULL, 10) : 1;
    uint64_t wanted = only != NULL ? 1 : many != NULL ? strtoull(many, NULL, 10) : count;
    current_variable = variable;
    for (uint64_t i = 0; i < wanted; i++) {
        current = first + i;
        (void)run(current);
    }
    current = 0;
    return wanted >= count;
}

void histories_repeat(history_t *run) {
    uint64_t first = run(4711);
    assert_true(first == run(4711));
    assert_true(first != run(4712));
}

int histories_tell(void **state) {
    (void)state;
    if (current != 0) {
        print_error("with %s=%" PRIu64 "\n", current_variable, current);
    }
    return 0;
}
