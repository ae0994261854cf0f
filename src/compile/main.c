/* airssys-compile: compiles a component for a node that does not trust it, so that the node is not what fails. */
#include <stdio.h>
#include <string.h>

#include <airssys/version.h>

#include "runtime/compile_job.h"

int main(int argc, char **argv) {
    if (argc == 2 && (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0)) {
        printf("airssys-compile %s\n", AIRS_VERSION);
        return 0;
    }
    if (argc > 1) {
        fprintf(stderr,
                "airssys-compile is started by a node of airssys when it loads a component that it does not "
                "trust;\nit takes nothing from the command line but --version.\n");
        return 2;
    }
    return airs_compile_job_run();
}
