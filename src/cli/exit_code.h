/* What the command's exit code says. */
#ifndef AIRSSYS_CLI_EXIT_CODE_H
#define AIRSSYS_CLI_EXIT_CODE_H

/* X(name, number, text); docs/reference/cli.md has the same list. */
#define AIRS_EXIT_MAP(X)                                                                       \
    X(OK, 0, "done")                                                                           \
    X(FAILURE, 1, "the command itself failed: no memory, output that cannot be written")       \
    X(USAGE, 2, "an option or argument is wrong")                                              \
    X(MANIFEST, 3, "the manifest cannot be read or is invalid")                                \
    X(COMPONENT, 4, "a component cannot be loaded, made or inspected")                         \
    X(START, 5, "an instance could not be made, or its initialize failed")                     \
    X(INPUT, 6, "the input cannot be read, has a line that is too large, or was not accepted") \
    X(CRASHED, 7, "an actor crashed, or messages ended as dead letters")                       \
    X(SHUTDOWN, 8, "an instance did not shut down as it should")                               \
    X(NODE, 9, "no node was reached, or it went away before it answered")                      \
    X(TARGET, 10, "there is no such actor")                                                    \
    X(REFUSED, 11, "not accepted: mailbox full, too large, wrong codec, node stopping")        \
    X(FAILED, 12, "the actor that was asked failed it, or ended")                              \
    X(TIMED_OUT, 13, "it did not happen in time")                                              \
    X(UNTRUSTED, 14, "a component is not signed as it should be")                              \
    X(DIVERGED, 15, "a crash did not come again as it was recorded")                           \
    X(CRASH_FILE, 16, "a crash file cannot be read or is damaged")                             \
    X(DENIED, 17, "the component may not do that")                                             \
    X(STORAGE, 18, "the storage is not there, in use, full or damaged")                        \
    X(NO_KEY, 19, "there is no such key, or space of keys")                                    \
    X(INTERRUPTED, 130, "stopped by Ctrl-C before the work was done")                          \
    X(TERMINATED, 143, "stopped by SIGTERM before the work was done")

typedef enum airs_exit_code {
#define AIRS_EXIT_ENUM(name, number, text) AIRS_EXIT_##name = (number),
    AIRS_EXIT_MAP(AIRS_EXIT_ENUM)
#undef AIRS_EXIT_ENUM
} airs_exit_code_t;

/* "  NUMBER  text" for each of the codes in `codes`, which ends in -1, for a verb's --help, the smallest first. */
void airs_exit_codes_print(const int *codes);

#endif
