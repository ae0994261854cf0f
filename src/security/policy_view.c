#include <stdint.h>

#include "core/hash_table.h"
#include "core/memory.h"
#include "security/pattern.h"
#include "security/policy_state.h"

/* A rule is found by a part of its resource pattern that has no wildcards: its first segments, or if it begins with a
 * wildcard its last ones. A name has few of either, each looked up in one table. Rules that are wild at both ends
 * are under the empty text. */
typedef enum side { WILD, FIRST, LAST } side_t;

/* Segments of such a part at most, so that a name of many segments takes no longer. */
#define PART_MAX 4

#define NONE UINT32_MAX

/* One for each rule and action, in the order of the rules. */
typedef struct entry {
    uint64_t hash;
    uint32_t rule;
    uint32_t next;    /* in its bucket */
    uint32_t sibling; /* of the same action */
} entry_t;

struct airs_policy_view {
    airs_policy_t *policy;
    airs_policy_view_t *next; /* the policy's list */
    size_t users;
    uint64_t profile; /* hash of the rules' numbers */
    uint32_t *rules;  /* those that name the component, in order */
    size_t rule_count;
    entry_t *entries;
    uint32_t *buckets;
    uint32_t mask;
    uint32_t first_of[AIRS_ACTION_COUNT];
};

/* ---- parts of patterns and of names ----------------------------------------------------------- */

static char separator_of(airs_resource_kind_t kind) { return kind == AIRS_RESOURCE_TOPIC ? '.' : '/'; }

static bool is_sorted(airs_resource_kind_t kind) {
    return kind == AIRS_RESOURCE_ID || kind == AIRS_RESOURCE_KEY || kind == AIRS_RESOURCE_TOPIC;
}

static uint64_t part_hash(airs_action_t action, side_t side, airs_str_t part) {
    return airs_hash_bytes(airs_bytes(part.data, part.size), ((uint64_t)action << 2) | side);
}

static bool is_wild(airs_str_t segment) {
    return airs_segment_is_one(segment) || airs_segment_is_run(segment) ||
           (segment.size == 1 && segment.data[0] == '>');
}

/* The text of the first `count` segments. */
static airs_str_t first_part(char separator, airs_str_t text, size_t count) {
    size_t size = 0;
    while (size < text.size && (text.data[size] != separator || --count > 0)) {
        size++;
    }
    return airs_str_n(text.data, size);
}

static airs_str_t last_part(char separator, airs_str_t text, size_t count) {
    size_t begin = text.size;
    while (begin > 0 && (text.data[begin - 1] != separator || --count > 0)) {
        begin--;
    }
    return airs_str_n(text.data + begin, text.size - begin);
}

static airs_str_t without_last(char separator, airs_str_t text) {
    const char *last = text.size > 0 ? memrchr(text.data, separator, text.size) : NULL;
    return airs_str_n(text.data, last != NULL ? (size_t)(last - text.data) : 0);
}

typedef struct shape {
    size_t segments;    /* but runs */
    size_t first_plain; /* without wildcards, at the beginning */
    size_t last_plain;  /* at the end */
    bool ends_wild;     /* in a run */
} shape_t;

static shape_t shape_of(char separator, airs_str_t pattern) {
    shape_t shape = {0};
    bool was_wild = false;
    for (airs_segments_t rest = airs_segments(separator, pattern); !rest.ended;
         rest = airs_segments_rest(&rest)) {
        airs_str_t segment = airs_segments_first(&rest);
        bool wild = is_wild(segment);
        was_wild = was_wild || wild;
        shape.first_plain += !was_wild;
        shape.last_plain = wild ? 0 : shape.last_plain + 1;
        shape.ends_wild = airs_segment_is_run(segment);
        shape.segments += !shape.ends_wild;
    }
    return shape;
}

static size_t lesser(size_t a, size_t b) { return a < b ? a : b; }

/* An id's last segment is left out of its parts: a target may leave the instance open. An id has three segments at
 * least. */
static uint64_t id_hash(airs_action_t action, airs_str_t pattern) {
    shape_t shape = shape_of('/', pattern);
    size_t certain = (shape.segments > 3 ? shape.segments : 3) - 1;
    size_t plain = lesser(lesser(shape.first_plain, certain), PART_MAX);
    if (plain > 0) {
        return part_hash(action, FIRST, first_part('/', pattern, plain));
    }
    airs_str_t part = without_last('/', pattern);
    plain = shape.ends_wild ? 0 : lesser(shape_of('/', part).last_plain, PART_MAX);
    return plain > 0 && part.size > 0 ? part_hash(action, LAST, last_part('/', part, plain))
                                      : part_hash(action, WILD, airs_str(""));
}

static uint64_t rule_hash(const airs_policy_rule_t *rule, airs_action_t action) {
    airs_resource_kind_t kind = airs_action_resource(action);
    char separator = separator_of(kind);
    if (rule->resource.size == 0 || !is_sorted(kind)) {
        return part_hash(action, WILD, airs_str(""));
    }
    if (kind == AIRS_RESOURCE_ID) {
        return id_hash(action, rule->resource);
    }
    shape_t shape = shape_of(separator, rule->resource);
    if (shape.first_plain > 0) {
        return part_hash(action, FIRST,
                         first_part(separator, rule->resource, lesser(shape.first_plain, PART_MAX)));
    }
    return shape.last_plain > 0
               ? part_hash(action, LAST,
                           last_part(separator, rule->resource, lesser(shape.last_plain, PART_MAX)))
               : part_hash(action, WILD, airs_str(""));
}

/* ---- answers ---------------------------------------------------------------------------------- */

typedef struct question {
    const airs_policy_view_t *view;
    airs_action_t action;
    const airs_resource_t *resource;
    airs_ruling_t ruling;
} question_t;

static void ask_part(question_t *question, side_t side, airs_str_t part) {
    const airs_policy_view_t *view = question->view;
    uint64_t hash = part_hash(question->action, side, part);
    for (uint32_t at = view->buckets[hash & view->mask]; at != NONE; at = view->entries[at].next) {
        if (view->entries[at].hash == hash) {
            airs_ruling_hear(&question->ruling, view->policy, view->entries[at].rule, question->action,
                             question->resource);
        }
    }
}

static void ask_parts(question_t *question, char separator, airs_str_t name) {
    size_t end = 0;
    for (size_t count = 1; count <= PART_MAX && end < name.size + 1; count++) {
        while (end < name.size && name.data[end] != separator) {
            end++;
        }
        ask_part(question, FIRST, airs_str_n(name.data, end));
        end++;
    }
    size_t begin = name.size;
    for (size_t count = 1; count <= PART_MAX; count++) {
        while (begin > 0 && name.data[begin - 1] != separator) {
            begin--;
        }
        ask_part(question, LAST, airs_str_n(name.data + begin, name.size - begin));
        if (begin == 0) {
            break;
        }
        begin--;
    }
}

static void ask_each(question_t *question) {
    const airs_policy_view_t *view = question->view;
    for (uint32_t at = view->first_of[question->action]; at != NONE; at = view->entries[at].sibling) {
        airs_ruling_hear(&question->ruling, view->policy, view->entries[at].rule, question->action,
                         question->resource);
    }
}

/* Namespace and name; false when nobody can have that id. */
static bool id_name(airs_id_t id, char out[AIRS_ID_MAX + 1], airs_str_t *name) {
    if (id.ns.size > AIRS_ID_MAX || id.name.size > AIRS_ID_MAX || id.ns.size + id.name.size >= AIRS_ID_MAX) {
        return false;
    }
    char *end = airs_copy(out, id.ns.data, id.ns.size);
    *end++ = '/';
    end = airs_copy(end, id.name.data, id.name.size);
    *name = airs_str_n(out, (size_t)(end - out));
    return true;
}

airs_ruling_t airs_policy_view_ask(const airs_policy_view_t *view, airs_action_t action,
                                   const airs_resource_t *resource) {
    question_t question = {view, action, resource, {AIRS_EFFECT_NONE, NULL, 0}};
    char buffer[AIRS_ID_MAX + 1];
    airs_str_t name = resource->text;
    if ((unsigned)action >= AIRS_ACTION_COUNT || view->first_of[action] == NONE) {
        return question.ruling;
    }
    if (action == AIRS_ACTION_TOPIC_SUBSCRIBE || !is_sorted(resource->kind) ||
        (resource->kind == AIRS_RESOURCE_ID && !id_name(resource->id, buffer, &name))) {
        ask_each(&question);
    } else {
        ask_part(&question, WILD, airs_str(""));
        ask_parts(&question, separator_of(resource->kind), name);
    }
    return question.ruling;
}

/* ---- making them ------------------------------------------------------------------------------ */

static size_t bits_in(uint32_t actions) { return (size_t)__builtin_popcount(actions); }

static bool allocate(airs_policy_view_t *self, const airs_allocator_t *allocator) {
    size_t count = 0;
    for (size_t i = 0; i < self->rule_count; i++) {
        count += bits_in(self->policy->rules[self->rules[i]].actions);
    }
    size_t buckets = 1;
    while (buckets < 2 * count) {
        buckets *= 2;
    }
    self->mask = (uint32_t)(buckets - 1);
    self->entries = airs_alloc_array(allocator, count + 1, sizeof *self->entries);
    self->buckets = airs_alloc_array(allocator, buckets, sizeof *self->buckets);
    if (self->buckets != NULL) {
        memset(self->buckets, 0xff, buckets * sizeof *self->buckets);
    }
    memset(self->first_of, 0xff, sizeof self->first_of);
    return self->entries != NULL && self->buckets != NULL;
}

/* From the last rule to the first, so that each chain is in order and a rule that decides is met early. */
static void fill(airs_policy_view_t *self) {
    uint32_t next = 0;
    for (size_t i = self->rule_count; i-- > 0;) {
        const airs_policy_rule_t *rule = &self->policy->rules[self->rules[i]];
        for (unsigned action = 0; action < AIRS_ACTION_COUNT; action++) {
            if ((rule->actions & (UINT32_C(1) << action)) == 0) {
                continue;
            }
            uint64_t hash = rule_hash(rule, (airs_action_t)action);
            uint32_t *bucket = &self->buckets[hash & self->mask];
            self->entries[next] = (entry_t){hash, self->rules[i], *bucket, self->first_of[action]};
            *bucket = next;
            self->first_of[action] = next++;
        }
    }
}

static void destroy(airs_policy_view_t *view, const airs_allocator_t *allocator) {
    airs_release(allocator, view->rules);
    airs_release(allocator, view->entries);
    airs_release(allocator, view->buckets);
    airs_release(allocator, view);
}

/* The numbers of the rules that name the component. */
static airs_status_t make_profile(airs_policy_view_t *self, airs_str_t component) {
    const airs_policy_t *policy = self->policy;
    self->rules = airs_alloc_array(policy->allocator, policy->count + 1, sizeof *self->rules);
    if (self->rules == NULL) {
        return AIRS_OUT_OF_MEMORY;
    }
    bool named = false;
    for (size_t i = 0; i < policy->count; i++) {
        const airs_policy_rule_t *rule = &policy->rules[i];
        if (i == 0 || !airs_str_equal(rule->component, policy->rules[i - 1].component)) {
            named = airs_policy_rule_names(rule, component);
        }
        if (named) {
            self->rules[self->rule_count++] = (uint32_t)i;
        }
    }
    self->profile =
        airs_hash_bytes(airs_bytes(self->rules, self->rule_count * sizeof *self->rules), self->rule_count);
    return AIRS_OK;
}

static airs_policy_view_t *find_same(const airs_policy_t *policy, const airs_policy_view_t *wanted) {
    airs_policy_view_t *view = policy->views;
    while (view != NULL &&
           (view->profile != wanted->profile || view->rule_count != wanted->rule_count ||
            memcmp(view->rules, wanted->rules, view->rule_count * sizeof *view->rules) != 0)) {
        view = view->next;
    }
    return view;
}

/* With the lock held, so that nobody makes the same one. */
static airs_status_t share_or_keep(airs_policy_t *policy, airs_policy_view_t *made,
                                   airs_policy_view_t **out) {
    *out = find_same(policy, made);
    if (*out == NULL) {
        if (!allocate(made, policy->allocator)) {
            return AIRS_OUT_OF_MEMORY;
        }
        fill(made);
        made->next = policy->views;
        policy->views = made;
        *out = made;
    }
    (*out)->users++;
    return AIRS_OK;
}

airs_status_t airs_policy_view(airs_policy_t *policy, airs_str_t component, airs_policy_view_t **out) {
    airs_policy_view_t *made = airs_alloc_zeroed(policy->allocator, sizeof *made);
    airs_policy_view_t *view = NULL;
    if (made == NULL) {
        return AIRS_OUT_OF_MEMORY;
    }
    made->policy = policy;
    airs_status_t status = make_profile(made, component);
    if (status == AIRS_OK) {
        pthread_mutex_lock(&policy->lock);
        status = share_or_keep(policy, made, &view);
        pthread_mutex_unlock(&policy->lock);
    }
    if (status != AIRS_OK || view != made) {
        destroy(made, policy->allocator);
    }
    if (status == AIRS_OK) {
        airs_policy_ref(policy);
        *out = view;
    }
    return status;
}

void airs_policy_view_release(airs_policy_view_t *view) {
    if (view == NULL) {
        return;
    }
    airs_policy_t *policy = view->policy;
    pthread_mutex_lock(&policy->lock);
    bool is_last = --view->users == 0;
    if (is_last) {
        airs_policy_view_t **at = &policy->views;
        while (*at != view) {
            at = &(*at)->next;
        }
        *at = view->next;
    }
    pthread_mutex_unlock(&policy->lock);
    if (is_last) {
        destroy(view, policy->allocator);
    }
    airs_policy_unref(policy);
}
