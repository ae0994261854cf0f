/* What the three components of this application agree on.
 *
 * splitter -> counter    a word in lower-case letters; empty: the text has ended
 * counter  -> collector  lines "COUNT WORD\n", as many as fit into a message; empty: that was all
 *
 * Each word has one counter, so the collector never adds. Messages from one sender to one receiver keep
 * their order, so an empty one comes after everything it speaks of. */
#ifndef WORDCOUNT_H
#define WORDCOUNT_H

#include <airssys.h>

/* A mailbox that stays full for this long belongs to somebody who is stuck. */
#define PATIENCE_MS 30000

typedef struct wordcount_search {
    airs_id_t of;
    size_t found;
} wordcount_search_t;

static inline bool wordcount_match(void *context, airs_id_t id) {
    wordcount_search_t *search = context;
    search->found += airs_str_equal(id.ns, search->of.ns) && airs_str_equal(id.name, search->of.name);
    return true;
}

/* How many instances of `component` there are in this application: the manifest is the one place that says. */
static inline size_t wordcount_instances(const char *component) {
    wordcount_search_t search = {{airs_self().ns, airs_str(component), airs_str("")}, 0};
    airs_list(wordcount_match, &search);
    return search.found;
}

#endif
