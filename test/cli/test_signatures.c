/* `airssys keygen`, `sign` and `verify` as a shell sees them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <jansson.h>

#include "cli/child.h"
#include "core/file.h"
#include "support/guest_manifest.h"
#include "support/test.h"

static airs_temporary_folder_t folder;

typedef struct path {
    char text[AIRS_TEMPORARY_PATH_MAX];
} path_t;

static path_t in_folder(const char *name) {
    path_t path;
    airs_temporary_file_path(&folder, name, path.text);
    return path;
}

/* Runs `airssys` with the arguments, of which those that begin with "@" are files of the folder. */
static void run(child_t *child, const char *line) {
    char words[1024];
    path_t paths[CHILD_ARGUMENTS_MAX];
    const char *arguments[CHILD_ARGUMENTS_MAX + 1] = {NULL};
    size_t count = 0;
    char *rest = NULL;
    (void)snprintf(words, sizeof words, "%s", line);
    for (char *word = strtok_r(words, " ", &rest); word != NULL; word = strtok_r(NULL, " ", &rest)) {
        assert_in_range(count, 0, CHILD_ARGUMENTS_MAX - 1);
        paths[count] = in_folder(word + (word[0] == '@'));
        arguments[count] = word[0] == '@' ? paths[count].text : word;
        count++;
    }
    child_run(child, NULL, arguments);
}

static void expect(const char *line, int exit_code, const char *stream, const char *text) {
    child_t child;
    run(&child, line);
    child_expect(&child, exit_code);
    child_expect_text(&child, stream, text);
    child_free(&child);
}

static airs_bytes_t content_of(const char *name) {
    airs_bytes_t content;
    path_t path = in_folder(name);
    assert_ok(airs_file_read(airs_allocator_default(), path.text, (size_t)64 << 20, &content, NULL));
    return content;
}

static void drop(airs_bytes_t bytes) { airs_allocator_default()->release(NULL, (void *)bytes.data); }

static void copy(const char *from, const char *to) {
    airs_bytes_t content = content_of(from);
    airs_temporary_file_write(&folder, to, content.data, content.size);
    drop(content);
}

static unsigned mode_of(const char *name) {
    struct stat about;
    path_t path = in_folder(name);
    assert_int_equal(stat(path.text, &about), 0);
    return about.st_mode & 07777U;
}

/* A guest, and two pairs of keys. */
static int set_up(void **state) {
    path_t guest;
    airs_bytes_t content;
    (void)state;
    airs_temporary_folder_create(&folder);
    airs_guest_path("echo", guest.text);
    assert_ok(airs_file_read(airs_allocator_default(), guest.text, (size_t)64 << 20, &content, NULL));
    airs_temporary_file_write(&folder, "echo.wasm", content.data, content.size);
    drop(content);
    expect("keygen --out @first", 0, "out", "Public key:");
    expect("keygen --out @second", 0, "out", "Public key:");
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    airs_temporary_folder_remove(&folder);
    return 0;
}

static void keys_are_files_in_the_standard_form(void **state) {
    (void)state;
    airs_bytes_t secret = content_of("first.key");
    airs_bytes_t public = content_of("first.pub");
    assert_int_equal(secret.size, 65);
    assert_int_equal(secret.data[0], 0x81);
    assert_int_equal(public.size, 33);
    assert_int_equal(public.data[0], 0x01);
    assert_memory_equal(secret.data + 33, public.data + 1, 32);
    assert_int_equal(mode_of("first.key"), 0600);
    drop(secret);
    drop(public);
}

static void a_secret_key_is_its_owners_alone_whatever_the_umask(void **state) {
    (void)state;
    mode_t before = umask(0);
    expect("keygen --out @open", 0, "out", "Secret key:");
    assert_int_equal(mode_of("open.key"), 0600);
    assert_int_equal(mode_of("open.pub"), 0644);
    umask(before);
}

static void keys_are_not_overwritten(void **state) {
    (void)state;
    airs_bytes_t before = content_of("first.key");
    expect("keygen --out @first", 1, "err", "first.key is there already; a key is not overwritten");
    airs_bytes_t after = content_of("first.key");
    assert_int_equal(before.size, after.size);
    assert_memory_equal(before.data, after.data, before.size);
    drop(before);
    drop(after);
    /* Neither is one left behind whose other half could not be made. */
    airs_temporary_file_write_text(&folder, "half.pub", "mine");
    expect("keygen --out @half", 1, "err", "half.pub is there already");
    path_t secret = in_folder("half.key");
    assert_int_not_equal(access(secret.text, F_OK), 0);
    /* Nor through a link. */
    path_t link = in_folder("link.key");
    path_t target = in_folder("target");
    assert_int_equal(symlink(target.text, link.text), 0);
    expect("keygen --out @link", 1, "err", "link.key");
    assert_int_not_equal(access(target.text, F_OK), 0);
    expect("keygen --out @missing/key", 1, "err", "cannot write");
    child_t child;
    run(&child, "keygen --out ");
    child_expect(&child, 2);
    child_free(&child);
}

static void keygen_speaks_json(void **state) {
    child_t child;
    (void)state;
    run(&child, "keygen --out @json --output json");
    child_expect(&child, 0);
    json_t *said = json_loads(child.out, 0, NULL);
    assert_non_null(said);
    assert_int_equal(json_string_length(json_object_get(said, "public_key")), 66);
    assert_int_equal(json_string_length(json_object_get(said, "key_id")), 24);
    assert_non_null(strstr(json_string_value(json_object_get(said, "secret_key_file")), "/json.key"));
    assert_non_null(strstr(json_string_value(json_object_get(said, "public_key_file")), "/json.pub"));
    json_decref(said);
    child_free(&child);
}

static void what_was_signed_is_verified(void **state) {
    (void)state;
    expect("verify @echo.wasm --key @first.pub", 14, "out", "Valid: no, it is not signed\n");
    expect("sign @echo.wasm --key @first.key --out @once.wasm", 0, "out", "");
    expect("verify @once.wasm --key @first.pub", 0, "out", "the whole\nValid: yes\n");
    expect("verify @once.wasm --key @second.pub", 14, "out", "Valid: no, none of these keys signed it\n");
    expect("sign @once.wasm --key @second.key -o @twice.wasm", 0, "out", "");
    expect("verify @twice.wasm --key @first.pub", 0, "out", "2 signatures");
    expect("verify @twice.wasm --key @second.pub", 0, "out", "Valid: yes\n");
    /* The signed component is still that component. */
    expect("inspect @twice.wasm", 0, "out", "Runs here: yes");
}

static void a_file_is_signed_where_it_is(void **state) {
    (void)state;
    copy("echo.wasm", "place.wasm");
    expect("sign @place.wasm --key @first.key", 0, "err", "");
    expect("verify @place.wasm --key @first.pub", 0, "out", "Valid: yes\n");
    airs_bytes_t before = content_of("place.wasm");
    expect("sign @place.wasm --key @first.key", 0, "err", "it is signed with this key already");
    airs_bytes_t after = content_of("place.wasm");
    assert_int_equal(before.size, after.size);
    assert_memory_equal(before.data, after.data, before.size);
    drop(before);
    drop(after);
    expect("sign @place.wasm --key @first.key --out @same.wasm", 0, "err", "already");
    expect("verify @same.wasm --key @first.pub", 0, "out", "Valid: yes\n");
}

static void standard_output_takes_a_component(void **state) {
    child_t child;
    (void)state;
    run(&child, "sign @echo.wasm --key @first.key --out -");
    child_expect(&child, 0);
    airs_bytes_t plain = content_of("echo.wasm");
    assert_true(child.out_size > plain.size);
    assert_memory_equal(child.out, "\0asm\x0d\0\1\0", 8);
    drop(plain);
    child_free(&child);
}

/* One byte in each part of the file: none goes unseen. */
static void a_changed_file_is_not_valid(void **state) {
    (void)state;
    expect("sign @echo.wasm --key @first.key --out @good.wasm", 0, "out", "");
    airs_bytes_t good = content_of("good.wasm");
    airs_bytes_t plain = content_of("echo.wasm");
    size_t head = good.size - plain.size + 8;
    const size_t places[] = {head + 1, head + 100, good.size / 2, good.size - 100, good.size - 1};
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        child_t child;
        uint8_t *changed = malloc(good.size);
        assert_non_null(changed);
        memcpy(changed, good.data, good.size);
        changed[places[i]] ^= 0x40;
        airs_temporary_file_write(&folder, "changed.wasm", changed, good.size);
        free(changed);
        run(&child, "verify @changed.wasm --key @first.pub");
        assert_true(child.exit_code == 14 || child.exit_code == 4);
        child_free(&child);
    }
    drop(good);
    drop(plain);
}

/* Sections behind a delimiter, by somebody else. */
static void parts_are_told_apart(void **state) {
    static const uint8_t more[] = {0, 6, 4, 'm', 'o', 'r', 'e', 1};
    (void)state;
    expect("sign @echo.wasm --key @first.key --delimiter --out @open.wasm", 0, "out", "");
    expect("verify @open.wasm --key @first.pub", 0, "out", "Valid: yes\n");
    airs_bytes_t open = content_of("open.wasm");
    uint8_t *longer = malloc(open.size + sizeof more);
    assert_non_null(longer);
    memcpy(longer, open.data, open.size);
    memcpy(longer + open.size, more, sizeof more);
    airs_temporary_file_write(&folder, "longer.wasm", longer, open.size + sizeof more);
    free(longer);
    drop(open);
    expect("verify @longer.wasm --key @first.pub", 14, "out",
           "the first 1 of 2 parts\nValid: no, nobody signed all of it who may\n");
    expect("verify @longer.wasm --key @first.pub --partial", 0, "out", "Valid: yes\n");
    expect("sign @longer.wasm --key @second.key", 0, "out", "");
    expect("verify @longer.wasm --key @second.pub", 0, "out", "the whole\nValid: yes\n");
    expect("verify @longer.wasm --key @first.pub", 14, "out", "the first 1 of 2 parts");
    expect("sign @once.wasm --key @second.key --delimiter --out @not.wasm", 4, "err", "signed already");
}

static void a_store_says_who_may_sign_for_what(void **state) {
    (void)state;
    airs_temporary_file_write_text(&folder, "trust.toml",
                                   "[keys.acme]\nfile = \"first.pub\"\nnamespaces = [\"acme\", \"acme/**\"]\n"
                                   "[keys.shop]\nfile = \"second.pub\"\nnamespaces = [\"shop\"]\n");
    expect("sign @echo.wasm --key @first.key --out @acme.wasm", 0, "out", "");
    expect("verify @acme.wasm --trust @trust.toml", 0, "out", "Signed by acme (key id ");
    expect("verify @acme.wasm --trust @trust.toml --namespace acme/tools", 0, "out", "Valid: yes\n");
    expect("verify @acme.wasm --trust @trust.toml --namespace shop", 14, "out",
           "the whole; not trusted for this namespace\nValid: no, nobody signed all of it who may\n");
    expect("verify @echo.wasm --trust @trust.toml", 14, "out", "not signed");
}

static void json_has_the_same_for_programs(void **state) {
    child_t child;
    (void)state;
    expect("sign @echo.wasm --key @first.key --out @json.wasm", 0, "out", "");
    expect("sign @json.wasm --key @second.key", 0, "out", "");
    run(&child, "verify @json.wasm --key @second.pub --output json");
    child_expect(&child, 0);
    json_t *said = json_loads(child.out, 0, NULL);
    assert_non_null(said);
    assert_true(json_is_true(json_object_get(said, "valid")));
    assert_string_equal(json_string_value(json_object_get(said, "kind")), "component");
    assert_int_equal(json_integer_value(json_object_get(said, "parts")), 1);
    assert_int_equal(json_integer_value(json_object_get(said, "signatures")), 2);
    assert_memory_equal(json_string_value(json_object_get(said, "digest")), "sha256:", 7);
    json_t *signers = json_object_get(said, "signers");
    assert_int_equal(json_array_size(signers), 1);
    json_t *signer = json_array_get(signers, 0);
    assert_true(json_is_true(json_object_get(signer, "whole")));
    assert_true(json_is_true(json_object_get(signer, "may_sign")));
    assert_int_equal(json_integer_value(json_object_get(signer, "parts")), 1);
    json_decref(said);
    child_free(&child);
    run(&child, "verify @echo.wasm --key @second.pub --output json");
    child_expect(&child, 14);
    child_expect_text(&child, "out", "\"signers\":[],\"valid\":false}\n");
    child_free(&child);
}

static void mistakes_are_explained(void **state) {
    (void)state;
    airs_temporary_file_write_text(&folder, "text.wat", "(component)");
    airs_temporary_file_write_text(&folder, "bad.toml", "[keys.x]\nkey = \"00\"\n");
    expect("sign @echo.wasm", 2, "err", "--key FILE is missing");
    expect("sign @echo.wasm --key @none.key", 2, "err", "No such file");
    expect("sign @echo.wasm --key @first.pub", 2, "err",
           "it is a public key; a secret key (a key pair) is wanted");
    expect("sign @none.wasm --key @first.key", 4, "err", "cannot read");
    expect("sign @text.wat --key @first.key", 4, "err", "not a WebAssembly binary");
    expect("sign @echo.wasm --key @first.key --out @none/x.wasm", 1, "err", "cannot write");
    expect("verify @echo.wasm", 2, "err", "either --key FILE or --trust STORE");
    expect("verify @echo.wasm --key @first.pub --trust @bad.toml", 2, "err",
           "either --key FILE or --trust STORE");
    expect("verify @echo.wasm --key @first.pub --namespace x", 2, "err", "--namespace belongs to --trust");
    expect("verify @echo.wasm --key @first.key", 2, "err", "it is a secret key; a public key is wanted");
    expect("verify @echo.wasm --key @none.pub", 2, "err", "no such file");
    expect("verify @none.wasm --key @first.pub", 4, "err", "cannot read");
    expect("verify @text.wat --key @first.pub", 4, "err", "not a WebAssembly binary");
    expect("verify @echo.wasm --trust @bad.toml", 2, "err", "bad.toml:2:7: keys.x.key: it is no public key");
}

static void a_secret_that_others_may_read_is_warned_of(void **state) {
    (void)state;
    copy("first.key", "shown.key");
    path_t path = in_folder("shown.key");
    assert_int_equal(chmod(path.text, 0644), 0);
    expect("sign @echo.wasm --key @shown.key --out @x.wasm", 0, "err",
           "warning: others than its owner may read");
    assert_int_equal(chmod(path.text, 0400), 0);
    child_t child;
    run(&child, "sign @echo.wasm --key @shown.key --out @x.wasm");
    child_expect(&child, 0);
    assert_string_equal(child.err, "");
    child_free(&child);
}

/* What 'airssys run' makes of it: nothing is started when a component may not be loaded. */
static void an_application_runs_what_is_trusted(void **state) {
    (void)state;
    airs_temporary_folder_make(&folder, "app");
    expect("sign @echo.wasm --key @first.key --out @vendor.wasm", 0, "out", "");
    airs_temporary_file_write_text(&folder, "keys.toml",
                                   "[keys.vendor]\nfile = \"first.pub\"\nnamespaces = [\"shop\"]\n");
    airs_temporary_file_write_text(&folder, "input", "hello\n");
    static const char text[] = "[application]\nname = \"shop\"\ninput = \"it\"\n[components.it]\n"
                               "source = \"../%s.wasm\"\n%s";
    static const struct {
        const char *source;
        const char *trust;
        int exit_code;
        const char *says;
    } cases[] = {
        {"echo", "", 4, "component it: "},
        {"echo", "", 4,
         "echo.wasm: it is not signed, and no key is trusted; sign it with a trusted key, pin its"},
        {"echo", "[trust]\nstore = \"../keys.toml\"\n", 4, "it is not signed"},
        {"vendor", "[trust]\nstore = \"../keys.toml\"\n", 0, ""},
        {"echo", "[trust]\nmode = \"warn\"\n", 0, "component it is not trusted, and loaded all the same"},
        {"echo", "[trust]\nmode = \"off\"\n", 0, ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char manifest[512];
        (void)snprintf(manifest, sizeof manifest, text, cases[i].source, cases[i].trust);
        airs_temporary_file_write_text(&folder, "app/airssys.toml", manifest);
        expect("run @app --input @input --log warn", cases[i].exit_code, "err", cases[i].says);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_are_files_in_the_standard_form),
        cmocka_unit_test(a_secret_key_is_its_owners_alone_whatever_the_umask),
        cmocka_unit_test(keys_are_not_overwritten),
        cmocka_unit_test(keygen_speaks_json),
        cmocka_unit_test(what_was_signed_is_verified),
        cmocka_unit_test(a_file_is_signed_where_it_is),
        cmocka_unit_test(standard_output_takes_a_component),
        cmocka_unit_test(a_changed_file_is_not_valid),
        cmocka_unit_test(parts_are_told_apart),
        cmocka_unit_test(a_store_says_who_may_sign_for_what),
        cmocka_unit_test(json_has_the_same_for_programs),
        cmocka_unit_test(mistakes_are_explained),
        cmocka_unit_test(a_secret_that_others_may_read_is_warned_of),
        cmocka_unit_test(an_application_runs_what_is_trusted),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
