#include "runtime/compile_job.h"

#include <malloc.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/file.h"
#include "core/text.h"
#include "runtime/compile_confinement.h"
#include "runtime/compile_protocol.h"
#include "runtime/component_form.h"
#include "runtime/engine_error.h"
#include "security/component_shape.h"

/* Each reserves address space for every thread that it serves. */
#define MALLOC_ARENAS 2

#define EXIT_ANSWERED 0
#define EXIT_WITHOUT_ANSWER 1
#define EXIT_USAGE 2

typedef struct job {
    airs_compile_request_t request;
    size_t size; /* of all of standard input */
    airs_bytes_t component;
    char name_text[AIRS_ERROR_TEXT_MAX];
} job_t;

static int answer(const job_t *job, airs_status_t status, airs_bytes_t content) {
    airs_compile_answer_t head = {.magic = AIRS_COMPILE_ANSWER_MAGIC,
                                  .build = AIRS_COMPILE_BUILD,
                                  .status = status,
                                  .size = content.size};
    airs_compile_answer_authenticate(&head, job->request.key, content);
    bool written = airs_file_write_fully(STDOUT_FILENO, airs_bytes(&head, sizeof head)) &&
                   airs_file_write_fully(STDOUT_FILENO, content);
    return written ? EXIT_ANSWERED : EXIT_WITHOUT_ANSWER;
}

static int answer_error(const job_t *job, const airs_error_t *error) {
    return answer(job, error->status, airs_bytes(error->text, strlen(error->text)));
}

/* The head alone: what it says holds for reading the rest. */
static bool read_request(job_t *job) {
    airs_compile_request_t *request = &job->request;
    struct stat about;
    if (fstat(STDIN_FILENO, &about) != 0 || about.st_size < (off_t)sizeof *request ||
        !airs_file_read_fully(STDIN_FILENO, request, sizeof *request)) {
        return false;
    }
    job->size = (size_t)about.st_size;
    size_t rest = job->size - sizeof *request;
    return memcmp(request->magic, AIRS_COMPILE_REQUEST_MAGIC, sizeof request->magic) == 0 &&
           request->name_size <= rest && request->component_size == rest - request->name_size;
}

static bool map_component(job_t *job) {
    const airs_compile_request_t *request = &job->request;
    const uint8_t *input = mmap(NULL, job->size, PROT_READ, MAP_PRIVATE, STDIN_FILENO, 0);
    if (input == MAP_FAILED) {
        return false;
    }
    airs_str_t name = airs_str_n((const char *)input + sizeof *request, (size_t)request->name_size);
    job->component = airs_bytes(input + sizeof *request + name.size, (size_t)request->component_size);
    (void)snprintf(job->name_text, sizeof job->name_text, "%.*s", AIRS_STR_ARG(name));
    return true;
}

/* Memory that is not to be had shows itself in many ways. */
static void name_exhaustion(const job_t *job, airs_error_t *error) {
    static const char *const signs[] = {"Cannot allocate memory", "os error 12", "out of memory"};
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++) {
        if (strstr(error->text, signs[i]) != NULL) {
            airs_error_set(error, AIRS_COMPILE_MEMORY_EXCEEDED, "%s", job->name_text);
            return;
        }
    }
}

static airs_status_t compile(const job_t *job, wasm_byte_vec_t *code, airs_error_t *error) {
    wasm_byte_vec_t translated = {0};
    airs_bytes_t binary = {0};
    wasm_engine_t *engine = NULL;
    wasmtime_component_t *component = NULL;
    airs_status_t status = airs_component_binary(job->name_text, job->component, &translated, &binary, error);
    if (status == AIRS_OK) {
        status = airs_component_shape_check(binary, &job->request.limits, NULL, error);
        if (status != AIRS_OK) {
            airs_error_prefix(error, "%s", job->name_text);
            return status;
        }
    }
    if (status != AIRS_OK) {
        return status;
    }
    wasmtime_error_t *failure =
        airs_ext_engine_new(airs_code_settings_config(&job->request.settings), &engine);
    if (failure != NULL) {
        return airs_engine_error(error, AIRS_COMPILER_FAILED, "the engine cannot be made", failure);
    }
    failure = wasmtime_component_new(engine, binary.data, binary.size, &component);
    if (failure != NULL) {
        return airs_component_refuse(job->name_text, failure, error);
    }
    failure = wasmtime_component_serialize(component, code);
    return failure != NULL ? airs_engine_error(error, AIRS_COMPILER_FAILED, job->name_text, failure)
                           : AIRS_OK;
}

static bool confine(const job_t *job, airs_error_t *error) {
    /* Whoever started this may have ended before it asked to be told. */
    return getppid() == (pid_t)job->request.parent &&
           airs_compile_confine_resources(&job->request.limits, error) == AIRS_OK &&
           airs_compile_confine_calls(error) == AIRS_OK;
}

int airs_compile_job_run(void) {
    static job_t job;
    airs_error_t error = {AIRS_OK, ""};
    wasm_byte_vec_t code = {0};
    airs_compile_confine_process();
    (void)mallopt(M_ARENA_MAX, MALLOC_ARENAS);
    if (!read_request(&job) || sodium_init() < 0) {
        return EXIT_USAGE;
    }
    if (strncmp(job.request.build, AIRS_COMPILE_BUILD, sizeof job.request.build) != 0) {
        airs_error_set(&error, AIRS_COMPILER_MISSING, "of another build");
        return answer_error(&job, &error); /* whose head says of which */
    }
    if (!confine(&job, &error)) {
        return error.status != AIRS_OK ? answer_error(&job, &error) : EXIT_WITHOUT_ANSWER;
    }
    if (!map_component(&job)) {
        airs_error_set(&error, AIRS_COMPILE_MEMORY_EXCEEDED, "the component does not fit");
        return answer_error(&job, &error);
    }
    if (compile(&job, &code, &error) != AIRS_OK) {
        name_exhaustion(&job, &error);
        return answer_error(&job, &error);
    }
    if (code.size > job.request.limits.code_bytes - sizeof(airs_compile_answer_t)) {
        airs_error_set(&error, AIRS_COMPONENT_TOO_LARGE, "%s: its machine code has %zu bytes", job.name_text,
                       code.size);
        return answer_error(&job, &error);
    }
    return answer(&job, AIRS_OK, airs_bytes(code.data, code.size));
}
