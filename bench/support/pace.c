#include "support/pace.h"

#include "support/bench.h"

double bench_pace_ns(airs_actor_system_t *system, uint64_t (*count)(airs_actor_system_t *system), long ms,
                     uint64_t least) {
    bench_pause_ms(ms / 5);
    uint64_t first = count(system);
    uint64_t start = bench_now_ns();
    bench_pause_ms(ms);
    uint64_t last = count(system);
    uint64_t end = bench_now_ns();
    if (last - first < least) {
        bench_die("nothing moves: %llu steps in %ld ms", (unsigned long long)(last - first), ms);
    }
    return (double)(end - start) / (double)(last - first);
}
