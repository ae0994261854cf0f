/* The same tree in a C program: supervise divider.wasm average.wasm
 *
 * It asks the divider what that does not live to answer, and then what it does. */
#include <airssys/airssys.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void check(airs_status_t status, const airs_error_t *error) {
    if (status != AIRS_OK) {
        fprintf(stderr, "supervise: %s\n", error->text);
        exit(1);
    }
}

static void print_answer(void *context, airs_bytes_t payload) {
    printf("%s = %.*s\n", (const char *)context, (int)payload.size, (const char *)payload.data);
}

static void ask(airs_node_t *node, airs_id_t divider, char *text) {
    airs_error_t error;
    airs_status_t status = airs_node_call(node, divider, airs_bytes(text, strlen(text)), airs_str(NULL), 1000,
                                          print_answer, text, &error);
    if (status != AIRS_OK) {
        printf("%s: %s\n", text, airs_status_text(status));
    }
}

static char news[200];

/* On a worker, one event at a time. */
static void note(void *context, const airs_supervision_event_t *event) {
    (void)context;
    if (event->kind == AIRS_SUPERVISION_GAVE_UP) {
        snprintf(news, sizeof news, "%s has given up over %s", event->supervisor, event->child);
    }
}

static airs_supervisor_t *start_tree(airs_node_t *node, airs_component_t divider, airs_component_t average) {
    airs_child_options_t first = AIRS_CHILD_OPTIONS_INIT;
    first.component = divider;
    first.id = airs_id("divisions", "divider", "0");

    airs_child_options_t second = AIRS_CHILD_OPTIONS_INIT;
    second.component = average;
    second.id = airs_id("divisions", "average", "0");
    second.shutdown_ms = 500;

    const airs_child_options_t *children[] = {&first, &second};
    airs_supervisor_options_t options = AIRS_SUPERVISOR_OPTIONS_INIT;
    options.name = "arithmetic";
    options.strategy = AIRS_REST_FOR_ONE;
    options.intensity = 3;
    options.period_ms = 60000;
    options.children = children;
    options.child_count = 2;
    options.event = note;

    airs_supervisor_t *supervisor = NULL;
    airs_error_t error;
    check(airs_node_start_supervisor(node, &options, &supervisor, &error), &error);
    return supervisor;
}

static bool print_child(void *context, const airs_child_info_t *info) {
    (void)context;
    printf("%s: %s, restarts: %llu\n", info->name, airs_child_state_text(info->state),
           (unsigned long long)info->restarts);
    return true;
}

int main(int argc, char **argv) {
    airs_id_t divider = airs_id("divisions", "divider", "0");
    airs_component_t components[2];
    airs_node_options_t options = AIRS_NODE_OPTIONS_INIT;
    airs_error_t error;
    airs_node_t *node;
    options.log = airs_log_none();
    check(airs_node_create(&options, &node, &error), &error);
    for (int i = 0; i < 2; i++) {
        const char *path = i + 1 < argc ? argv[i + 1] : i == 0 ? "divider.wasm" : "average.wasm";
        check(airs_node_load(node, path, &components[i], &error), &error);
    }
    airs_supervisor_t *supervisor = start_tree(node, components[0], components[1]);

    char bad[] = "7 / 0";
    char good[] = "12 / 4";
    ask(node, divider, bad);
    ask(node, divider, good);
    airs_node_drain(node, 1000);
    airs_node_list_children(node, supervisor, print_child, NULL);

    for (int i = 0; i < 3; i++) {
        ask(node, divider, bad);
    }
    airs_node_drain(node, 1000);
    printf("%s\n", news);
    ask(node, divider, good);

    airs_node_stop_supervisor(node, supervisor, AIRS_STOP_DRAIN, 5000);
    airs_node_destroy(node);
    return 0;
}
