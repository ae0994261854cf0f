/* [components.NAME.run] of a manifest. */
#include "node/manifests.h"

#include <string.h>
#include <unistd.h>

#include "node/manifest.h"
#include "node/manifest_diff.h"
#include "node/manifest_stream.h"
#include "support/failing_allocator.h"
#include "support/temporary_folder.h"
#include "support/test.h"

static airs_temporary_folder_t folder;

#define JOB "[application]\nname = \"app\"\n[components.job]\nsource = \"a.wasm\"\n"

static void every_key_is_read(void **state) {
    (void)state;
    airs_manifest_t *manifest =
        manifest_of(JOB "run = { args = [\"--fast\", \"\", \"a b\"], every = \"10s\", stdin = \"text\" }\n");
    const airs_manifest_component_t *job = &manifest->components[0];
    assert_true(job->run.given);
    assert_int_equal(job->run.arg_count, 3);
    assert_string_equal(job->run.args[0], "--fast");
    assert_string_equal(job->run.args[1], "");
    assert_string_equal(job->run.args[2], "a b");
    assert_int_equal(job->run.every_ms, 10000);
    assert_int_equal(job->run.standard_input.size, 4);
    assert_memory_equal(job->run.standard_input.data, "text", 4);
    assert_int_equal(job->place.restart, AIRS_RESTART_PERMANENT);
    airs_manifest_destroy(manifest);
    manifest = manifest_of(JOB "run = { stdin = { file = \"input\" } }\n");
    assert_memory_equal(manifest->components[0].run.standard_input.data, "from a file", 11);
    airs_manifest_destroy(manifest);
}

static void streams_go_where_they_are_told(void **state) {
    (void)state;
    airs_manifest_t *manifest =
        manifest_of(JOB "run = { stdout = { file = \"out.txt\" }, stderr = \"null\" }\n");
    const airs_manifest_run_t *run = &manifest->components[0].run;
    assert_int_equal(run->output.kind, AIRS_STREAM_FILE);
    assert_string_equal(run->output.path, "out.txt");
    assert_true(run->output.append);
    assert_int_equal(run->output.max_bytes, 64 << 20);
    assert_int_equal(run->output.kept, 1);
    assert_int_equal(run->error.kind, AIRS_STREAM_NULL);
    assert_true(airs_manifest_is_alone(manifest, &run->output));
    airs_manifest_destroy(manifest);
    /* Of what is no command too, and beside the manifest. */
    airs_error_t error = {AIRS_OK, ""};
    assert_ok(airs_manifest_parse(
        airs_allocator_default(),
        airs_str(
            JOB
            "stdout = \"log\"\nstderr = { file = \"errors\", append = false, size = \"8KiB\", keep = 0 }\n"
            "[components.other]\nsource = \"a.wasm\"\nstdout = { file = \"errors\" }\n"),
        "./airssys.toml", &manifest, &error));
    run = &manifest->components[0].run;
    assert_false(run->given);
    assert_int_equal(run->output.kind, AIRS_STREAM_LOG);
    assert_string_equal(run->error.path, "./errors");
    assert_false(run->error.append);
    assert_int_equal(run->error.max_bytes, 8192);
    assert_int_equal(run->error.kept, 0);
    assert_false(airs_manifest_is_alone(manifest, &run->error));
    airs_manifest_destroy(manifest);
}

static void what_runs_once_is_transient(void **state) {
    (void)state;
    airs_manifest_t *manifest = manifest_of(JOB "run = {}\n");
    assert_true(manifest->components[0].run.given);
    assert_null(manifest->components[0].run.standard_input.data);
    assert_int_equal(manifest->components[0].place.restart, AIRS_RESTART_TRANSIENT);
    airs_manifest_destroy(manifest);
    manifest = manifest_of(JOB "run = {}\nrestart = \"temporary\"\n");
    assert_int_equal(manifest->components[0].place.restart, AIRS_RESTART_TEMPORARY);
    airs_manifest_destroy(manifest);
    manifest = manifest_of(JOB);
    assert_false(manifest->components[0].run.given);
    assert_int_equal(manifest->components[0].place.restart, AIRS_RESTART_PERMANENT);
    airs_manifest_destroy(manifest);
}

#define AT(place, text) "airssys.toml:" place ": components.job." text

static const struct {
    const char *text;
    const char *error;
} mistakes[] = {
    {JOB "run = true\n", AT("5:7", "run: must be a table, not a boolean")},
    {JOB "run = { evry = \"1s\" }\n", AT("5:9", "run.evry: unknown key; did you mean \"every\"?")},
    {JOB "run = { args = \"--fast\" }\n", AT("5:16", "run.args: must be a list of arguments, not a string")},
    {JOB "run = { args = [1] }\n", AT("5:17", "run.args: must be an argument, not an integer")},
    {JOB "run = { args = [\"a\\u0000b\"] }\n",
     AT("5:17", "run.args: an argument must not have a zero character")},
    {JOB "run = { stdin = 1 }\n",
     AT("5:17", "run.stdin: must be a string or { file = \"path\" }, not an integer")},
    {JOB "run = { stdin = { file = \"none\" } }\n",
     AT("5:26", "run.stdin.file: cannot read none: no such file (a path is relative to the manifest)")},
    {JOB "run = { stdout = \"lg\" }\n",
     AT("5:18", "run.stdout: \"lg\" is not a place for a stream; did you mean \"log\"?")},
    {JOB "run = { stdout = 1 }\n",
     AT("5:18", "run.stdout: must be \"log\", \"null\" or { file = \"path\" }, not an integer")},
    {JOB "run = { stderr = { file = \"x\", fil = 1 } }\n",
     AT("5:32", "run.stderr.fil: unknown key; did you mean \"file\"?")},
    {JOB "stderr = { file = \"none/x\" }\n",
     AT("5:19",
        "stderr.file: cannot write to none/x: there is no such folder (a path is relative to the manifest)")},
    {JOB "stderr = { file = \".\" }\n",
     AT("5:19", "stderr.file: cannot write to .: is a folder (a path is relative to the manifest)")},
    {JOB "stderr = { file = \"/dev/null\" }\n",
     AT("5:19", "stderr.file: cannot write to /dev/null: is not a regular file (a path is relative to the "
                "manifest)")},
    {JOB "stdout = { file = \"x\", size = 1 }\n",
     AT("5:31", "stdout.size: 1 is out of range; it must be from 4KiB to 64GiB")},
    {JOB "stdout = { file = \"x\", append = 1 }\n",
     AT("5:33", "stdout.append: must be true or false, not an integer")},
    {JOB "run = {}\nstdout = \"null\"\n",
     AT("6:1", "stdout: of a command, which `run` makes this component, it is a key of `run`")},
    {"[application]\nname = \"app\"\noutput = \"job\"\n[components.job]\nsource = \"a.wasm\"\nstdout = "
     "\"null\"\n",
     AT("6:10", "stdout: job is application.output, whose standard output is the application's")},
    {"[application]\nname = \"app\"\noutput = \"job\"\n[components.job]\nsource = \"a.wasm\"\nrun = { stdout "
     "= \"null\" }\n",
     AT("6:18", "run.stdout: job is application.output, whose standard output is the application's")},
    {"[application]\nname = \"app\"\ninput = \"job\"\n[components.job]\nsource = \"a.wasm\"\nrun = {}\n",
     "airssys.toml:3:9: application.input: job is a command, which takes no messages; what it reads is said "
     "by its "
     "`run.stdin`"},
    {JOB "run = {}\naccepts = [\"json\"]\n",
     AT("6:1", "accepts: a command, which `run` makes this component, takes no messages and has no "
               "\"accepts\"")},
    {JOB "run = {}\nrecord = true\n",
     AT("6:1",
        "record: a command, which `run` makes this component, takes no messages and has no \"record\"")},
};

static void every_mistake_is_told(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof mistakes / sizeof mistakes[0]; i++) {
        manifest_expect_refused(mistakes[i].text, mistakes[i].error);
    }
}

static void another_run_is_a_difference(void **state) {
    (void)state;
    static const char *const texts[] = {
        JOB,
        JOB "run = {}\nrestart = \"permanent\"\n",
        JOB "run = { args = [\"a\"] }\nrestart = \"permanent\"\n",
        JOB "run = { args = [\"b\"] }\nrestart = \"permanent\"\n",
        JOB "run = { every = \"1s\" }\n",
        JOB "run = { stdin = \"a\" }\nrestart = \"permanent\"\n",
        JOB "run = { stdin = \"b\" }\nrestart = \"permanent\"\n",
        JOB "stdout = \"null\"\n",
        JOB "stderr = \"null\"\n",
        JOB "stderr = { file = \"x\" }\n",
        JOB "stderr = { file = \"y\" }\n",
        JOB "stderr = { file = \"x\", append = false }\n",
        JOB "stderr = { file = \"x\", size = \"4KiB\" }\n",
        JOB "stderr = { file = \"x\", keep = 2 }\n",
    };
    manifest_expect_differences(texts, sizeof texts / sizeof texts[0], AIRS_DIFFERS_ACTOR);
}

static void every_allocation_may_fail(void **state) {
    (void)state;
    static char text[] = JOB "run = { args = [\"a\", \"b\"], stdin = { file = \"input\" }, stdout = { file = "
                             "\"x\" } }\n";
    airs_fail_each_allocation(manifest_life, text);
}

static int set_up(void **state) {
    (void)state;
    airs_temporary_folder_create(&folder);
    airs_temporary_file_write_text(&folder, "a.wasm", "");
    airs_temporary_file_write_text(&folder, "input", "from a file");
    return chdir(folder.path);
}

static int tear_down(void **state) {
    (void)state;
    int result = chdir("/");
    airs_temporary_folder_remove(&folder);
    return result;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_key_is_read),           cmocka_unit_test(streams_go_where_they_are_told),
        cmocka_unit_test(what_runs_once_is_transient), cmocka_unit_test(every_mistake_is_told),
        cmocka_unit_test(another_run_is_a_difference), cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
