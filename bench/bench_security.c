/* What a decision costs: one that is remembered, and one that is not, without a policy and with one of a thousand
 * rules; beside it what a denial costs, with the audit and without; and what a hop between two guests costs with the
 * decision and without it. One thread. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "actor/actor_system.h"
#include "runtime/host/messaging_error.h"
#include "runtime/host/text.h"
#include "runtime/instance.h"
#include "support/bench.h"
#include "support/component.h"
#include "support/decisions.h"

#define RULES 1000

/* What a hop between two guests is taken to last, for the share; bench_hop measures what it does here. */
#define HOP_NS 1000.0

static const char *const names[] = {
    "no policy", "1,000 rules, each for another component", "1,000 rules for it, each on another target",
    "1,000 rules for it that begin with a wildcard", "1,000 rules of all kinds"};

static double look_at_remembered(decisions_t *world, long count) {
    airs_validity_t validity;
    airs_resource_t target = airs_resource_id(airs_id("shop", "till", "0"));
    airs_error_t error;
    bench_need(airs_security_decide(world->context, AIRS_ACTION_SEND, &target, &validity, &error), &error);
    uint64_t begin = bench_now_ns();
    for (long i = 0; i < count; i++) {
        if (!airs_security_holds(world->context, &validity)) {
            bench_die("does not hold");
        }
    }
    return (double)(bench_now_ns() - begin) / (double)count;
}

static void bench_decisions(const bench_options_t *options, long count) {
    bench_series_t uncached[MIXED + 1] = {0};
    bench_series_t cached = {0};
    decisions_t worlds[MIXED + 1];
    for (int i = NO_POLICY; i <= MIXED; i++) {
        decisions_open(&worlds[i], (mixture_t)i, RULES, NULL);
    }
    for (size_t k = 0; k < options->repeats; k++) {
        for (int i = NO_POLICY; i <= MIXED; i++) {
            bench_series_add(&uncached[i], decisions_make(&worlds[i], count, AIRS_OK, "shop"));
        }
        bench_series_add(&cached, look_at_remembered(&worlds[MIXED], 10 * count));
    }
    bench_section("a decision that is remembered");
    bench_row("looked at, 1,000 rules", &cached, "ns");
    bench_ratio_row("share of a hop of 1,000 ns", bench_median(&cached) / HOP_NS, 0.05, false);
    bench_section("a decision that is made, in favour");
    for (int i = NO_POLICY; i <= MIXED; i++) {
        bench_row(names[i], &uncached[i], "ns");
        bench_ratio_row("  of 1,000 ns", bench_median(&uncached[i]) / 1000.0, 1.0, false);
        decisions_close(&worlds[i]);
    }
}

static void bench_denials(const bench_options_t *options, long count) {
    char folder[] = "/tmp/bench-audit-XXXXXX";
    char path[64];
    if (mkdtemp(folder) == NULL) {
        bench_die("no folder");
    }
    snprintf(path, sizeof path, "%s/audit", folder);
    const airs_audit_options_t audit_options = {path, 1 << 24, 0, airs_clock_system(), false};
    airs_audit_t *audit = NULL;
    airs_error_t error;
    bench_need(airs_audit_create(airs_allocator_default(), &audit_options, &audit, &error), &error);
    decisions_t quiet;
    decisions_t told;
    bench_series_t without = {0};
    bench_series_t with = {0};
    decisions_open(&quiet, MIXED, RULES, NULL);
    decisions_open(&told, MIXED, RULES, audit);
    for (size_t i = 0; i < options->repeats; i++) {
        bench_series_add(&without, decisions_make(&quiet, count, AIRS_CAPABILITY_DENIED, "bank"));
        bench_series_add(&with, decisions_make(&told, count, AIRS_CAPABILITY_DENIED, "bank"));
    }
    bench_section("a denial (without its text for the guest)");
    bench_row("nobody is told", &without, "ns");
    bench_row("the audit is told", &with, "ns");
    decisions_close(&quiet);
    decisions_close(&told);
    airs_audit_destroy(audit);
    (void)unlink(path);
    (void)rmdir(folder);
}

/* ---- a hop ------------------------------------------------------------------------------------------ */

#define IN_FLIGHT 64
#define PAYLOAD 64

/* What runtime/host/messaging does, but for the decision. */
static uint8_t send_unchecked(void *host, const airs_ext_id_t *target, airs_ext_bytes_t payload,
                              airs_ext_text_t *reason) {
    airs_wasm_instance_t *instance = host;
    airs_message_router_t *router = instance->host.router;
    airs_id_t id = airs_host_id(target);
    airs_error_t error;
    airs_host_messaging_prepare(&error);
    airs_target_t *known = airs_target_cache_find(&instance->targets, &id);
    airs_status_t status = AIRS_OUT_OF_MEMORY;
    if (known != NULL) {
        status = router->ops->send(router, instance->host.self, &known->route, &id,
                                   airs_bytes(payload.data, payload.size), &error);
    }
    return airs_host_messaging_answer(status, &error, reason);
}

static airs_component_handle_t load_forwarder(airs_runtime_engine_t *engine) {
    return bench_component_load(engine, BENCH_GUESTS "/single/forwarder.wasm");
}

/* The same guest, whose sends are not decided upon. */
static airs_component_handle_t load_unchecked(airs_runtime_engine_t *engine) {
    static const airs_ext_messaging_t host = {.send = send_unchecked};
    wasmtime_component_linker_t *linker = airs_wasm_engine_of(engine)->linker;
    wasmtime_component_linker_allow_shadowing(linker, true);
    if (airs_ext_linker_add_messaging(linker, &host) != NULL) {
        bench_die("messaging cannot be replaced");
    }
    return load_forwarder(engine);
}

static void spawn_forwarder(airs_actor_system_t *system, airs_component_handle_t component,
                            airs_capabilities_t *capabilities, uint32_t most, const char *instance,
                            const char *target) {
    airs_error_t error;
    airs_actor_spec_t spec = {.config = airs_bytes(target, strlen(target)),
                              .capabilities = capabilities,
                              .max_messages_per_s = most};
    bench_need(airs_actor_system_spawn_component(system, component, airs_id("shop", "cart", instance), &spec,
                                                 &error),
               &error);
}

static uint64_t handled(airs_actor_system_t *system) {
    airs_node_counters_t totals;
    airs_actor_system_totals(system, &totals);
    return totals.messages;
}

/* The processor's time for a message: a hundredth is to be seen, and a machine that does other things too would blur
 * it in the wall's. */
static double look_on(airs_actor_system_t *system, long ms) {
    bench_pause_ms(ms / 5);
    uint64_t count = handled(system);
    uint64_t begin = bench_processor_ns();
    uint64_t done = 0;
    uint64_t end = begin;
    for (int i = 0; i < 100 && done < 10000; i++) {
        bench_pause_ms(ms);
        end = bench_processor_ns();
        done = handled(system) - count;
    }
    if (done == 0) {
        bench_die("nothing goes round");
    }
    return (double)(end - begin) / (double)done;
}

/* Two forwarders that send to each other, on one worker. */
static double hop_ns(airs_runtime_engine_t *engine, airs_component_handle_t component,
                     airs_authority_t *authority, airs_capabilities_t *capabilities, uint32_t most, long ms) {
    static const uint8_t payload[PAYLOAD];
    airs_error_t error;
    airs_actor_system_t *system = NULL;
    airs_actor_system_options_t options = {.engine = engine, .workers = 1, .authority = authority};
    bench_need(airs_actor_system_create(&options, &system, &error), &error);
    spawn_forwarder(system, component, capabilities, most, "0", "shop/cart/1");
    spawn_forwarder(system, component, capabilities, most, "1", "shop/cart/0");
    for (int i = 0; i < IN_FLIGHT; i++) {
        bench_need(airs_actor_system_send(system, airs_id("shop", "cart", "0"), airs_bytes(payload, PAYLOAD),
                                          airs_str(NULL), &error),
                   &error);
    }
    double pace = look_on(system, ms);
    airs_actor_system_destroy(system);
    return pace;
}

/* May send within its application, for the next year. */
static airs_capabilities_t *make_expiring(void) {
    const airs_permission_t permission = {
        .actions = AIRS_ACTION_BIT(SEND), .scope = AIRS_SCOPE_PATTERN, .pattern = airs_str("shop/**")};
    const uint64_t now = airs_clock_wall(airs_clock_system());
    const airs_capability_grant_t grant = {&permission, 1, now, now + UINT64_C(365) * 86400 * 1000000000};
    airs_capabilities_t *capabilities = NULL;
    airs_error_t error;
    bench_need(airs_capabilities_create(airs_allocator_default(), &grant, 1, 0, &capabilities, &error),
               &error);
    return capabilities;
}

enum { UNCHECKED, CHECKED, BY_RULES, EXPIRING, BOUNDED, HOPS };

static void bench_hops(const bench_options_t *options) {
    static const char *const hop_names[] = {[UNCHECKED] = "no decision at all",
                                            [CHECKED] = "decided and remembered, no policy",
                                            [BY_RULES] = "decided and remembered, 1,000 rules",
                                            [EXPIRING] = "likewise, and the grant expires",
                                            [BOUNDED] = "no policy, and a bound on messages a second"};
    airs_runtime_engine_t *engine = NULL;
    airs_wasm_engine_options_t settings = {.max_instances = 16};
    airs_error_t error;
    decisions_t world;
    bench_series_t hops[HOPS] = {0};
    long ms = options->quick ? 60 : 300;
    bench_need(airs_wasm_engine_create(&settings, &engine, &error), &error);
    airs_component_handle_t checked = load_forwarder(engine);
    airs_component_handle_t unchecked = load_unchecked(engine);
    airs_capabilities_t *expiring = make_expiring();
    decisions_open(&world, MIXED, RULES, NULL);
    for (size_t i = 0; i < options->repeats; i++) {
        bench_series_add(&hops[UNCHECKED], hop_ns(engine, unchecked, NULL, NULL, 0, ms));
        bench_series_add(&hops[CHECKED], hop_ns(engine, checked, NULL, NULL, 0, ms));
        bench_series_add(&hops[BOUNDED], hop_ns(engine, checked, NULL, NULL, 1000000000, ms));
        bench_series_add(&hops[BY_RULES], hop_ns(engine, checked, world.authority, NULL, 0, ms));
        bench_series_add(&hops[EXPIRING], hop_ns(engine, checked, world.authority, expiring, 0, ms));
    }
    bench_section("a hop between two guests, 64 B, one worker, processor time");
    for (int i = UNCHECKED; i < HOPS; i++) {
        bench_row(hop_names[i], &hops[i], "ns");
        if (i != UNCHECKED) {
            bench_ratio_row("  / no decision at all", bench_median_ratio(&hops[i], &hops[UNCHECKED]), 1.05,
                            false);
        }
    }
    decisions_close(&world);
    airs_capabilities_unref(expiring);
    engine->ops->destroy(engine);
}

int main(int argc, char **argv) {
    bench_options_t options = bench_parse(argc, argv);
    long count = options.quick ? 20000 : 500000;
    bench_begin("security", "decisions about what a component may do, one thread", &options);
    bench_decisions(&options, count);
    bench_denials(&options, count / 10);
    bench_hops(&options);
    return bench_end();
}
