/* Manifests over the test guests, in a folder of their own. */
#ifndef AIRSSYS_TEST_SUPPORT_GUEST_MANIFEST_H
#define AIRSSYS_TEST_SUPPORT_GUEST_MANIFEST_H

#include "support/temporary_folder.h"

/* Write "airssys.toml" into the folder: `text`, in which each "@NAME" in a source stands for the path of that
 * guest ("source = \"@echo\""). Where `text` says nothing of trust it is off, and where it says
 * nothing of how components are compiled none is compiled apart. */
void airs_guest_manifest_write(const airs_temporary_folder_t *folder, const char *text);

/* The path of a guest. */
const char *airs_guest_path(const char *name, char out[AIRS_TEMPORARY_PATH_MAX]);

#endif
