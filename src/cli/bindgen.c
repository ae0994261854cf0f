#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <airs_wit_tools.h>

#include "cli/command.h"
#include "cli/complaint.h"
#include "cli/exit_code.h"
#include "cli/output_file.h"
#include "core/text.h"

typedef struct bindgen {
    const char *folder;
    const char *world;
    const char *rename;
    airs_error_t error; /* of writing a file */
} bindgen_t;

static bool write_generated(void *context, const char *name, const uint8_t *data, size_t size) {
    bindgen_t *bindgen = context;
    airs_text_t path;
    airs_text_init(&path, airs_allocator_default());
    airs_text_append_format(&path, "%s/%s", bindgen->folder, name);
    airs_status_t status = airs_text_status(&path);
    if (status == AIRS_OK) {
        status = airs_output_file_write(path.data, airs_bytes(data, size), &bindgen->error);
    } else {
        airs_error_set(&bindgen->error, status, "%s", airs_status_text(status));
    }
    airs_text_free(&path);
    return status == AIRS_OK;
}

static int generate(const airs_verb_t *verb, void *context, char **paths, int count) {
    bindgen_t *bindgen = context;
    airs_wit_output_t error = {NULL, 0};
    if (mkdir(bindgen->folder, 0777) != 0 && errno != EEXIST) {
        airs_complain(verb->name, "cannot make the folder %s: %s", bindgen->folder, strerror(errno));
        return AIRS_EXIT_FAILURE;
    }
    bool done = airs_wit_bindgen_c((const char *const *)paths, (size_t)count, bindgen->world, bindgen->rename,
                                   write_generated, bindgen, &error);
    if (!done && bindgen->error.status != AIRS_OK) {
        airs_complain(verb->name, "%s", bindgen->error.text);
    } else if (!done) {
        airs_complain(verb->name, "%.*s", (int)error.size,
                      error.data != NULL ? (const char *)error.data : "");
    }
    int exit_code = done ? AIRS_EXIT_OK : AIRS_EXIT_COMPONENT;
    if (bindgen->error.status != AIRS_OK) {
        exit_code = AIRS_EXIT_FAILURE;
    }
    airs_wit_output_free(&error);
    return exit_code;
}

int airs_verb_bindgen(int argc, char **argv) {
    static const int exit_codes[] = {AIRS_EXIT_OK, AIRS_EXIT_FAILURE, AIRS_EXIT_USAGE, AIRS_EXIT_COMPONENT,
                                     -1};
    bindgen_t bindgen = {.folder = ".", .error = {AIRS_OK, ""}};
    const airs_option_t options[] = {
        AIRS_OPTION_TEXT("world", 'w', "WORLD", "the world to bind; needed when the WIT has several",
                         &bindgen.world),
        AIRS_OPTION_TEXT("rename", 0, "NAME", "name the files and the C types' prefix NAME", &bindgen.rename),
        AIRS_OPTION_TEXT("out", 'o', "FOLDER", "write the files there; default: the current folder",
                         &bindgen.folder),
    };
    const airs_verb_t verb = {
        .name = "bindgen",
        .usage = "WIT...",
        .summary = "Generate the C bindings of a WIT world: NAME.h, NAME.c and NAME_component_type.o.",
        .help = "WIT is a folder or a file, one package each, a package before those that use it.\n",
        .options = options,
        .option_count = sizeof options / sizeof options[0],
        .exit_codes = exit_codes,
        .min_arguments = 1,
        .max_arguments = -1,
    };
    return airs_verb_run_with(&verb, argc, argv, generate, &bindgen);
}
