#include "input_files.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "core/check.h"
#include "core/file.h"
#include "core/memory.h"

#define MARK "\n### "

typedef struct file {
    airs_str_t name;
    airs_str_t content;
} file_t;

static file_t files[INPUT_FILES_MAX];
static size_t file_count;
static bool is_open;

static const char *find(airs_str_t text, const char *wanted) {
    return text.size > 0 ? memmem(text.data, text.size, wanted, strlen(wanted)) : NULL;
}

void input_files_set(airs_bytes_t input, const char *first) {
    airs_str_t rest = airs_str_n((const char *)input.data, input.size);
    airs_str_t name = airs_str(first);
    is_open = true;
    for (file_count = 0; file_count < INPUT_FILES_MAX; file_count++) {
        const char *mark = find(rest, MARK);
        /* With its last line's end. */
        size_t size = mark != NULL ? (size_t)(mark - rest.data) + 1 : rest.size;
        size_t skipped = file_count > 0 && size > 0; /* the end of the line with its name */
        files[file_count] = (file_t){name, airs_str_n(size > 0 ? rest.data + skipped : "", size - skipped)};
        if (mark == NULL) {
            file_count++;
            return;
        }
        name = airs_str_n(mark + strlen(MARK), rest.size - size - strlen(MARK) + 1);
        const char *end = find(name, "\n");
        size_t length = end != NULL ? (size_t)(end - name.data) : name.size;
        rest = airs_str_n(name.data + length, name.size - length);
        name.size = length;
    }
}

void input_files_end(void) { is_open = false; }

airs_str_t input_file(const char *name) {
    for (size_t i = 0; i < file_count; i++) {
        if (airs_str_equal(files[i].name, airs_str(name))) {
            return files[i].content;
        }
    }
    return airs_str_n(NULL, 0);
}

static airs_status_t find_file(const char *path, airs_str_t *out, airs_error_t *error) {
    size_t prefix = strlen(INPUT_FOLDER);
    *out = strncmp(path, INPUT_FOLDER, prefix) == 0 ? input_file(path + prefix) : airs_str_n(NULL, 0);
    return out->data != NULL ? AIRS_OK : airs_error_set(error, AIRS_IO, "no such file");
}

/* The linker's names for what stands in for a function; they cannot be others. */
/* NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */
airs_status_t __wrap_airs_file_read(const airs_allocator_t *allocator, const char *path, size_t max_size,
                                    airs_bytes_t *out, airs_error_t *error);
airs_status_t __wrap_airs_file_check(const char *path, airs_error_t *error);
int __wrap_stat(const char *path, struct stat *out);
int __real_stat(const char *path, struct stat *out);
char *__wrap_realpath(const char *path, char *out);
char *__real_realpath(const char *path, char *out);

airs_status_t __wrap_airs_file_read(const airs_allocator_t *allocator, const char *path, size_t max_size,
                                    airs_bytes_t *out, airs_error_t *error) {
    airs_str_t content;
    airs_status_t status = find_file(path, &content, error);
    if (status != AIRS_OK || content.size > max_size) {
        return status != AIRS_OK ? status : airs_error_set(error, AIRS_IO, "too large");
    }
    char *copy = airs_alloc(allocator, content.size > 0 ? content.size : 1);
    if (copy == NULL) {
        return airs_error_set(error, AIRS_OUT_OF_MEMORY, "no memory");
    }
    airs_copy(copy, content.data, content.size);
    *out = airs_bytes(copy, content.size);
    return AIRS_OK;
}

airs_status_t __wrap_airs_file_check(const char *path, airs_error_t *error) {
    airs_str_t content;
    return find_file(path, &content, error);
}

int __wrap_stat(const char *path, struct stat *out) {
    if (!is_open) {
        return __real_stat(path, out); /* libFuzzer's own */
    }
    if (strcmp(path, INPUT_FOLDER "data") == 0) {
        *out = (struct stat){.st_mode = S_IFDIR | 0700};
        return 0;
    }
    errno = ENOENT;
    return -1;
}

char *__wrap_realpath(const char *path, char *out) {
    if (!is_open) {
        return __real_realpath(path, out);
    }
    if (strcmp(path, INPUT_FOLDER "data") == 0) {
        AIRS_ASSERT(out != NULL);
        return strcpy(out, path);
    }
    errno = ENOENT;
    return NULL;
}
/* NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */
