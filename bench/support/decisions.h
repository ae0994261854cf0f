/* A component whose sends are decided upon, without an actor: what one decision costs. */
#ifndef AIRSSYS_BENCH_SUPPORT_DECISIONS_H
#define AIRSSYS_BENCH_SUPPORT_DECISIONS_H

#include "security/security_context.h"
#include "support/bench.h"

typedef struct decisions {
    airs_component_id_t *id;
    airs_authority_t *authority;
    airs_security_context_t *context;
} decisions_t;

/* Rules of one kind, none of which decides anything here, so that all of them have to be passed by. */
typedef enum mixture {
    NO_POLICY,
    FOR_OTHERS,  /* each names a component of its own */
    FOR_TARGETS, /* all are about this component, each on a target of its own */
    BY_ENDINGS,  /* they begin with a wildcard */
    MIXED,
} mixture_t;

/* Of shop/cart/0, which has what every component has; under so many rules. */
void decisions_open(decisions_t *decisions, mixture_t mixture, unsigned rules, airs_audit_t *audit);
void decisions_close(decisions_t *decisions);

/* Nanoseconds of the processor for a decision on sends to `ns`, over several targets so that no branch is learnt by heart. */
double decisions_make(decisions_t *decisions, long count, airs_status_t expected, const char *ns);

#endif
