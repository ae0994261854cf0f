/* A pair of well-behaved guests beside whatever else is on the stage: what it is owed whatever its neighbours do. */
#ifndef AIRSSYS_TEST_E2E_NEIGHBOURS_H
#define AIRSSYS_TEST_E2E_NEIGHBOURS_H

#include "e2e/stage.h"
#include "support/pair.h"

/* How long one answer may take at worst, on a machine that does other things too: a thousand time slices. Who had to
 * wait for a neighbour's end would wait for PATIENCE_MS. */
#define NEIGHBOUR_WORST_MS 5000

/* NAMESPACE "pair", each question when the one before is answered. Asserts. */
void neighbours_open(stage_t *stage, airs_pair_t *pair);

/* Have them exchange so many questions and answers, all of which must come, in order, and soon enough. */
void neighbours_exchange(stage_t *stage, airs_pair_t *pair, uint64_t count);

/* The same, begun here and looked at there. */
void neighbours_begin(stage_t *stage, airs_pair_t *pair);
void neighbours_end(stage_t *stage, airs_pair_t *pair);

/* Wait until they have exchanged `count` more: they get on while something else is going on. */
void neighbours_get_on(stage_t *stage, airs_pair_t *pair, uint64_t count);

#endif
