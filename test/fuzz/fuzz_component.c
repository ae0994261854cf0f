/* Bytes as a component, binary or text: whatever they are, loading them ends, with a component or with a reason. An
 * inspection of the same bytes in a file ends in the same way, and what it found is all there. What is larger than
 * COMPILED_MAX is looked at but not compiled, for that takes its time.
 *
 * Some of the inputs that are text are put into binary form on the way, so that both are tried. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/check.h"
#include "core/memory.h"
#include "runtime/component_inspect.h"
#include "runtime/component_loader.h"
#include "security/wasm_sections.h"

#define COMPILED_MAX 16384

/* As an inspection has it, so that both say the same. */
#define MEMORY_MAX ((uint64_t)4 << 30)

static airs_runtime_engine_t *engine;

/* A section is within the binary, and the sections come to an end. */
static void walk(airs_bytes_t binary) {
    airs_wasm_sections_t sections;
    airs_wasm_section_t section;
    if (airs_wasm_sections_begin(binary, &sections, NULL) != AIRS_OK) {
        return;
    }
    for (size_t before = 0; airs_wasm_sections_next(&sections, &section, NULL) == AIRS_OK;) {
        AIRS_ASSERT(sections.at > before && sections.at <= binary.size);
        before = sections.at;
    }
}

static airs_status_t load(airs_bytes_t bytes) {
    airs_component_handle_t handle = 0;
    airs_error_t error = {AIRS_OK, ""};
    const airs_component_source_t source = {.bytes = bytes, .name = "input"};
    airs_status_t status = engine->ops->load(engine, &source, &handle, &error);
    AIRS_ASSERT(status == AIRS_OK || (error.status == status && error.text[0] != '\0'));
    if (status == AIRS_OK) {
        engine->ops->unload(engine, handle);
    }
    return status;
}

static void check_report(const airs_component_report_t *report, airs_bytes_t bytes) {
    AIRS_ASSERT(report->binary.size > 0 && bytes.size > 0);
    AIRS_ASSERT(report->verdict == AIRS_OK || report->reason[0] != '\0');
    for (size_t i = 0; i < report->import_count; i++) {
        AIRS_ASSERT(report->imports[i].name != NULL);
        AIRS_ASSERT(report->verdict != AIRS_OK || report->imports[i].need != AIRS_IMPORT_MISSING);
    }
    for (size_t i = 0; i < report->export_count; i++) {
        AIRS_ASSERT(report->exports[i] != NULL);
    }
}

static airs_status_t inspect(airs_bytes_t bytes) {
    char path[64];
    airs_component_report_t *report = NULL;
    const airs_inspect_options_t options = {.here = true};
    airs_error_t error = {AIRS_OK, ""};
    int file = memfd_create("airssys-fuzz", MFD_CLOEXEC);
    AIRS_ASSERT(file >= 0 && write(file, bytes.data, bytes.size) == (ssize_t)bytes.size);
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", file);
    airs_status_t status = airs_component_inspect(airs_allocator_default(), path, &options, &report, &error);
    close(file);
    if (status == AIRS_OK) {
        check_report(report, bytes);
        status = report->verdict;
    } else {
        AIRS_ASSERT(error.status == status && error.text[0] != '\0');
    }
    airs_component_report_destroy(report);
    return status;
}

static void must_agree(airs_status_t loaded, airs_status_t inspected) {
    if (loaded != inspected) {
        (void)fprintf(stderr, "loading says %s, inspecting %s\n", airs_status_name(loaded),
                      airs_status_name(inspected));
    }
    AIRS_ASSERT(loaded == inspected);
}

static void start(void) {
    const airs_wasm_engine_options_t options = {.max_instances = 1, .max_memory_bytes = MEMORY_MAX};
    AIRS_ASSERT(airs_wasm_engine_create(&options, &engine, NULL) == AIRS_OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    wasm_byte_vec_t translated = {0};
    airs_bytes_t input = airs_bytes(bytes, size);
    airs_bytes_t binary = input;
    if (engine == NULL) {
        start();
    }
    walk(input);
    airs_status_t status = airs_component_binary("input", input, &translated, &binary, NULL);
    if (status == AIRS_OK && binary.size <= COMPILED_MAX) {
        must_agree(load(input), inspect(input));
    }
    if (translated.data != NULL) {
        walk(airs_bytes(translated.data, translated.size));
        wasm_byte_vec_delete(&translated);
    }
    return 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed) {
    wasm_byte_vec_t translated = {0};
    airs_bytes_t binary;
    if (seed % 16 == 0 && airs_wasm_kind_of(airs_bytes(data, size)) == AIRS_WASM_TEXT &&
        airs_component_binary("input", airs_bytes(data, size), &translated, &binary, NULL) == AIRS_OK &&
        binary.size <= max_size) {
        memcpy(data, binary.data, binary.size);
        size = binary.size;
    } else {
        size = LLVMFuzzerMutate(data, size, max_size);
    }
    if (translated.data != NULL) {
        wasm_byte_vec_delete(&translated);
    }
    return size;
}
