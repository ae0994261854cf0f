/* A verb's options: one list for reading and checking them, for suggesting the right one, and for --help. */
#ifndef AIRSSYS_CLI_OPTIONS_H
#define AIRSSYS_CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <airssys/export.h>

/* Made by the macros below. One of the targets is set, and is left as it was when the option is not given. */
typedef struct airs_option {
    const char *name;    /* without the dashes */
    char letter;         /* 0: none */
    const char *metavar; /* of its value, for --help; NULL: it takes none */
    const char *help;
    bool *flag;               /* set to true */
    const char **text;        /* set to the value, which lives as long as argv */
    int *word;                /* set to the value's index in `words` */
    const char *const *words; /* ends in NULL */
    uint64_t *number;         /* a whole number from `min` to `max` */
    uint64_t *time_ms;        /* a time as in a manifest ("500ms", "5s"), `max` milliseconds at most */
    uint64_t min;
    uint64_t max;
} airs_option_t;

#define AIRS_OPTION_FLAG(name_, letter_, help_, target_) \
    {.name = (name_), .letter = (letter_), .help = (help_), .flag = (target_)}
#define AIRS_OPTION_TEXT(name_, letter_, metavar_, help_, target_) \
    {.name = (name_), .letter = (letter_), .metavar = (metavar_), .help = (help_), .text = (target_)}
#define AIRS_OPTION_WORD(name_, letter_, metavar_, help_, target_, words_) \
    {.name = (name_),                                                      \
     .letter = (letter_),                                                  \
     .metavar = (metavar_),                                                \
     .help = (help_),                                                      \
     .word = (target_),                                                    \
     .words = (words_)}
#define AIRS_OPTION_NUMBER(name_, letter_, metavar_, help_, target_, min_, max_) \
    {.name = (name_),                                                            \
     .letter = (letter_),                                                        \
     .metavar = (metavar_),                                                      \
     .help = (help_),                                                            \
     .number = (target_),                                                        \
     .min = (min_),                                                              \
     .max = (max_)}
#define AIRS_OPTION_TIME(name_, help_, target_, max_) \
    {.name = (name_), .metavar = "TIME", .help = (help_), .time_ms = (target_), .max = (max_)}

/* What a verb answers with: "text" or "json" into an int. */
typedef enum airs_output_format { AIRS_OUTPUT_TEXT, AIRS_OUTPUT_JSON } airs_output_format_t;
extern const char *const airs_output_words[];
#define AIRS_OPTION_OUTPUT(help_, target_) \
    AIRS_OPTION_WORD("output", 0, "FORMAT", help_, target_, airs_output_words)

typedef struct airs_verb airs_verb_t;

/* The verb's work, when its command line is right; `arguments` are what is left of it. Returns the exit code. */
typedef int airs_verb_work_fn(const airs_verb_t *verb, void *context, char **arguments, int count);

struct airs_verb {
    const char *name;
    const char *usage;            /* what follows the options: "MANIFEST" */
    const char *summary;          /* one line */
    const char *help;             /* more lines, after the options; may be NULL */
    const airs_option_t *options; /* --help is added by itself */
    size_t option_count;
    const int *exit_codes; /* ends in -1 */
    int min_arguments;
    int max_arguments; /* -1: as many as one likes */
};

/* Read the options, then do the work. What is wrong is said on standard error, --help on standard output. */
int airs_verb_run_with(const airs_verb_t *verb, int argc, char **argv, airs_verb_work_fn *work,
                       void *context);

/* Say what is wrong with the command line, and where to look. Returns the exit code. */
int airs_usage_error(const airs_verb_t *verb, const char *format, ...) AIRS_PRINTF(2, 3);

#endif
