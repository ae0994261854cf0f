#include "support/test.h"

#include <stdio.h>
#include <string.h>

#include "node/trust_store.h"
#include "security/component_signature.h"
#include "support/failing_allocator.h"
#include "support/temporary_folder.h"

static airs_temporary_folder_t folder;
static airs_signing_key_t keys[2];
static char key_texts[2][AIRS_PUBLIC_KEY_TEXT_MAX];

/* Two keys: first.pub, second.pub and both as text. */
static int set_up(void **state) {
    (void)state;
    airs_temporary_folder_create(&folder);
    for (size_t i = 0; i < 2; i++) {
        uint8_t file[AIRS_PUBLIC_KEY_FILE_SIZE];
        assert_ok(airs_signing_key_generate(&keys[i], NULL));
        airs_public_key_t public = airs_signing_key_public(&keys[i]);
        airs_public_key_write(&public, file);
        airs_public_key_text(&public, key_texts[i]);
        airs_temporary_file_write(&folder, i == 0 ? "first.pub" : "second.pub", file, sizeof file);
    }
    airs_temporary_file_write_text(&folder, "not.pub", "no key");
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    airs_temporary_folder_remove(&folder);
    return 0;
}

static airs_status_t read_store(const char *name, airs_trust_t **trust, airs_error_t *error) {
    char path[AIRS_TEMPORARY_PATH_MAX];
    assert_ok(airs_trust_create(airs_allocator_default(), AIRS_TRUST_REQUIRE, trust));
    return airs_trust_store_read(airs_allocator_default(), airs_temporary_file_path(&folder, name, path),
                                 *trust, error);
}

/* May the key sign for the namespace? */
static bool may_sign(const airs_trust_t *trust, size_t key, const char *ns) {
    static const uint8_t component[] = {0, 'a', 's', 'm', 0x0d, 0, 1, 0};
    airs_bytes_t binary;
    airs_trust_answer_t answer;
    assert_ok(airs_component_sign(airs_allocator_default(), airs_bytes(component, sizeof component),
                                  &keys[key], NULL, &binary, NULL));
    airs_trust_question_t question = {.ns = airs_str(ns), .name = "x", .content = binary};
    airs_status_t status = airs_trust_check(trust, &question, &answer, NULL);
    airs_allocator_default()->release(NULL, (void *)binary.data);
    return status == AIRS_OK;
}

static void write_store(const char *name, const char *format, const char *key) {
    char text[2048];
    (void)snprintf(text, sizeof text, format, key);
    airs_temporary_file_write_text(&folder, name, text);
}

static void keys_come_as_files_and_as_text(void **state) {
    airs_trust_t *trust = NULL;
    airs_error_t error;
    (void)state;
    write_store("trust.toml",
                "[keys.acme]\nfile = \"first.pub\"\nnamespaces = [\"acme\", \"tools/*\"]\n"
                "[keys.\"the shop\"]\nkey = \"%s\"\nnamespaces = [\"shop/**\"]\n",
                key_texts[1]);
    if (read_store("trust.toml", &trust, &error) != AIRS_OK) {
        fail_msg("%s", error.text);
    }
    assert_int_equal(airs_trust_key_count(trust), 2);
    assert_true(may_sign(trust, 0, "acme"));
    assert_true(may_sign(trust, 0, "tools/saw"));
    assert_false(may_sign(trust, 0, "acme/x"));
    assert_false(may_sign(trust, 0, "shop"));
    assert_true(may_sign(trust, 1, "shop"));
    assert_true(may_sign(trust, 1, "shop/eu"));
    assert_false(may_sign(trust, 1, "acme"));
    airs_trust_destroy(trust);
}

static void a_folder_is_all_its_files(void **state) {
    airs_trust_t *trust = NULL;
    airs_error_t error;
    (void)state;
    airs_temporary_folder_make(&folder, "store");
    assert_status(read_store("store", &trust, &error), AIRS_IO);
    assert_non_null(strstr(error.text, "there is no file in it whose name ends in .toml"));
    airs_trust_destroy(trust);
    airs_temporary_file_write_text(&folder, "store/a.toml",
                                   "[keys.a]\nfile = \"../first.pub\"\nnamespaces = [\"a\"]\n");
    write_store("store/b.toml", "[keys.a]\nkey = \"%s\"\nnamespaces = [\"b\"]\n", key_texts[1]);
    airs_temporary_file_write_text(&folder, "store/.hidden.toml", "nonsense");
    airs_temporary_file_write_text(&folder, "store/.toml", "nonsense");
    airs_temporary_file_write_text(&folder, "store/b.toml~", "nonsense");
    airs_temporary_file_write_text(&folder, "store/readme.txt", "nonsense");
    if (read_store("store", &trust, &error) != AIRS_OK) {
        fail_msg("%s", error.text);
    }
    assert_int_equal(airs_trust_key_count(trust), 2);
    assert_true(may_sign(trust, 0, "a"));
    assert_true(may_sign(trust, 1, "b"));
    assert_false(may_sign(trust, 1, "a"));
    airs_trust_destroy(trust);
    airs_temporary_file_write_text(&folder, "store/c.toml", "[keys.c]\n");
    assert_status(read_store("store", &trust, &error), AIRS_MANIFEST_INVALID);
    assert_non_null(strstr(error.text, "store/c.toml:1:"));
    airs_trust_destroy(trust);
}

typedef struct mistake {
    const char *text;
    const char *says;
} mistake_t;

static void mistakes_are_told_with_their_place(void **state) {
    static const mistake_t mistakes[] = {
        {"", "trust.toml:1:1: the table [keys] is missing"},
        {"keys = 1\n", "trust.toml:1:8: keys: must be a table of keys, not an integer"},
        {"[keys]\na = 1\n", "keys.a: must be a table with a key and its namespaces"},
        {"[keys.a\n", "not valid TOML"},
        {"[key.a]\n", "did you mean \"keys\"?"},
        {"[keys.a]\nnamespaces = [\"a\"]\n", "keys.a: needs either \"key\" or \"file\": the public key"},
        {"[keys.a]\nfile = \"first.pub\"\nkey = \"00\"\nnamespaces = [\"a\"]\n", "not both"},
        {"[keys.a]\nfile = \"first.pub\"\n", "namespaces"},
        {"[keys.a]\nfile = \"first.pub\"\nnamespaces = \"a\"\n", "must be a list of patterns of namespaces"},
        {"[keys.a]\nfile = \"first.pub\"\nnamespaces = []\n", "a key that may sign for nothing"},
        {"[keys.a]\nfile = \"first.pub\"\nnamespaces = [1]\n",
         "must be a pattern of namespaces, not an integer"},
        {"[keys.a]\nfile = \"first.pub\"\nnamespaces = [\"\"]\n", "neither empty nor with a zero character"},
        {"[keys.a]\nfile = \"none.pub\"\nnamespaces = [\"a\"]\n", "trust.toml:2:8: keys.a.file: cannot use "},
        {"[keys.a]\nfile = \"not.pub\"\nnamespaces = [\"a\"]\n", "it is no public key: 6 bytes"},
        {"[keys.a]\nfile = \"\"\nnamespaces = [\"a\"]\n", "neither empty nor"},
        {"[keys.a]\nfile = \"a\\u0000b\"\nnamespaces = [\"a\"]\n", "nor with a zero character"},
        {"[keys.a]\nkey = \"00\"\nnamespaces = [\"a\"]\n", "trust.toml:2:7: keys.a.key: it is no public key"},
        {"[keys.a]\nkey = 5\nnamespaces = [\"a\"]\n", "must be a public key in hexadecimal, not an integer"},
        {"[keys.a]\nnamespace = [\"a\"]\n", "did you mean \"namespaces\"?"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof mistakes / sizeof mistakes[0]; i++) {
        airs_trust_t *trust = NULL;
        airs_error_t error = {AIRS_OK, ""};
        airs_temporary_file_write_text(&folder, "trust.toml", mistakes[i].text);
        airs_status_t status = read_store("trust.toml", &trust, &error);
        if (status != AIRS_MANIFEST_INVALID || strstr(error.text, mistakes[i].says) == NULL) {
            fail_msg("%s: %s: \"%s\"", mistakes[i].text, airs_status_name(status), error.text);
        }
        assert_int_equal(airs_trust_key_count(trust), 0);
        airs_trust_destroy(trust);
    }
}

static void what_is_not_there_is_named(void **state) {
    airs_trust_t *trust = NULL;
    airs_error_t error;
    (void)state;
    assert_status(read_store("none.toml", &trust, &error), AIRS_IO);
    assert_non_null(strstr(error.text, "none.toml: no such file"));
    airs_trust_destroy(trust);
}

static airs_status_t life(const airs_allocator_t *allocator, void *context) {
    airs_trust_t *trust = NULL;
    airs_error_t error;
    airs_status_t status = airs_trust_create(allocator, AIRS_TRUST_REQUIRE, &trust);
    if (status == AIRS_OK) {
        status = airs_trust_store_read(allocator, context, trust, &error);
        if (status != AIRS_OK) {
            assert_status(error.status, status);
        }
    }
    airs_trust_destroy(trust);
    return status;
}

static void memory_may_be_refused(void **state) {
    char path[AIRS_TEMPORARY_PATH_MAX];
    (void)state;
    airs_temporary_folder_make(&folder, "small");
    airs_temporary_file_write_text(&folder, "small/a.toml",
                                   "[keys.a]\nfile = \"../first.pub\"\nnamespaces = [\"a\", \"b\"]\n");
    write_store("small/b.toml", "[keys.b]\nkey = \"%s\"\nnamespaces = [\"b\"]\n", key_texts[1]);
    airs_temporary_file_path(&folder, "small", path);
    airs_fail_each_allocation(life, path);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_come_as_files_and_as_text),
        cmocka_unit_test(a_folder_is_all_its_files),
        cmocka_unit_test(mistakes_are_told_with_their_place),
        cmocka_unit_test(what_is_not_there_is_named),
        cmocka_unit_test(memory_may_be_refused),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
