/* A sandboxed component in a C program: embed echo.wasm
 *
 * A node with two actors: the component, and beside it one written in C, under the same rules. */
#include <airssys/airssys.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static void print_payload(void *who, airs_bytes_t payload) {
    printf("%s: %.*s\n", (const char *)who, (int)payload.size, (const char *)payload.data);
}

/* A message to this actor goes on to the component as a request; the answer comes back here. */
static airs_status_t handle(airs_actor_context_t *actor, void *state, const airs_incoming_t *incoming) {
    if (incoming->kind == AIRS_INCOMING_MESSAGE) {
        return airs_actor_request(actor, airs_id("demo", "echo", "0"), incoming->payload, 1000, NULL);
    }
    *(int *)state += incoming->kind == AIRS_INCOMING_RESPONSE;
    print_payload("the native actor heard", incoming->payload);
    return AIRS_OK;
}

static void check(airs_status_t status, const airs_error_t *error) {
    if (status != AIRS_OK) {
        fprintf(stderr, "embed: %s\n", error->text);
        exit(1);
    }
}

int main(int argc, char **argv) {
    static const airs_native_t native = {.size = sizeof native, .handle = handle};
    airs_id_t echo = airs_id("demo", "echo", "0");
    airs_id_t asker = airs_id("demo", "asker", "0");
    int answers = 0;
    airs_node_options_t options = AIRS_NODE_OPTIONS_INIT;
    airs_error_t error;
    airs_node_t *node;
    airs_component_t component;
    check(airs_node_create(&options, &node, &error), &error);
    check(airs_node_load(node, argc > 1 ? argv[1] : "echo.wasm", &component, &error), &error);
    check(airs_node_spawn(node, component, echo, NULL, &error), &error);
    check(airs_node_spawn_native(node, &native, &answers, asker, NULL, &error), &error);

    check(airs_node_call(node, echo, airs_bytes("hello", 5), airs_str(NULL), 1000, print_payload,
                         "the component answered", &error),
          &error);
    check(airs_node_send(node, asker, airs_bytes("is anybody there?", 17), &error), &error);
    airs_node_drain(node, 1000);

    airs_actor_counters_t counters;
    if (airs_node_counters(node, echo, &counters) == AIRS_OK) {
        printf("the component handled %" PRIu64 " messages\n", counters.handled);
    }
    airs_node_destroy(node);
    return answers == 1 ? 0 : 1;
}
