/* What a decision costs: one that is remembered, and one that is not, without a policy and with one of a thousand
 * rules; beside it what a denial costs, with the audit and without. One thread. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/component_id.h"
#include "security/security_context.h"
#include "support/bench.h"

#define RULES 1000

/* What a hop between two guests is taken to last, for the share; bench_hop measures what it does here. */
#define HOP_NS 1000.0

typedef struct world {
    airs_component_id_t *id;
    airs_authority_t *authority;
    airs_security_context_t *context;
} world_t;

/* Rules of one kind, none of which decides anything here, so that all of them have to be passed by. */
typedef enum mixture {
    NO_POLICY,
    FOR_OTHERS,  /* each names a component of its own */
    FOR_TARGETS, /* all are about this component, each on a target of its own */
    BY_ENDINGS,  /* they begin with a wildcard */
    MIXED,
} mixture_t;

static const char *const names[] = {
    "no policy", "1,000 rules, each for another component", "1,000 rules for it, each on another target",
    "1,000 rules for it that begin with a wildcard", "1,000 rules of all kinds"};

static void write_rule(mixture_t mixture, int number, char component[64], char resource[64]) {
    mixture = mixture == MIXED ? (mixture_t)(FOR_OTHERS + number % 3) : mixture;
    snprintf(component, 64, mixture == FOR_OTHERS ? "shop/other-%d/*" : "shop/cart/*", number);
    snprintf(resource, 64, mixture == BY_ENDINGS ? "**/target-%d/*" : "shop/target-%d/*", number);
}

static airs_policy_t *make_policy(mixture_t mixture) {
    static char texts[RULES][2][64];
    static airs_policy_rule_t rules[RULES];
    airs_policy_t *policy = NULL;
    airs_error_t error;
    for (int i = 0; i < RULES; i++) {
        write_rule(mixture, i, texts[i][0], texts[i][1]);
        rules[i] = (airs_policy_rule_t){.component = airs_str(texts[i][0]),
                                        .actions = airs_action_parse(airs_str("messaging.*")),
                                        .resource = airs_str(texts[i][1]),
                                        .effect = i % 2 == 0 ? AIRS_EFFECT_DENY : AIRS_EFFECT_ALLOW};
    }
    bench_need(airs_policy_create(airs_allocator_default(), "policy", rules, RULES, AIRS_EFFECT_ALLOW,
                                  &policy, &error),
               &error);
    return policy;
}

static void open_world(world_t *world, mixture_t mixture, airs_audit_t *audit) {
    airs_error_t error = {AIRS_OUT_OF_MEMORY, "no memory"};
    bench_need(
        airs_component_id_create(airs_allocator_default(), airs_id("shop", "cart", "0"), &world->id, &error),
        &error);
    bench_need(airs_authority_create(airs_allocator_default(), airs_clock_system(), audit, &world->authority),
               &error);
    if (mixture != NO_POLICY) {
        airs_policy_t *policy = make_policy(mixture);
        airs_authority_set_policy(world->authority, policy);
        airs_policy_unref(policy);
    }
    bench_need(airs_security_context_create(airs_allocator_default(), world->id, NULL, world->authority,
                                            &world->context),
               &error);
}

static void close_world(world_t *world) {
    airs_security_context_destroy(world->context);
    airs_authority_destroy(world->authority);
    airs_component_id_unref(world->id);
}

/* Nanoseconds a decision, over several targets so that no branch is learnt by heart. */
static double decide(world_t *world, long count, airs_status_t expected, const char *ns) {
    char text[16][16];
    airs_resource_t targets[16];
    airs_validity_t validity;
    for (int i = 0; i < 16; i++) {
        snprintf(text[i], sizeof text[i], "till-%d", i);
        targets[i] = airs_resource_id(airs_id(ns, text[i], "0"));
    }
    uint64_t begin = bench_now_ns();
    for (long i = 0; i < count; i++) {
        if (airs_security_decide(world->context, AIRS_ACTION_SEND, &targets[i & 15], &validity, NULL) !=
            expected) {
            bench_die("decided otherwise");
        }
    }
    return (double)(bench_now_ns() - begin) / (double)count;
}

static double look_at_remembered(world_t *world, long count) {
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
    world_t worlds[MIXED + 1];
    for (int i = NO_POLICY; i <= MIXED; i++) {
        open_world(&worlds[i], (mixture_t)i, NULL);
    }
    for (size_t k = 0; k < options->repeats; k++) {
        for (int i = NO_POLICY; i <= MIXED; i++) {
            bench_series_add(&uncached[i], decide(&worlds[i], count, AIRS_OK, "shop"));
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
        close_world(&worlds[i]);
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
    world_t quiet;
    world_t told;
    bench_series_t without = {0};
    bench_series_t with = {0};
    open_world(&quiet, MIXED, NULL);
    open_world(&told, MIXED, audit);
    for (size_t i = 0; i < options->repeats; i++) {
        bench_series_add(&without, decide(&quiet, count, AIRS_CAPABILITY_DENIED, "bank"));
        bench_series_add(&with, decide(&told, count, AIRS_CAPABILITY_DENIED, "bank"));
    }
    bench_section("a denial (without its text for the guest)");
    bench_row("nobody is told", &without, "ns");
    bench_row("the audit is told", &with, "ns");
    close_world(&quiet);
    close_world(&told);
    airs_audit_destroy(audit);
    (void)unlink(path);
    (void)rmdir(folder);
}

int main(int argc, char **argv) {
    bench_options_t options = bench_parse(argc, argv);
    long count = options.quick ? 20000 : 500000;
    bench_begin("security", "decisions about what a component may do, one thread", &options);
    bench_decisions(&options, count);
    bench_denials(&options, count / 10);
    return bench_end();
}
