/* The verbs of the command, `airssys VERB …`. */
#ifndef AIRSSYS_CLI_COMMAND_H
#define AIRSSYS_CLI_COMMAND_H

#include "cli/options.h"

/* The whole command; main's arguments. Returns the exit code. */
int airs_command_main(int argc, char **argv);

/* The verbs' own; argv[0] is the verb. */
typedef int airs_verb_fn(int argc, char **argv);

airs_verb_fn airs_verb_run;
airs_verb_fn airs_verb_inspect;
airs_verb_fn airs_verb_bindgen;
airs_verb_fn airs_verb_componentize;
airs_verb_fn airs_verb_keygen;
airs_verb_fn airs_verb_sign;
airs_verb_fn airs_verb_verify;
airs_verb_fn airs_verb_explain;
airs_verb_fn airs_verb_check;
airs_verb_fn airs_verb_send;
airs_verb_fn airs_verb_call;
airs_verb_fn airs_verb_publish;
airs_verb_fn airs_verb_ps;
airs_verb_fn airs_verb_stop;
airs_verb_fn airs_verb_reload;
airs_verb_fn airs_verb_update;
airs_verb_fn airs_verb_dead_letters;
airs_verb_fn airs_verb_replay;
airs_verb_fn airs_verb_storage;

#endif
