#include "cli/options.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/complaint.h"
#include "cli/exit_code.h"
#include "cli/output_file.h"
#include "node/nearest_name.h"
#include "node/quantity.h"

#define OPTIONS_MAX 16
#define WORDS_TEXT_MAX 256
#define USAGE_TEXT_MAX 1024
#define US_PER_MS UINT64_C(1000)

/* Above every letter: what getopt_long answers for option number 0, 1, … */
#define FIRST_VALUE 256

/* No verb has this letter for anything else. */
#define HELP 'h'

const char *const airs_output_words[] = {"text", "json", NULL};

int airs_usage_error(const airs_verb_t *verb, const char *format, ...) {
    char text[USAGE_TEXT_MAX];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    airs_complain(verb->name, "%s", text);
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
    printf("Usage: airssys %s [OPTION]...%s%s\n%s\n\nOptions:\n", verb->name,
           verb->usage[0] != '\0' ? " " : "", verb->usage, verb->summary);
    for (size_t i = 0; i < verb->option_count; i++) {
        const airs_option_t *option = &verb->options[i];
        print_option(option->letter, option->name, option->metavar, option->help);
    }
    print_option('h', "help", NULL, "show this and exit");
    if (verb->help != NULL) {
        printf("\n%s", verb->help);
    }
    printf("\nExit codes:\n");
    airs_exit_codes_print(verb->exit_codes);
    return airs_output_finish(verb->name);
}

/* What getopt_long wants: long options, and the letters as one text. */
typedef struct getopt_table {
    struct option options[OPTIONS_MAX + 2]; /* --help, and the end */
    char letters[2 * OPTIONS_MAX + 3];      /* the colon in front, "h", and the end */
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
    table->options[verb->option_count] = (struct option){"help", no_argument, NULL, HELP};
    table->letters[used] = HELP;
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

/* "--node, --no-socket": those that an abbreviation could mean. False: there are not several. */
static bool list_meant(const airs_verb_t *verb, airs_str_t word, char out[WORDS_TEXT_MAX]) {
    size_t used = 0;
    size_t count = 0;
    const char *name = NULL;
    out[0] = '\0';
    for (size_t i = 0; (name = option_name_at(verb, i)) != NULL; i++) {
        if (strncmp(name, word.data, word.size) == 0 && used < WORDS_TEXT_MAX) {
            used +=
                (size_t)snprintf(out + used, WORDS_TEXT_MAX - used, "%s--%s", count++ > 0 ? ", " : "", name);
        }
    }
    return count > 1;
}

static int complain_unknown(const airs_verb_t *verb, const char *argument) {
    char meant[WORDS_TEXT_MAX];
    /* A letter: getopt says which. It may stand among others, and `argument` is then the one before. */
    if (optopt != 0 && optopt < FIRST_VALUE && optopt != HELP) {
        return airs_usage_error(verb, "unknown option -%c", (char)optopt);
    }
    const char *name = argument + 2;
    airs_str_t word = airs_str_n(name, strcspn(name, "="));
    const char *nearest = airs_nearest_name(word, option_name_at, verb);
    if (optopt >= FIRST_VALUE || optopt == HELP) {
        return airs_usage_error(verb, "the option --%.*s takes no value", AIRS_STR_ARG(word));
    }
    if (word.size > 0 && list_meant(verb, word, meant)) {
        return airs_usage_error(verb, "the option --%.*s could be any of %s", AIRS_STR_ARG(word), meant);
    }
    if (nearest != NULL) {
        return airs_usage_error(verb, "unknown option --%.*s; did you mean --%s?", AIRS_STR_ARG(word),
                                nearest);
    }
    return airs_usage_error(verb, "unknown option --%.*s", AIRS_STR_ARG(word));
}

/* ---- values ---- */

static bool take_number(const airs_verb_t *verb, const airs_option_t *option, const char *text) {
    char *end = NULL;
    errno = 0;
    unsigned long long number = strtoull(text, &end, 10);
    bool digits = text[0] >= '0' && text[0] <= '9';
    if (digits && *end == '\0' && errno == 0 && number >= option->min && number <= option->max) {
        *option->number = number;
        return true;
    }
    airs_usage_error(verb, "--%s must be a whole number from %" PRIu64 " to %" PRIu64 ", not '%s'",
                     option->name, option->min, option->max, text);
    return false;
}

static bool take_time(const airs_verb_t *verb, const airs_option_t *option, const char *text) {
    char max[AIRS_QUANTITY_TEXT_MAX];
    uint64_t us = 0;
    /* Nothing is nothing in any unit. */
    bool parsed = strcmp(text, "0") == 0 || airs_duration_parse(airs_str(text), &us) == AIRS_OK;
    if (parsed && us % US_PER_MS == 0 && us / US_PER_MS <= option->max) {
        *option->time_ms = us / US_PER_MS;
        return true;
    }
    airs_usage_error(verb,
                     "--%s must be a time of at most %s in whole milliseconds, such as 500ms or 5s, not '%s'",
                     option->name, airs_duration_format(option->max * US_PER_MS, max), text);
    return false;
}

static bool take_word(const airs_verb_t *verb, const airs_option_t *option, const char *text) {
    char all[WORDS_TEXT_MAX] = "";
    size_t used = 0;
    for (int i = 0; option->words[i] != NULL; i++) {
        if (strcmp(text, option->words[i]) == 0) {
            *option->word = i;
            return true;
        }
    }
    for (int i = 0; option->words[i] != NULL && used < sizeof all; i++) {
        used += (size_t)snprintf(all + used, sizeof all - used, "%s%s", i > 0 ? ", " : "", option->words[i]);
    }
    airs_usage_error(verb, "--%s must be one of %s, not '%s'", option->name, all, text);
    return false;
}

/* `text` is NULL for an option that takes no value. */
static bool take_value(const airs_verb_t *verb, const airs_option_t *option, const char *text) {
    if (option->flag != NULL) {
        *option->flag = true;
    } else if (option->text != NULL) {
        *option->text = text;
    } else if (option->word != NULL) {
        return take_word(verb, option, text);
    } else if (option->number != NULL) {
        return take_number(verb, option, text);
    } else {
        return take_time(verb, option, text);
    }
    return true;
}

/* ---- the command line ---- */

/* One answer of getopt_long. True: go on. */
static bool take(const airs_verb_t *verb, int answer, char **argv, int *exit_code) {
    const airs_option_t *option = find_option(verb, answer);
    if (answer == HELP) {
        *exit_code = print_help(verb);
    } else if (answer == ':') {
        *exit_code = airs_usage_error(verb, "the option %s needs a value", argv[optind - 1]);
    } else if (option == NULL) {
        *exit_code = complain_unknown(verb, argv[optind - 1]);
    } else if (!take_value(verb, option, optarg)) {
        *exit_code = AIRS_EXIT_USAGE;
    } else {
        return true;
    }
    return false;
}

static bool check_count(const airs_verb_t *verb, int count, char **arguments, int *exit_code) {
    bool too_many = verb->max_arguments >= 0 && count > verb->max_arguments;
    if (count >= verb->min_arguments && !too_many) {
        return true;
    }
    *exit_code = too_many ? airs_usage_error(verb, "unexpected argument '%s'", arguments[verb->max_arguments])
                          : airs_usage_error(verb, "an argument is missing: %s", verb->usage);
    return false;
}

int airs_verb_run_with(const airs_verb_t *verb, int argc, char **argv, airs_verb_work_fn *work,
                       void *context) {
    getopt_table_t table;
    int exit_code = AIRS_EXIT_OK;
    fill_table(verb, &table);
    optind = 0; /* begin anew, as GNU has it: a test reads several command lines */
    opterr = 0;
    for (;;) {
        int answer = getopt_long(argc, argv, table.letters, table.options, NULL);
        if (answer == -1) {
            break;
        }
        if (!take(verb, answer, argv, &exit_code)) {
            return exit_code;
        }
    }
    char **arguments = argv + optind;
    int count = argc - optind;
    if (!check_count(verb, count, arguments, &exit_code)) {
        return exit_code;
    }
    return work(verb, context, arguments, count);
}
