#include "support/guest_manifest.h"

#include <stdio.h>
#include <string.h>

#include "support/guests.h"
#include "support/test.h"

#define MANIFEST_MAX 8192

/* The guests are in the build folder, and nobody signed them; they are ours all the same. */
#define TRUST "\n[trust]\nmode = \"off\"\n"
#define COMPILE "\n[compile]\napart = \"none\"\n"

const char *airs_guest_path(const char *name, char out[AIRS_TEMPORARY_PATH_MAX]) {
    int length = snprintf(out, AIRS_TEMPORARY_PATH_MAX, "%s/%s.wasm", airs_test_guests(), name);
    assert_in_range(length, 1, AIRS_TEMPORARY_PATH_MAX - 1);
    return out;
}

void airs_guest_manifest_write(const airs_temporary_folder_t *folder, const char *text) {
    char manifest[MANIFEST_MAX];
    size_t used = 0;
    const char *const manifest_text = text;
    while (*text != '\0') {
        assert_in_range(used, 0, sizeof manifest - AIRS_TEMPORARY_PATH_MAX - 1);
        if (*text != '@') {
            manifest[used++] = *text++;
            continue;
        }
        char name[64];
        char path[AIRS_TEMPORARY_PATH_MAX];
        size_t length = strcspn(++text, "\"");
        assert_in_range(length, 1, sizeof name - 1);
        snprintf(name, sizeof name, "%.*s", (int)length, text);
        used += (size_t)snprintf(manifest + used, sizeof manifest - used, "%s", airs_guest_path(name, path));
        text += length;
    }
    if (used > 0) {
        assert_in_range(used, 0, sizeof manifest - sizeof TRUST - sizeof COMPILE);
        used += (size_t)snprintf(manifest + used, sizeof manifest - used, "%s%s",
                                 strstr(manifest_text, "[trust]") == NULL ? TRUST : "",
                                 strstr(manifest_text, "[compile]") == NULL ? COMPILE : "");
    }
    airs_temporary_file_write(folder, "airssys.toml", manifest, used);
}
