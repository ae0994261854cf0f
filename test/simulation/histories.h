/* A simulation run with many seeds, each of which makes one history. With VARIABLE=N in the environment that one alone is
 * run, with VARIABLES=N so many. */
#ifndef AIRSSYS_TEST_SIMULATION_HISTORIES_H
#define AIRSSYS_TEST_SIMULATION_HISTORIES_H

#include <stdbool.h>
#include <stdint.h>

/* Returns the history's digest; fails the test itself. */
typedef uint64_t history_t(uint64_t seed);

/* The seeds from 1 to `count`, unless the environment says otherwise. True: at least so many were run, so that everything
 * happened that can. */
bool histories_run(const char *variable, uint64_t count, history_t *run);

/* Fails the test unless one seed always gives the same history, and another gives another. */
void histories_repeat(history_t *run);

/* A test's teardown: says which seed it was that failed. */
int histories_tell(void **state);

#endif
