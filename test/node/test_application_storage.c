/* Where an application stores, from its manifest to the folder and back after a restart. */
#include "node/application.h"

#include "support/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/guest_manifest.h"

#define APP "[application]\nname = \"app\"\n"
#define STORE "[components.store]\nsource = \"@store\"\n"

typedef struct fixture {
    airs_temporary_folder_t folder;
    airs_manifest_t *manifest;
    airs_application_t *application;
    airs_error_t error;
} fixture_t;

static int set_up(void **state) {
    fixture_t *self = calloc(1, sizeof *self);
    char path[AIRS_TEMPORARY_PATH_MAX];
    assert_non_null(self);
    airs_temporary_folder_create(&self->folder);
    assert_int_equal(setenv("XDG_STATE_HOME", airs_temporary_file_path(&self->folder, "state", path), 1), 0);
    *state = self;
    return 0;
}

static void stop(fixture_t *self) {
    airs_application_destroy(self->application);
    airs_manifest_destroy(self->manifest);
    self->application = NULL;
    self->manifest = NULL;
}

static int tear_down(void **state) {
    fixture_t *self = *state;
    stop(self);
    airs_temporary_folder_remove(&self->folder);
    free(self);
    return 0;
}

static airs_status_t start(fixture_t *self, const char *manifest) {
    airs_guest_manifest_write(&self->folder, manifest);
    airs_application_options_t options = {
        .allocator = airs_allocator_default(), .log = airs_log_none(), .workers = 2};
    self->error = (airs_error_t){AIRS_OK, ""};
    airs_status_t status =
        airs_manifest_load(airs_allocator_default(), self->folder.path, &self->manifest, &self->error);
    if (status == AIRS_OK) {
        status = airs_application_create(self->manifest, &options, &self->application, &self->error);
    }
    status = status == AIRS_OK ? airs_application_load(self->application, &self->error) : status;
    return status == AIRS_OK ? airs_application_start(self->application, &self->error) : status;
}

static void begin(fixture_t *self, const char *manifest) {
    if (start(self, manifest) != AIRS_OK) {
        fail_msg("%s", self->error.text);
    }
}

static void take_answer(void *context, airs_bytes_t payload) {
    (void)snprintf(context, 64, "%.*s", (int)payload.size,
                   payload.size > 0 ? (const char *)payload.data : "");
}

static void assert_answer(fixture_t *self, const char *instance, const char *command, const char *wanted) {
    char answer[64] = "";
    airs_error_t error = {AIRS_OK, ""};
    airs_status_t status = airs_node_call(airs_application_node(self->application),
                                          (airs_id_t){airs_str("app"), airs_str("store"), airs_str(instance)},
                                          airs_bytes(command, strlen(command)), airs_str_n(NULL, 0), 30000,
                                          take_answer, answer, &error);
    if (status != AIRS_OK) {
        (void)snprintf(answer, sizeof answer, "%.63s", error.text);
    }
    if (strstr(answer, wanted) == NULL) {
        fail_msg("%s: %s", command, answer);
    }
}

static bool is_there(fixture_t *self, const char *name) {
    char path[AIRS_TEMPORARY_PATH_MAX];
    return access(airs_temporary_file_path(&self->folder, name, path), F_OK) == 0;
}

static void what_is_stored_outlives_the_node(void **state) {
    fixture_t *self = *state;
    static const char *const manifests[] = {
        APP STORE "[storage]\nfolder = \"mine\"\n",
        APP STORE
        "[storage]\nfolder = \"other\"\nsync = \"interval\"\ninterval = \"10s\"\nmap-size = \"32MiB\"\n",
        APP STORE,
    };
    static const char *const folders[] = {"mine", "other", "state/airssys/storage/app"};
    for (size_t i = 0; i < sizeof manifests / sizeof *manifests; i++) {
        char path[AIRS_TEMPORARY_PATH_MAX];
        struct stat about;
        begin(self, manifests[i]);
        assert_answer(self, "0", "set name value", "ok");
        assert_answer(self, "0", "get name", "value");
        stop(self);
        assert_int_equal(stat(airs_temporary_file_path(&self->folder, folders[i], path), &about), 0);
        assert_int_equal(about.st_mode & 07777, 0700);
        begin(self, manifests[i]);
        assert_answer(self, "0", "get name", "value");
        assert_answer(self, "0", "usage", "9 268435456 1");
        stop(self);
    }
}

static void without_sync_nothing_is_kept(void **state) {
    fixture_t *self = *state;
    begin(self, APP STORE "[storage]\nsync = \"none\"\n");
    assert_answer(self, "0", "set name value", "ok");
    assert_answer(self, "0", "get name", "value");
    stop(self);
    begin(self, APP STORE "[storage]\nsync = \"none\"\n");
    assert_answer(self, "0", "exists name", "no");
    assert_false(is_there(self, "state"));
}

static void who_stores_nothing_makes_no_folder(void **state) {
    fixture_t *self = *state;
    begin(self, APP "[components.echo]\nsource = \"@echo\"\n[storage]\nfolder = \"mine\"\n");
    assert_false(is_there(self, "mine"));
}

static void instances_share_their_keys_or_do_not(void **state) {
    fixture_t *self = *state;
    begin(self, APP STORE "instances = 2\n");
    assert_answer(self, "0", "set name shared", "ok");
    assert_answer(self, "1", "get name", "shared");
    stop(self);
    begin(self, APP STORE "instances = 2\nstorage = \"instance\"\n");
    assert_answer(self, "0", "exists name", "no");
    assert_answer(self, "0", "set name first", "ok");
    assert_answer(self, "1", "exists name", "no");
    assert_answer(self, "1", "set name second", "ok");
    stop(self);
    begin(self, APP STORE "instances = 2\nstorage = \"instance\"\n");
    assert_answer(self, "0", "get name", "first");
    assert_answer(self, "1", "get name", "second");
}

static void a_folder_has_one_node_at_a_time(void **state) {
    fixture_t *self = *state;
    fixture_t other = {.folder = self->folder};
    begin(self, APP STORE);
    assert_status(start(&other, APP STORE), AIRS_INVALID_STATE);
    assert_non_null(strstr(other.error.text, "state/airssys/storage/app is in use by this process already"));
    stop(&other);
    stop(self);
    begin(self, APP STORE);
}

static void a_folder_that_others_see_is_refused(void **state) {
    fixture_t *self = *state;
    char path[AIRS_TEMPORARY_PATH_MAX];
    airs_temporary_folder_make(&self->folder, "open");
    assert_int_equal(chmod(airs_temporary_file_path(&self->folder, "open", path), 0755), 0);
    assert_status(start(self, APP STORE "[storage]\nfolder = \"open\"\n"), AIRS_IO);
    assert_non_null(strstr(self->error.text, "has mode 0755: others may look into it; make it 0700"));
    stop(self);
    airs_temporary_file_write_text(&self->folder, "file", "x");
    assert_status(start(self, APP STORE "[storage]\nfolder = \"file\"\n"), AIRS_IO);
    assert_non_null(strstr(self->error.text, "Not a directory"));
    stop(self);
    assert_status(start(self, APP STORE "[storage]\nfolder = \"no/such/parent\"\n"), AIRS_IO);
    assert_non_null(strstr(self->error.text, "cannot make the storage folder "));
}

static void what_is_no_storage_is_refused(void **state) {
    fixture_t *self = *state;
    char path[AIRS_TEMPORARY_PATH_MAX];
    static const char garbage[20000] = "garbage";
    airs_temporary_folder_make(&self->folder, "wrong");
    assert_int_equal(chmod(airs_temporary_file_path(&self->folder, "wrong", path), 0700), 0);
    airs_temporary_file_write(&self->folder, "wrong/data.mdb", garbage, sizeof garbage);
    assert_status(start(self, APP STORE "[storage]\nfolder = \"wrong\"\n"), AIRS_IO);
    assert_non_null(strstr(self->error.text, "is not the storage of airssys, or is damaged"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_stored_outlives_the_node, set_up, tear_down),
        cmocka_unit_test_setup_teardown(without_sync_nothing_is_kept, set_up, tear_down),
        cmocka_unit_test_setup_teardown(who_stores_nothing_makes_no_folder, set_up, tear_down),
        cmocka_unit_test_setup_teardown(instances_share_their_keys_or_do_not, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_folder_has_one_node_at_a_time, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_folder_that_others_see_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_no_storage_is_refused, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
