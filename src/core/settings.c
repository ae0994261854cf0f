#include "core/settings.h"

#include <stdlib.h>

#include "core/memory.h"
#include "core/refcount.h"
#include "core/utf8.h"

/* Of a name in an error. */
#define SHOWN_MAX 80

struct airs_settings {
    airs_refcount_t references;
    const airs_allocator_t *allocator;
    size_t size; /* of the block: this, the views, the texts */
    size_t count;
    airs_setting_view_t views[]; /* by name */
};

static int compare(airs_str_t a, airs_str_t b) {
    size_t size = a.size < b.size ? a.size : b.size;
    int order = size > 0 ? memcmp(a.data, b.data, size) : 0;
    return order != 0 ? order : (a.size > b.size) - (a.size < b.size);
}

static int compare_views(const void *a, const void *b) {
    return compare(((const airs_setting_view_t *)a)->name, ((const airs_setting_view_t *)b)->name);
}

static int compare_name(const void *name, const void *view) {
    return compare(*(const airs_str_t *)name, ((const airs_setting_view_t *)view)->name);
}

/* A name of bytes that are no text is not shown. */
static airs_status_t refuse(airs_error_t *error, airs_str_t name, const char *why) {
    airs_str_t shown = airs_utf8_valid(name) ? airs_str_n(name.data, airs_utf8_cut(name, SHOWN_MAX))
                                             : airs_str("?");
    return airs_error_set(error, AIRS_INVALID_ARGUMENT, "setting \"%.*s\" %s", AIRS_STR_ARG(shown), why);
}

static airs_status_t check(const airs_setting_view_t *setting, airs_error_t *error) {
    airs_str_t name = setting->name;
    if (name.size == 0 || name.size > AIRS_SETTING_NAME_MAX || !airs_utf8_valid(name)) {
        return refuse(error, name, "has a name that is not a text of 1 to 256 bytes in UTF-8");
    }
    if (setting->value.size > AIRS_SETTING_VALUE_MAX) {
        return refuse(error, name, "has a value of more than 64 KiB");
    }
    return airs_utf8_valid(setting->value) ? AIRS_OK
                                           : refuse(error, name, "has a value that is not text in UTF-8");
}

static airs_status_t check_all(const airs_setting_view_t *settings, size_t count, size_t *text_size,
                               airs_error_t *error) {
    airs_status_t status = AIRS_OK;
    if (count > AIRS_SETTINGS_MAX) {
        return airs_error_set(error, AIRS_INVALID_ARGUMENT, "%zu settings; there may be %d", count,
                              AIRS_SETTINGS_MAX);
    }
    for (size_t i = 0; i < count && status == AIRS_OK; i++) {
        status = check(&settings[i], error);
        *text_size += settings[i].name.size + settings[i].value.size;
    }
    return status;
}

static airs_str_t put(char **at, airs_str_t text) {
    char *begin = *at;
    *at = airs_copy(begin, text.data, text.size);
    return airs_str_n(begin, text.size);
}

static airs_status_t check_names(const airs_settings_t *self, airs_error_t *error) {
    for (size_t i = 1; i < self->count; i++) {
        if (compare_views(&self->views[i - 1], &self->views[i]) == 0) {
            return refuse(error, self->views[i].name, "is there twice");
        }
    }
    return AIRS_OK;
}

airs_status_t airs_settings_create(const airs_allocator_t *allocator, const airs_setting_view_t *settings,
                                   size_t count, airs_settings_t **out, airs_error_t *error) {
    size_t text_size = 0;
    airs_status_t status = check_all(settings, count, &text_size, error);
    if (status != AIRS_OK) {
        return status;
    }
    size_t size = sizeof(airs_settings_t) + count * sizeof *settings + text_size;
    airs_settings_t *self = airs_alloc(allocator, size);
    if (self == NULL) {
        return airs_error_set(error, AIRS_OUT_OF_MEMORY, "%s", airs_status_text(AIRS_OUT_OF_MEMORY));
    }
    airs_refcount_init(&self->references);
    self->allocator = allocator;
    self->size = size;
    self->count = count;
    char *at = (char *)&self->views[count];
    for (size_t i = 0; i < count; i++) {
        self->views[i].name = put(&at, settings[i].name);
        self->views[i].value = put(&at, settings[i].value);
        self->views[i].is_secret = settings[i].is_secret;
    }
    qsort(self->views, count, sizeof self->views[0], compare_views);
    status = check_names(self, error);
    if (status != AIRS_OK) {
        airs_settings_unref(self);
        return status;
    }
    *out = self;
    return AIRS_OK;
}

airs_settings_t *airs_settings_ref(airs_settings_t *settings) {
    if (settings != NULL) {
        airs_refcount_ref(&settings->references);
    }
    return settings;
}

void airs_settings_unref(airs_settings_t *settings) {
    if (settings != NULL && airs_refcount_unref(&settings->references)) {
        const airs_allocator_t *allocator = settings->allocator;
        airs_wipe(settings, settings->size);
        airs_release(allocator, settings);
    }
}

size_t airs_settings_count(const airs_settings_t *settings) { return settings != NULL ? settings->count : 0; }

const airs_setting_view_t *airs_settings_at(const airs_settings_t *settings, size_t index) {
    return &settings->views[index];
}

const airs_setting_view_t *airs_settings_find(const airs_settings_t *settings, airs_str_t name) {
    return settings != NULL
               ? bsearch(&name, settings->views, settings->count, sizeof settings->views[0], compare_name)
               : NULL;
}

bool airs_settings_have_secret(const airs_settings_t *settings) {
    for (size_t i = 0; i < airs_settings_count(settings); i++) {
        if (settings->views[i].is_secret) {
            return true;
        }
    }
    return false;
}
