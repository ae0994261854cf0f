#include "support/decisions.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/component_id.h"

static void write_rule(mixture_t mixture, unsigned number, char component[64], char resource[64]) {
    mixture = mixture == MIXED ? (mixture_t)(FOR_OTHERS + number % 3) : mixture;
    snprintf(component, 64, mixture == FOR_OTHERS ? "shop/other-%u/*" : "shop/cart/*", number);
    snprintf(resource, 64, mixture == BY_ENDINGS ? "**/target-%u/*" : "shop/target-%u/*", number);
}

static airs_policy_t *make_policy(mixture_t mixture, unsigned count) {
    char(*texts)[2][64] = calloc(count, sizeof *texts);
    airs_policy_rule_t *rules = calloc(count, sizeof *rules);
    airs_policy_t *policy = NULL;
    airs_error_t error;
    if (texts == NULL || rules == NULL) {
        bench_die("no memory for %u rules", count);
    }
    for (unsigned i = 0; i < count; i++) {
        write_rule(mixture, i, texts[i][0], texts[i][1]);
        rules[i] = (airs_policy_rule_t){.component = airs_str(texts[i][0]),
                                        .actions = airs_action_parse(airs_str("messaging.*")),
                                        .resource = airs_str(texts[i][1]),
                                        .effect = i % 2 == 0 ? AIRS_EFFECT_DENY : AIRS_EFFECT_ALLOW};
    }
    bench_need(airs_policy_create(airs_allocator_default(), "policy", rules, count, AIRS_EFFECT_ALLOW,
                                  &policy, &error),
               &error);
    free(texts);
    free(rules);
    return policy;
}

void decisions_open(decisions_t *decisions, mixture_t mixture, unsigned rules, airs_audit_t *audit) {
    airs_error_t error = {AIRS_OUT_OF_MEMORY, "no memory"};
    bench_need(airs_component_id_create(airs_allocator_default(), airs_id("shop", "cart", "0"),
                                        &decisions->id, &error),
               &error);
    bench_need(
        airs_authority_create(airs_allocator_default(), airs_clock_system(), audit, &decisions->authority),
        &error);
    if (mixture != NO_POLICY) {
        airs_policy_t *policy = make_policy(mixture, rules);
        airs_authority_set_policy(decisions->authority, policy);
        airs_policy_unref(policy);
    }
    bench_need(airs_security_context_create(airs_allocator_default(), decisions->id, NULL,
                                            decisions->authority, &decisions->context),
               &error);
}

void decisions_close(decisions_t *decisions) {
    airs_security_context_destroy(decisions->context);
    airs_authority_destroy(decisions->authority);
    airs_component_id_unref(decisions->id);
}

double decisions_make(decisions_t *decisions, long count, airs_status_t expected, const char *ns) {
    char text[16][16];
    airs_resource_t targets[16];
    airs_validity_t validity;
    for (int i = 0; i < 16; i++) {
        snprintf(text[i], sizeof text[i], "till-%d", i);
        targets[i] = airs_resource_id(airs_id(ns, text[i], "0"));
    }
    uint64_t begin = bench_processor_ns();
    for (long i = 0; i < count; i++) {
        if (airs_security_decide(decisions->context, AIRS_ACTION_SEND, &targets[i & 15], &validity, NULL) !=
            expected) {
            bench_die("decided otherwise");
        }
    }
    return (double)(bench_processor_ns() - begin) / (double)count;
}
