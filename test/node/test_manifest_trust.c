/* The manifest's [trust] and `digest`, and what may be loaded by them. */
#include "support/test.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/file.h"
#include "node/manifest.h"
#include "node/trusted_load.h"
#include "security/component_signature.h"
#include "support/failing_allocator.h"
#include "support/guest_manifest.h"

/* "project" has the manifest, "elsewhere" is beside it; the guest lies in both, signed and not. */
typedef struct fixture {
    airs_temporary_folder_t folder;
    airs_temporary_folder_t project;
    airs_signing_key_t keys[2];
    airs_digest_t plain;
} fixture_t;

static fixture_t fixture;

static void write_signed(airs_bytes_t guest, size_t key, const char *name) {
    airs_bytes_t made;
    assert_ok(airs_component_sign(airs_allocator_default(), guest, &fixture.keys[key], NULL, &made, NULL));
    airs_temporary_file_write(&fixture.folder, name, made.data, made.size);
    airs_allocator_default()->release(NULL, (void *)made.data);
}

static int set_up(void **state) {
    char path[AIRS_TEMPORARY_PATH_MAX];
    char text[AIRS_PUBLIC_KEY_TEXT_MAX];
    char store[512];
    airs_bytes_t guest;
    (void)state;
    airs_temporary_folder_create(&fixture.folder);
    airs_temporary_folder_make(&fixture.folder, "project");
    airs_temporary_folder_make(&fixture.folder, "project/below");
    airs_temporary_folder_make(&fixture.folder, "elsewhere");
    airs_temporary_file_path(&fixture.folder, "project", fixture.project.path);
    assert_ok(airs_file_read(airs_allocator_default(), airs_guest_path("echo", path), (size_t)64 << 20,
                             &guest, NULL));
    airs_temporary_file_write(&fixture.folder, "project/below/echo.wasm", guest.data, guest.size);
    airs_temporary_file_write(&fixture.folder, "elsewhere/echo.wasm", guest.data, guest.size);
    fixture.plain = airs_digest_of(guest);
    for (size_t i = 0; i < 2; i++) {
        assert_ok(airs_signing_key_generate(&fixture.keys[i], NULL));
        write_signed(guest, i, i == 0 ? "elsewhere/signed.wasm" : "elsewhere/stranger.wasm");
    }
    airs_allocator_default()->release(NULL, (void *)guest.data);
    airs_temporary_file_path(&fixture.folder, "elsewhere/echo.wasm", path);
    char link[AIRS_TEMPORARY_PATH_MAX];
    assert_int_equal(symlink(path, airs_temporary_file_path(&fixture.folder, "project/link.wasm", link)), 0);
    airs_temporary_file_path(&fixture.folder, "project/below", path);
    assert_int_equal(symlink(path, airs_temporary_file_path(&fixture.folder, "into", link)), 0);
    airs_public_key_t key = airs_signing_key_public(&fixture.keys[0]);
    (void)snprintf(store, sizeof store, "[keys.mine]\nkey = \"%s\"\nnamespaces = [\"shop/**\"]\n",
                   airs_public_key_text(&key, text));
    airs_temporary_file_write_text(&fixture.folder, "elsewhere/trust.toml", store);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    airs_temporary_folder_remove(&fixture.folder);
    return 0;
}

/* The manifest of one component: its source, more of its table, and the rest. */
static airs_status_t load_manifest(const char *ns, const char *source, const char *more, const char *rest,
                                   airs_manifest_t **out, airs_error_t *error) {
    char text[2048];
    (void)snprintf(
        text, sizeof text,
        "[application]\nname = \"app\"\nnamespace = \"%s\"\n[components.it]\nsource = \"%s\"\n%s%s", ns,
        source, more, rest);
    airs_temporary_file_write_text(&fixture.project, "airssys.toml", text);
    return airs_manifest_load(airs_allocator_default(), fixture.project.path, out, error);
}

/* What the log was told. */
typedef struct heard {
    airs_log_t log;
    char text[4096];
    airs_log_level_t level;
} heard_t;

static void hear(airs_log_t *log, const airs_log_record_t *record) {
    heard_t *heard = (heard_t *)log;
    if (airs_str_equal(record->source, airs_str("trust"))) {
        (void)snprintf(heard->text, sizeof heard->text, "%.*s", AIRS_STR_ARG(record->message));
        heard->level = record->level;
    }
}

static airs_status_t load(const char *ns, const char *source, const char *more, const char *rest,
                          heard_t *heard, airs_error_t *error) {
    airs_node_options_t options = AIRS_NODE_OPTIONS_INIT;
    airs_manifest_t *manifest = NULL;
    airs_node_t *node = NULL;
    airs_component_t component = 0;
    *heard = (heard_t){.log = {.write = hear}};
    if (load_manifest(ns, source, more, rest, &manifest, error) != AIRS_OK) {
        fail_msg("%s", error->text);
    }
    options.workers = 1;
    options.compiler = AIRS_TEST_COMPILER;
    assert_ok(airs_node_create(&options, &node, NULL));
    airs_status_t status = airs_trusted_load(node, manifest, &manifest->components[0],
                                             airs_allocator_default(), &heard->log, &component, error);
    assert_int_equal(component != 0, status == AIRS_OK);
    airs_node_destroy(node);
    airs_manifest_destroy(manifest);
    return status;
}

static void expect(const char *ns, const char *source, const char *more, const char *rest, const char *log) {
    heard_t heard;
    airs_error_t error;
    if (load(ns, source, more, rest, &heard, &error) != AIRS_OK) {
        fail_msg("%s: %s", source, error.text);
    }
    if (strstr(heard.text, log) == NULL) {
        fail_msg("%s: \"%s\" is not in \"%s\"", source, log, heard.text);
    }
}

static void expect_refused(const char *ns, const char *source, const char *more, const char *rest,
                           const char *text) {
    heard_t heard;
    airs_error_t error;
    assert_status(load(ns, source, more, rest, &heard, &error), AIRS_UNTRUSTED);
    assert_status(error.status, AIRS_UNTRUSTED);
    if (strstr(error.text, text) == NULL) {
        fail_msg("%s: \"%s\" is not in \"%s\"", source, text, error.text);
    }
}

#define STORE "[trust]\nstore = \"../elsewhere/trust.toml\"\n"

static void files_in_the_manifests_folder_are_its_own(void **state) {
    (void)state;
    expect("shop", "below/echo.wasm", "", "", "component it: it is in the manifest's folder");
    expect("shop", "../project/below/../below/echo.wasm", "", "", "in the manifest's folder");
    /* By whatever way. */
    expect("shop", "../into/echo.wasm", "", "", "in the manifest's folder");
    expect_refused("shop", "../elsewhere/echo.wasm", "", "", "it is not signed, and no key is trusted");
    expect_refused("shop", "below/../../elsewhere/echo.wasm", "", "", "it is not signed");
    /* A link in the folder is not the file. */
    expect_refused("shop", "link.wasm", "", "", "it is not signed");
    /* Nor are they when the manifest says so. */
    expect_refused("shop", "below/echo.wasm", "", "[trust]\nown-folder = false\n", "it is not signed");
}

static void signed_components_are_loaded_from_anywhere(void **state) {
    (void)state;
    expect("shop", "../elsewhere/signed.wasm", "", STORE, "component it: signed with the key mine");
    expect("shop/eu", "../elsewhere/signed.wasm", "", STORE, "signed with the key mine");
    expect("shop", "../elsewhere/signed.wasm", "", STORE "mode = \"require\"\nown-folder = false\n",
           "the key mine");
    expect_refused("bank", "../elsewhere/signed.wasm", "", STORE,
                   "it is signed with the key mine, which is not trusted for the namespace bank");
    expect_refused("shop", "../elsewhere/stranger.wasm", "", STORE, "no trusted key has signed it");
    expect_refused("shop", "../elsewhere/echo.wasm", "", STORE, "it is not signed; ");
    expect_refused("shop", "../elsewhere/signed.wasm", "", "",
                   "no trusted key has signed it, and no key is trusted");
}

static void pinned_components_are_loaded_from_anywhere(void **state) {
    char digest[AIRS_DIGEST_TEXT_MAX];
    char line[256];
    (void)state;
    (void)snprintf(line, sizeof line, "digest = \"%s\"\n", airs_digest_text(&fixture.plain, digest));
    expect("shop", "../elsewhere/echo.wasm", line, "", "component it: its digest is pinned");
    expect("shop", "link.wasm", line, "", "its digest is pinned");
    expect_refused("shop", "../elsewhere/signed.wasm", line, STORE, "its digest is sha256:");
    expect_refused("shop", "../elsewhere/signed.wasm", line, "[trust]\nmode = \"off\"\n",
                   "pinned is sha256:");
    airs_digest_t other = airs_digest_of(airs_bytes("x", 1));
    (void)snprintf(line, sizeof line, "digest = \"%s\"\n", airs_digest_text(&other, digest));
    expect_refused("shop", "below/echo.wasm", line, "", "its digest is sha256:");
}

static void other_modes_load_what_is_not_trusted(void **state) {
    heard_t heard;
    airs_error_t error;
    (void)state;
    assert_ok(load("shop", "../elsewhere/echo.wasm", "", "[trust]\nmode = \"warn\"\n", &heard, &error));
    assert_int_equal(heard.level, AIRS_LOG_WARN);
    assert_non_null(strstr(heard.text, "component it is not trusted, and loaded all the same: "));
    assert_non_null(strstr(heard.text, "echo.wasm: it is not signed, and no key is trusted; sign it"));
    assert_ok(load("shop", "../elsewhere/echo.wasm", "", "[trust]\nmode = \"off\"\n", &heard, &error));
    assert_string_equal(heard.text, "");
}

static void what_cannot_be_read_is_told_as_ever(void **state) {
    airs_node_options_t options = AIRS_NODE_OPTIONS_INIT;
    airs_manifest_t *manifest = NULL;
    airs_node_t *node = NULL;
    airs_component_t component = 0;
    airs_error_t error;
    char path[AIRS_TEMPORARY_PATH_MAX];
    (void)state;
    airs_temporary_file_write_text(&fixture.project, "soon-gone.wasm", "(component)");
    assert_ok(load_manifest("shop", "soon-gone.wasm", "", "", &manifest, &error));
    assert_int_equal(unlink(airs_temporary_file_path(&fixture.project, "soon-gone.wasm", path)), 0);
    options.workers = 1;
    assert_ok(airs_node_create(&options, &node, NULL));
    assert_status(airs_trusted_load(node, manifest, &manifest->components[0], airs_allocator_default(),
                                    airs_log_stderr(), &component, &error),
                  AIRS_IO);
    assert_non_null(strstr(error.text, "soon-gone.wasm: No such file or directory"));
    airs_temporary_folder_make(&fixture.project, "soon-gone.wasm");
    assert_status(airs_trusted_load(node, manifest, &manifest->components[0], airs_allocator_default(),
                                    airs_log_stderr(), &component, &error),
                  AIRS_IO);
    assert_non_null(strstr(error.text, "not a file"));
    airs_node_destroy(node);
    airs_manifest_destroy(manifest);
}

typedef struct mistake {
    const char *more;
    const char *rest;
    const char *says;
} mistake_t;

static void mistakes_are_told_with_their_place(void **state) {
    static const mistake_t mistakes[] = {
        {"", "[trust]\nmode = \"on\"\n",
         "airssys.toml:7:8: trust.mode: must be \"require\", \"warn\" or \"off\", not \"on\""},
        {"", "[trust]\nmode = true\n", "trust.mode: must be \"require\", \"warn\" or \"off\", not a boolean"},
        {"", "[trust]\nown-folder = \"no\"\n", "trust.own-folder: must be true or false, not a string"},
        {"", "[trust]\nstore = 1\n", "trust.store: must be the path of a trust store, not an integer"},
        {"", "[trust]\nstore = \"\"\n", "trust.store: must be a path, neither empty nor"},
        {"", "[trust]\nstore = \"none.toml\"\n", "airssys.toml:7:9: trust.store: "},
        {"", "[trust]\nstore = \"none.toml\"\n", "none.toml: no such file"},
        {"", "[trust]\nstore = \"bad.toml\"\n", "bad.toml:1:1: the table [keys] is missing"},
        {"", "[trust]\nkeys = 1\n", "trust.keys: unknown key; known here: mode, own-folder, store"},
        {"", "trust = 1\n", "components.it.trust: unknown key"},
        {"digest = 1\n", "", "airssys.toml:6:10: components.it.digest: must be a digest, as \"sha256:...\""},
        {"digest = \"sha256:0\"\n", "", "components.it.digest: not a digest: it is \"sha256:\" and 64"},
    };
    (void)state;
    airs_temporary_file_write_text(&fixture.project, "bad.toml", "");
    for (size_t i = 0; i < sizeof mistakes / sizeof mistakes[0]; i++) {
        airs_manifest_t *manifest = NULL;
        airs_error_t error = {AIRS_OK, ""};
        airs_status_t status =
            load_manifest("shop", "below/echo.wasm", mistakes[i].more, mistakes[i].rest, &manifest, &error);
        if (status != AIRS_MANIFEST_INVALID || strstr(error.text, mistakes[i].says) == NULL) {
            fail_msg("%s%s: %s: \"%s\"", mistakes[i].more, mistakes[i].rest, airs_status_name(status),
                     error.text);
        }
    }
}

static airs_status_t read_manifest(const airs_allocator_t *allocator, void *context) {
    airs_manifest_t *manifest = NULL;
    airs_error_t error;
    (void)context;
    airs_status_t status = airs_manifest_load(allocator, fixture.project.path, &manifest, &error);
    if (status == AIRS_OK) {
        assert_int_equal(airs_trust_key_count(manifest->trust), 1);
        airs_manifest_destroy(manifest);
    }
    return status;
}

typedef struct loading {
    airs_node_t *node;
    const airs_manifest_t *manifest;
} loading_t;

static airs_status_t load_component(const airs_allocator_t *allocator, void *context) {
    const loading_t *loading = context;
    airs_component_t component = 0;
    airs_error_t error = {AIRS_OK, ""};
    airs_status_t status = airs_trusted_load(loading->node, loading->manifest,
                                             &loading->manifest->components[0], allocator, airs_log_stderr(),
                                             &component, &error);
    assert_status(error.status, status);
    airs_node_unload(loading->node, component);
    return status;
}

static void memory_may_be_refused_while_loading(void **state) {
    airs_node_options_t options = AIRS_NODE_OPTIONS_INIT;
    airs_manifest_t *manifest = NULL;
    loading_t loading = {NULL, NULL};
    (void)state;
    assert_ok(load_manifest("shop", "../elsewhere/signed.wasm", "", STORE, &manifest, NULL));
    options.workers = 1;
    assert_ok(airs_node_create(&options, &loading.node, NULL));
    loading.manifest = manifest;
    airs_fail_each_allocation(load_component, &loading);
    airs_node_destroy(loading.node);
    airs_manifest_destroy(manifest);
}

static void memory_may_be_refused(void **state) {
    airs_manifest_t *manifest = NULL;
    char digest[AIRS_DIGEST_TEXT_MAX];
    char line[256];
    (void)state;
    (void)snprintf(line, sizeof line, "digest = \"%s\"\n", airs_digest_text(&fixture.plain, digest));
    assert_ok(load_manifest("shop", "below/echo.wasm", line, STORE, &manifest, NULL));
    assert_true(airs_digest_equal(manifest->components[0].digest, &fixture.plain));
    airs_manifest_destroy(manifest);
    airs_fail_each_allocation(read_manifest, NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_in_the_manifests_folder_are_its_own),
        cmocka_unit_test(signed_components_are_loaded_from_anywhere),
        cmocka_unit_test(pinned_components_are_loaded_from_anywhere),
        cmocka_unit_test(other_modes_load_what_is_not_trusted),
        cmocka_unit_test(what_cannot_be_read_is_told_as_ever),
        cmocka_unit_test(mistakes_are_told_with_their_place),
        cmocka_unit_test(memory_may_be_refused),
        cmocka_unit_test(memory_may_be_refused_while_loading),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
