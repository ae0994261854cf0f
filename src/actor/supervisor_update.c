#include "actor/actor_spec.h"
#include "actor/supervisor_internal.h"

/* An update, as far as children are concerned. */
typedef struct airs_retarget {
    airs_id_t group;
    airs_component_handle_t old;
    airs_component_handle_t component; /* 0: it is over */
    bool back;
    const airs_actor_spec_t *spec;
} airs_retarget_t;

static bool is_of(const airs_child_t *child, airs_id_t group) {
    airs_id_t id;
    return child->name != NULL && airs_id_parse(airs_str(child->name), &id, NULL) == AIRS_OK &&
           airs_str_equal(id.ns, group.ns) && airs_str_equal(id.name, group.name);
}

/* What is not an environment, a configuration, a limit or a capability stays. */
static void take_spec(airs_child_t *child, const airs_actor_spec_t *given) {
    const airs_allocator_t *allocator = child->services->allocator;
    airs_actor_spec_t whole = child->spec;
    airs_actor_spec_t copy;
    void *memory = NULL;
    whole.env = given->env;
    whole.env_count = given->env_count;
    whole.config = given->config;
    whole.settings = given->settings;
    whole.limits = given->limits;
    whole.capabilities = given->capabilities;
    if (airs_actor_spec_copy(allocator, &whole, &copy, &memory) == AIRS_OK) {
        airs_actor_spec_release(allocator, &child->spec, child->spec_memory);
        child->spec = copy;
        child->spec_memory = memory;
    }
}

static void visit_child(airs_child_t *child, const airs_retarget_t *change, bool model) {
    if (change->component != 0) {
        child->component_before = airs_child_component(child);
        airs_child_set_component(child, change->component);
        return;
    }
    if (child->component_before == 0) {
        return;
    }
    if (change->back) {
        airs_child_set_component(child, child->component_before);
    } else if (change->spec != NULL && !model) {
        take_spec(child, change->spec);
    }
    child->component_before = 0;
}

static void visit(airs_supervisor_t *self, const airs_retarget_t *change) {
    airs_child_t *model = self->model;
    if (model != NULL &&
        (airs_child_component(model) == change->old || model->component_before == change->old)) {
        visit_child(model, change, true);
    }
    for (airs_child_t *child = self->first; child != NULL; child = child->next) {
        if (child->nested != NULL) {
            visit(child->nested, change);
        } else if (!child->is_native && is_of(child, change->group)) {
            visit_child(child, change, false);
        }
    }
}

static void visit_all(airs_supervisors_t *supervisors, const airs_retarget_t *change) {
    for (airs_supervisor_t *root = airs_supervisors_first(supervisors); root != NULL;
         root = root->next_root) {
        visit(root, change);
    }
}

void airs_supervisors_retarget(airs_supervisors_t *supervisors, airs_id_t group, airs_component_handle_t old,
                               airs_component_handle_t component) {
    airs_retarget_t change = {.group = group, .old = old, .component = component};
    visit_all(supervisors, &change);
}

void airs_supervisors_settle_target(airs_supervisors_t *supervisors, airs_id_t group,
                                    airs_component_handle_t old, bool back, const airs_actor_spec_t *spec) {
    airs_retarget_t change = {.group = group, .old = old, .back = back, .spec = spec};
    visit_all(supervisors, &change);
}
