/* The folders that an instance was granted, opened so that nothing can be slipped in for them. */
#ifndef AIRSSYS_RUNTIME_HOST_FOLDER_H
#define AIRSSYS_RUNTIME_HOST_FOLDER_H

#include <airssys/allocator.h>

#include "security/security_context.h"

typedef struct airs_folder {
    airs_str_t path;       /* of the host, absolute */
    airs_str_t guest_path; /* what the guest knows it as */
    bool writable;
    int descriptor; /* open for nothing but being found; -1: closed */
} airs_folder_t;

typedef struct airs_folders {
    const airs_allocator_t *allocator;
    airs_folder_t *items;
    size_t count;
    airs_validity_t validity; /* of all decisions in favour: the shortest */
} airs_folders_t;

/* All folders that the component's capabilities name and that it may read now; each is looked for without following
 * links, so that whoever may write to a folder above cannot have it be another one. Who may write to one but not
 * read it gets nothing, and of what it may not do the audit is told. AIRS_IO: one cannot be opened;
 * AIRS_OUT_OF_MEMORY. The paths point into the capabilities that they came from. With AIRS_OK airs_folders_free
 * releases what there is. */
airs_status_t airs_folders_open(const airs_allocator_t *allocator, airs_security_context_t *security,
                                airs_folders_t *out, airs_error_t *error);

/* When somebody else has them open. */
void airs_folders_close(airs_folders_t *folders);

/* Are they still granted? AIRS_OK, or AIRS_CAPABILITY_DENIED, and the audit is told. Costs a comparison as long as no
 * policy has changed and no grant has ended. */
airs_status_t airs_folders_check(airs_folders_t *folders, airs_security_context_t *security,
                                 airs_error_t *error);

/* One that is zeroed is fine. */
void airs_folders_free(airs_folders_t *folders);

#endif
