#include "targets.h"

#include <stdlib.h>

/* As many are remembered, the oldest goes first. */
#define TARGETS 16

typedef struct target {
    airs_id_t id; /* the texts in one block, which `ns` begins */
    uint64_t handle;
} target_t;

static target_t targets[TARGETS];
static size_t newest;

/* memcmp goes byte by byte here, and this is done for every send. */
static bool equal(airs_str_t a, airs_str_t b) {
    if (a.size != b.size) {
        return false;
    }
    size_t at = 0;
    for (; at + sizeof(uint64_t) <= a.size; at += sizeof(uint64_t)) {
        uint64_t of_a = 0;
        uint64_t of_b = 0;
        memcpy(&of_a, a.data + at, sizeof of_a);
        memcpy(&of_b, b.data + at, sizeof of_b);
        if (of_a != of_b) {
            return false;
        }
    }
    while (at < a.size && a.data[at] == b.data[at]) {
        at++;
    }
    return at == a.size;
}

static bool equal_ids(airs_id_t a, airs_id_t b) {
    return equal(a.instance, b.instance) && equal(a.name, b.name) && equal(a.ns, b.ns);
}

static bool copy_id(airs_id_t id, airs_id_t *out) {
    char *text = malloc(id.ns.size + id.name.size + id.instance.size + 1);
    if (text == NULL) {
        return false;
    }
    const airs_str_t parts[] = {id.ns, id.name, id.instance};
    airs_str_t *const copies[] = {&out->ns, &out->name, &out->instance};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        if (parts[i].size != 0) {
            memcpy(text, parts[i].data, parts[i].size);
        }
        *copies[i] = airs_str_n(text, parts[i].size);
        text += parts[i].size;
    }
    return true;
}

static uint64_t resolve(airs_id_t id) {
    airssys_core_types_component_id_t wanted = airs_sdk_component_id(id);
    airssys_core_errors_messaging_error_t error;
    uint64_t handle = 0;
    if (!airssys_actor_batch_resolve(&wanted, &handle, &error)) {
        airssys_core_errors_messaging_error_free(&error);
        return 0;
    }
    return handle;
}

static void remember(airs_id_t id, uint64_t handle) {
    airs_id_t copy;
    if (!copy_id(id, &copy)) {
        return;
    }
    newest = (newest + 1) % TARGETS;
    free((void *)(uintptr_t)targets[newest].id.ns.data);
    targets[newest] = (target_t){copy, handle};
}

uint64_t airs_sdk_target(airs_id_t id) {
    for (size_t i = 0; i < TARGETS; i++) {
        const target_t *known = &targets[(newest + TARGETS - i) % TARGETS];
        if (known->handle == 0) {
            break;
        }
        if (equal_ids(known->id, id)) {
            return known->handle;
        }
    }
    uint64_t handle = resolve(id);
    if (handle != 0) {
        remember(id, handle);
    }
    return handle;
}
