#include "support/temporary_folder.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "support/test.h"

#define DESCRIPTORS_MAX 8

void airs_temporary_folder_create(airs_temporary_folder_t *self) {
    const char *base = getenv("TMPDIR");
    int length = snprintf(self->path, sizeof self->path, "%s/airssys-test-XXXXXX",
                          base != NULL && base[0] == '/' ? base : "/tmp");
    assert_in_range(length, 1, sizeof self->path - 1);
    assert_non_null(mkdtemp(self->path));
}

static int remove_one(const char *path, const struct stat *information, int type, struct FTW *place) {
    (void)information;
    (void)type;
    (void)place;
    return remove(path);
}

void airs_temporary_folder_remove(airs_temporary_folder_t *self) {
    assert_int_equal(nftw(self->path, remove_one, DESCRIPTORS_MAX, FTW_DEPTH | FTW_PHYS), 0);
}

const char *airs_temporary_file_path(const airs_temporary_folder_t *self, const char *name,
                                     char out[AIRS_TEMPORARY_PATH_MAX]) {
    int length = snprintf(out, AIRS_TEMPORARY_PATH_MAX, "%s/%s", self->path, name);
    assert_in_range(length, 1, AIRS_TEMPORARY_PATH_MAX - 1);
    return out;
}

void airs_temporary_file_write(const airs_temporary_folder_t *self, const char *name, const void *bytes,
                               size_t size) {
    char path[AIRS_TEMPORARY_PATH_MAX];
    FILE *file = fopen(airs_temporary_file_path(self, name, path), "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

void airs_temporary_file_write_text(const airs_temporary_folder_t *self, const char *name, const char *text) {
    airs_temporary_file_write(self, name, text, strlen(text));
}

void airs_temporary_folder_make(const airs_temporary_folder_t *self, const char *name) {
    char path[AIRS_TEMPORARY_PATH_MAX];
    assert_int_equal(mkdir(airs_temporary_file_path(self, name, path), 0700), 0);
}
