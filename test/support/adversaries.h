/* Guests that try to do harm, each in one way, for whoever wants to know what becomes of them and of others meanwhile:
 * the tests in test/e2e/test_adversaries.c and the benchmark. Only by the public headers, as support/pair.h. */
#ifndef AIRSSYS_TEST_SUPPORT_ADVERSARIES_H
#define AIRSSYS_TEST_SUPPORT_ADVERSARIES_H

#include <airssys/airssys.h>

typedef struct airs_adversary {
    const char *name;
    const char *guest;   /* in the folder of the guests, without ".wasm" */
    const char *message; /* what it is asked to do, line by line; NULL: it does it as it starts */
    /* How each of that ends, for whoever asked. AIRS_OK and AIRS_HANDLE_MESSAGE_FAILED are answers, after which the actor
     * lives; with anything else it has ended. */
    airs_status_t status;
    const char *answer; /* what its answer begins with, or the text of its error has in it; NULL: any */
    /* It does as much of it as it can, so that it keeps a processor busy, which is cut into time slices. Others are
     * done in less than that, and are repeated at a pace. */
    bool burns;
} airs_adversary_t;

extern const airs_adversary_t airs_adversaries[];
extern const size_t airs_adversary_count;

/* How long one that never ends may run. */
#define AIRS_ADVERSARY_LOOP_MS 200

/* One of them on a node, with those that it needs: in the namespace "app", the actors adversary/0, silent/0, which answers
 * no request, and busy/0, which handles messages as fast as it can. */
typedef struct airs_attack {
    airs_node_t *node;
    const airs_adversary_t *adversary;
    airs_component_t components[3];
    char folder[64];  /* that it was granted; empty: none */
    char answer[128]; /* to the last strike */
} airs_attack_t;

/* Whether the actor is gone after what it does. */
bool airs_adversary_ends(const airs_adversary_t *adversary);

airs_status_t airs_attack_open(airs_attack_t *attack, airs_node_t *node, const char *guests,
                               const airs_adversary_t *adversary, airs_error_t *error);

/* Have it done once, and wait until it has ended: the adversary's status and answer are what is due, and anything else is
 * in *error. The actor is made when it is not there. */
airs_status_t airs_attack_strike(airs_attack_t *attack, airs_error_t *error);

/* Ends all three actors. */
void airs_attack_close(airs_attack_t *attack);

#endif
