#include "cli/command.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

#include <airssys/version.h>

#include "cli/complaint.h"
#include "cli/exit_code.h"
#include "cli/output_file.h"
#include "cli/standard_streams.h"
#include "node/nearest_name.h"

static const struct {
    const char *name;
    airs_verb_fn *run;
    const char *summary;
} verbs[] = {
    {"run", airs_verb_run, "run the application that a manifest describes"},
    {"check", airs_verb_check,
     "load what a manifest names without running it, and show what it would be refused"},
    {"ps", airs_verb_ps, "show a running node and its actors"},
    {"call", airs_verb_call, "ask an actor and print what it answers"},
    {"send", airs_verb_send, "send a message to an actor"},
    {"publish", airs_verb_publish, "publish a message to a topic"},
    {"update", airs_verb_update, "have a component go on with another file, while it runs"},
    {"stop", airs_verb_stop, "stop actors, or the whole node"},
    {"reload", airs_verb_reload, "have a running node read its manifest anew"},
    {"dead-letters", airs_verb_dead_letters, "show messages that were accepted and not handled"},
    {"replay", airs_verb_replay, "run a recorded crash again, to the same end"},
    {"storage", airs_verb_storage, "look into what components have stored, change it, back it up"},
    {"inspect", airs_verb_inspect, "show what a component imports and exports, and what it needs"},
    {"bindgen", airs_verb_bindgen, "generate C bindings from WIT, for a guest"},
    {"componentize", airs_verb_componentize, "make a component from a core module"},
    {"keygen", airs_verb_keygen, "make a pair of keys, to sign components with"},
    {"sign", airs_verb_sign, "sign a component"},
    {"verify", airs_verb_verify, "say who has signed a component"},
    {"explain", airs_verb_explain, "show whether a component may do something, and which rule decides"},
};

#define VERB_COUNT (sizeof verbs / sizeof verbs[0])

static void print_usage(FILE *stream) {
    fprintf(stream, "Usage: airssys VERB [OPTION]... [ARGUMENT]...\n"
                    "Sandboxed WebAssembly components as supervised actors.\n\nVerbs:\n");
    for (size_t i = 0; i < VERB_COUNT; i++) {
        fprintf(stream, "  %-14s %s\n", verbs[i].name, verbs[i].summary);
    }
    fprintf(stream,
            "\n'airssys VERB --help' says more about one of them; 'airssys --version' shows the version.\n");
}

static const char *verb_name_at(const void *names, size_t index) {
    (void)names;
    return index < VERB_COUNT ? verbs[index].name : NULL;
}

static int complain_unknown(const char *word) {
    const char *nearest = airs_nearest_name(airs_str(word), verb_name_at, NULL);
    const char *kind = word[0] == '-' ? "option" : "verb";
    if (nearest != NULL) {
        airs_complain(NULL, "unknown %s '%s'; did you mean '%s'?", kind, word, nearest);
    } else {
        airs_complain(NULL, "unknown %s '%s'", kind, word);
    }
    fprintf(stderr, "Try 'airssys --help'.\n");
    return AIRS_EXIT_USAGE;
}

int airs_command_main(int argc, char **argv) {
    if (!airs_standard_streams_occupy()) {
        return AIRS_EXIT_FAILURE; /* there is nobody to tell */
    }
    /* A file that may become no larger (ulimit -f) is an error of a write, whoever makes it: a guest, too. */
    (void)signal(SIGXFSZ, SIG_IGN);
    if (argc < 2) {
        print_usage(stderr);
        return AIRS_EXIT_USAGE;
    }
    const char *word = argv[1];
    if (strcmp(word, "--version") == 0 || strcmp(word, "-V") == 0) {
        printf("airssys %s\n", airs_version());
        return airs_output_finish(NULL);
    }
    if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 || strcmp(word, "help") == 0) {
        print_usage(stdout);
        return airs_output_finish(NULL);
    }
    for (size_t i = 0; i < VERB_COUNT; i++) {
        if (strcmp(word, verbs[i].name) == 0) {
            return verbs[i].run(argc - 1, argv + 1);
        }
    }
    return complain_unknown(word);
}
