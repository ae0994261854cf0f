#include "cli/options.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/command.h"
#include "cli/complaint.h"
#include "cli/exit_code.h"
#include "node/nearest_name.h"

#define OPTIONS_MAX 16

/* Above every letter: what getopt_long answers for option number 0, 1, … */
#define FIRST_VALUE 256

static int usage_error(const airs_verb_t *verb) {
    fprintf(stderr, "Try 'airssys %s --help'.\n", verb->name);
    return AIRS_EXIT_USAGE;
}

static void print_option(char letter, const char *name, const char *metavar, const char *help) {
    char left[64];
    char short_form[8] = "    ";
    if (letter != 0) {
        snprintf(short_form, sizeof short_form, "-%c, ", letter);
    }
    snprintf(left, sizeof left, "%s--%s%s%s", short_form, name, metavar != NULL ? " " : "",
             metavar != NULL ? metavar : "");
    printf("  %-24s %s\n", left, help);
}

static int print_help(const airs_verb_t *verb) {
    printf("Usage: airssys %s [OPTION]... %s\n%s\n\nOptions:\n", verb->name, verb->usage, verb->summary);
    for (size_t i = 0; i < verb->option_count; i++) {
        const airs_option_t *option = &verb->options[i];
        print_option(option->letter, option->name, option->metavar, option->help);
    }
    print_option(0, "help", NULL, "show this and exit");
    if (verb->help != NULL) {
        printf("\n%s", verb->help);
    }
    printf("\nExit codes:\n");
    airs_exit_codes_print(verb->exit_codes);
    return fflush(stdout) == 0 ? AIRS_EXIT_OK : AIRS_EXIT_FAILURE;
}

/* What getopt_long wants: long options, and the letters as one text. */
typedef struct getopt_table {
    struct option options[OPTIONS_MAX + 2]; /* --help, and the end */
    char letters[2 * OPTIONS_MAX + 2];
} getopt_table_t;

static void fill_table(const airs_verb_t *verb, getopt_table_t *table) {
    size_t used = 0;
    memset(table, 0, sizeof *table);
    table->letters[used++] = ':'; /* answer ':' for a missing value */
    for (size_t i = 0; i < verb->option_count && i < OPTIONS_MAX; i++) {
        const airs_option_t *option = &verb->options[i];
        bool takes_value = option->metavar != NULL;
        table->options[i] = (struct option){option->name, takes_value ? required_argument : no_argument, NULL,
                                            FIRST_VALUE + (int)i};
        if (option->letter != 0) {
            table->letters[used++] = option->letter;
        }
        if (option->letter != 0 && takes_value) {
            table->letters[used++] = ':';
        }
    }
    table->options[verb->option_count] = (struct option){"help", no_argument, NULL, 'H'};
}

static const airs_option_t *find_option(const airs_verb_t *verb, int answer) {
    for (size_t i = 0; i < verb->option_count; i++) {
        if (answer == FIRST_VALUE + (int)i || (answer != 0 && answer == verb->options[i].letter)) {
            return &verb->options[i];
        }
    }
    return NULL;
}

static const char *option_name_at(const void *names, size_t index) {
    const airs_verb_t *verb = names;
    if (index < verb->option_count) {
        return verb->options[index].name;
    }
    return index == verb->option_count ? "help" : NULL;
}

static int complain_unknown(const airs_verb_t *verb, const char *argument) {
    /* A letter that is unknown may stand among others: getopt says which. */
    if (strncmp(argument, "--", 2) != 0) {
        airs_complain(verb->name, "unknown option -%c", optopt);
        return usage_error(verb);
    }
    const char *name = argument + 2;
    airs_str_t word = airs_str_n(name, strcspn(name, "="));
    const char *nearest = airs_nearest_name(word, option_name_at, verb);
    if (optopt >= FIRST_VALUE || optopt == 'H') {
        airs_complain(verb->name, "the option --%.*s takes no value", AIRS_STR_ARG(word));
    } else if (nearest != NULL) {
        airs_complain(verb->name, "unknown option --%.*s; did you mean --%s?", AIRS_STR_ARG(word), nearest);
    } else {
        airs_complain(verb->name, "unknown option --%.*s", AIRS_STR_ARG(word));
    }
    return usage_error(verb);
}

/* One answer of getopt_long. True: go on. */
static bool take(const airs_verb_t *verb, int answer, char **argv, int *exit_code) {
    const airs_option_t *option = find_option(verb, answer);
    if (answer == 'H') {
        *exit_code = print_help(verb);
    } else if (answer == ':') {
        airs_complain(verb->name, "the option %s needs a value", argv[optind - 1]);
        *exit_code = usage_error(verb);
    } else if (option == NULL) {
        *exit_code = complain_unknown(verb, argv[optind - 1]);
    } else if (option->value != NULL) {
        *option->value = optarg;
        return true;
    } else {
        *option->flag = true;
        return true;
    }
    return false;
}

static bool check_count(const airs_verb_t *verb, int count, char **arguments, int *exit_code) {
    if (count >= verb->min_arguments && count <= verb->max_arguments) {
        return true;
    }
    if (count > verb->max_arguments) {
        airs_complain(verb->name, "unexpected argument '%s'", arguments[verb->max_arguments]);
    } else {
        airs_complain(verb->name, "an argument is missing: %s", verb->usage);
    }
    *exit_code = usage_error(verb);
    return false;
}

bool airs_options_read(const airs_verb_t *verb, int argc, char **argv, char ***arguments, int *count,
                       int *exit_code) {
    getopt_table_t table;
    fill_table(verb, &table);
    optind = 0; /* begin anew, as GNU has it: a test reads several command lines */
    opterr = 0;
    for (;;) {
        int answer = getopt_long(argc, argv, table.letters, table.options, NULL);
        if (answer == -1) {
            break;
        }
        if (!take(verb, answer, argv, exit_code)) {
            return false;
        }
    }
    *arguments = argv + optind;
    *count = argc - optind;
    return check_count(verb, *count, *arguments, exit_code);
}

bool airs_option_number(const airs_verb_t *verb, const char *name, const char *text, unsigned long min,
                        unsigned long max, unsigned long *out) {
    char *end = NULL;
    errno = 0;
    unsigned long number = strtoul(text, &end, 10);
    bool digits = text[0] >= '0' && text[0] <= '9';
    if (digits && *end == '\0' && errno == 0 && number >= min && number <= max) {
        *out = number;
        return true;
    }
    airs_complain(verb->name, "--%s must be a whole number from %lu to %lu, not '%s'", name, min, max, text);
    usage_error(verb);
    return false;
}

int airs_option_word(const airs_verb_t *verb, const char *name, const char *text, const char *const *words) {
    for (int i = 0; words[i] != NULL; i++) {
        if (strcmp(text, words[i]) == 0) {
            return i;
        }
    }
    char all[128] = "";
    size_t used = 0;
    for (int i = 0; words[i] != NULL && used < sizeof all; i++) {
        used += (size_t)snprintf(all + used, sizeof all - used, "%s%s", i > 0 ? ", " : "", words[i]);
    }
    airs_complain(verb->name, "--%s must be one of %s, not '%s'", name, all, text);
    usage_error(verb);
    return -1;
}
