#include "support/test.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/check.h"
#include "core/file.h"
#include "security/audit.h"
#include "security/capability.h"
#include "support/failing_allocator.h"
#include "support/fake_clock.h"
#include "support/temporary_folder.h"

typedef struct fixture {
    airs_temporary_folder_t folder;
    char path[AIRS_TEMPORARY_PATH_MAX];
    airs_fake_clock_t clock;
    airs_audit_t *audit;
    airs_bytes_t content;
} fixture_t;

static void begin(fixture_t *self, uint64_t max_bytes, unsigned kept) {
    airs_error_t error = {.text = ""};
    const airs_audit_options_t options = {self->path, max_bytes, kept, &self->clock.clock, true};
    airs_status_t status = airs_audit_create(airs_allocator_default(), &options, &self->audit, &error);
    assert_string_equal(error.text, "");
    assert_ok(status);
}

static int set_up(void **state) {
    fixture_t *self = calloc(1, sizeof *self);
    assert_non_null(self);
    airs_temporary_folder_create(&self->folder);
    airs_temporary_file_path(&self->folder, "audit.jsonl", self->path);
    airs_fake_clock_init(&self->clock);
    begin(self, 1 << 20, 2);
    *state = self;
    return 0;
}

static void end(fixture_t *self) {
    airs_audit_destroy(self->audit);
    self->audit = NULL;
}

static int tear_down(void **state) {
    fixture_t *self = *state;
    end(self);
    free((void *)self->content.data);
    airs_temporary_folder_remove(&self->folder);
    free(self);
    return 0;
}

/* What is in the file. */
static const char *content(fixture_t *self) {
    free((void *)self->content.data);
    self->content.data = NULL;
    assert_ok(airs_file_read(airs_allocator_default(), self->path, 1 << 22, &self->content, NULL));
    char *text = realloc((void *)self->content.data, self->content.size + 1);
    assert_non_null(text);
    text[self->content.size] = '\0';
    self->content.data = (const uint8_t *)text;
    return text;
}

static size_t line_count(const char *text) {
    size_t count = 0;
    for (; *text != '\0'; text++) {
        count += *text == '\n';
    }
    return count;
}

static airs_audit_source_t *source(fixture_t *self, const char *name, const char *instance) {
    airs_audit_source_t *found = airs_audit_source(self->audit, airs_id("shop", name, instance));
    assert_non_null(found);
    return found;
}

static void deny(airs_audit_source_t *from, const char *key) {
    airs_resource_t resource = airs_resource_key(airs_str(key));
    airs_audit_denied(from, airs_str("0"), AIRS_ACTION_STORAGE_READ, &resource, "no capability covers it");
}

static void a_denial_is_a_line(void **state) {
    fixture_t *self = *state;
    airs_resource_t vault = airs_resource_id(airs_id("bank", "vault", "3"));
    airs_audit_denied(source(self, "cart", "7"), airs_str("7"), AIRS_ACTION_SEND, &vault,
                      "policy.toml:4: rule 2, no \"money\"");
    airs_audit_flush(self->audit, false);
    assert_string_equal(
        content(self),
        "{\"time\":\"2026-01-01T00:00:00.000Z\",\"component\":\"shop/cart\",\"instance\":\"7\","
        "\"action\":\"messaging.send\",\"resource\":\"bank/vault/3\",\"decision\":\"denied\","
        "\"rule\":\"policy.toml:4: rule 2, no \\\"money\\\"\"}\n");
}

static void a_grant_is_a_line(void **state) {
    fixture_t *self = *state;
    airs_audit_granted(source(self, "cart", "0"), AIRS_ACTION_SEND, airs_str("shop/**"), AIRS_GRANT_FOREVER,
                       "airssys.toml");
    airs_audit_granted(source(self, "cart", "0"), AIRS_ACTION_LOG, airs_str(""),
                       airs_clock_wall(&self->clock.clock) + UINT64_C(1500000000), "airssys.toml");
    airs_audit_flush(self->audit, false);
    assert_string_equal(content(self),
                        "{\"time\":\"2026-01-01T00:00:00.000Z\",\"component\":\"shop/cart\","
                        "\"action\":\"messaging.send\",\"resource\":\"shop/**\",\"decision\":\"granted\","
                        "\"rule\":\"airssys.toml\"}\n"
                        "{\"time\":\"2026-01-01T00:00:00.000Z\",\"component\":\"shop/cart\","
                        "\"action\":\"services.log\",\"resource\":\"\",\"decision\":\"granted\","
                        "\"rule\":\"airssys.toml\",\"expires\":\"2026-01-01T00:00:01.500Z\"}\n");
}

static void what_a_component_holds_is_told_once(void **state) {
    fixture_t *self = *state;
    const airs_permission_t permission = {
        AIRS_ACTION_BIT(SEND), AIRS_SCOPE_PATTERN, airs_str("bank/vault/*"), {0}};
    const airs_capability_grant_t grant = {&permission, 1, 0, AIRS_GRANT_FOREVER};
    airs_capabilities_t *capabilities = NULL;
    assert_ok(airs_capabilities_create(airs_allocator_default(), &grant, 1, 0, &capabilities, NULL));
    for (int i = 0; i < 3; i++) {
        airs_audit_capabilities(source(self, "cart", "0"), airs_str("shop"), capabilities);
    }
    airs_audit_capabilities(source(self, "till", "0"), airs_str("shop"), airs_capabilities_common());
    airs_capabilities_unref(capabilities);
    airs_audit_flush(self->audit, false);
    const char *text = content(self);
    assert_non_null(strstr(text,
                           "\"component\":\"shop/cart\",\"action\":\"messaging.send\",\"resource\":"
                           "\"bank/vault/*\",\"decision\":\"granted\",\"rule\":\"its capabilities\"}\n"));
    assert_non_null(strstr(text,
                           "\"component\":\"shop/till\",\"action\":\"messaging.send\",\"resource\":"
                           "\"shop/*/*\",\"decision\":\"granted\",\"rule\":\"every component has it\"}\n"));
    assert_non_null(strstr(text, "\"action\":\"storage.read\",\"resource\":\"**\""));
    assert_non_null(strstr(text, "\"action\":\"services.clock\",\"resource\":\"\""));
    assert_int_equal(line_count(text), 1 + 7 + 3 + 1 + 5 + 2);
    airs_audit_capabilities(NULL, airs_str("shop"), airs_capabilities_common());
}

static void the_same_denials_are_one_line_with_a_count(void **state) {
    fixture_t *self = *state;
    airs_audit_source_t *cart = source(self, "cart", "0");
    assert_ptr_equal(cart, source(self, "cart", "1"));
    assert_ptr_not_equal(cart, source(self, "till", "0"));
    for (int i = 0; i < 1000; i++) {
        deny(cart, "a");
        airs_fake_clock_advance(&self->clock, 1000000);
    }
    airs_audit_flush(self->audit, false);
    assert_int_equal(line_count(content(self)), 1);
    assert_non_null(strstr(content(self), "\"count\":1000,\"last\":\"2026-01-01T00:00:00.999Z\"}"));
    /* Soon afterwards they are only counted … */
    for (int i = 0; i < 500; i++) {
        deny(cart, "a");
        airs_audit_flush(self->audit, false);
    }
    assert_int_equal(line_count(content(self)), 1);
    /* … another one is not held up by that … */
    deny(cart, "b");
    airs_audit_flush(self->audit, false);
    assert_int_equal(line_count(content(self)), 2);
    /* … and in time the count is written. */
    airs_fake_clock_advance(&self->clock, AIRS_AUDIT_REPEAT_NS);
    airs_audit_flush(self->audit, false);
    assert_int_equal(line_count(content(self)), 3);
    assert_non_null(strstr(content(self), "\"count\":500,"));
    airs_audit_counts_t counts = airs_audit_counts(self->audit);
    assert_int_equal(counts.denials, 1501);
    assert_int_equal(counts.lines, 3);
    assert_int_equal(counts.omitted, 0);
}

static void one_component_has_no_more_lines_than_its_account(void **state) {
    fixture_t *self = *state;
    airs_audit_source_t *cart = source(self, "cart", "0");
    char key[32];
    for (int i = 0; i < 10000; i++) {
        snprintf(key, sizeof key, "key-%d", i);
        deny(cart, key);
        if (i % 100 == 0) {
            airs_audit_flush(self->audit, false);
        }
    }
    deny(source(self, "till", "0"), "of-another");
    airs_audit_flush(self->audit, false);
    /* The account's, one that counts the rest so far, and the other component's. */
    assert_int_equal(line_count(content(self)), AIRS_AUDIT_DENIALS_MAX + 2);
    assert_non_null(strstr(content(self), "of-another"));
    airs_audit_counts_t counts = airs_audit_counts(self->audit);
    assert_int_equal(counts.denials, 10001);
    assert_int_equal(counts.omitted, 10000 - AIRS_AUDIT_DENIALS_MAX);
    /* The end writes the rest of the count; later there is room again for others. */
    airs_fake_clock_advance(&self->clock, AIRS_AUDIT_REPEAT_NS);
    deny(cart, "later");
    end(self);
    assert_int_equal(line_count(content(self)), AIRS_AUDIT_DENIALS_MAX + 4);
    assert_non_null(strstr(content(self), "\"resource\":\"later\""));
    uint64_t omitted = 0;
    for (const char *at = content(self); (at = strstr(at, "\"omitted\":")) != NULL; at++) {
        omitted += strtoull(at + strlen("\"omitted\":"), NULL, 10);
    }
    assert_int_equal(omitted, counts.omitted);
}

static void too_many_grants_are_counted(void **state) {
    fixture_t *self = *state;
    airs_audit_source_t *cart = source(self, "cart", "0");
    for (int i = 0; i < 20000; i++) {
        airs_audit_granted(cart, AIRS_ACTION_SEND, airs_str("shop/**"), AIRS_GRANT_FOREVER, "airssys.toml");
    }
    airs_audit_flush(self->audit, false);
    uint64_t omitted = airs_audit_counts(self->audit).omitted;
    assert_in_range(omitted, 1000, 19000);
    char line[100];
    snprintf(line, sizeof line, "\"decision\":\"granted\",\"omitted\":%llu}\n", (unsigned long long)omitted);
    end(self);
    /* The file went round; its last line is the count. */
    const char *text = content(self);
    assert_string_equal(text + strlen(text) - strlen(line), line);
}

static bool exists(const fixture_t *self, const char *suffix) {
    char path[AIRS_TEMPORARY_PATH_MAX + 8];
    struct stat found;
    snprintf(path, sizeof path, "%s%s", self->path, suffix);
    bool is_there = stat(path, &found) == 0;
    assert_true(!is_there || (found.st_mode & 0777) == 0600);
    return is_there;
}

static void files_are_bounded_and_go_round(void **state) {
    fixture_t *self = *state;
    end(self);
    begin(self, 1000, 2);
    airs_audit_source_t *cart = source(self, "cart", "0");
    for (int i = 0; i < 30; i++) {
        char key[32];
        snprintf(key, sizeof key, "key-%d", i);
        deny(cart, key);
    }
    airs_audit_flush(self->audit, false);
    assert_true(exists(self, "") && exists(self, ".1") && exists(self, ".2") && !exists(self, ".3"));
    assert_in_range(strlen(content(self)), 100, 1000);
    assert_non_null(strstr(content(self), "key-29"));
    /* It goes on where it was. */
    size_t before = strlen(content(self));
    end(self);
    begin(self, 1 << 20, 0);
    deny(source(self, "cart", "0"), "more");
    airs_audit_flush(self->audit, false);
    assert_in_range(strlen(content(self)), before + 100, before + 300);
    end(self);
    begin(self, 1, 0);
    deny(source(self, "cart", "0"), "alone");
    airs_audit_flush(self->audit, false);
    assert_int_equal(line_count(content(self)), 1);
    assert_non_null(strstr(content(self), "alone"));
}

static void the_file_is_its_users_alone(void **state) {
    fixture_t *self = *state;
    assert_true(exists(self, ""));
    end(self);
    assert_int_equal(chmod(self->path, 0644), 0);
    begin(self, 1 << 20, 0);
    assert_true(exists(self, ""));
}

static void refused(fixture_t *self, const char *path, const char *why) {
    const airs_audit_options_t options = {path, 1 << 20, 0, &self->clock.clock, true};
    char wanted[AIRS_TEMPORARY_PATH_MAX + 64];
    airs_audit_t *audit = NULL;
    airs_error_t error;
    assert_status(airs_audit_create(airs_allocator_default(), &options, &audit, &error), AIRS_IO);
    snprintf(wanted, sizeof wanted, "%s: %s", path, why);
    assert_string_equal(error.text, wanted);
    assert_null(audit);
}

static void what_is_no_file_of_ones_own_is_refused(void **state) {
    fixture_t *self = *state;
    char path[AIRS_TEMPORARY_PATH_MAX];
    refused(self, self->folder.path, "Is a directory");
    refused(self, airs_temporary_file_path(&self->folder, "none/audit", path), "No such file or directory");
    airs_temporary_file_path(&self->folder, "link", path);
    assert_int_equal(symlink(self->path, path), 0);
    refused(self, path, "is a symbolic link");
    airs_temporary_file_path(&self->folder, "pipe", path);
    assert_int_equal(mkfifo(path, 0600), 0);
    int reader = open(path, O_RDONLY | O_NONBLOCK);
    assert_true(reader >= 0);
    refused(self, path, "is not a regular file");
    close(reader);
}

static void lines_that_cannot_be_written_are_counted(void **state) {
    fixture_t *self = *state;
    end(self);
    begin(self, 1, 1);
    airs_audit_source_t *cart = source(self, "cart", "0");
    deny(cart, "first");
    airs_audit_flush(self->audit, false);
    /* Where the next file would be there is a folder now. */
    assert_int_equal(unlink(self->path), 0);
    assert_int_equal(mkdir(self->path, 0700), 0);
    char inside[AIRS_TEMPORARY_PATH_MAX + 8];
    snprintf(inside, sizeof inside, "%s.1", self->path);
    airs_temporary_folder_make(&self->folder, "audit.jsonl.1");
    airs_temporary_file_write_text(&self->folder, "audit.jsonl.1/x", "");
    deny(cart, "second");
    airs_audit_flush(self->audit, false);
    assert_int_equal(airs_audit_counts(self->audit).failed, 1);
    assert_int_equal(rmdir(self->path), 0);
    deny(cart, "third");
    airs_audit_flush(self->audit, false);
    assert_int_equal(airs_audit_counts(self->audit).failed, 1);
    assert_non_null(strstr(content(self), "third"));
}

static void long_and_wild_names_are_bounded(void **state) {
    fixture_t *self = *state;
    static char text[100000];
    memset(text, '\x01', sizeof text);
    airs_resource_t resource = airs_resource_key(airs_str_n(text, sizeof text));
    for (int i = 0; i < 2; i++) {
        airs_audit_denied(source(self, "cart", "0"), airs_str_n(text, sizeof text), AIRS_ACTION_STORAGE_READ,
                          &resource, "no capability covers it");
    }
    airs_audit_flush(self->audit, false);
    assert_int_equal(line_count(content(self)), 1);
    assert_in_range(strlen(content(self)), 100, 3000);
    assert_non_null(strstr(content(self), "\"count\":2"));
    assert_null(strchr(content(self), '\x01'));
    airs_audit_denied(NULL, airs_str("0"), AIRS_ACTION_STORAGE_READ, &resource, "");
    airs_audit_granted(NULL, AIRS_ACTION_STORAGE_READ, airs_str(""), 0, "");
}

#define FLOOD 20000

static void *flood(void *argument) {
    for (int i = 0; i < FLOOD; i++) {
        char key[32];
        snprintf(key, sizeof key, "key-%d", i % 100);
        airs_resource_t resource = airs_resource_key(airs_str(key));
        airs_audit_denied(argument, airs_str("0"), AIRS_ACTION_STORAGE_READ, &resource, "rule");
    }
    return NULL;
}

static void many_threads_lose_nothing(void **state) {
    fixture_t *self = *state;
    end(self);
    const airs_audit_options_t options = {self->path, 1 << 20, 2, airs_clock_system(), false};
    assert_ok(airs_audit_create(airs_allocator_default(), &options, &self->audit, NULL));
    pthread_t threads[4];
    for (size_t i = 0; i < 4; i++) {
        airs_audit_source_t *from = source(self, i < 2 ? "cart" : i == 2 ? "till" : "vault", "0");
        assert_int_equal(pthread_create(&threads[i], NULL, flood, from), 0);
    }
    for (size_t i = 0; i < 4; i++) {
        pthread_join(threads[i], NULL);
    }
    airs_audit_counts_t counts = airs_audit_counts(self->audit);
    assert_int_equal(counts.denials, 4 * FLOOD);
    end(self);
    /* Each denial is in a line's count, or among those that were only counted. */
    uint64_t told = 0;
    char *saved = NULL;
    for (char *line = strtok_r((char *)content(self), "\n", &saved); line != NULL;
         line = strtok_r(NULL, "\n", &saved)) {
        const char *count = strstr(line, "\"count\":");
        const char *omitted = strstr(line, "\"omitted\":");
        told += count != NULL     ? strtoull(count + 8, NULL, 10)
                : omitted != NULL ? strtoull(omitted + 10, NULL, 10)
                                  : 1;
    }
    assert_int_equal(told, 4 * FLOOD);
}

static airs_status_t life(const airs_allocator_t *allocator, void *context) {
    fixture_t *self = context;
    airs_audit_t *audit = NULL;
    const airs_audit_options_t options = {self->path, 1 << 20, 1, &self->clock.clock, true};
    airs_status_t status = airs_audit_create(allocator, &options, &audit, NULL);
    airs_audit_source_t *from = status == AIRS_OK ? airs_audit_source(audit, airs_id("shop", "cart", "0"))
                                                  : NULL;
    if (status == AIRS_OK && from == NULL) {
        status = AIRS_OUT_OF_MEMORY;
    }
    if (from != NULL) {
        deny(from, "a");
        airs_audit_granted(from, AIRS_ACTION_SEND, airs_str("shop/**"), AIRS_GRANT_FOREVER, "airssys.toml");
        airs_audit_counts_t before = airs_audit_counts(audit);
        airs_audit_flush(audit, true);
        airs_audit_counts_t after = airs_audit_counts(audit);
        /* Two lines, or what is missing is counted. */
        assert_true(after.lines + after.failed + before.omitted >= 2);
    }
    airs_audit_destroy(audit);
    return status;
}

static void every_allocation_may_fail(void **state) {
    airs_fail_each_allocation(life, *state);
    airs_audit_destroy(NULL);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(a_denial_is_a_line),
        TEST(a_grant_is_a_line),
        TEST(what_a_component_holds_is_told_once),
        TEST(the_same_denials_are_one_line_with_a_count),
        TEST(one_component_has_no_more_lines_than_its_account),
        TEST(too_many_grants_are_counted),
        TEST(files_are_bounded_and_go_round),
        TEST(the_file_is_its_users_alone),
        TEST(what_is_no_file_of_ones_own_is_refused),
        TEST(lines_that_cannot_be_written_are_counted),
        TEST(long_and_wild_names_are_bounded),
        TEST(many_threads_lose_nothing),
        TEST(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
