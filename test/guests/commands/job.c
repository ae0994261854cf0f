/* A program as it would be anywhere, with a main: it knows nothing of actors. Its arguments say what it does, one after
 * the other: "say TEXT" (to standard output), "put TEXT" (likewise, without a line end), "chop TEXT" (like "say", a byte
 * at a time), "warn TEXT" (to standard error), "env NAME", "args" (how many there are, and
 * its name), "cat" (its standard input), "sleep MS", "work FOLDER" (writes, renames, lists and reads files there), "time"
 * (whether clocks and random numbers work), "heap KIB" (fills so much of it while it asks for the time, and looks
 * whether all is there), "count FILE" (adds a line to it), "wait FILE" (until it is there), "exit N", "trap", "loop". Without an exit it
 * returns 0. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static void complain(const char *what) {
    perror(what);
    exit(9);
}

static void cat(void) {
    char text[256];
    while (fgets(text, sizeof text, stdin) != NULL) {
        fputs(text, stdout);
    }
}

static void chop(const char *text) {
    for (; *text != '\0'; text++) {
        putchar(*text);
        fflush(stdout);
    }
    putchar('\n');
    fflush(stdout);
}

static void work(const char *folder) {
    char first[256];
    char second[256];
    char text[64] = "";
    snprintf(first, sizeof first, "%s/first.txt", folder);
    snprintf(second, sizeof second, "%s/second.txt", folder);
    FILE *file = fopen(first, "w");
    if (file == NULL || fprintf(file, "%d lines\n", 2) < 0 || fclose(file) != 0) {
        complain(first);
    }
    if (rename(first, second) != 0) {
        complain(second);
    }
    unsigned count = 0;
    DIR *opened = opendir(folder);
    for (struct dirent *entry = opened != NULL ? readdir(opened) : NULL; entry != NULL;
         entry = readdir(opened)) {
        count += entry->d_name[0] != '.';
    }
    closedir(opened);
    file = fopen(second, "r");
    if (file == NULL || fgets(text, sizeof text, file) == NULL || fclose(file) != 0) {
        complain(second);
    }
    if (unlink(second) != 0) {
        complain(second);
    }
    printf("%u file: %s", count, text);
}

static void tell_time(void) {
    struct timespec now;
    unsigned char random[2][16];
    if (clock_gettime(CLOCK_REALTIME, &now) != 0 || clock_gettime(CLOCK_MONOTONIC, &now) != 0 ||
        getentropy(random[0], 16) != 0 || getentropy(random[1], 16) != 0) {
        complain("time");
    }
    puts(time(NULL) > 1600000000 && memcmp(random[0], random[1], 16) != 0 ? "time flies" : "no time");
}

/* In blocks, each of which leads to the one before it. */
static void fill_heap(const char *kibibytes) {
    typedef struct block {
        struct block *before;
        unsigned char filled[1024 - sizeof(struct block *)];
    } block_t;
    block_t *last = NULL;
    struct timespec now;
    size_t count = strtoul(kibibytes, NULL, 10);
    size_t wrong = 0;
    for (size_t i = 0; i < count; i++) {
        block_t *block = malloc(sizeof *block);
        if (block == NULL || clock_gettime(CLOCK_MONOTONIC, &now) != 0) {
            complain("heap");
        }
        memset(block->filled, (int)(i & 0xff), sizeof block->filled);
        block->before = last;
        last = block;
    }
    for (size_t i = count; i-- > 0; last = last->before) {
        for (size_t j = 0; j < sizeof last->filled; j++) {
            wrong += last->filled[j] != (i & 0xff);
        }
    }
    printf("%zu wrong\n", wrong);
}

static void add_line(const char *path) {
    FILE *file = fopen(path, "a");
    if (file == NULL || fputs("run\n", file) < 0 || fclose(file) != 0) {
        complain(path);
    }
}

static void nap(const char *milliseconds) {
    long count = strtol(milliseconds, NULL, 10);
    struct timespec nap = {count / 1000, (count % 1000) * 1000000};
    nanosleep(&nap, NULL);
}

static void loop(void) {
    for (volatile unsigned i = 0;; i++) {
    }
}

int main(int argc, char **argv) {
    for (int i = 1; i < argc; i++) {
        const char *verb = argv[i];
        const char *rest = i + 1 < argc ? argv[i + 1] : "";
        i += strcmp(verb, "cat") != 0 && strcmp(verb, "time") != 0 && strcmp(verb, "args") != 0;
        if (strcmp(verb, "say") == 0) {
            puts(rest);
        } else if (strcmp(verb, "put") == 0) {
            fputs(rest, stdout);
        } else if (strcmp(verb, "chop") == 0) {
            chop(rest);
        } else if (strcmp(verb, "warn") == 0) {
            fprintf(stderr, "%s\n", rest);
        } else if (strcmp(verb, "env") == 0) {
            puts(getenv(rest) != NULL ? getenv(rest) : "not set");
        } else if (strcmp(verb, "args") == 0) {
            printf("%d %s\n", argc, argv[0]);
        } else if (strcmp(verb, "cat") == 0) {
            cat();
        } else if (strcmp(verb, "sleep") == 0) {
            nap(rest);
        } else if (strcmp(verb, "work") == 0) {
            work(rest);
        } else if (strcmp(verb, "time") == 0) {
            tell_time();
        } else if (strcmp(verb, "heap") == 0) {
            fill_heap(rest);
        } else if (strcmp(verb, "count") == 0) {
            add_line(rest);
        } else if (strcmp(verb, "wait") == 0) {
            while (access(rest, F_OK) != 0) {
                nap("5");
            }
        } else if (strcmp(verb, "exit") == 0) {
            exit(atoi(rest));
        } else if (strcmp(verb, "trap") == 0) {
            __builtin_trap();
        } else if (strcmp(verb, "loop") == 0) {
            loop();
        }
    }
    return 0;
}
