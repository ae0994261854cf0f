/* Three lines: a pattern, another one, and a name. Whether a pattern matches is what a slow and plain reading of the rules
 * says; patterns that share a name overlap; and who contains a subscription matches whatever that matches. */
#include <stdlib.h>

#include "core/check.h"
#include "security/host_pattern.h"
#include "security/pattern.h"
#include "security/permission.h"
#include "security/topic_pattern.h"

/* The plain reading takes memory for each pair of segments. */
#define SEGMENTS_MAX 64

typedef struct cut {
    airs_str_t segments[SEGMENTS_MAX];
    size_t count; /* SEGMENTS_MAX + 1: too many */
} cut_t;

static cut_t cut(char separator, airs_str_t text) {
    cut_t out = {.count = 0};
    size_t begin = 0;
    for (size_t i = 0; i <= text.size; i++) {
        if (i == text.size || text.data[i] == separator) {
            if (out.count == SEGMENTS_MAX) {
                out.count++;
                return out;
            }
            out.segments[out.count++] = airs_str_n(text.data + begin, i - begin);
            begin = i + 1;
        }
    }
    return out;
}

/* Whether the pattern from its segment p on matches the name from n on, for all of them from the last to the first. */
static bool matches_plainly(const cut_t *pattern, const cut_t *name) {
    static bool table[SEGMENTS_MAX + 1][SEGMENTS_MAX + 1];
    for (size_t p = pattern->count + 1; p-- > 0;) {
        for (size_t n = name->count + 1; n-- > 0;) {
            if (p == pattern->count) {
                table[p][n] = n == name->count;
            } else if (airs_str_equal(pattern->segments[p], airs_str("**"))) {
                table[p][n] = table[p + 1][n] || (n < name->count && table[p][n + 1]);
            } else {
                table[p][n] = n < name->count && table[p + 1][n + 1] &&
                              (airs_str_equal(pattern->segments[p], airs_str("*")) ||
                               airs_str_equal(pattern->segments[p], name->segments[n]));
            }
        }
    }
    return table[0][0];
}

static void check_match(char separator, airs_str_t pattern, airs_str_t name) {
    cut_t wanted = cut(separator, pattern);
    cut_t given = cut(separator, name);
    bool matches = airs_pattern_match_at(separator, pattern, name);
    if (wanted.count <= SEGMENTS_MAX && given.count <= SEGMENTS_MAX) {
        AIRS_ASSERT(matches == matches_plainly(&wanted, &given));
    }
}

static void check_pair(char separator, airs_str_t one, airs_str_t other, airs_str_t name) {
    check_match(separator, one, name);
    check_match(separator, other, name);
    if (airs_pattern_match_at(separator, one, name) && airs_pattern_match_at(separator, other, name)) {
        AIRS_ASSERT(airs_pattern_overlap(separator, one, other));
        AIRS_ASSERT(airs_pattern_overlap(separator, other, one));
    }
}

static void check_topics(airs_str_t pattern, airs_str_t subscription, airs_str_t topic) {
    bool good = airs_topic_pattern_check(pattern, NULL) == AIRS_OK;
    bool wanted = airs_topic_pattern_match(pattern, topic);
    bool brought = airs_topic_pattern_match(subscription, topic);
    bool contains = airs_topic_pattern_contains(pattern, subscription);
    bool overlaps = airs_topic_pattern_overlap(pattern, subscription);
    /* A subscription has no "**". */
    if (good && brought && memmem(subscription.data, subscription.size, "**", 2) == NULL) {
        cut_t tokens = cut('.', topic);
        AIRS_ASSERT(!wanted || overlaps);
        AIRS_ASSERT(!contains || wanted || tokens.count > 32);
    }
}

static void check_hosts(airs_str_t pattern, airs_str_t text) {
    airs_str_t host;
    uint16_t port = 0;
    bool good = airs_host_pattern_check(pattern, NULL) == AIRS_OK;
    if (airs_host_parse(text, &host, &port, NULL) == AIRS_OK) {
        AIRS_ASSERT(port != 0 && host.size > 0);
        bool matches = airs_host_pattern_match(pattern, host, port);
        /* A host as a pattern is that host. */
        if (good && airs_str_equal(pattern, text) && memchr(text.data, '*', text.size) == NULL) {
            AIRS_ASSERT(matches || host.size > AIRS_HOST_MAX);
        }
    }
}

static void check_permissions(airs_str_t pattern, airs_str_t text) {
    for (unsigned i = 0; i < AIRS_ACTION_COUNT; i++) {
        airs_action_t action = (airs_action_t)i;
        airs_error_t error;
        airs_resource_t resource;
        if (airs_permission_check_pattern(action, pattern, &error) == AIRS_OK &&
            airs_resource_parse(action, text, &resource, &error) == AIRS_OK) {
            airs_permission_t permission = {UINT32_C(1) << i, AIRS_SCOPE_PATTERN, pattern, {0}};
            char shown[AIRS_RESOURCE_TEXT_MAX];
            (void)airs_resource_text(&resource, shown);
            /* What is covered whole is touched. */
            AIRS_ASSERT(!airs_permission_covers(&permission, airs_str("shop"), action, &resource) ||
                        airs_permission_touches(&permission, airs_str("shop"), action, &resource));
        }
    }
}

/* A line of its own memory, so that reading past its end is seen. */
static airs_str_t take_line(const uint8_t **bytes, size_t *size, char **block) {
    const uint8_t *end = *size > 0 ? memchr(*bytes, '\n', *size) : NULL;
    size_t length = end != NULL ? (size_t)(end - *bytes) : *size;
    *block = malloc(length > 0 ? length : 1);
    AIRS_ASSERT(*block != NULL);
    if (length > 0) {
        memcpy(*block, *bytes, length);
    }
    length += end != NULL;
    *bytes += length;
    *size -= length;
    return airs_str_n(*block, length - (end != NULL));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    char *blocks[3];
    airs_str_t one = take_line(&bytes, &size, &blocks[0]);
    airs_str_t other = take_line(&bytes, &size, &blocks[1]);
    airs_str_t name = take_line(&bytes, &size, &blocks[2]);
    check_pair('/', one, other, name);
    check_pair('.', one, other, name);
    check_topics(one, other, name);
    check_hosts(one, name);
    check_permissions(one, name);
    for (size_t i = 0; i < 3; i++) {
        free(blocks[i]);
    }
    return 0;
}
