#include "runtime/code_cache.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/check.h"
#include "core/memory.h"
#include "runtime/engine_fixture.h"
#include "support/failing_allocator.h"
#include "support/temporary_folder.h"

#define WRITERS 4
#define ROUNDS 100
#define KEYS 3

static airs_temporary_folder_t folder;
static char cache_path[AIRS_TEMPORARY_PATH_MAX];
static airs_code_cache_t *cache;

static int setup(void **state) {
    (void)state;
    airs_temporary_folder_create(&folder);
    airs_temporary_file_path(&folder, "compiled", cache_path);
    cache = NULL;
    return 0;
}

static int teardown(void **state) {
    (void)state;
    airs_code_cache_close(cache);
    airs_temporary_folder_remove(&folder);
    return 0;
}

static void open_cache(void) {
    airs_error_t error;
    airs_code_cache_close(cache);
    if (airs_code_cache_open(airs_allocator_default(), cache_path, &cache, &error) != AIRS_OK) {
        fail_msg("%s", error.text);
    }
}

static void assert_open_refused(const char *path, const char *text) {
    airs_code_cache_t *refused = NULL;
    airs_error_t error;
    assert_status(airs_code_cache_open(airs_allocator_default(), path, &refused, &error), AIRS_IO);
    assert_null(refused);
    if (strstr(error.text, text) == NULL) {
        fail_msg("\"%s\" does not have \"%s\"", error.text, text);
    }
}

static airs_code_key_t key_of(const char *text) {
    return airs_code_key_of(airs_bytes(text, strlen(text)), airs_str("settings"));
}

static void put(const char *key, const char *code) {
    airs_code_key_t made = key_of(key);
    airs_error_t error;
    if (airs_code_cache_put(cache, &made, airs_bytes(code, strlen(code)), &error) != AIRS_OK) {
        fail_msg("%s", error.text);
    }
}

/* The entry's code as text, or NULL. */
static const char *get(const char *key) {
    static char text[256];
    airs_code_key_t made = key_of(key);
    void *block = NULL;
    airs_bytes_t code;
    airs_status_t status = airs_code_cache_get(cache, &made, &block, &code);
    if (status != AIRS_OK) {
        assert_status(status, AIRS_NOT_FOUND);
        assert_null(block);
        return NULL;
    }
    assert_in_range(code.size, 1, sizeof text - 1);
    *(char *)airs_copy(text, code.data, code.size) = '\0';
    airs_release(airs_allocator_default(), block);
    return text;
}

/* "folder/compiled/name" */
static const char *in_cache(const char *name) {
    static char path[AIRS_TEMPORARY_PATH_MAX];
    int length = snprintf(path, sizeof path, "%s/%s", cache_path, name);
    assert_in_range(length, 1, sizeof path - 1);
    return path;
}

static void name_entry(const char *key, char out[2 * AIRS_CODE_KEY_SIZE + 8]) {
    airs_code_key_t made = key_of(key);
    for (size_t i = 0; i < sizeof made.bytes; i++) {
        snprintf(out + 2 * i, 3, "%02x", made.bytes[i]);
    }
    strcpy(out + 2 * sizeof made.bytes, ".code");
}

static const char *entry_path(const char *key) {
    char name[2 * AIRS_CODE_KEY_SIZE + 8];
    name_entry(key, name);
    return in_cache(name);
}

/* How many files whose names end like this are in the cache. */
static int count_files(const char *ending) {
    int count = 0;
    DIR *entries = opendir(cache_path);
    assert_non_null(entries);
    for (struct dirent *entry = readdir(entries); entry != NULL; entry = readdir(entries)) {
        size_t size = strlen(entry->d_name);
        count += entry->d_name[0] != '.' && size >= strlen(ending) &&
                 strcmp(entry->d_name + size - strlen(ending), ending) == 0;
    }
    closedir(entries);
    return count;
}

static mode_t mode_of(const char *path) {
    struct stat about;
    assert_int_equal(lstat(path, &about), 0);
    return about.st_mode & 07777;
}

/* ---- the folder ----------------------------------------------------------------------------- */

static void makes_a_folder_for_the_user_alone(void **state) {
    (void)state;
    mode_t before = umask(0);
    airs_temporary_file_path(&folder, "some/where/deep", cache_path);
    open_cache();
    umask(before);
    assert_int_equal(mode_of(cache_path), 0700);
    assert_int_equal(mode_of(in_cache("secret")), 0600);
    put("a", "code of a");
    assert_int_equal(mode_of(entry_path("a")), 0600);
}

static void slashes_at_the_end_of_the_path_change_nothing(void **state) {
    (void)state;
    char with_slashes[AIRS_TEMPORARY_PATH_MAX];
    airs_code_cache_t *made = NULL;
    airs_temporary_file_path(&folder, "compiled//", with_slashes);
    assert_ok(airs_code_cache_open(airs_allocator_default(), with_slashes, &made, NULL));
    airs_code_cache_close(made);
    assert_int_equal(mode_of(cache_path), 0700);
}

static void refuses_a_folder_that_others_may_use(void **state) {
    (void)state;
    static const mode_t modes[] = {0755, 0770, 0707, 0701, 0720, 01777};
    assert_int_equal(mkdir(cache_path, 0700), 0);
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
        char text[32];
        snprintf(text, sizeof text, "has mode %04o", (unsigned)modes[i]);
        assert_int_equal(chmod(cache_path, modes[i]), 0);
        assert_open_refused(cache_path, text);
        assert_open_refused(cache_path, "make it 0700");
        /* It was not touched. */
        assert_int_equal(mode_of(cache_path), modes[i]);
        assert_int_equal(count_files(""), 0);
    }
    assert_int_equal(chmod(cache_path, 0700), 0);
    open_cache();
}

static void refuses_a_folder_of_another_user(void **state) {
    (void)state;
    if (geteuid() != 0) {
        skip(); /* only root can give a folder away */
    }
    assert_int_equal(mkdir(cache_path, 0700), 0);
    assert_int_equal(chown(cache_path, 12345, 12345), 0);
    assert_open_refused(cache_path, "belongs to user 12345");
}

static void refuses_what_is_no_folder(void **state) {
    (void)state;
    char real[AIRS_TEMPORARY_PATH_MAX];
    char inside[AIRS_TEMPORARY_PATH_MAX];
    assert_open_refused("", "empty");
    airs_temporary_folder_make(&folder, "real");
    assert_int_equal(symlink(airs_temporary_file_path(&folder, "real", real), cache_path), 0);
    assert_open_refused(cache_path, "cannot open the cache folder");
    airs_temporary_file_path(&folder, "link/", inside);
    assert_int_equal(rename(cache_path, airs_temporary_file_path(&folder, "link", real)), 0);
    assert_open_refused(inside, "cannot open the cache folder");

    airs_temporary_file_write_text(&folder, "compiled", "a file");
    assert_open_refused(cache_path, "compiled");
    assert_open_refused(in_cache("below"), "cannot make the cache folder");
    char *endless = malloc(100000);
    assert_non_null(endless);
    memset(endless, 'x', 99999);
    endless[99999] = '\0';
    assert_open_refused(endless, "too long");
    free(endless);
}

/* ---- the secret ----------------------------------------------------------------------------- */

static void makes_its_secret_once(void **state) {
    (void)state;
    uint8_t secrets[2][64];
    for (int i = 0; i < 2; i++) {
        open_cache();
        int file = open(in_cache("secret"), O_RDONLY | O_CLOEXEC);
        assert_true(file >= 0);
        assert_int_equal(read(file, secrets[i], sizeof secrets[i]), 32);
        close(file);
    }
    assert_memory_equal(secrets[0], secrets[1], 32);
    static const uint8_t zeroes[32];
    assert_memory_not_equal(secrets[0], zeroes, 32);
}

static void refuses_a_secret_that_is_not_its_own(void **state) {
    (void)state;
    open_cache();
    assert_int_equal(chmod(in_cache("secret"), 0640), 0);
    assert_open_refused(cache_path, "the cache's secret is not a file of 32 bytes with mode 0600");
    assert_int_equal(chmod(in_cache("secret"), 0600), 0);
    open_cache();
    assert_int_equal(truncate(in_cache("secret"), 31), 0);
    assert_open_refused(cache_path, "the cache's secret");
    assert_int_equal(truncate(in_cache("secret"), 33), 0);
    assert_open_refused(cache_path, "the cache's secret");
    assert_int_equal(unlink(in_cache("secret")), 0);
    assert_int_equal(symlink("/dev/zero", in_cache("secret")), 0);
    assert_open_refused(cache_path, "the cache's secret");
    assert_int_equal(unlink(in_cache("secret")), 0);
    open_cache();
}

/* ---- entries -------------------------------------------------------------------------------- */

static void gives_back_what_it_was_given(void **state) {
    (void)state;
    open_cache();
    assert_null(get("a"));
    put("a", "code of a");
    put("b", "b");
    assert_string_equal(get("a"), "code of a");
    assert_string_equal(get("b"), "b");
    assert_null(get("c"));
    /* In another process's life, so to say. */
    open_cache();
    assert_string_equal(get("a"), "code of a");
    assert_int_equal(count_files(".code"), 2);
    assert_int_equal(count_files(""), 3);
}

static void a_second_put_replaces_the_first(void **state) {
    (void)state;
    open_cache();
    put("a", "the old code, which is longer");
    put("a", "the new code");
    assert_string_equal(get("a"), "the new code");
    assert_int_equal(count_files(""), 2);
}

static void keys_depend_on_bytes_and_settings(void **state) {
    (void)state;
    airs_bytes_t bytes = airs_bytes("component", 9);
    airs_code_key_t key = airs_code_key_of(bytes, airs_str("settings"));
    airs_code_key_t same = airs_code_key_of(airs_bytes("component", 9), airs_str("settings"));
    assert_memory_equal(&key, &same, sizeof key);
    const airs_code_key_t others[] = {
        airs_code_key_of(bytes, airs_str("setting")),
        airs_code_key_of(bytes, airs_str("")),
        airs_code_key_of(airs_bytes("component.", 10), airs_str("settings")),
        /* The same text, cut elsewhere. */
        airs_code_key_of(airs_bytes("scomponent", 10), airs_str("setting")),
        airs_code_key_of(airs_bytes(NULL, 0), airs_str("")),
    };
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        assert_memory_not_equal(&key, &others[i], sizeof key);
    }
}

static void change_byte(const char *path, long at, int by) {
    FILE *file = fopen(path, "r+b");
    assert_non_null(file);
    assert_int_equal(fseek(file, at, SEEK_SET), 0);
    int byte = fgetc(file);
    assert_int_not_equal(byte, EOF);
    assert_int_equal(fseek(file, at, SEEK_SET), 0);
    assert_int_equal(fputc(byte ^ by, file), (byte ^ by) & 0xff);
    assert_int_equal(fclose(file), 0);
}

static void an_entry_that_was_changed_anywhere_is_not_used(void **state) {
    (void)state;
    static const char code[] = "machine code, which would be run";
    struct stat about;
    open_cache();
    put("a", code);
    assert_int_equal(stat(entry_path("a"), &about), 0);
    assert_int_equal(about.st_size, 32 + strlen(code));
    for (long at = 0; at < about.st_size; at++) {
        for (int bit = 0; bit < 8; bit++) {
            change_byte(entry_path("a"), at, 1 << bit);
            assert_null(get("a"));
            change_byte(entry_path("a"), at, 1 << bit);
        }
    }
    assert_string_equal(get("a"), code);
    for (off_t size = about.st_size - 1; size >= 0; size--) {
        assert_int_equal(truncate(entry_path("a"), size), 0);
        assert_null(get("a"));
    }
    /* And can be replaced. */
    put("a", code);
    assert_string_equal(get("a"), code);
    assert_int_equal(truncate(entry_path("a"), about.st_size + 1), 0);
    assert_null(get("a"));
}

static void copy_file(const char *from, const char *to) {
    char bytes[4096];
    FILE *in = fopen(from, "rb");
    FILE *out = fopen(to, "wb");
    assert_non_null(in);
    assert_non_null(out);
    size_t size = fread(bytes, 1, sizeof bytes, in);
    assert_int_equal(fwrite(bytes, 1, size, out), size);
    assert_int_equal(fclose(in), 0);
    assert_int_equal(fclose(out), 0);
}

static void an_entry_of_another_cache_or_key_is_not_used(void **state) {
    (void)state;
    char kept[AIRS_TEMPORARY_PATH_MAX];
    airs_temporary_file_path(&folder, "kept", kept);
    open_cache();
    put("a", "code of a");
    put("b", "code of b");
    copy_file(entry_path("a"), kept);
    copy_file(kept, entry_path("b"));
    assert_null(get("b"));
    assert_string_equal(get("a"), "code of a");

    airs_temporary_file_path(&folder, "another", cache_path);
    open_cache();
    copy_file(kept, entry_path("a"));
    assert_null(get("a"));
}

static void what_is_no_file_of_the_users_is_not_an_entry(void **state) {
    (void)state;
    char kept[AIRS_TEMPORARY_PATH_MAX];
    airs_temporary_file_path(&folder, "kept", kept);
    open_cache();
    put("a", "code of a");
    assert_int_equal(rename(entry_path("a"), kept), 0);
    assert_int_equal(symlink(kept, entry_path("a")), 0);
    assert_null(get("a"));
    assert_int_equal(unlink(entry_path("a")), 0);
    assert_int_equal(mkdir(entry_path("a"), 0700), 0);
    assert_null(get("a"));
    airs_code_key_t key = key_of("a");
    airs_error_t error;
    assert_status(airs_code_cache_put(cache, &key, airs_bytes("x", 1), &error), AIRS_IO);
    assert_non_null(strstr(error.text, "cannot keep compiled code in the cache: "));
    assert_int_equal(rmdir(entry_path("a")), 0);
    assert_int_equal(mkfifo(entry_path("a"), 0600), 0);
    assert_null(get("a"));
    put("a", "code of a");
    assert_string_equal(get("a"), "code of a");
    if (geteuid() == 0) {
        assert_int_equal(chown(entry_path("a"), 12345, 12345), 0);
        assert_null(get("a"));
    }
}

/* ---- when the disk does not do as it should ------------------------------------------------- */

static void a_full_disk_is_an_error(void **state) {
    (void)state;
    struct rlimit before;
    airs_error_t error;
    char *code = malloc(100000);
    assert_non_null(code);
    memset(code, 'x', 100000);
    open_cache();
    put("a", "the old code");
    airs_code_key_t key = key_of("a");
    /* Files that may not become larger fail as on a full disk. */
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    struct sigaction handler;
    assert_int_equal(sigaction(SIGXFSZ, &ignore, &handler), 0);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &(struct rlimit){1000, before.rlim_max}), 0);
    airs_status_t status = airs_code_cache_put(cache, &key, airs_bytes(code, 100000), &error);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(sigaction(SIGXFSZ, &handler, NULL), 0);
    free(code);
    assert_status(status, AIRS_IO);
    assert_non_null(strstr(error.text, strerror(EFBIG)));
    /* Nothing of it stays, and what was there does. */
    assert_int_equal(count_files(""), 2);
    assert_string_equal(get("a"), "the old code");
}

/* With so many descriptors left: 0 is none for the folder, 1 none for the secret, 2 enough. */
static airs_status_t open_with(unsigned left, airs_error_t *error) {
    struct rlimit before;
    airs_code_cache_close(cache);
    cache = NULL;
    int next = open("/dev/null", O_RDONLY | O_CLOEXEC);
    assert_true(next >= 0);
    close(next);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &(struct rlimit){(rlim_t)next + left, before.rlim_max}), 0);
    airs_status_t status = airs_code_cache_open(airs_allocator_default(), cache_path, &cache, error);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    return status;
}

/* Whether the secret is there already or not, it is not to be blamed. */
static void too_few_descriptors_are_an_error(void **state) {
    (void)state;
    static const char *const doing[2] = {"cannot open the cache folder ", "cannot read the cache's secret: "};
    open_cache();
    airs_code_cache_close(cache);
    cache = NULL;
    assert_int_equal(unlink(in_cache("secret")), 0);
    for (int there = 0; there <= 1; there++) {
        airs_error_t error;
        for (unsigned left = 0; left < 2; left++) {
            assert_status(open_with(left, &error), AIRS_IO);
            assert_non_null(strstr(error.text, doing[left]));
            assert_non_null(strstr(error.text, ": Too many open files: this process may have "));
            assert_int_equal(access(in_cache("secret"), F_OK) == 0, there);
        }
        assert_ok(open_with(2, &error));
    }
}

static void a_folder_that_is_gone_is_an_error(void **state) {
    (void)state;
    airs_error_t error;
    open_cache();
    put("a", "code");
    assert_int_equal(unlink(entry_path("a")), 0);
    assert_int_equal(unlink(in_cache("secret")), 0);
    assert_int_equal(rmdir(cache_path), 0);
    airs_code_key_t key = key_of("a");
    assert_status(airs_code_cache_put(cache, &key, airs_bytes("x", 1), &error), AIRS_IO);
    assert_null(get("a"));
}

/* ---- how much it keeps ---------------------------------------------------------------------- */

/* A file with a hole instead of contents, last used so many seconds ago. */
static void make_file(const char *path, uint64_t size, time_t age) {
    int file = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    assert_true(file >= 0);
    assert_int_equal(ftruncate(file, (off_t)size), 0);
    const struct timespec times[2] = {{time(NULL) - age, 0}, {time(NULL) - age, 0}};
    assert_int_equal(futimens(file, times), 0);
    close(file);
}

static bool exists(const char *path) { return access(path, F_OK) == 0; }

static void what_was_not_used_for_the_longest_goes_first(void **state) {
    (void)state;
    open_cache();
    put("a", "code of a");
    const struct timespec old[2] = {{time(NULL) - 5000, 0}, {time(NULL) - 5000, 0}};
    assert_int_equal(utimensat(AT_FDCWD, entry_path("a"), old, 0), 0);
    make_file(entry_path("first"), AIRS_CODE_CACHE_BYTES / 4, 4000);
    make_file(entry_path("second"), AIRS_CODE_CACHE_BYTES / 2, 3000);
    make_file(entry_path("third"), AIRS_CODE_CACHE_BYTES / 4, 2000);
    make_file(in_cache("somebody's own file"), AIRS_CODE_CACHE_BYTES, 9000);
    /* Used, so that it is not the oldest any more. */
    assert_string_equal(get("a"), "code of a");
    put("b", "code of b");
    assert_false(exists(entry_path("first")));
    assert_true(exists(entry_path("second")));
    assert_true(exists(entry_path("third")));
    assert_string_equal(get("a"), "code of a");
    assert_string_equal(get("b"), "code of b");
    /* Several go when they must. */
    make_file(entry_path("fourth"), AIRS_CODE_CACHE_BYTES - 1, 10);
    put("c", "code of c");
    assert_false(exists(entry_path("second")));
    assert_false(exists(entry_path("third")));
    assert_false(exists(entry_path("fourth")));
    assert_string_equal(get("a"), "code of a");
    assert_true(exists(in_cache("somebody's own file")));
    assert_true(exists(in_cache("secret")));
}

static void what_a_writer_left_that_died_is_cleared_away(void **state) {
    (void)state;
    open_cache();
    make_file(in_cache("new-123-0011223344556677"), 1000, 100000);
    make_file(in_cache("new-124-0011223344556677"), 1000, 10);
    put("a", "code of a");
    assert_false(exists(in_cache("new-123-0011223344556677")));
    /* Somebody may be writing this one. */
    assert_true(exists(in_cache("new-124-0011223344556677")));
}

/* ---- several at once ------------------------------------------------------------------------ */

/* The code of a key is its number, repeated: one that is mixed of two would not verify. */
static void use_cache(airs_code_cache_t *used, unsigned seed) {
    char code[8192];
    for (unsigned i = 0; i < ROUNDS; i++) {
        unsigned number = (seed + i) % KEYS;
        char text[16];
        snprintf(text, sizeof text, "%u", number);
        airs_code_key_t key = key_of(text);
        memset(code, (int)('0' + number), sizeof code);
        AIRS_ASSERT(airs_code_cache_put(used, &key, airs_bytes(code, sizeof code - i), NULL) == AIRS_OK);
        void *block = NULL;
        airs_bytes_t got;
        AIRS_ASSERT(airs_code_cache_get(used, &key, &block, &got) == AIRS_OK);
        for (size_t at = 0; at < got.size; at++) {
            AIRS_ASSERT(got.data[at] == '0' + number);
        }
        airs_release(airs_allocator_default(), block);
    }
}

static void *use_in_thread(void *seed) {
    use_cache(cache, *(unsigned *)seed);
    return NULL;
}

static void threads_share_it(void **state) {
    (void)state;
    pthread_t threads[WRITERS];
    unsigned seeds[WRITERS];
    open_cache();
    for (unsigned i = 0; i < WRITERS; i++) {
        seeds[i] = i;
        assert_int_equal(pthread_create(&threads[i], NULL, use_in_thread, &seeds[i]), 0);
    }
    for (unsigned i = 0; i < WRITERS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    }
    assert_int_equal(count_files(".code"), KEYS);
    assert_int_equal(count_files(""), KEYS + 1);
}

/* Each process opens it anew: all race for making the secret, and end up with the same. */
static void processes_share_it(void **state) {
    (void)state;
    pid_t children[WRITERS];
    for (unsigned i = 0; i < WRITERS; i++) {
        children[i] = fork();
        assert_true(children[i] >= 0);
        if (children[i] == 0) {
            airs_code_cache_t *own = NULL;
            AIRS_ASSERT(airs_code_cache_open(airs_allocator_default(), cache_path, &own, NULL) == AIRS_OK);
            use_cache(own, i);
            airs_code_cache_close(own);
            _exit(0);
        }
    }
    for (unsigned i = 0; i < WRITERS; i++) {
        int ended = -1;
        assert_int_equal(waitpid(children[i], &ended, 0), children[i]);
        assert_int_equal(ended, 0);
    }
    open_cache();
    assert_int_equal(count_files(".code"), KEYS);
    assert_int_equal(count_files(""), KEYS + 1);
    assert_non_null(cache);
}

/* ---- memory --------------------------------------------------------------------------------- */

static airs_status_t life(const airs_allocator_t *allocator, void *context) {
    (void)context;
    airs_code_cache_t *own = NULL;
    airs_code_key_t key = key_of("a");
    void *block = NULL;
    airs_bytes_t code;
    airs_status_t status = airs_code_cache_open(allocator, cache_path, &own, NULL);
    if (status == AIRS_OK) {
        assert_ok(airs_code_cache_put(own, &key, airs_bytes("code", 4), NULL));
        /* Without memory it is as if it were not there: it is compiled then. */
        status = airs_code_cache_get(own, &key, &block, &code) == AIRS_OK ? AIRS_OK : AIRS_OUT_OF_MEMORY;
        airs_release(allocator, block);
    }
    airs_code_cache_close(own);
    return status;
}

static void goes_on_without_memory(void **state) {
    (void)state;
    airs_fail_each_allocation(life, NULL);
}

/* ---- through the engine --------------------------------------------------------------------- */

static void load_and_run(const airs_wasm_engine_options_t *options, const char *guest) {
    static fixture_t fixture;
    fixture_open(&fixture, options);
    fixture_run(&fixture, guest, NULL);
    assert_ok(fixture_message(&fixture, "hello"));
    fixture_close(&fixture);
}

/* When aged entries were last used. */
#define OLD 1000000000

static void age_entries(void) {
    const struct timespec old = {OLD, 0};
    DIR *entries = opendir(cache_path);
    assert_non_null(entries);
    for (struct dirent *entry = readdir(entries); entry != NULL; entry = readdir(entries)) {
        if (strstr(entry->d_name, ".code") != NULL) {
            const struct timespec times[2] = {old, old};
            assert_int_equal(utimensat(AT_FDCWD, in_cache(entry->d_name), times, 0), 0);
        }
    }
    closedir(entries);
}

/* The number of the one entry's file, and whether it was used or replaced since it was aged. */
static ino_t only_entry(bool *fresh) {
    ino_t number = 0;
    struct stat about;
    DIR *entries = opendir(cache_path);
    assert_non_null(entries);
    for (struct dirent *entry = readdir(entries); entry != NULL; entry = readdir(entries)) {
        if (strstr(entry->d_name, ".code") != NULL) {
            assert_int_equal(number, 0);
            assert_int_equal(stat(in_cache(entry->d_name), &about), 0);
            number = about.st_ino;
            *fresh = about.st_mtim.tv_sec != OLD;
        }
    }
    closedir(entries);
    assert_int_not_equal(number, 0);
    return number;
}

static void damage_entry(void) {
    DIR *entries = opendir(cache_path);
    assert_non_null(entries);
    for (struct dirent *entry = readdir(entries); entry != NULL; entry = readdir(entries)) {
        if (strstr(entry->d_name, ".code") != NULL) {
            change_byte(in_cache(entry->d_name), 5000, 1);
        }
    }
    closedir(entries);
}

static void a_second_load_takes_the_compiled_code(void **state) {
    (void)state;
    const airs_wasm_engine_options_t options = {.max_instances = 4, .cache_dir = cache_path};
    bool fresh = false;
    load_and_run(&options, "bad/quiet");
    assert_int_equal(mode_of(cache_path), 0700);
    ino_t first = only_entry(&fresh);
    age_entries();
    load_and_run(&options, "bad/quiet");
    /* It was used, and not written again. */
    assert_int_equal(only_entry(&fresh), first);
    assert_true(fresh);
    /* One that is damaged is compiled again, and replaced. */
    age_entries();
    damage_entry();
    load_and_run(&options, "bad/quiet");
    (void)only_entry(&fresh);
    assert_true(fresh);
    age_entries();
    load_and_run(&options, "bad/quiet");
    (void)only_entry(&fresh);
    assert_true(fresh);
}

static void code_of_other_settings_is_another_entry(void **state) {
    (void)state;
    const airs_wasm_engine_options_t plain = {.max_instances = 4, .cache_dir = cache_path};
    const airs_wasm_engine_options_t counting = {
        .max_instances = 4, .cache_dir = cache_path, .consume_fuel = true};
    const airs_wasm_engine_options_t sliced = {
        .max_instances = 4, .cache_dir = cache_path, .slice_fuel = 10000};
    load_and_run(&plain, "bad/quiet");
    load_and_run(&counting, "bad/quiet");
    load_and_run(&sliced, "bad/quiet");
    assert_int_equal(count_files(".code"), 3);
    load_and_run(&plain, "bad/quiet");
    assert_int_equal(count_files(".code"), 3);
}

typedef struct noting_log {
    airs_log_t log;
    char text[1024];
} noting_log_t;

static void note(airs_log_t *log, const airs_log_record_t *record) {
    noting_log_t *self = (noting_log_t *)(void *)log;
    snprintf(self->text, sizeof self->text, "%.*s", AIRS_STR_ARG(record->message));
}

static void a_cache_that_cannot_be_used_is_told_and_done_without(void **state) {
    (void)state;
    noting_log_t log = {.log = {.level = AIRS_LOG_TRACE, .write = note}};
    const airs_wasm_engine_options_t options = {.max_instances = 4, .cache_dir = cache_path, .log = &log.log};
    assert_int_equal(mkdir(cache_path, 0700), 0);
    assert_int_equal(chmod(cache_path, 0755), 0);
    load_and_run(&options, "bad/quiet");
    assert_non_null(strstr(log.text, "compiled code is not cached: the cache folder "));
    assert_int_equal(count_files(""), 0);
}

static void without_a_folder_nothing_is_cached(void **state) {
    (void)state;
    const airs_wasm_engine_options_t options = {.max_instances = 4, .cache_dir = ""};
    load_and_run(&options, "bad/quiet");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(makes_a_folder_for_the_user_alone, setup, teardown),
        cmocka_unit_test_setup_teardown(slashes_at_the_end_of_the_path_change_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(refuses_a_folder_that_others_may_use, setup, teardown),
        cmocka_unit_test_setup_teardown(refuses_a_folder_of_another_user, setup, teardown),
        cmocka_unit_test_setup_teardown(refuses_what_is_no_folder, setup, teardown),
        cmocka_unit_test_setup_teardown(makes_its_secret_once, setup, teardown),
        cmocka_unit_test_setup_teardown(refuses_a_secret_that_is_not_its_own, setup, teardown),
        cmocka_unit_test_setup_teardown(gives_back_what_it_was_given, setup, teardown),
        cmocka_unit_test_setup_teardown(a_second_put_replaces_the_first, setup, teardown),
        cmocka_unit_test_setup_teardown(keys_depend_on_bytes_and_settings, setup, teardown),
        cmocka_unit_test_setup_teardown(an_entry_that_was_changed_anywhere_is_not_used, setup, teardown),
        cmocka_unit_test_setup_teardown(an_entry_of_another_cache_or_key_is_not_used, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_no_file_of_the_users_is_not_an_entry, setup, teardown),
        cmocka_unit_test_setup_teardown(a_full_disk_is_an_error, setup, teardown),
        cmocka_unit_test_setup_teardown(too_few_descriptors_are_an_error, setup, teardown),
        cmocka_unit_test_setup_teardown(a_folder_that_is_gone_is_an_error, setup, teardown),
        cmocka_unit_test_setup_teardown(what_was_not_used_for_the_longest_goes_first, setup, teardown),
        cmocka_unit_test_setup_teardown(what_a_writer_left_that_died_is_cleared_away, setup, teardown),
        cmocka_unit_test_setup_teardown(threads_share_it, setup, teardown),
        cmocka_unit_test_setup_teardown(processes_share_it, setup, teardown),
        cmocka_unit_test_setup_teardown(goes_on_without_memory, setup, teardown),
        cmocka_unit_test_setup_teardown(a_second_load_takes_the_compiled_code, setup, teardown),
        cmocka_unit_test_setup_teardown(code_of_other_settings_is_another_entry, setup, teardown),
        cmocka_unit_test_setup_teardown(a_cache_that_cannot_be_used_is_told_and_done_without, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(without_a_folder_nothing_is_cached, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
