#include "node/nearest_name.h"

#include <ctype.h>

/* Longer words are not compared: nobody mistypes one so slightly that a guess would help. */
#define WORD_MAX 63

static size_t smaller(size_t a, size_t b) { return a < b ? a : b; }

static bool same_letter(char a, char b) { return tolower((unsigned char)a) == tolower((unsigned char)b); }

/* The optimal string alignment form: three rows of the distance table are enough, the current one,
 * the one before, and the one before that for swapped neighbours. */
static size_t distance(airs_str_t a, airs_str_t b) {
    size_t rows[3][WORD_MAX + 1];
    for (size_t j = 0; j <= b.size; j++) {
        rows[0][j] = j;
    }
    for (size_t i = 1; i <= a.size; i++) {
        size_t *current = rows[i % 3];
        const size_t *previous = rows[(i - 1) % 3];
        const size_t *before = rows[(i + 1) % 3];
        current[0] = i;
        for (size_t j = 1; j <= b.size; j++) {
            bool same = same_letter(a.data[i - 1], b.data[j - 1]);
            size_t best = previous[j - 1] + (same ? 0 : 1);
            best = smaller(best, smaller(previous[j], current[j - 1]) + 1);
            if (i > 1 && j > 1 && same_letter(a.data[i - 1], b.data[j - 2]) &&
                same_letter(a.data[i - 2], b.data[j - 1])) {
                best = smaller(best, before[j - 2] + 1);
            }
            current[j] = best;
        }
    }
    return rows[a.size % 3][b.size];
}

const char *airs_nearest_name(airs_str_t word, airs_name_at_fn *name_at, const void *names) {
    const char *nearest = NULL;
    size_t allowed = word.size / 3 > 1 ? word.size / 3 : 1;
    size_t nearest_distance = allowed + 1;
    if (word.size == 0 || word.size > WORD_MAX) {
        return NULL;
    }
    for (size_t index = 0;; index++) {
        const char *name = name_at(names, index);
        if (name == NULL) {
            return nearest;
        }
        airs_str_t candidate = airs_str(name);
        if (candidate.size > WORD_MAX) {
            continue;
        }
        size_t found = distance(word, candidate);
        /* A word of which every letter was replaced is another word, however short. */
        if (found < nearest_distance && (found < candidate.size || found < word.size)) {
            nearest = name;
            nearest_distance = found;
        }
    }
}

const char *airs_name_at_in_list(const void *names, size_t index) {
    return ((const char *const *)names)[index];
}
