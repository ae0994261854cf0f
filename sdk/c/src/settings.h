/* What initialize was told: the environment and the configuration. */
#ifndef AIRS_SDK_SETTINGS_H
#define AIRS_SDK_SETTINGS_H

#include "memory.h"

/* Copies what airs_env and airs_config hand out. Traps when there is no memory. */
void airs_sdk_settings_keep(const airssys_core_types_component_config_t *from);

#endif
