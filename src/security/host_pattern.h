/* Hosts with ports, as network permissions name them: "example.org:443", "*.example.org:443", "[::1]:8080",
 * "10.0.0.*". Without a port, or with ":*", any port. Labels are told apart at dots; letters' case does not
 * matter; a final dot is left away. */
#ifndef AIRSSYS_SECURITY_HOST_PATTERN_H
#define AIRSSYS_SECURITY_HOST_PATTERN_H

#include <airssys/bytes.h>
#include <airssys/error.h>

/* Bytes of a host's name, at most. */
#define AIRS_HOST_MAX 253

/* "host:port" into its parts; *host points into `text`. AIRS_INVALID_ARGUMENT. */
airs_status_t airs_host_parse(airs_str_t text, airs_str_t *host, uint16_t *port, airs_error_t *error);

/* AIRS_INVALID_ARGUMENT: not a host, or not a port. */
airs_status_t airs_host_pattern_check(airs_str_t pattern, airs_error_t *error);

bool airs_host_pattern_match(airs_str_t pattern, airs_str_t host, uint16_t port);

/* Whether it matches the host with some port, or with `all` every port. */
bool airs_host_pattern_names(airs_str_t pattern, airs_str_t host, bool all);

#endif
