#include "node/manifest_tree.h"

#include <stdio.h>

#include "node/nearest_name.h"

#define NONE SIZE_MAX

/* A component or a supervisor. Components come first, as nodes and in everything that is said. */
typedef struct node {
    const char *name;
    airs_manifest_component_t *component;
    airs_manifest_supervisor_t *supervisor;
    airs_manifest_place_t *place;
    const airs_toml_value_t *table;
    size_t parent;   /* index of the supervisor; NONE */
    size_t position; /* among its children */
    size_t offset;   /* where the first component of what is below it stands: the stable order */
    size_t waits;    /* of a root: how many edges from it lead to roots that are not placed */
    bool placed;
} node_t;

/* One root starts after another. */
typedef struct edge {
    size_t from; /* a node: the root that starts later */
    size_t to;
    size_t node; /* whose `after` says so */
    size_t item;
} edge_t;

typedef struct tree {
    airs_manifest_reader_t *reader;
    node_t *nodes;
    size_t count;
    edge_t *edges;
    size_t edge_count;
    size_t *order; /* the roots */
    size_t root_count;
} tree_t;

static airs_manifest_key_t section_of(const node_t *node) {
    return (airs_manifest_key_t){NULL, airs_str(node->component != NULL ? "components" : "supervisors")};
}

/* A problem with a key of a node's table, at its value or at element `item` of it. */
#define COMPLAIN(tree, node, key_name, item, ...)                                                    \
    do {                                                                                             \
        airs_manifest_key_t section_ = section_of(node);                                             \
        airs_manifest_key_t table_ = {&section_, airs_str((node)->name)};                            \
        airs_manifest_key_t key_ = {&table_, airs_str(key_name)};                                    \
        airs_manifest_complain((tree)->reader, &key_, offset_of(node, key_name, item), __VA_ARGS__); \
    } while (0)

static size_t offset_of(const node_t *node, const char *key, size_t item) {
    const airs_toml_value_t *value = airs_toml_table_get(node->table, key);
    if (value == NULL) {
        return airs_toml_value_offset(node->table);
    }
    return airs_toml_value_offset(item != NONE ? airs_toml_array_at(value, item) : value);
}

static const char *node_name_at(const void *names, size_t index) {
    const tree_t *tree = names;
    return index < tree->count ? tree->nodes[index].name : NULL;
}

/* NONE: a problem is noted. */
static size_t look_up(tree_t *tree, const node_t *who, const char *key, size_t item, airs_str_t name) {
    char excerpt[AIRS_MANIFEST_EXCERPT_MAX];
    for (size_t i = 0; i < tree->count; i++) {
        if (airs_str_equal(name, airs_str(tree->nodes[i].name))) {
            return i;
        }
    }
    const char *nearest = airs_nearest_name(name, node_name_at, tree);
    airs_manifest_excerpt(name, excerpt);
    if (nearest != NULL) {
        COMPLAIN(tree, who, key, item, "there is no component or supervisor \"%s\"; did you mean \"%s\"?",
                 excerpt, nearest);
    } else {
        COMPLAIN(tree, who, key, item, "there is no component or supervisor \"%s\"", excerpt);
    }
    return NONE;
}

/* ---- the nodes ---- */

/* What the list was read from, in its order. NULL: no memory. */
static const airs_toml_value_t **tables_of(const tree_t *tree, const airs_toml_value_t *root,
                                           const char *section) {
    return airs_manifest_entries(tree->reader, airs_toml_table_get(root, section));
}

static bool make_nodes(tree_t *tree, const airs_toml_value_t *root,
                       const airs_manifest_component_list_t *components,
                       const airs_manifest_supervisor_list_t *supervisors) {
    tree->count = components->count + supervisors->count;
    tree->nodes = airs_manifest_alloc(tree->reader, tree->count * sizeof *tree->nodes);
    const airs_toml_value_t **described = tables_of(tree, root, "components");
    const airs_toml_value_t **supervising = tables_of(tree, root, "supervisors");
    if (tree->nodes == NULL || described == NULL || supervising == NULL) {
        return false;
    }
    for (size_t i = 0; i < tree->count; i++) {
        node_t *node = &tree->nodes[i];
        bool component = i < components->count;
        if (component) {
            node->component = &components->items[i];
            node->name = node->component->name;
            node->place = &node->component->place;
        } else {
            node->supervisor = &supervisors->items[i - components->count];
            node->name = node->supervisor->name;
            node->place = &node->supervisor->place;
        }
        node->table = component ? described[i] : supervising[i - components->count];
        node->parent = NONE;
        node->offset = component ? airs_toml_entry_offset(node->table) : SIZE_MAX;
    }
    return !tree->reader->out_of_memory;
}

static void check_names(tree_t *tree) {
    for (size_t i = 0; i < tree->count; i++) {
        const node_t *node = &tree->nodes[i];
        for (size_t k = 0; node->supervisor != NULL && k < i; k++) {
            if (tree->nodes[k].component != NULL && strcmp(tree->nodes[k].name, node->name) == 0) {
                airs_manifest_key_t section = section_of(node);
                airs_manifest_key_t key = {&section, airs_str(node->name)};
                airs_manifest_complain(tree->reader, &key, airs_toml_entry_offset(node->table),
                                       "a component has this name too; each needs a name of its own");
            }
        }
    }
}

/* ---- who supervises whom ---- */

static void adopt(tree_t *tree, size_t parent, size_t item, size_t child) {
    node_t *above = &tree->nodes[parent];
    node_t *below = &tree->nodes[child];
    airs_manifest_supervisor_t *supervisor = above->supervisor;
    if (child == parent) {
        COMPLAIN(tree, above, "children", item, "a supervisor cannot be its own child");
    } else if (below->parent == parent) {
        COMPLAIN(tree, above, "children", item, "\"%s\" stands here twice", below->name);
    } else if (below->parent != NONE) {
        COMPLAIN(tree, above, "children", item, "\"%s\" has a supervisor already, %s; it can have one",
                 below->name, tree->nodes[below->parent].name);
    } else {
        below->parent = parent;
        below->position = supervisor->child_count;
        below->place->supervisor = supervisor;
        ((airs_manifest_child_t *)supervisor->children)[supervisor->child_count++] =
            (airs_manifest_child_t){below->component, below->supervisor};
    }
}

static void find_children(tree_t *tree, size_t index) {
    const node_t *node = &tree->nodes[index];
    const airs_toml_value_t *value = airs_toml_table_get(node->table, "children");
    size_t count = airs_toml_array_size(value);
    node->supervisor->children =
        airs_manifest_alloc(tree->reader, count * sizeof *node->supervisor->children);
    for (size_t i = 0; node->supervisor->children != NULL && i < count; i++) {
        const airs_toml_value_t *name = airs_toml_array_at(value, i);
        if (airs_toml_value_type(name) != AIRS_TOML_STRING) {
            COMPLAIN(tree, node, "children", i, "must be the name of a component or supervisor, not %s",
                     airs_toml_type_text(airs_toml_value_type(name)));
            continue;
        }
        size_t child = look_up(tree, node, "children", i, airs_toml_value_string(name));
        if (child != NONE) {
            adopt(tree, index, i, child);
        }
    }
}

/* Is the supervisor below itself? Told once for each ring, by its first. */
static bool check_ring(tree_t *tree, size_t index) {
    char ring[AIRS_MANIFEST_EXCERPT_MAX];
    bool first = true;
    size_t at = tree->nodes[index].parent;
    int used = snprintf(ring, sizeof ring, "%s", tree->nodes[index].name);
    for (size_t steps = 0; at != NONE && at != index && steps < tree->count; steps++) {
        first = first && at > index;
        if (used >= 0 && (size_t)used < sizeof ring) {
            used += snprintf(ring + used, sizeof ring - (size_t)used, ", below %s", tree->nodes[at].name);
        }
        at = tree->nodes[at].parent;
    }
    if (at != index) {
        return false;
    }
    if (first) {
        COMPLAIN(tree, &tree->nodes[index], "children", NONE, "a circle: %s, below %s", ring,
                 tree->nodes[index].name);
    }
    return true;
}

/* ---- what OTP asks of children ---- */

static void check_simple(tree_t *tree, const node_t *node) {
    const airs_manifest_supervisor_t *supervisor = node->supervisor;
    if (supervisor->strategy == AIRS_SIMPLE_ONE_FOR_ONE &&
        airs_toml_array_size(airs_toml_table_get(node->table, "children")) > 0 &&
        (supervisor->child_count != 1 || supervisor->children[0].component == NULL)) {
        COMPLAIN(
            tree, node, "children", NONE,
            "a simple-one-for-one supervisor has one child, a component, and its instances are all alike");
    }
}

static void check_place(tree_t *tree, const node_t *node) {
    const airs_manifest_place_t *place = node->place;
    bool is_root = node->supervisor != NULL && node->parent == NONE;
    airs_auto_shutdown_t automatic =
        node->parent != NONE ? tree->nodes[node->parent].supervisor->auto_shutdown : AIRS_AUTO_SHUTDOWN_NEVER;
    if (is_root && airs_toml_table_get(node->table, "restart") != NULL) {
        COMPLAIN(tree, node, "restart", NONE,
                 "no supervisor has %s among its children, so that nobody restarts it", node->name);
    }
    if (!place->significant) {
        return;
    }
    if (is_root) {
        COMPLAIN(tree, node, "significant", NONE,
                 "no supervisor has %s among its children, to which it could be significant", node->name);
    } else if (place->restart == AIRS_RESTART_PERMANENT) {
        COMPLAIN(tree, node, "significant", NONE,
                 "a permanent child cannot be significant: it never ends by itself; it needs restart ="
                 " \"transient\" or \"temporary\"");
    } else if (automatic == AIRS_AUTO_SHUTDOWN_NEVER) {
        COMPLAIN(tree, node, "significant", NONE,
                 "can only be said of the child of a supervisor that has auto-shutdown");
    }
}

static void check_instances(tree_t *tree, const node_t *node) {
    bool simple = node->parent != NONE &&
                  tree->nodes[node->parent].supervisor->strategy == AIRS_SIMPLE_ONE_FOR_ONE;
    if (node->component != NULL && node->component->instances == 0 && !simple) {
        COMPLAIN(tree, node, "instances", NONE,
                 "0 is out of range; it must be a whole number from 1 to 100000 (0 only under a"
                 " simple-one-for-one supervisor)");
    }
}

/* ---- what starts before what ---- */

static size_t root_of(const tree_t *tree, size_t index) {
    while (tree->nodes[index].parent != NONE) {
        index = tree->nodes[index].parent;
    }
    return index;
}

static size_t depth_of(const tree_t *tree, size_t index) {
    size_t depth = 0;
    while (tree->nodes[index].parent != NONE) {
        index = tree->nodes[index].parent;
        depth++;
    }
    return depth;
}

/* Two of one tree: their supervisors' lists of children say what starts first. */
static void check_within(tree_t *tree, const edge_t *edge, size_t other) {
    const node_t *node = &tree->nodes[edge->node];
    const char *name = tree->nodes[other].name;
    size_t later = edge->node;
    size_t earlier = other;
    size_t later_depth = depth_of(tree, later);
    size_t earlier_depth = depth_of(tree, earlier);
    size_t last_later = NONE;
    size_t last_earlier = NONE;
    while (later != earlier) {
        if (later_depth >= earlier_depth) {
            last_later = later;
            later = tree->nodes[later].parent;
            later_depth--;
        } else {
            last_earlier = earlier;
            earlier = tree->nodes[earlier].parent;
            earlier_depth--;
        }
        if (later_depth == earlier_depth && later != earlier) {
            last_earlier = earlier;
            earlier = tree->nodes[earlier].parent;
            earlier_depth--;
        }
    }
    if (last_later == NONE || last_earlier == NONE) {
        COMPLAIN(tree, node, "after", edge->item, "\"%s\" %s it, and starts with it", name,
                 last_later == NONE ? "is below" : "supervises");
    } else if (tree->nodes[last_later].position < tree->nodes[last_earlier].position) {
        COMPLAIN(tree, node, "after", edge->item,
                 "\"%s\" starts later, for that is the order of supervisors.%s.children", name,
                 tree->nodes[later].name);
    }
}

static void find_edges(tree_t *tree, size_t index) {
    const node_t *node = &tree->nodes[index];
    for (size_t i = 0; i < node->place->after_count; i++) {
        if (node->place->after[i] == NULL) {
            continue; /* no string */
        }
        size_t other = look_up(tree, node, "after", i, airs_str(node->place->after[i]));
        if (other == NONE) {
            continue;
        }
        edge_t edge = {root_of(tree, index), root_of(tree, other), index, i};
        if (other == index) {
            COMPLAIN(tree, node, "after", i, "cannot start after itself");
        } else if (edge.from == edge.to) {
            check_within(tree, &edge, other);
        } else {
            tree->edges[tree->edge_count++] = edge;
        }
    }
}

/* The edge that holds the root up; NULL: none does. */
static const edge_t *obstacle(const tree_t *tree, size_t root) {
    for (size_t i = 0; i < tree->edge_count; i++) {
        if (tree->edges[i].from == root && !tree->nodes[tree->edges[i].to].placed) {
            return &tree->edges[i];
        }
    }
    return NULL;
}

/* The root to start next: of those that nothing holds up the first in the file. NONE: there is none. */
static size_t next_root(const tree_t *tree) {
    size_t best = NONE;
    for (size_t i = 0; i < tree->count; i++) {
        const node_t *node = &tree->nodes[i];
        if (node->parent == NONE && !node->placed && node->waits == 0 &&
            (best == NONE || node->offset < tree->nodes[best].offset)) {
            best = i;
        }
    }
    return best;
}

static void place(tree_t *tree, size_t root) {
    tree->nodes[root].placed = true;
    tree->order[tree->root_count++] = root;
    for (size_t i = 0; i < tree->edge_count; i++) {
        if (tree->edges[i].to == root) {
            tree->nodes[tree->edges[i].from].waits--;
        }
    }
}

static void complain_circle(tree_t *tree) {
    size_t at = 0;
    while (tree->nodes[at].parent != NONE || tree->nodes[at].placed) {
        at++;
    }
    /* So many steps end on the circle. */
    for (size_t i = 0; i < tree->count; i++) {
        at = obstacle(tree, at)->to;
    }
    char text[AIRS_MANIFEST_EXCERPT_MAX];
    size_t begin = at;
    const edge_t *first = obstacle(tree, at);
    int used = snprintf(text, sizeof text, "%s", tree->nodes[at].name);
    do {
        at = obstacle(tree, at)->to;
        if (used >= 0 && (size_t)used < sizeof text) {
            used += snprintf(text + used, sizeof text - (size_t)used, " after %s", tree->nodes[at].name);
        }
    } while (at != begin);
    COMPLAIN(tree, &tree->nodes[first->node], "after", first->item, "a circle, in which none can start: %s",
             text);
}

static void put_in_order(tree_t *tree) {
    size_t roots = 0;
    for (size_t i = 0; i < tree->count; i++) {
        roots += tree->nodes[i].parent == NONE;
    }
    for (size_t i = 0; i < tree->edge_count; i++) {
        tree->nodes[tree->edges[i].from].waits++;
    }
    while (tree->root_count < roots) {
        size_t root = next_root(tree);
        if (root == NONE) {
            complain_circle(tree);
            return;
        }
        place(tree, root);
    }
}

/* ---- the result ---- */

static const airs_manifest_supervisor_t *implicit_supervisor(tree_t *tree, const node_t *node) {
    airs_manifest_supervisor_t *supervisor = airs_manifest_alloc(tree->reader, sizeof *supervisor);
    airs_manifest_child_t *child = airs_manifest_alloc(tree->reader, sizeof *child);
    if (supervisor == NULL || child == NULL) {
        return NULL;
    }
    uint64_t intensity = node->component->instances * AIRS_IMPLICIT_INTENSITY;
    *supervisor = (airs_manifest_supervisor_t)AIRS_MANIFEST_SUPERVISOR_INIT;
    *child = (airs_manifest_child_t){node->component, NULL};
    supervisor->name = node->name;
    supervisor->implicit = true;
    supervisor->intensity = intensity < AIRS_INTENSITY_MAX ? intensity : AIRS_INTENSITY_MAX;
    supervisor->period_ms = AIRS_IMPLICIT_PERIOD_MS;
    supervisor->children = child;
    supervisor->child_count = 1;
    node->place->supervisor = supervisor;
    return supervisor;
}

static void hand_over(tree_t *tree, airs_manifest_t *manifest) {
    const airs_manifest_supervisor_t **roots =
        airs_manifest_alloc(tree->reader, tree->root_count * sizeof *roots);
    for (size_t i = 0; roots != NULL && i < tree->root_count; i++) {
        const node_t *node = &tree->nodes[tree->order[i]];
        roots[i] = node->supervisor != NULL ? node->supervisor : implicit_supervisor(tree, node);
    }
    manifest->roots = roots;
    manifest->root_count = tree->root_count;
}

static bool check_rings(tree_t *tree) {
    bool any = false;
    for (size_t i = 0; i < tree->count; i++) {
        any = (tree->nodes[i].supervisor != NULL && check_ring(tree, i)) || any;
    }
    return any;
}

/* A tree stands where the first of its components does. */
static void find_offsets(tree_t *tree) {
    for (size_t i = 0; i < tree->count; i++) {
        if (tree->nodes[i].component != NULL) {
            node_t *root = &tree->nodes[root_of(tree, i)];
            root->offset = tree->nodes[i].offset < root->offset ? tree->nodes[i].offset : root->offset;
        }
    }
}

static size_t count_after(const tree_t *tree) {
    size_t count = 0;
    for (size_t i = 0; i < tree->count; i++) {
        count += tree->nodes[i].place->after_count;
    }
    return count;
}

void airs_manifest_plant_trees(airs_manifest_reader_t *reader, const airs_toml_value_t *root,
                               const airs_manifest_component_list_t *components,
                               const airs_manifest_supervisor_list_t *supervisors,
                               airs_manifest_t *manifest) {
    tree_t tree = {.reader = reader};
    if (!make_nodes(&tree, root, components, supervisors)) {
        return;
    }
    check_names(&tree);
    for (size_t i = components->count; i < tree.count && !reader->out_of_memory; i++) {
        find_children(&tree, i);
    }
    tree.edges = airs_manifest_alloc(reader, count_after(&tree) * sizeof *tree.edges);
    tree.order = airs_manifest_alloc(reader, tree.count * sizeof *tree.order);
    if (tree.edges == NULL || tree.order == NULL || reader->out_of_memory || check_rings(&tree)) {
        return;
    }
    for (size_t i = 0; i < tree.count; i++) {
        if (tree.nodes[i].supervisor != NULL) {
            check_simple(&tree, &tree.nodes[i]);
        }
        check_place(&tree, &tree.nodes[i]);
        check_instances(&tree, &tree.nodes[i]);
        find_edges(&tree, i);
    }
    find_offsets(&tree);
    put_in_order(&tree);
    hand_over(&tree, manifest);
}
