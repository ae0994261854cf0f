/* What a C program does with messages beside sending them: messages echo.wasm
 *
 * A request whose end comes to a function, a topic, and a look at what was not handled. */
#include <airssys/airssys.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static void check(airs_status_t status, const airs_error_t *error) {
    if (status != AIRS_OK) {
        fprintf(stderr, "messages: %s\n", error->text);
        exit(1);
    }
}

/* Called once, on a thread of the node's, however the request ends. */
static void ended(void *context, const airs_answer_t *answer) {
    if (answer->status == AIRS_OK) {
        printf("%s: answered with %zu bytes\n", (const char *)context, answer->payload.size);
    } else {
        printf("%s: %s\n", (const char *)context, answer->message);
    }
}

static void heard(void *context, const airs_incoming_t *incoming) {
    (void)context;
    printf("heard: %.*s\n", (int)incoming->payload.size, (const char *)incoming->payload.data);
}

/* An actor that cannot do what it is asked. */
static airs_status_t fail(airs_actor_context_t *actor, void *state, const airs_incoming_t *incoming) {
    (void)actor, (void)state, (void)incoming;
    return AIRS_INTERNAL;
}

static bool print_letter(void *context, const airs_dead_letter_t *letter) {
    (void)context;
    printf("dead letter: a %s to %.*s, %s\n", letter->kind, (int)letter->target.name.size,
           letter->target.name.data, airs_dead_letter_reason_text(letter->reason));
    return true;
}

int main(int argc, char **argv) {
    static const airs_native_t failing = {.size = sizeof failing, .handle = fail};
    airs_id_t echo = airs_id("demo", "echo", "0");
    airs_id_t broken = airs_id("demo", "broken", "0");
    airs_node_options_t options = AIRS_NODE_OPTIONS_INIT;
    airs_subscription_t *subscription;
    airs_component_t component;
    airs_error_t error;
    airs_node_t *node;
    options.log = airs_log_none();
    check(airs_node_create(&options, &node, &error), &error);
    check(airs_node_load(node, argc > 1 ? argv[1] : "echo.wasm", &component, &error), &error);
    check(airs_node_spawn(node, component, echo, NULL, &error), &error);
    check(airs_node_spawn_native(node, &failing, NULL, broken, NULL, &error), &error);

    airs_bytes_t hello = airs_bytes("hello", 5);
    check(airs_node_request(node, echo, hello, airs_str(NULL), 1000, ended, "echo", NULL, &error), &error);
    airs_node_drain(node, 1000);
    check(airs_node_request(node, broken, hello, airs_str(NULL), 1000, ended, "broken", NULL, &error),
          &error);
    airs_node_drain(node, 1000);

    check(airs_node_subscribe(node, airs_str("orders.*"), heard, NULL, &subscription, &error), &error);
    check(airs_node_publish(node, airs_str("orders.new"), airs_bytes("an order", 8), airs_str(NULL), NULL,
                            &error),
          &error);
    airs_node_drain(node, 1000);
    airs_node_unsubscribe(node, subscription);

    airs_node_dead_letters(node, print_letter, NULL);
    airs_node_destroy(node);
    return 0;
}
