#include "cli/exit_code.h"

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

void airs_exit_codes_print(const int *codes) {
    for (; *codes >= 0; codes++) {
        for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
            if (known[i].number == *codes) {
                printf("  %3d  %s\n", known[i].number, known[i].text);
            }
        }
    }
}
