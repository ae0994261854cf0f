#include "runtime/code_cache.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sodium.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/check.h"
#include "core/file.h"
#include "core/memory.h"
#include "core/system_error.h"

#define SECRET_NAME "secret"
#define SECRET_SIZE 32
#define MAC_SIZE 32
/* Files that are being written, and how old one is that nobody writes any more. */
#define TEMPORARY_PREFIX "new-"
#define TEMPORARY_SECONDS 3600
#define ENDING ".code"
#define HEX_SIZE ((size_t)2 * AIRS_CODE_KEY_SIZE)
#define NAME_SIZE (HEX_SIZE + sizeof ENDING)

/* An entry is its authenticator and the code. */
struct airs_code_cache {
    const airs_allocator_t *allocator;
    int folder;
    uint8_t secret[SECRET_SIZE];
};

/* The folder's path without slashes at its end: with them its last part would be made as the parents are,
 * and a link would be followed. */
static airs_status_t take_path(const char *folder, char path[PATH_MAX], airs_error_t *error) {
    size_t size = strlen(folder);
    while (size > 1 && folder[size - 1] == '/') {
        size--;
    }
    if (size == 0 || size >= PATH_MAX) {
        return airs_error_set(error, AIRS_IO, "the cache folder's path is %s",
                              size == 0 ? "empty" : "too long");
    }
    memcpy(path, folder, size);
    path[size] = '\0';
    return AIRS_OK;
}

static airs_status_t make_folders(char *path, airs_error_t *error) {
    for (char *slash = strchr(path + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (mkdir(path, 0755) != 0 && errno != EEXIST) {
            return airs_error_set(error, AIRS_IO, "cannot make the folder %s: %s", path, strerror(errno));
        }
        *slash = '/';
    }
    if (mkdir(path, 0700) != 0 && errno != EEXIST) {
        return airs_error_set(error, AIRS_IO, "cannot make the cache folder %s: %s", path, strerror(errno));
    }
    return AIRS_OK;
}

static airs_status_t check_owner(int folder, const char *path, airs_error_t *error) {
    struct stat about;
    if (fstat(folder, &about) != 0) {
        return airs_error_set(error, AIRS_IO, "the cache folder %s: %s", path, strerror(errno));
    }
    if (about.st_uid != geteuid()) {
        return airs_error_set(
            error, AIRS_IO,
            "the cache folder %s belongs to user %ld, not to the user who runs this: it must be "
            "yours, for what is in it is run",
            path, (long)about.st_uid);
    }
    if ((about.st_mode & 077) != 0) {
        return airs_error_set(
            error, AIRS_IO,
            "the cache folder %s has mode %04o: others may use it, and what is in it is run; make it "
            "0700",
            path, (unsigned)(about.st_mode & 07777));
    }
    return AIRS_OK;
}

/* A regular file of the user's in the folder; -1 when there is none, with errno: EPERM when it is something else. */
static int open_own(const airs_code_cache_t *cache, const char *name, struct stat *about) {
    AIRS_ASSERT(cache->folder >= 0); /* which the analyser does not follow */
    int file = openat(cache->folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (file >= 0 && (fstat(file, about) != 0 || !S_ISREG(about->st_mode) || about->st_uid != geteuid())) {
        close(file);
        errno = EPERM;
        return -1;
    }
    return file;
}

typedef enum found { FOUND, MISSING, NO_GOOD, UNREADABLE } found_t;

/* UNREADABLE: errno says why, which is no fault of the file's. */
static found_t read_secret(airs_code_cache_t *cache) {
    struct stat about;
    int file = open_own(cache, SECRET_NAME, &about);
    if (file < 0) {
        bool is_other = errno == EPERM || errno == ELOOP || errno == ENXIO || errno == EACCES;
        return errno == ENOENT ? MISSING : is_other ? NO_GOOD : UNREADABLE;
    }
    bool good = (about.st_mode & 077) == 0 && about.st_size == SECRET_SIZE;
    found_t found = !good                                                    ? NO_GOOD
                    : airs_file_read_fully(file, cache->secret, SECRET_SIZE) ? FOUND
                                                                             : UNREADABLE;
    int failure = errno;
    close(file);
    errno = failure;
    return found;
}

/* Writes a file under a name that no other writer uses, then gives it its own name at once. */
static bool write_whole(airs_code_cache_t *cache, const char *name, const airs_bytes_t *parts, size_t count,
                        bool replace) {
    char temporary[64];
    snprintf(temporary, sizeof temporary, TEMPORARY_PREFIX "%ld-%08x%08x", (long)getpid(),
             randombytes_random(), randombytes_random());
    int file = openat(cache->folder, temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (file < 0) {
        return false;
    }
    bool good = true;
    for (size_t i = 0; good && i < count; i++) {
        good = airs_file_write_fully(file, parts[i]);
    }
    good = close(file) == 0 && good;
    if (good && replace) {
        good = renameat(cache->folder, temporary, cache->folder, name) == 0;
    } else if (good) {
        good = linkat(cache->folder, temporary, cache->folder, name, 0) == 0 || errno == EEXIST;
    }
    int failure = errno;
    unlinkat(cache->folder, temporary, 0);
    errno = failure;
    return good;
}

/* Two processes may make it at once: the first link wins, and both read that one. */
static bool make_secret(airs_code_cache_t *cache) {
    uint8_t fresh[SECRET_SIZE];
    randombytes_buf(fresh, sizeof fresh);
    airs_bytes_t part = airs_bytes(fresh, sizeof fresh);
    bool made = write_whole(cache, SECRET_NAME, &part, 1, false);
    sodium_memzero(fresh, sizeof fresh);
    return made;
}

static airs_status_t have_secret(airs_code_cache_t *cache, airs_error_t *error) {
    char why[AIRS_SYSTEM_ERROR_MAX];
    found_t found = read_secret(cache);
    if (found == MISSING && !make_secret(cache)) {
        return airs_error_set(error, AIRS_IO, "cannot make the cache's secret: %s",
                              airs_system_error_text(errno, why));
    }
    found = found == MISSING ? read_secret(cache) : found;
    switch (found) {
    case FOUND:
        return AIRS_OK;
    case NO_GOOD:
        return airs_error_set(
            error, AIRS_IO,
            "the cache's secret is not a file of 32 bytes with mode 0600 of yours; remove it and the "
            "entries beside it");
    case MISSING: /* somebody removes it as we make it */
    case UNREADABLE:
        break;
    }
    return airs_error_set(error, AIRS_IO, "cannot read the cache's secret: %s",
                          airs_system_error_text(errno, why));
}

static airs_status_t open_folder(airs_code_cache_t *cache, const char *folder, airs_error_t *error) {
    char path[PATH_MAX];
    airs_status_t status = take_path(folder, path, error);
    if (status == AIRS_OK) {
        status = make_folders(path, error);
    }
    if (status != AIRS_OK) {
        return status;
    }
    cache->folder = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (cache->folder < 0) {
        char why[AIRS_SYSTEM_ERROR_MAX];
        return airs_error_set(error, AIRS_IO, "cannot open the cache folder %s: %s", path,
                              airs_system_error_text(errno, why));
    }
    return check_owner(cache->folder, path, error);
}

airs_status_t airs_code_cache_open(const airs_allocator_t *allocator, const char *folder,
                                   airs_code_cache_t **out, airs_error_t *error) {
    if (sodium_init() < 0) {
        return airs_error_set(error, AIRS_INTERNAL, "libsodium cannot be initialized");
    }
    airs_code_cache_t *cache = airs_alloc_zeroed(allocator, sizeof *cache);
    if (cache == NULL) {
        return airs_error_set(error, AIRS_OUT_OF_MEMORY, "no memory for the code cache");
    }
    cache->allocator = allocator;
    cache->folder = -1;
    airs_status_t status = open_folder(cache, folder, error);
    if (status == AIRS_OK) {
        status = have_secret(cache, error);
    }
    if (status != AIRS_OK) {
        airs_code_cache_close(cache);
        return status;
    }
    *out = cache;
    return AIRS_OK;
}

void airs_code_cache_close(airs_code_cache_t *cache) {
    if (cache == NULL) {
        return;
    }
    if (cache->folder >= 0) {
        close(cache->folder);
    }
    sodium_memzero(cache->secret, sizeof cache->secret);
    airs_release(cache->allocator, cache);
}

airs_code_key_t airs_code_key_of(airs_bytes_t component, airs_str_t settings) {
    airs_code_key_t key;
    crypto_generichash_state state;
    uint64_t size = settings.size;
    crypto_generichash_init(&state, NULL, 0, sizeof key.bytes);
    crypto_generichash_update(&state, (const unsigned char *)&size, sizeof size);
    crypto_generichash_update(&state, (const unsigned char *)settings.data, settings.size);
    crypto_generichash_update(&state, component.data, component.size);
    crypto_generichash_final(&state, key.bytes, sizeof key.bytes);
    return key;
}

static void name_of(const airs_code_key_t *key, char out[NAME_SIZE]) {
    sodium_bin2hex(out, NAME_SIZE, key->bytes, sizeof key->bytes);
    memcpy(out + HEX_SIZE, ENDING, sizeof ENDING);
}

static void authenticate(const airs_code_cache_t *cache, const airs_code_key_t *key, airs_bytes_t code,
                         uint8_t mac[MAC_SIZE]) {
    crypto_generichash_state state;
    crypto_generichash_init(&state, cache->secret, sizeof cache->secret, MAC_SIZE);
    crypto_generichash_update(&state, key->bytes, sizeof key->bytes);
    crypto_generichash_update(&state, code.data, code.size);
    crypto_generichash_final(&state, mac, MAC_SIZE);
}

airs_status_t airs_code_cache_get(airs_code_cache_t *cache, const airs_code_key_t *key, void **block,
                                  airs_bytes_t *code) {
    char name[NAME_SIZE];
    name_of(key, name);
    struct stat about;
    int file = open_own(cache, name, &about);
    if (file < 0) {
        return AIRS_NOT_FOUND;
    }
    size_t size = (size_t)about.st_size;
    uint8_t *whole = size > MAC_SIZE ? airs_alloc(cache->allocator, size) : NULL;
    bool good = whole != NULL && airs_file_read_fully(file, whole, size);
    if (good) {
        uint8_t mac[MAC_SIZE];
        *code = airs_bytes(whole + MAC_SIZE, size - MAC_SIZE);
        authenticate(cache, key, *code, mac);
        good = sodium_memcmp(mac, whole, MAC_SIZE) == 0;
    }
    if (good) {
        futimens(file, NULL); /* used now, so that it goes last */
    }
    close(file);
    if (!good) {
        airs_release(cache->allocator, whole);
        return AIRS_NOT_FOUND;
    }
    *block = whole;
    return AIRS_OK;
}

typedef struct oldest {
    uint64_t total;
    struct timespec used;
    char name[NAME_SIZE];
} oldest_t;

static bool earlier(struct timespec a, struct timespec b) {
    return a.tv_sec != b.tv_sec ? a.tv_sec < b.tv_sec : a.tv_nsec < b.tv_nsec;
}

static bool is_entry(const char *name) {
    size_t size = strlen(name);
    return size == NAME_SIZE - 1 && strcmp(name + HEX_SIZE, ENDING) == 0;
}

/* What a process left that ended while it wrote. */
static bool is_left_over(const char *name, const struct stat *about) {
    return strncmp(name, TEMPORARY_PREFIX, sizeof TEMPORARY_PREFIX - 1) == 0 &&
           time(NULL) - about->st_mtim.tv_sec > TEMPORARY_SECONDS;
}

typedef struct search {
    airs_code_cache_t *cache;
    oldest_t oldest;
} search_t;

static void look_at(void *context, const char *name) {
    search_t *search = context;
    airs_code_cache_t *cache = search->cache;
    oldest_t *oldest = &search->oldest;
    struct stat about;
    if (fstatat(cache->folder, name, &about, AT_SYMLINK_NOFOLLOW) != 0) {
        return;
    }
    if (is_left_over(name, &about)) {
        unlinkat(cache->folder, name, 0);
    }
    if (!is_entry(name)) {
        return;
    }
    oldest->total += (uint64_t)about.st_size;
    if (oldest->name[0] == '\0' || earlier(about.st_mtim, oldest->used)) {
        oldest->used = about.st_mtim;
        memcpy(oldest->name, name, NAME_SIZE);
    }
}

/* The entry that was not used for the longest, and how much all take. */
static oldest_t find_oldest(airs_code_cache_t *cache) {
    search_t search = {.cache = cache};
    airs_folder_each(cache->folder, look_at, &search);
    return search.oldest;
}

static void make_room(airs_code_cache_t *cache) {
    oldest_t oldest = find_oldest(cache);
    while (oldest.total > AIRS_CODE_CACHE_BYTES && oldest.name[0] != '\0' &&
           unlinkat(cache->folder, oldest.name, 0) == 0) {
        oldest = find_oldest(cache);
    }
}

airs_status_t airs_code_cache_put(airs_code_cache_t *cache, const airs_code_key_t *key, airs_bytes_t code,
                                  airs_error_t *error) {
    char name[NAME_SIZE];
    name_of(key, name);
    uint8_t mac[MAC_SIZE];
    authenticate(cache, key, code, mac);
    airs_bytes_t parts[] = {airs_bytes(mac, sizeof mac), code};
    if (!write_whole(cache, name, parts, 2, true)) {
        char why[AIRS_SYSTEM_ERROR_MAX];
        return airs_error_set(error, AIRS_IO, "cannot keep compiled code in the cache: %s",
                              airs_system_error_text(errno, why));
    }
    make_room(cache);
    return AIRS_OK;
}
