/* A verb's options: one list for reading them, for suggesting the right one, and for --help. */
#ifndef AIRSSYS_CLI_OPTIONS_H
#define AIRSSYS_CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include <airssys/export.h>

typedef struct airs_option {
    const char *name;    /* without the dashes */
    char letter;         /* 0: none */
    const char *metavar; /* of its value, for --help; NULL: it takes none */
    const char *help;
    /* Exactly one of these, told to by the list's maker: */
    bool *flag;         /* set to true */
    const char **value; /* set to the text, which lives as long as argv */
} airs_option_t;

typedef struct airs_verb {
    const char *name;
    const char *usage;            /* what follows the options: "MANIFEST" */
    const char *summary;          /* one line */
    const char *help;             /* more lines, after the options; may be NULL */
    const airs_option_t *options; /* --help is added by itself */
    size_t option_count;
    const int *exit_codes; /* ends in -1 */
    int min_arguments;
    int max_arguments;
} airs_verb_t;

/* Read the options; *arguments are what is left, *count how many. Returns true to go on. False: everything
 * is said (--help on standard output, an error on standard error), and *exit_code is what to return. */
bool airs_options_read(const airs_verb_t *verb, int argc, char **argv, char ***arguments, int *count,
                       int *exit_code);

/* A whole number from `min` to `max`; false after saying what is wrong. */
bool airs_option_number(const airs_verb_t *verb, const char *name, const char *text, unsigned long min,
                        unsigned long max, unsigned long *out);

/* The index of `text` in `words`, which ends in NULL; -1 after saying what is wrong. */
int airs_option_word(const airs_verb_t *verb, const char *name, const char *text, const char *const *words);

#endif
