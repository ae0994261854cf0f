#include "cli/command.h"

int main(int argc, char **argv) { return airs_command_main(argc, argv); }
