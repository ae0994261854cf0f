#include "cli/input_file.h"

#include "cli/complaint.h"
#include "cli/exit_code.h"
#include "core/file.h"

int airs_input_file_read(const airs_verb_t *verb, const char *path, size_t max_size, airs_bytes_t *out) {
    airs_error_t error;
    airs_status_t status = airs_file_read(airs_allocator_default(), path, max_size, out, &error);
    if (status == AIRS_OK) {
        return AIRS_EXIT_OK;
    }
    airs_complain(verb->name, "cannot read %s: %s", path, error.text);
    return status == AIRS_IO ? AIRS_EXIT_COMPONENT : AIRS_EXIT_FAILURE;
}
