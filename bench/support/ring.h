/* Guests in pairs that send to each other: what a hop is measured with. */
#ifndef AIRSSYS_BENCH_SUPPORT_RING_H
#define AIRSSYS_BENCH_SUPPORT_RING_H

#include "core/runtime_engine.h"

#define RING_PAYLOAD_MAX 65536
#define RING_PAIRS_MAX 8

/* Nanoseconds of a hop between two of these forwarders, with `in_flight` messages of `size` between them, over `ms`.
 * `workers` 0: as many as there are cores. */
double ring_hop_ns(airs_runtime_engine_t *engine, airs_component_handle_t component, unsigned workers,
                   unsigned in_flight, size_t size, long ms);

/* Likewise of this many pairs beside each other, with `in_flight` messages in each, until `ms` are over: the time that
 * passes for each hop of any of them. */
double ring_pairs_ns(airs_runtime_engine_t *engine, airs_component_handle_t component, unsigned workers,
                     unsigned pairs, unsigned in_flight, size_t size, long ms);

#endif
