/* Status codes: what every function that can fail returns.
 *
 * The numbers are part of the binary interface: they are never reused, new ones go to the end. */
#ifndef AIRSSYS_STATUS_H
#define AIRSSYS_STATUS_H

#include <airssys/export.h>

/* X(name, number, text) */
#define AIRS_STATUS_MAP(X)                                                     \
    X(OK, 0, "ok")                                                             \
    X(OUT_OF_MEMORY, 1, "out of memory")                                       \
    X(INVALID_ARGUMENT, 2, "invalid argument")                                 \
    X(INVALID_STATE, 3, "the actor is not in a state that allows this")        \
    X(NOT_RUNNING, 4, "the actor is not running")                              \
    X(NOT_LOADED, 5, "the component is not loaded")                            \
    X(LOAD_FAILED, 6, "the component cannot be loaded")                        \
    X(HANDLE_MESSAGE_FAILED, 7, "the component's handle-message failed")       \
    X(COMPONENT_NOT_FOUND, 8, "no such component")                             \
    X(TARGET_NOT_FOUND, 9, "no actor with this id")                            \
    X(ALREADY_EXISTS, 10, "already exists")                                    \
    X(NOT_FOUND, 11, "not found")                                              \
    X(QUEUE_FULL, 12, "the mailbox is full")                                   \
    X(MESSAGE_TOO_LARGE, 13, "the message is larger than the limit")           \
    X(CAPABILITY_DENIED, 14, "capability denied")                              \
    X(TIMEOUT, 15, "timed out")                                                \
    X(CANCELLED, 16, "cancelled")                                              \
    X(STOPPED, 17, "stopped")                                                  \
    X(INVALID_COMPONENT, 18, "not a valid component")                          \
    X(EXPORT_NOT_FOUND, 19, "the component lacks an export")                   \
    X(EXPORT_TYPE_MISMATCH, 20, "an export of the component has another type") \
    X(IMPORT_NOT_PROVIDED, 21, "the component imports what nobody provides")   \
    X(INSTANTIATION_FAILED, 22, "the component cannot be instantiated")        \
    X(INITIALIZE_FAILED, 23, "the component's initialize failed")              \
    X(SHUTDOWN_FAILED, 24, "the component's shutdown failed")                  \
    X(GUEST_ERROR, 25, "the component answered with an error")                 \
    X(TRAP, 26, "the component trapped")                                       \
    X(EXECUTION_TIME_EXCEEDED, 27, "the execution-time limit was exceeded")    \
    X(PARKED_TIME_EXCEEDED, 28, "the parked-time limit was exceeded")          \
    X(RESOURCE_LIMIT, 29, "a resource limit was exceeded")                     \
    X(STACK_OVERFLOW, 30, "the component's stack overflowed")                  \
    X(OUT_OF_FUEL, 31, "the component's fuel is used up")                      \
    X(INVALID_RESULT, 32, "the component broke the canonical ABI")             \
    X(INVALID_MESSAGE, 33, "invalid message")                                  \
    X(INVALID_KEY, 34, "invalid key")                                          \
    X(QUOTA_EXCEEDED, 35, "a quota is exceeded")                               \
    X(IO, 36, "input or output failed")                                        \
    X(MANIFEST_INVALID, 37, "the manifest is invalid")                         \
    X(UNSUPPORTED, 38, "not supported")                                        \
    X(INTERNAL, 39, "internal error")                                          \
    X(TOO_MANY_REQUESTS, 40, "too many requests are outstanding")              \
    X(UNSUPPORTED_CODEC, 41, "the receiver does not accept this codec")        \
    X(DEADLOCK, 42, "it would wait for itself")                                \
    X(PENDING, 43, "not done yet")                                             \
    X(HEALTH_CHECKS_FAILED, 44, "health checks found the actor unhealthy")     \
    X(UNTRUSTED, 45, "the component is not trusted")                           \
    X(ROLLED_BACK, 46, "the update was rolled back")                           \
    X(CONFLICT, 47, "the value is not the expected one")                       \
    X(COMPONENT_TOO_LARGE, 48, "the component is larger than it may be")       \
    X(COMPONENT_TOO_COMPLEX, 49, "there is more in the component than may be") \
    X(COMPILE_MEMORY_EXCEEDED, 50, "compiling took more memory than it may")   \
    X(COMPILE_TIME_EXCEEDED, 51, "compiling took more time than it may")       \
    X(COMPILER_FAILED, 52, "the program that compiles components failed")      \
    X(COMPILER_MISSING, 53, "the program that compiles components is missing") \
    X(COMMAND_FAILED, 54, "the command exited with a code other than 0")

typedef enum airs_status {
#define AIRS_STATUS_ENUM(name, number, text) AIRS_##name = (number),
    AIRS_STATUS_MAP(AIRS_STATUS_ENUM)
#undef AIRS_STATUS_ENUM
} airs_status_t;

/* The status in words, lower case, without a full stop. Never NULL; "unknown status" for a number
 * that is not in the list. The text is static. Any thread. */
AIRS_API const char *airs_status_text(airs_status_t status);

/* The status's name as in the list above, in kebab case ("queue-full"); for logs, JSON and scripts. */
AIRS_API const char *airs_status_name(airs_status_t status);

#endif
