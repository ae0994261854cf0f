#include "runtime/compiler.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/file.h"
#include "core/memory.h"
#include "runtime/compile_protocol.h"
#include "runtime/compiler_process.h"

#define PROGRAM_NAME "airssys-compile"

/* From a library's folder to that of commands: "../bin", or further up. */
#ifndef AIRS_LIBRARY_TO_COMMANDS
#define AIRS_LIBRARY_TO_COMMANDS "../bin"
#endif

#define DEFAULT_MEMORY_BYTES ((uint64_t)2 << 30)
#define MEMORY_BYTES_LEAST ((uint64_t)256 << 20)
#define DEFAULT_TIME_MS 120000
#define DEFAULT_CPU_MS 120000
#define DEFAULT_CODE_BYTES ((uint64_t)256 << 20)

/* So much of what it complained of is looked at. */
#define COMPLAINT_MAX 1024

/* How long a node waits for the kernel to charge processor time that is used up. */
#define CPU_SLACK_MS 50

struct airs_compiler {
    const airs_allocator_t *allocator;
    char *program;        /* NULL: it is looked for */
    pthread_mutex_t turn; /* held while one compiles */
};

airs_status_t airs_compiler_create(const airs_allocator_t *allocator, const char *program,
                                   airs_compiler_t **out, airs_error_t *error) {
    if (sodium_init() < 0) {
        return airs_error_set(error, AIRS_INTERNAL, "libsodium cannot be initialized");
    }
    airs_compiler_t *compiler = airs_alloc_zeroed(allocator, sizeof *compiler);
    size_t size = program != NULL ? strlen(program) + 1 : 0;
    char *copy = compiler != NULL && program != NULL ? airs_alloc(allocator, size) : NULL;
    if (compiler == NULL || (program != NULL && copy == NULL)) {
        airs_release(allocator, compiler);
        return airs_error_set(error, AIRS_OUT_OF_MEMORY, "no memory for what compiles components");
    }
    if (copy != NULL) {
        airs_copy(copy, program, size);
    }
    compiler->allocator = allocator;
    compiler->program = copy;
    pthread_mutex_init(&compiler->turn, NULL); /* cannot fail without attributes */
    *out = compiler;
    return AIRS_OK;
}

void airs_compiler_destroy(airs_compiler_t *compiler) {
    if (compiler == NULL) {
        return;
    }
    pthread_mutex_destroy(&compiler->turn);
    airs_release(compiler->allocator, compiler->program);
    airs_release(compiler->allocator, compiler);
}

static uint64_t standard(uint64_t value, uint64_t otherwise) { return value > 0 ? value : otherwise; }

void airs_compile_limits_resolve(airs_load_limits_t *limits) {
    limits->compile_memory_bytes = standard(limits->compile_memory_bytes, DEFAULT_MEMORY_BYTES);
    if (limits->compile_memory_bytes < MEMORY_BYTES_LEAST) {
        limits->compile_memory_bytes = MEMORY_BYTES_LEAST;
    }
    limits->compile_time_ms = standard(limits->compile_time_ms, DEFAULT_TIME_MS);
    limits->compile_cpu_ms = standard(limits->compile_cpu_ms, DEFAULT_CPU_MS);
    limits->code_bytes = standard(limits->code_bytes, DEFAULT_CODE_BYTES);
}

/* ---- the program ---------------------------------------------------------------------------- */

/* Of what this function is linked into: a library, or the program itself. */
static bool own_folder(char out[PATH_MAX]) {
    Dl_info about;
    char self[PATH_MAX];
    ssize_t size = readlink("/proc/self/exe", self, sizeof self - 1);
    /* A program that was started by a relative path knows itself by no other. */
    const char *path = NULL;
    if (dladdr(__extension__(void *) & airs_compiler_create, &about) != 0 && about.dli_fname != NULL &&
        about.dli_fname[0] == '/') {
        path = about.dli_fname;
    } else if (size > 0) {
        self[size] = '\0';
        path = self;
    }
    if (path == NULL || realpath(path, out) == NULL) {
        return false;
    }
    *strrchr(out, '/') = '\0';
    return true;
}

static bool is_there(const char *path) { return access(path, F_OK) == 0; }

airs_status_t airs_compiler_path(airs_compiler_t *compiler, char *out, size_t size, airs_error_t *error) {
    char folder[PATH_MAX];
    if (compiler->program != NULL) {
        int put = snprintf(out, size, "%s", compiler->program);
        return (size_t)put < size && is_there(out)
                   ? AIRS_OK
                   : airs_error_set(error, AIRS_COMPILER_MISSING,
                                    "there is no %s, which was to compile what is not trusted",
                                    compiler->program);
    }
    bool known = own_folder(folder);
    int put = known ? snprintf(out, size, "%s/" PROGRAM_NAME, folder) : 0;
    if (known && (size_t)put < size && is_there(out)) {
        return AIRS_OK;
    }
    put = known ? snprintf(out, size, "%s/" AIRS_LIBRARY_TO_COMMANDS "/" PROGRAM_NAME, folder) : 0;
    if (known && (size_t)put < size && is_there(out)) {
        return AIRS_OK;
    }
    return airs_error_set(
        error, AIRS_COMPILER_MISSING,
        "what is not trusted is compiled by the program " PROGRAM_NAME
        ", and it is not installed beside this one; install it (./dev install does), say where it "
        "is (compile.program in a manifest), or have nothing compiled apart (compile.apart = "
        "\"none\")");
}

/* What it answers will run here: it must be a program that only this user and root can have made. */
static airs_status_t check_owner(int program, const char *path, airs_error_t *error) {
    struct stat about;
    if (fstat(program, &about) != 0) {
        return airs_error_set(error, AIRS_COMPILER_MISSING, "%s: %s", path, strerror(errno));
    }
    if (!S_ISREG(about.st_mode)) {
        return airs_error_set(error, AIRS_COMPILER_MISSING, "%s: not a program", path);
    }
    if (about.st_uid != 0 && about.st_uid != geteuid()) {
        return airs_error_set(
            error, AIRS_COMPILER_MISSING,
            "%s belongs to user %ld: what it compiles is run, so it must be yours or root's", path,
            (long)about.st_uid);
    }
    if ((about.st_mode & 022) != 0) {
        return airs_error_set(
            error, AIRS_COMPILER_MISSING,
            "%s has mode %04o: others may write to it, and what it compiles is run; take that "
            "from them (chmod go-w)",
            path, (unsigned)(about.st_mode & 07777));
    }
    return AIRS_OK;
}

static airs_status_t open_program(airs_compiler_t *compiler, char path[PATH_MAX], int *out,
                                  airs_error_t *error) {
    airs_status_t status = airs_compiler_path(compiler, path, PATH_MAX, error);
    if (status != AIRS_OK) {
        return status;
    }
    *out = open(path, O_PATH | O_CLOEXEC);
    if (*out < 0) {
        return airs_error_set(error, AIRS_COMPILER_MISSING, "%s: %s", path, strerror(errno));
    }
    status = check_owner(*out, path, error);
    if (status != AIRS_OK) {
        close(*out);
        *out = -1;
    }
    return status;
}

/* ---- one compilation ------------------------------------------------------------------------ */

typedef struct compilation {
    const char *name;
    const airs_load_limits_t *limits;
    char path[PATH_MAX];
    int program;
    int files[3]; /* without names: the request, the answer, and what it complains of */
    uint8_t key[AIRS_COMPILE_KEY_SIZE];
    airs_process_end_t end;
    airs_error_t *error;
} compilation_t;

static airs_status_t make_files(compilation_t *job) {
    static const char *const names[3] = {"airssys-compile-request", "airssys-compile-answer",
                                         "airssys-compile-complaints"};
    for (int i = 0; i < 3; i++) {
        job->files[i] = memfd_create(names[i], MFD_CLOEXEC | MFD_ALLOW_SEALING);
        if (job->files[i] < 0) {
            return airs_error_set(job->error, AIRS_IO, "%s: no file to hand it to the compiler in: %s",
                                  job->name, strerror(errno));
        }
    }
    return AIRS_OK;
}

static airs_status_t write_request(compilation_t *job, airs_bytes_t component,
                                   const airs_code_settings_t *settings) {
    airs_compile_request_t request = {.magic = AIRS_COMPILE_REQUEST_MAGIC,
                                      .build = AIRS_COMPILE_BUILD,
                                      .parent = getpid(),
                                      .settings = *settings,
                                      .limits = *job->limits,
                                      .name_size = strlen(job->name),
                                      .component_size = component.size};
    randombytes_buf(job->key, sizeof job->key);
    memcpy(request.key, job->key, sizeof request.key);
    int file = job->files[0];
    bool written = airs_file_write_fully(file, airs_bytes(&request, sizeof request)) &&
                   airs_file_write_fully(file, airs_bytes(job->name, strlen(job->name))) &&
                   airs_file_write_fully(file, component) && lseek(file, 0, SEEK_SET) == 0 &&
                   fcntl(file, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL) == 0;
    sodium_memzero(&request, sizeof request);
    return written ? AIRS_OK
                   : airs_error_set(job->error, AIRS_IO, "%s: it cannot be handed to the compiler: %s",
                                    job->name, strerror(errno));
}

/* What it wrote to standard error, for a person: one line. */
static void read_complaint(const compilation_t *job, char out[COMPLAINT_MAX]) {
    ssize_t size = pread(job->files[2], out, COMPLAINT_MAX - 1, 0);
    size_t length = size > 0 ? (size_t)size : 0;
    while (length > 0 && out[length - 1] == '\n') {
        length--;
    }
    for (size_t i = 0; i < length; i++) {
        if ((unsigned char)out[i] < ' ' || out[i] == 0x7f) {
            out[i] = ' ';
        }
    }
    out[length] = '\0';
}

static airs_status_t refuse_memory(const compilation_t *job) {
    return airs_error_set(job->error, AIRS_COMPILE_MEMORY_EXCEEDED,
                          "%s: compiling it takes more than %" PRIu64
                          " MiB of memory (compile.memory raises that)",
                          job->name, job->limits->compile_memory_bytes >> 20);
}

/* Memory that is not to be had shows itself in many ways; threads that cannot be started are one. */
static bool tells_of_memory(const char *complaint) {
    static const char *const signs[] = {"memory allocation of",
                                        "Cannot allocate memory",
                                        "os error 12",
                                        "os error 11",
                                        "code: 11",
                                        "code: 12",
                                        "out of memory"};
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++) {
        if (strstr(complaint, signs[i]) != NULL) {
            return true;
        }
    }
    return false;
}

/* It has ended without an answer. */
static airs_status_t explain_end(const compilation_t *job) {
    const airs_process_end_t *end = &job->end;
    const airs_load_limits_t *limits = job->limits;
    char complaint[COMPLAINT_MAX];
    read_complaint(job, complaint);
    if (end->timed_out) {
        return airs_error_set(job->error, AIRS_COMPILE_TIME_EXCEEDED,
                              "%s: compiling it takes longer than %" PRIu64 " ms (compile.time raises that)",
                              job->name, limits->compile_time_ms);
    }
    bool out_of_time = end->signal == SIGXCPU ||
                       (end->signal == SIGKILL && end->cpu_ms + CPU_SLACK_MS >= limits->compile_cpu_ms);
    if (out_of_time) {
        return airs_error_set(job->error, AIRS_COMPILE_TIME_EXCEEDED,
                              "%s: compiling it takes more than %" PRIu64
                              " ms of processor time (compile.cpu-time raises that)",
                              job->name, limits->compile_cpu_ms);
    }
    if (tells_of_memory(complaint)) {
        return refuse_memory(job);
    }
    const char *colon = complaint[0] != '\0' ? ": " : "";
    if (end->signal != 0) {
        return airs_error_set(
            job->error, AIRS_COMPILER_FAILED, "%s: %s was ended by SIG%s%s%s%s", job->name, job->path,
            sigabbrev_np(end->signal),
            end->signal == SIGKILL ? ", by somebody, or because the machine has no memory left" : "", colon,
            complaint);
    }
    return airs_error_set(
        job->error, AIRS_COMPILER_FAILED,
        "%s: %s ended with %d and without an answer%s%s; is it the program of this version?", job->name,
        job->path, end->exit_code, colon, complaint);
}

static airs_status_t refuse_build(const compilation_t *job, const airs_compile_answer_t *head) {
    return airs_error_set(job->error, AIRS_COMPILER_MISSING,
                          "%s: %s is of another build (%.*s, and this is " AIRS_COMPILE_BUILD
                          "); install both together",
                          job->name, job->path, (int)strnlen(head->build, sizeof head->build), head->build);
}

/* What it said instead of code. Its own limits name themselves here, like those that are noticed here. */
static airs_status_t take_refusal(const compilation_t *job, airs_status_t status, airs_bytes_t text) {
    return status == AIRS_COMPILE_MEMORY_EXCEEDED
               ? refuse_memory(job)
               : airs_error_set(job->error, status, "%.*s", (int)text.size, (const char *)text.data);
}

static airs_status_t check_answer(const compilation_t *job, const airs_compiled_code_t *mapped,
                                  airs_bytes_t *content) {
    const airs_compile_answer_t *head = mapped->mapping;
    if (memcmp(head->magic, AIRS_COMPILE_ANSWER_MAGIC, sizeof head->magic) != 0) {
        return explain_end(job);
    }
    if (strncmp(head->build, AIRS_COMPILE_BUILD, sizeof head->build) != 0) {
        return refuse_build(job, head);
    }
    *content = airs_bytes(head + 1, mapped->mapping_size - sizeof *head);
    if (head->size != content->size) {
        return explain_end(job); /* it was cut off */
    }
    if (!airs_compile_answer_verify(head, job->key, *content)) {
        return airs_error_set(job->error, AIRS_COMPILER_FAILED,
                              "%s: what %s has answered is not authentic, and is not used", job->name,
                              job->path);
    }
    return head->status == AIRS_OK ? AIRS_OK : take_refusal(job, (airs_status_t)head->status, *content);
}

static airs_status_t read_answer(const compilation_t *job, airs_compiled_code_t *out) {
    struct stat about;
    *out = (airs_compiled_code_t){0};
    if (fstat(job->files[1], &about) != 0 || about.st_size < (off_t)sizeof(airs_compile_answer_t)) {
        return explain_end(job);
    }
    out->mapping_size = (size_t)about.st_size;
    out->mapping = mmap(NULL, out->mapping_size, PROT_READ, MAP_PRIVATE, job->files[1], 0);
    if (out->mapping == MAP_FAILED) {
        out->mapping = NULL;
        return airs_error_set(job->error, AIRS_OUT_OF_MEMORY, "%s: no memory for its code", job->name);
    }
    airs_status_t status = check_answer(job, out, &out->code);
    if (status != AIRS_OK) {
        airs_compiled_code_release(out);
    }
    return status;
}

void airs_compiled_code_release(airs_compiled_code_t *code) {
    if (code->mapping != NULL) {
        (void)munmap(code->mapping, code->mapping_size);
    }
    *code = (airs_compiled_code_t){0};
}

/* One at a time: what several may take together is what one may. */
static airs_status_t run(airs_compiler_t *compiler, compilation_t *job) {
    pthread_mutex_lock(&compiler->turn);
    airs_status_t status = airs_process_run(job->program, job->path, job->files, job->limits->compile_time_ms,
                                            &job->end, job->error);
    pthread_mutex_unlock(&compiler->turn);
    if (status != AIRS_OK) {
        airs_error_prefix(job->error, "%s", job->name);
    }
    return status;
}

airs_status_t airs_compiler_run(airs_compiler_t *compiler, const char *name, airs_bytes_t component,
                                const airs_code_settings_t *settings, const airs_load_limits_t *limits,
                                airs_compiled_code_t *out, airs_error_t *error) {
    airs_error_t ignored;
    compilation_t job = {.name = name,
                         .limits = limits,
                         .program = -1,
                         .files = {-1, -1, -1},
                         .error = error != NULL ? error : &ignored};
    airs_status_t status = open_program(compiler, job.path, &job.program, job.error);
    if (status != AIRS_OK) {
        airs_error_prefix(job.error, "%s", name);
        return status;
    }
    status = make_files(&job);
    status = status == AIRS_OK ? write_request(&job, component, settings) : status;
    status = status == AIRS_OK ? run(compiler, &job) : status;
    status = status == AIRS_OK ? read_answer(&job, out) : status;
    for (int i = 0; i < 3; i++) {
        if (job.files[i] >= 0) {
            close(job.files[i]);
        }
    }
    close(job.program);
    sodium_memzero(job.key, sizeof job.key);
    return status;
}
