/* The parameters of a request, read and checked; what is wrong is answered. */
#ifndef AIRSSYS_NODE_ADMIN_ADMIN_PARAMETERS_H
#define AIRSSYS_NODE_ADMIN_ADMIN_PARAMETERS_H

#include "node/admin/admin_exchange.h"

/* A number from 0 to `max`, if it is given; false: it is none. */
bool airs_admin_read_number(airs_admin_exchange_t *exchange, const char *name, uint64_t max, uint64_t *out);

/* One that must be there; NULL: it is not. */
const char *airs_admin_need(airs_admin_exchange_t *exchange, const char *name);

#endif
