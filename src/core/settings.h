/* What a component is configured with: texts by their names, some of which are secrets. Made once, counted and never
 * changed. Its memory is wiped before it is given back. */
#ifndef AIRSSYS_CORE_SETTINGS_H
#define AIRSSYS_CORE_SETTINGS_H

#include <airssys/allocator.h>
#include <airssys/bytes.h>
#include <airssys/error.h>

#define AIRS_SETTINGS_MAX 1024
#define AIRS_SETTING_NAME_MAX 256
#define AIRS_SETTING_VALUE_MAX ((size_t)64 << 10)

typedef struct airs_setting_view {
    airs_str_t name;
    airs_str_t value;
    bool is_secret; /* not for logs, listings and recordings */
} airs_setting_view_t;

typedef struct airs_settings airs_settings_t;

/* Copies them. AIRS_INVALID_ARGUMENT: there are more than AIRS_SETTINGS_MAX, two have one name, a name is empty or a
 * text too long or not UTF-8; the error names the setting and shows no value. AIRS_OUT_OF_MEMORY. The caller owns one
 * reference. */
airs_status_t airs_settings_create(const airs_allocator_t *allocator, const airs_setting_view_t *settings,
                                   size_t count, airs_settings_t **out, airs_error_t *error);

/* Any thread; NULL stands for no settings, in all that follows. */
airs_settings_t *airs_settings_ref(airs_settings_t *settings);
void airs_settings_unref(airs_settings_t *settings);

/* In the order of their names; views are valid as long as a reference. */
size_t airs_settings_count(const airs_settings_t *settings);
const airs_setting_view_t *airs_settings_at(const airs_settings_t *settings, size_t index);

/* NULL: there is none of this name. */
const airs_setting_view_t *airs_settings_find(const airs_settings_t *settings, airs_str_t name);

bool airs_settings_have_secret(const airs_settings_t *settings);

#endif
