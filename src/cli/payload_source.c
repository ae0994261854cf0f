#include "cli/payload_source.h"

#include <string.h>
#include <unistd.h>

#include "cli/exit_code.h"
#include "core/file.h"
#include "core/memory.h"

/* As much as the admin socket takes: it answers no more than that, and may close before the rest has been sent. */
#define PAYLOAD_MAX ((size_t)16 << 20)

static int read_from(airs_payload_source_t *source, const char *path, airs_error_t *error) {
    const airs_allocator_t *allocator = airs_allocator_default();
    bool standard = strcmp(path, "-") == 0;
    airs_status_t status =
        standard ? airs_file_read_descriptor(allocator, STDIN_FILENO, PAYLOAD_MAX, &source->payload, error)
                 : airs_file_read(allocator, path, PAYLOAD_MAX, &source->payload, error);
    if (status == AIRS_OK) {
        source->memory = (void *)source->payload.data;
        return AIRS_EXIT_OK;
    }
    airs_error_prefix(error, "cannot read the payload from %s", standard ? "standard input" : path);
    return status == AIRS_OUT_OF_MEMORY ? AIRS_EXIT_FAILURE : AIRS_EXIT_INPUT;
}

int airs_payload_source_read(airs_payload_source_t *source, const airs_verb_t *verb, airs_error_t *error) {
    *error = (airs_error_t){AIRS_OK, ""};
    if (source->file != NULL && source->argument != NULL) {
        return airs_usage_error(verb, "the payload is given twice: as an argument and by --file");
    }
    if (source->argument != NULL && strcmp(source->argument, "-") != 0) {
        source->payload = airs_bytes(source->argument, strlen(source->argument));
        return AIRS_EXIT_OK;
    }
    if (source->file == NULL && source->argument == NULL && isatty(STDIN_FILENO) != 0) {
        return airs_usage_error(verb, "the payload is missing: give it as an argument, by --file FILE or on "
                                      "standard input; '' is an empty one, - reads what is typed");
    }
    return read_from(source, source->file != NULL ? source->file : "-", error);
}

void airs_payload_source_free(airs_payload_source_t *source) {
    airs_release(airs_allocator_default(), source->memory);
    source->memory = NULL;
}
