/* What a C program does with folders, as it would anywhere: "write PATH TEXT", "append PATH TEXT", "read PATH",
 * "list PATH" (names in order, with "/" behind those of folders), "rename FROM TO", "unlink PATH", "mkdir PATH",
 * "rmdir PATH", "link FROM TO", "symlink TEXT PATH", "size PATH", "truncate PATH SIZE", "touch PATH", "hold PATH" (opens
 * it, for "held": what is in it), "opens PATH COUNT" (as often as it goes, and never closes), "expect WORD", "race PATH COUNT"
 * (reads it so often: how many times it said that word, and how many times anything else). Errors are errors. */
#include <airssys.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define TEXT_MAX 4096

static char expected[TEXT_MAX];
static FILE *held;

static airs_outcome_t failed(void) { return airs_fail("%s", strerror(errno)); }

static airs_outcome_t done(int result) { return result == 0 ? airs_answer(airs_text("ok")) : failed(); }

static airs_outcome_t put(const char *path, const char *mode, const char *text) {
    FILE *file = fopen(path, mode);
    if (file == NULL) {
        return failed();
    }
    int result = fputs(text, file) < 0 ? -1 : 0;
    return done(fclose(file) != 0 ? -1 : result);
}

static airs_outcome_t answer_rest(FILE *file) {
    char text[TEXT_MAX];
    size_t size = fread(text, 1, sizeof text, file);
    return ferror(file) ? failed() : airs_answer(airs_bytes(text, size));
}

static airs_outcome_t get(const char *path) {
    FILE *file = fopen(path, "r");
    if (file == NULL) {
        return failed();
    }
    airs_outcome_t outcome = answer_rest(file);
    fclose(file);
    return outcome;
}

static int by_name(const void *a, const void *b) { return strcmp(a, b); }

static airs_outcome_t list(const char *path) {
    static char names[64][128];
    char text[TEXT_MAX] = "";
    size_t count = 0;
    DIR *folder = opendir(path);
    if (folder == NULL) {
        return failed();
    }
    for (struct dirent *entry = readdir(folder); entry != NULL && count < 64; entry = readdir(folder)) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) {
            snprintf(names[count++], sizeof names[0], "%s%s", entry->d_name,
                     entry->d_type == DT_DIR ? "/" : "");
        }
    }
    closedir(folder);
    qsort(names, count, sizeof names[0], by_name);
    for (size_t i = 0; i < count; i++) {
        strcat(text, names[i]);
        strcat(text, " ");
    }
    return airs_answer(airs_text(text));
}

static airs_outcome_t size_of(const char *path) {
    struct stat about;
    return stat(path, &about) == 0 ? airs_answer_text("%lld", (long long)about.st_size) : failed();
}

static airs_outcome_t hold(const char *path) {
    held = fopen(path, "r");
    return done(held != NULL ? 0 : -1);
}

static airs_outcome_t read_held(void) {
    if (held == NULL) {
        return airs_fail_str(airs_str("nothing is held"));
    }
    rewind(held);
    return answer_rest(held);
}

static airs_outcome_t open_many(const char *path, const char *count) {
    for (long i = 0; i < strtol(count, NULL, 10); i++) {
        if (open(path, O_RDONLY) < 0) {
            return airs_answer_text("%ld: %s", i, strerror(errno));
        }
    }
    return airs_answer(airs_text("all"));
}

/* Whoever swaps things under it may make it fail, but never have it read something else. */
static airs_outcome_t race(const char *path, const char *count) {
    long same = 0;
    long other = 0;
    for (long i = 0; i < strtol(count, NULL, 10); i++) {
        char text[TEXT_MAX] = "";
        FILE *file = fopen(path, "r");
        if (file == NULL) {
            continue;
        }
        size_t size = fread(text, 1, sizeof text - 1, file);
        fclose(file);
        if (size > 0) {
            same += strcmp(text, expected) == 0;
            other += strcmp(text, expected) != 0;
        }
    }
    return airs_answer_text("%ld %ld", same, other);
}

static airs_outcome_t run(const char *verb, char *first, char *second) {
    if (strcmp(verb, "write") == 0) {
        return put(first, "w", second);
    } else if (strcmp(verb, "append") == 0) {
        return put(first, "a", second);
    } else if (strcmp(verb, "read") == 0) {
        return get(first);
    } else if (strcmp(verb, "list") == 0) {
        return list(first);
    } else if (strcmp(verb, "rename") == 0) {
        return done(rename(first, second));
    } else if (strcmp(verb, "unlink") == 0) {
        return done(unlink(first));
    } else if (strcmp(verb, "mkdir") == 0) {
        return done(mkdir(first, 0777));
    } else if (strcmp(verb, "rmdir") == 0) {
        return done(rmdir(first));
    } else if (strcmp(verb, "link") == 0) {
        return done(link(first, second));
    } else if (strcmp(verb, "symlink") == 0) {
        return done(symlink(first, second));
    } else if (strcmp(verb, "size") == 0) {
        return size_of(first);
    } else if (strcmp(verb, "truncate") == 0) {
        return done(truncate(first, strtol(second, NULL, 10)));
    } else if (strcmp(verb, "touch") == 0) {
        return done(utimensat(AT_FDCWD, first, NULL, 0));
    } else if (strcmp(verb, "hold") == 0) {
        return hold(first);
    } else if (strcmp(verb, "held") == 0) {
        return read_held();
    } else if (strcmp(verb, "opens") == 0) {
        return open_many(first, second);
    } else if (strcmp(verb, "expect") == 0) {
        snprintf(expected, sizeof expected, "%s", first);
        return done(0);
    } else if (strcmp(verb, "race") == 0) {
        return race(first, second);
    }
    return airs_fail("not a command: %s", verb);
}

/* The word before the next space, which ends there; "" when there is none. */
static char *word(char **text, bool rest) {
    char *begin = *text;
    char *end = rest ? NULL : strchr(begin, ' ');
    *text = end != NULL ? end + 1 : begin + strlen(begin);
    if (end != NULL) {
        *end = '\0';
    }
    return begin;
}

airs_outcome_t airs_on_message(const airs_message_t *message) {
    char text[TEXT_MAX];
    if (message->payload.size >= sizeof text) {
        return airs_fail_str(airs_str("the command is too long"));
    }
    memcpy(text, message->payload.data, message->payload.size);
    text[message->payload.size] = '\0';
    char *at = text;
    char *verb = word(&at, false);
    char *first = word(&at, false);
    return run(verb, first, word(&at, true));
}
