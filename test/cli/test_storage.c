/* `airssys storage` as a shell sees it. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <jansson.h>

#include "cli/child.h"
#include "support/guest_manifest.h"
#include "support/test.h"

#define PAGE_BYTES 4096

static airs_temporary_folder_t folder;

static const char manifest[] = "[application]\nname = \"shop\"\n"
                               "[storage]\nfolder = \"kept\"\n"
                               "[components.cart]\nsource = \"@store\"\n";

static int set_up(void **state) {
    (void)state;
    airs_temporary_folder_create(&folder);
    airs_guest_manifest_write(&folder, manifest);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    airs_temporary_folder_remove(&folder);
    return 0;
}

/* "airssys storage VERB --manifest FOLDER ARGUMENT...", the arguments ending in NULL. */
static void storage(child_t *child, const char *input, const char *verb, const char *const *arguments) {
    const char *all[CHILD_ARGUMENTS_MAX] = {"storage", verb, "--manifest", folder.path};
    for (size_t i = 4; *arguments != NULL; i++) {
        all[i] = *arguments++;
    }
    child_run(child, input, all);
}

#define WORDS(...) \
    (const char *const[]) { __VA_ARGS__, NULL }

static void expect(const char *verb, const char *const *arguments, const char *input, int exit_code,
                   const char *out) {
    child_t child;
    storage(&child, input, verb, arguments);
    child_expect(&child, exit_code);
    assert_string_equal(child.out, out);
    child_free(&child);
}

static void expect_refused(const char *verb, const char *const *arguments, const char *input, int exit_code,
                           const char *why) {
    child_t child;
    storage(&child, input, verb, arguments);
    child_expect(&child, exit_code);
    child_expect_text(&child, "err", why);
    child_free(&child);
}

static void fill(void) {
    expect("set", WORDS("cart", "user/1", "hello"), NULL, 0, "");
    expect("set", WORDS("shop/cart", "user/2"), "from standard input", 0, "");
    expect("set", WORDS("shop/till/0", "empty", ""), NULL, 0, "");
}

static void what_is_set_is_got_and_listed(void **state) {
    (void)state;
    fill();
    expect("get", WORDS("cart", "user/1"), NULL, 0, "hello");
    expect("get", WORDS("shop/cart", "user/2"), NULL, 0, "from standard input");
    expect("get", WORDS("shop/till/0", "empty"), NULL, 0, "");
    expect("list", WORDS("--output", "text"), NULL, 0,
           "SPACE        KEYS  BYTES\nshop/cart       2     36\nshop/till/0     1      5\n");
    expect("list", WORDS("cart"), NULL, 0, "user/1\nuser/2\n");
    expect("list", WORDS("cart", "--prefix", "user/2"), NULL, 0, "user/2\n");
    expect("delete", WORDS("cart", "user/1"), NULL, 0, "");
    expect("list", WORDS("cart"), NULL, 0, "user/2\n");
    expect("check", WORDS("-q"), NULL, 0, "2 keys in 2 spaces, 30 bytes: all is well\n");
}

static void what_is_not_there_is_refused(void **state) {
    (void)state;
    expect_refused("list", WORDS("cart"), NULL, 18, "there is no storage in ");
    fill();
    expect_refused("get", WORDS("cart", "nope"), NULL, 19, "cart: there is no key \"nope\"");
    expect_refused("delete", WORDS("cart", "nope"), NULL, 19, "there is no key \"nope\"");
    expect_refused("get", WORDS("nobody", "k"), NULL, 19,
                   "there is no space \"shop/nobody\"; 'airssys storage list' shows them");
    expect_refused("set", WORDS("cart", ""), "x", 2, "the key is empty");
    expect_refused("get", WORDS("--folder", "x", "cart", "k"), NULL, 2, "--folder and --manifest both say");
    expect_refused("lst", WORDS("cart"), NULL, 2, "unknown verb 'lst'; did you mean 'list'?");
}

/* Every byte there is, and a key that is not UTF-8. */
static void values_and_keys_may_be_any_bytes(void **state) {
    (void)state;
    uint8_t bytes[1024];
    char path[AIRS_TEMPORARY_PATH_MAX];
    char copy[AIRS_TEMPORARY_PATH_MAX];
    child_t child;
    for (size_t i = 0; i < sizeof bytes; i++) {
        bytes[i] = (uint8_t)i;
    }
    airs_temporary_file_write(&folder, "bytes", bytes, sizeof bytes);
    airs_temporary_file_path(&folder, "bytes", path);
    airs_temporary_file_path(&folder, "copy", copy);
    expect("set", WORDS("cart", "k\xff", "--from", path), NULL, 0, "");
    storage(&child, NULL, "get", WORDS("cart", "k\xff"));
    child_expect(&child, 0);
    assert_int_equal(child.out_size, sizeof bytes);
    assert_memory_equal(child.out, bytes, sizeof bytes);
    child_free(&child);
    expect("export", WORDS("--to", copy), NULL, 0, "");
    expect("delete", WORDS("cart", "k\xff"), NULL, 0, "");
    expect("import", WORDS(copy), NULL, 0, "1 keys\n");
    storage(&child, NULL, "get", WORDS("cart", "k\xff"));
    assert_memory_equal(child.out, bytes, sizeof bytes);
    child_free(&child);
}

static void exports_are_json_lines(void **state) {
    (void)state;
    fill();
    static const char lines[] =
        "{\"space\":\"shop/cart\",\"key\":\"user/1\",\"value\":\"aGVsbG8=\"}\n"
        "{\"space\":\"shop/cart\",\"key\":\"user/2\",\"value\":\"ZnJvbSBzdGFuZGFyZCBpbnB1dA==\"}\n";
    static const char rest[] = "{\"space\":\"shop/till/0\",\"key\":\"empty\",\"value\":\"\"}\n";
    char all[512];
    (void)snprintf(all, sizeof all, "%s%s", lines, rest);
    expect("export", WORDS("-q"), NULL, 0, all);
    expect("export", WORDS("--space", "cart"), NULL, 0, lines);
    expect("export", WORDS("--space", "shop/till/0"), NULL, 0, rest);
    expect_refused("export", WORDS("--space", "nobody"), NULL, 19, "there is no space \"shop/nobody\"");
    /* Into an empty storage it is the same again. */
    char path[AIRS_TEMPORARY_PATH_MAX];
    child_t child;
    airs_temporary_file_path(&folder, "second", path);
    const char *const import[] = {"storage", "import", "--folder", path, NULL};
    child_run(&child, all, import);
    child_expect(&child, 0);
    child_free(&child);
    const char *const export[] = {"storage", "export", "--folder", path, NULL};
    child_run(&child, NULL, export);
    child_expect(&child, 0);
    assert_string_equal(child.out, all);
    child_free(&child);
}

static void a_wrong_line_imports_nothing(void **state) {
    (void)state;
    fill();
    static const char *const cases[][2] = {
        {"what", "it is not a JSON object"},
        {"{\"space\":\"a\",\"value\":\"\"}", "\"key\" is missing"},
        {"{\"space\":\"a\",\"key\":\"k\",\"key-base64\":\"aw==\",\"value\":\"\"}", "\"key\" is missing"},
        {"{\"key\":\"k\",\"value\":\"\"}", "\"space\" is missing"},
        {"{\"space\":\"a\",\"key\":\"k\"}", "\"value\" is missing"},
        {"{\"space\":\"a\",\"key\":\"k\",\"value\":\"!!\"}", "it is not base64"},
        {"{\"space\":\"a\",\"key\":\"\",\"value\":\"\"}", "the key is empty"},
        {"{\"space\":\"a\",\"key-base64\":\"AA==\",\"value\":\"\"}", "the key has a zero byte"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[512];
        char why[128];
        (void)snprintf(text, sizeof text, "{\"space\":\"new\",\"key\":\"k\",\"value\":\"\"}\n\n%s\n",
                       cases[i][0]);
        (void)snprintf(why, sizeof why, "-:3: %s", cases[i][1]);
        expect_refused("import", WORDS("-"), text, 6, why);
    }
    expect_refused("list", WORDS("new"), NULL, 19, "there is no space \"shop/new\"");
    expect_refused("import", WORDS("/no/such/file"), NULL, 6, "cannot read /no/such/file");
}

/* Not before there is no memory left. */
static void what_has_no_lines_is_no_export(void **state) {
    (void)state;
    expect_refused(
        "import", WORDS("/dev/zero"), NULL, 6,
        "/dev/zero:1: a line of more than 67108864 bytes, which no key and value have; nothing was");
}

/* An export, which is JSON, would have another name. */
static void names_of_spaces_are_utf8(void **state) {
    (void)state;
    expect_refused("set", WORDS("a/\xff", "k", "v"), NULL, 2, "the name of a storage space is UTF-8");
    expect("set", WORDS("a/\xc3\xbc", "k", "v"), NULL, 0, "");
    expect("get", WORDS("a/\xc3\xbc", "k"), NULL, 0, "v");
}

static bool has_text(const char *name, const char *text) {
    char path[AIRS_TEMPORARY_PATH_MAX];
    char content[4096];
    FILE *file = fopen(airs_temporary_file_path(&folder, name, path), "re");
    assert_non_null(file);
    size_t size = fread(content, 1, sizeof content, file);
    (void)fclose(file);
    return memmem(content, size, text, strlen(text)) != NULL;
}

/* A descriptor that is closed from the start would otherwise be that of the next file: LMDB's. */
static void an_answer_without_an_output_goes_into_no_file(void **state) {
    (void)state;
    const char *const set[] = {"storage", "set", "--manifest", folder.path, "--output",
                               "json",    "a/b", "k",          "v",         NULL};
    for (int no_input = 0; no_input < 2; no_input++) {
        child_t child;
        const child_options_t options = {.no_output = true, .no_input = no_input != 0};
        child_start(&child, &options, set);
        child_wait(&child);
        child_expect(&child, 1);
        child_expect_text(&child, "err", "cannot write standard output");
        child_free(&child);
        assert_false(has_text("kept/lock.mdb", "status"));
        assert_false(has_text("kept/lock", "status"));
    }
    expect("check", WORDS("-q"), NULL, 0, "1 keys in 1 spaces, 2 bytes: all is well\n");
}

/* A backup goes where it is told to: through a link, with the permissions of what was there. */
static void what_is_written_over_stays_what_it_was(void **state) {
    (void)state;
    char target[AIRS_TEMPORARY_PATH_MAX];
    char link[AIRS_TEMPORARY_PATH_MAX];
    struct stat about;
    fill();
    airs_temporary_file_write_text(&folder, "target", "old");
    airs_temporary_file_path(&folder, "target", target);
    airs_temporary_file_path(&folder, "link", link);
    assert_int_equal(chmod(target, 0640), 0);
    assert_int_equal(symlink("target", link), 0);
    static const char *const verbs[] = {"get", "export"};
    for (size_t i = 0; i < 2; i++) {
        expect(verbs[i],
               i == 0 ? WORDS("cart", "user/1", "--to", link) : WORDS("--space", "cart", "--to", link), NULL,
               0, "");
        assert_true(has_text("target", i == 0 ? "hello" : "\"user/2\""));
        assert_int_equal(lstat(link, &about), 0);
        assert_true(S_ISLNK(about.st_mode));
        assert_int_equal(stat(target, &about), 0);
        assert_int_equal(about.st_mode & 0777, 0640);
    }
    assert_int_equal(unlink(target), 0);
    expect("export", WORDS("--to", link), NULL, 0, "");
    assert_true(has_text("target", "\"user/2\""));
}

/* And not over a device or a pipe. */
static void a_pipe_is_written_to_and_not_replaced(void **state) {
    (void)state;
    char path[AIRS_TEMPORARY_PATH_MAX];
    char text[512];
    struct stat about;
    fill();
    airs_temporary_file_path(&folder, "pipe", path);
    assert_int_equal(mkfifo(path, 0600), 0);
    int reader = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    assert_true(reader >= 0);
    expect("export", WORDS("--space", "shop/till/0", "--to", path), NULL, 0, "");
    ssize_t size = read(reader, text, sizeof text - 1);
    close(reader);
    assert_true(size > 0);
    text[size] = '\0';
    assert_string_equal(text, "{\"space\":\"shop/till/0\",\"key\":\"empty\",\"value\":\"\"}\n");
    assert_int_equal(stat(path, &about), 0);
    assert_true(S_ISFIFO(about.st_mode));
}

/* What was there is as it was, and nothing is left beside it. */
static void what_cannot_be_written_is_told_with_its_place(void **state) {
    (void)state;
    char path[AIRS_TEMPORARY_PATH_MAX];
    fill();
    airs_temporary_file_write_text(&folder, "backup", "old");
    airs_temporary_file_path(&folder, "backup", path);
    const char *const export[] = {"storage", "export", "--manifest", folder.path, "--to", path, NULL};
    const child_options_t options = {.file_bytes = 64};
    child_t child;
    child_start(&child, &options, export);
    child_wait(&child);
    child_expect(&child, 1);
    child_expect_text(&child, "err", "cannot write ");
    child_free(&child);
    assert_true(has_text("backup", "old"));
    expect_refused("export", WORDS("--to", folder.path), NULL, 1, "Is a directory");
}

static void what_was_cut_short_is_told_as_damage(void **state) {
    (void)state;
    char path[AIRS_TEMPORARY_PATH_MAX];
    fill();
    airs_temporary_file_path(&folder, "kept/data.mdb", path);
    assert_int_equal(truncate(path, 8192), 0);
    expect_refused("check", WORDS("-q"), NULL, 18, "data.mdb is damaged: it has been cut short");
    expect_refused("list", WORDS("cart"), NULL, 18, "data.mdb is damaged: it has been cut short");
    assert_int_equal(truncate(path, 0), 0);
    expect_refused("list", WORDS("cart"), NULL, 18, "there is no storage in ");
    expect("set", WORDS("cart", "k", "v"), NULL, 0, "");
    expect("list", WORDS("cart"), NULL, 0, "k\n");
}

static void an_application_whose_storage_was_cut_short_ends_with_a_word(void **state) {
    (void)state;
    char path[AIRS_TEMPORARY_PATH_MAX];
    child_t child;
    const char *const arguments[] = {"run", "--no-socket", folder.path, NULL};
    fill();
    airs_temporary_file_path(&folder, "kept/data.mdb", path);
    assert_int_equal(truncate(path, 8192), 0);
    child_run(&child, NULL, arguments);
    child_expect(&child, 128 + SIGBUS);
    child_expect_text(&child, "err", "airssys run: a page of a file cannot be read");
    child_expect_text(&child, "err", "'airssys storage check' says whether");
    child_free(&child);
}

/* A file of some ten pages, and their number. */
static size_t fill_pages(uint8_t **content) {
    static char text[64 << 10];
    char path[AIRS_TEMPORARY_PATH_MAX];
    struct stat about;
    size_t size = 0;
    for (size_t i = 0; i < 300; i++) {
        size += (size_t)snprintf(text + size, sizeof text - size,
                                 "{\"space\":\"shop/cart\",\"key\":\"%0100zu\",\"value\":\"aGVsbG8=\"}\n", i);
    }
    expect("import", WORDS("-"), text, 0, "300 keys\n");
    int file = open(airs_temporary_file_path(&folder, "kept/data.mdb", path), O_RDONLY | O_CLOEXEC);
    assert_int_equal(fstat(file, &about), 0);
    *content = malloc((size_t)about.st_size);
    assert_int_equal(read(file, *content, (size_t)about.st_size), about.st_size);
    close(file);
    return (size_t)about.st_size / PAGE_BYTES;
}

static void expect_check_to_end(size_t page, size_t *told) {
    child_t child;
    storage(&child, NULL, "check", WORDS("-q"));
    if (child.exit_code != 0 && child.exit_code != 18) {
        fail_msg("page %zu: exit code %d, %s", page, child.exit_code, child.err);
    }
    assert_null(strstr(child.err, "Assertion"));
    *told += child.exit_code == 18 ? 1 : 0;
    child_free(&child);
}

/* Whatever is in the file. A page that nothing leads to may be anything. */
static void a_check_of_what_is_damaged_ends_and_says_so(void **state) {
    (void)state;
    static const uint8_t junk[] = {0, 1, 0x7f, 0xff};
    uint8_t *content = NULL;
    size_t told = 0;
    size_t pages = fill_pages(&content);
    assert_true(pages > 8);
    for (size_t page = 0; page < pages; page++) {
        for (size_t i = 0; i < sizeof junk; i++) {
            uint8_t kept[PAGE_BYTES];
            uint8_t *at = content + page * PAGE_BYTES;
            memcpy(kept, at, PAGE_BYTES);
            /* The whole of it, or all but the number and kind of the page. */
            memset(at + (i % 2 == 0 ? 0 : 12), junk[i], PAGE_BYTES - (i % 2 == 0 ? 0 : 12));
            airs_temporary_file_write(&folder, "kept/data.mdb", content, pages * PAGE_BYTES);
            expect_check_to_end(page, &told);
            memcpy(at, kept, PAGE_BYTES);
        }
    }
    assert_true(told > 8);
    free(content);
}

static void answers_come_as_json(void **state) {
    (void)state;
    char wanted[AIRS_TEMPORARY_PATH_MAX + 256];
    fill();
    (void)snprintf(wanted, sizeof wanted,
                   "{\"folder\":\"%s/kept\",\"spaces\":[{\"space\":\"shop/cart\",\"keys\":2,\"bytes\":36},"
                   "{\"space\":\"shop/till/0\",\"keys\":1,\"bytes\":5}]}\n",
                   folder.path);
    expect("list", WORDS("--output", "json"), NULL, 0, wanted);
    expect("list", WORDS("cart", "--output", "json"), NULL, 0,
           "{\"keys\":[{\"key\":\"user/1\"},{\"key\":\"user/2\"}]}\n");
    expect("get", WORDS("cart", "user/1", "--output", "json"), NULL, 0,
           "{\"key\":\"user/1\",\"size\":5,\"value\":\"aGVsbG8=\"}\n");
    expect("set", WORDS("cart", "k", "v", "--output", "json"), NULL, 0, "{\"status\":\"ok\"}\n");
    expect("check", WORDS("--output", "json"), NULL, 0,
           "{\"spaces\":2,\"keys\":4,\"bytes\":43,\"problems\":[]}\n");
    child_t child;
    storage(&child, NULL, "compact", WORDS("--output", "json"));
    child_expect(&child, 0);
    json_t *object = json_loads(child.out, 0, NULL);
    json_int_t before = json_integer_value(json_object_get(object, "before"));
    json_int_t after = json_integer_value(json_object_get(object, "after"));
    assert_true(after > 0 && after <= before);
    json_decref(object);
    child_free(&child);
    expect("get", WORDS("cart", "user/1"), NULL, 0, "hello");
}

static void of_an_application_that_runs_it_is_told(void **state) {
    (void)state;
    child_t running;
    child_t child;
    const char *const arguments[] = {"run", "--no-socket", "--log", "debug", folder.path, NULL};
    char why[64];
    fill();
    child_start(&running, &(child_options_t){.folder = NULL}, arguments);
    child_wait_for(&running, "err", "runs with 1 actors");
    expect("list", WORDS("cart"), NULL, 0, "user/1\nuser/2\n");
    expect("get", WORDS("cart", "user/1"), NULL, 0, "hello");
    expect("check", WORDS("-q"), NULL, 0, "3 keys in 2 spaces, 41 bytes: all is well\n");
    storage(&child, NULL, "set", WORDS("cart", "k", "v"));
    child_expect(&child, 18);
    (void)snprintf(why, sizeof why, "is in use by process %ld;", (long)running.pid);
    child_expect_text(&child, "err", why);
    child_expect_text(&child, "err", "stop the application first");
    child_free(&child);
    child_signal(&running, SIGTERM);
    child_wait(&running);
    child_free(&running);
    expect("set", WORDS("cart", "k", "v"), NULL, 0, "");
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(what_is_set_is_got_and_listed),
        TEST(what_is_not_there_is_refused),
        TEST(values_and_keys_may_be_any_bytes),
        TEST(exports_are_json_lines),
        TEST(a_wrong_line_imports_nothing),
        TEST(what_has_no_lines_is_no_export),
        TEST(names_of_spaces_are_utf8),
        TEST(an_answer_without_an_output_goes_into_no_file),
        TEST(what_is_written_over_stays_what_it_was),
        TEST(a_pipe_is_written_to_and_not_replaced),
        TEST(what_cannot_be_written_is_told_with_its_place),
        TEST(what_was_cut_short_is_told_as_damage),
        TEST(an_application_whose_storage_was_cut_short_ends_with_a_word),
        TEST(a_check_of_what_is_damaged_ends_and_says_so),
        TEST(answers_come_as_json),
        TEST(of_an_application_that_runs_it_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
