#include "cli/exit_code.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

static const struct {
    int number;
    const char *text;
} known[] = {
#define AIRS_EXIT_ROW(name, number, text) {number, text},
    AIRS_EXIT_MAP(AIRS_EXIT_ROW)
#undef AIRS_EXIT_ROW
};

static bool contains(const int *codes, int number) {
    while (*codes >= 0 && *codes != number) {
        codes++;
    }
    return *codes >= 0;
}

void airs_exit_codes_print(const int *codes) {
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (contains(codes, known[i].number)) {
            printf("  %3d  %s\n", known[i].number, known[i].text);
        }
    }
}
