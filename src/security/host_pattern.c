#include "security/host_pattern.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <strings.h>

#include "security/pattern.h"

typedef struct host_parts {
    airs_str_t host;
    airs_str_t port;
    bool has_port;
} host_parts_t;

static const char *find(airs_str_t text, char wanted) {
    return text.size > 0 ? memchr(text.data, wanted, text.size) : NULL;
}

/* False: a bracket without its other half, or more than one colon outside of brackets. */
static bool split(airs_str_t text, host_parts_t *out) {
    *out = (host_parts_t){.host = text};
    airs_str_t rest = text;
    if (text.size > 0 && text.data[0] == '[') {
        const char *end = find(text, ']');
        if (end == NULL) {
            return false;
        }
        out->host = airs_str_n(text.data + 1, (size_t)(end - text.data) - 1);
        rest = airs_str_n(end + 1, text.size - out->host.size - 2);
        if (rest.size > 0 && rest.data[0] != ':') {
            return false;
        }
    }
    const char *colon = find(rest, ':');
    if (colon == NULL) {
        return true;
    }
    if (rest.data == text.data) {
        out->host = airs_str_n(text.data, (size_t)(colon - text.data));
    }
    out->port = airs_str_n(colon + 1, rest.size - (size_t)(colon - rest.data) - 1);
    out->has_port = true;
    return find(out->port, ':') == NULL;
}

static bool read_port(airs_str_t text, uint16_t *out) {
    unsigned long port = 0;
    if (text.size == 0 || text.size > 5) {
        return false;
    }
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] < '0' || text.data[i] > '9') {
            return false;
        }
        port = 10 * port + (unsigned long)(text.data[i] - '0');
    }
    *out = (uint16_t)port;
    return port > 0 && port <= UINT16_MAX;
}

static bool is_any_port(const host_parts_t *parts) {
    return !parts->has_port || airs_str_equal(parts->port, airs_str("*"));
}

airs_status_t airs_host_parse(airs_str_t text, airs_str_t *host, uint16_t *port, airs_error_t *error) {
    host_parts_t parts;
    if (!split(text, &parts) || parts.host.size == 0 || !read_port(parts.port, port)) {
        return airs_error_set(error, AIRS_INVALID_ARGUMENT,
                              "must be a host and a port, like \"example.org:443\" or \"[::1]:8080\"");
    }
    *host = parts.host;
    return AIRS_OK;
}

static bool is_host_byte(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.' || c == ':' || c == '*';
}

static bool is_number(airs_str_t label) {
    size_t at = label.size > 2 && label.data[0] == '0' && (label.data[1] | 0x20) == 'x' ? 2 : 0;
    const char *digits = at > 0 ? "0123456789abcdefABCDEF" : "0123456789";
    for (size_t i = at; i < label.size; i++) {
        if (strchr(digits, label.data[i]) == NULL) {
            return false;
        }
    }
    return label.size > 0;
}

static bool is_usual_number(airs_str_t label) {
    unsigned number = 0;
    for (size_t i = 0; i < label.size && i < 4; i++) {
        if (label.data[i] < '0' || label.data[i] > '9') {
            return false;
        }
        number = 10 * number + (unsigned)(label.data[i] - '0');
    }
    return label.size <= 3 && number <= 255 && (label.data[0] != '0' || label.size == 1);
}

/* What the labels of a host are, beside stars. */
typedef struct labels {
    size_t count;
    size_t numbers;
    size_t words;
    bool has_run;
    bool has_unusual;
    bool ends_in_number;
} labels_t;

static labels_t count_labels(airs_str_t host) {
    labels_t labels = {0};
    for (airs_segments_t rest = airs_segments('.', host); !rest.ended; rest = airs_segments_rest(&rest)) {
        airs_str_t label = airs_segments_first(&rest);
        bool is_star = airs_segment_is_one(label) || airs_segment_is_run(label);
        labels.ends_in_number = is_number(label);
        labels.has_run |= airs_segment_is_run(label);
        labels.has_unusual |= labels.ends_in_number && !is_usual_number(label);
        labels.numbers += labels.ends_in_number;
        labels.words += !labels.ends_in_number && !is_star;
        labels.count++;
    }
    return labels;
}

/* No host's name ends in a number: what does is an address, which other programs take in many forms ("127.1",
 * "0x7f000001", "010.0.0.1"), and that is compared in one. */
static airs_status_t check_address_4(airs_str_t host, airs_error_t *error) {
    labels_t labels = count_labels(host);
    if (!labels.ends_in_number && (labels.numbers == 0 || labels.words > 0)) {
        return AIRS_OK;
    }
    return labels.words == 0 && !labels.has_unusual && (labels.has_run || labels.count == 4)
               ? AIRS_OK
               : airs_error_set(
                     error, AIRS_INVALID_ARGUMENT,
                     "an IPv4 address is written as four numbers from 0 to 255, without zeros before "
                     "them, like \"10.0.0.1:80\" or \"10.0.*.*:80\"");
}

/* Addresses are compared as text, so there must be one text for each: the one that RFC 5952 recommends. */
static airs_status_t check_address(airs_str_t host, airs_error_t *error) {
    char text[INET6_ADDRSTRLEN];
    char usual[INET6_ADDRSTRLEN];
    struct in6_addr address;
    if (find(host, ':') == NULL) {
        return check_address_4(host, error);
    }
    snprintf(text, sizeof text, "%.*s", AIRS_STR_ARG(host));
    if (host.size >= sizeof text || inet_pton(AF_INET6, text, &address) != 1 ||
        inet_ntop(AF_INET6, &address, usual, sizeof usual) == NULL) {
        return airs_error_set(error, AIRS_INVALID_ARGUMENT,
                              "\"[%.*s]\" is not an IPv6 address like \"[::1]\"", AIRS_STR_ARG(host));
    }
    if (IN6_IS_ADDR_V4MAPPED(&address)) {
        return airs_error_set(error, AIRS_INVALID_ARGUMENT,
                              "an IPv4 address is written like \"10.0.0.1:80\", also where it comes as IPv6");
    }
    return strcasecmp(text, usual) == 0
               ? AIRS_OK
               : airs_error_set(error, AIRS_INVALID_ARGUMENT, "this address is written \"[%s]\"", usual);
}

airs_status_t airs_host_pattern_check(airs_str_t pattern, airs_error_t *error) {
    host_parts_t parts;
    uint16_t port = 0;
    bool is_good = split(pattern, &parts) && parts.host.size > 0 && parts.host.size <= AIRS_HOST_MAX &&
                   (is_any_port(&parts) || read_port(parts.port, &port));
    for (size_t i = 0; is_good && i < parts.host.size; i++) {
        is_good = is_host_byte(parts.host.data[i]);
    }
    if (!is_good) {
        return airs_error_set(error, AIRS_INVALID_ARGUMENT,
                              "must be a host and a port from 1 to 65535, like \"example.org:443\", "
                              "\"*.example.org:*\" or \"[::1]:8080\"");
    }
    for (airs_segments_t rest = airs_segments('.', parts.host); !rest.ended;
         rest = airs_segments_rest(&rest)) {
        airs_str_t label = airs_segments_first(&rest);
        if (find(label, '*') != NULL && !airs_segment_is_one(label) && !airs_segment_is_run(label)) {
            return airs_error_set(error, AIRS_INVALID_ARGUMENT,
                                  "a star stands alone: \"*\" is any one label of a host, \"**\" any number");
        }
    }
    return check_address(parts.host, error);
}

static airs_str_t lower(airs_str_t host, char out[AIRS_HOST_MAX + 1]) {
    if (host.size > 1 && host.data[host.size - 1] == '.') {
        host.size--;
    }
    for (size_t i = 0; i < host.size; i++) {
        char c = host.data[i];
        out[i] = (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
    }
    return airs_str_n(out, host.size);
}

static bool matches_host(const host_parts_t *parts, airs_str_t host) {
    char pattern_host[AIRS_HOST_MAX + 1];
    char name[AIRS_HOST_MAX + 1];
    return parts->host.size <= AIRS_HOST_MAX && host.size <= AIRS_HOST_MAX && host.size > 0 &&
           airs_pattern_match_at('.', lower(parts->host, pattern_host), lower(host, name));
}

bool airs_host_pattern_match(airs_str_t pattern, airs_str_t host, uint16_t port) {
    host_parts_t parts;
    uint16_t wanted = 0;
    return split(pattern, &parts) &&
           (is_any_port(&parts) || (read_port(parts.port, &wanted) && wanted == port)) &&
           matches_host(&parts, host);
}

bool airs_host_pattern_names(airs_str_t pattern, airs_str_t host, bool all) {
    host_parts_t parts;
    return split(pattern, &parts) && (!all || is_any_port(&parts)) && matches_host(&parts, host);
}
