#include <airssys/status.h>

const char *airs_status_text(airs_status_t status) {
    switch (status) {
#define STATUS_TEXT(name, number, text) \
    case AIRS_##name:                   \
        return text;
        AIRS_STATUS_MAP(STATUS_TEXT)
#undef STATUS_TEXT
    }
    return "unknown status";
}

/* The preprocessor cannot make lower case of a name; a switch without a default has the compiler
 * notice a status that is missing here. */
const char *airs_status_name(airs_status_t status) {
    switch (status) {
    case AIRS_OK:
        return "ok";
    case AIRS_OUT_OF_MEMORY:
        return "out-of-memory";
    case AIRS_INVALID_ARGUMENT:
        return "invalid-argument";
    case AIRS_INVALID_STATE:
        return "invalid-state";
    case AIRS_NOT_RUNNING:
        return "not-running";
    case AIRS_NOT_LOADED:
        return "not-loaded";
    case AIRS_LOAD_FAILED:
        return "load-failed";
    case AIRS_HANDLE_MESSAGE_FAILED:
        return "handle-message-failed";
    case AIRS_COMPONENT_NOT_FOUND:
        return "component-not-found";
    case AIRS_TARGET_NOT_FOUND:
        return "target-not-found";
    case AIRS_ALREADY_EXISTS:
        return "already-exists";
    case AIRS_NOT_FOUND:
        return "not-found";
    case AIRS_QUEUE_FULL:
        return "queue-full";
    case AIRS_MESSAGE_TOO_LARGE:
        return "message-too-large";
    case AIRS_CAPABILITY_DENIED:
        return "capability-denied";
    case AIRS_TIMEOUT:
        return "timeout";
    case AIRS_CANCELLED:
        return "cancelled";
    case AIRS_STOPPED:
        return "stopped";
    case AIRS_INVALID_COMPONENT:
        return "invalid-component";
    case AIRS_EXPORT_NOT_FOUND:
        return "export-not-found";
    case AIRS_EXPORT_TYPE_MISMATCH:
        return "export-type-mismatch";
    case AIRS_IMPORT_NOT_PROVIDED:
        return "import-not-provided";
    case AIRS_INSTANTIATION_FAILED:
        return "instantiation-failed";
    case AIRS_INITIALIZE_FAILED:
        return "initialize-failed";
    case AIRS_SHUTDOWN_FAILED:
        return "shutdown-failed";
    case AIRS_GUEST_ERROR:
        return "guest-error";
    case AIRS_TRAP:
        return "trap";
    case AIRS_EXECUTION_TIME_EXCEEDED:
        return "execution-time-exceeded";
    case AIRS_PARKED_TIME_EXCEEDED:
        return "parked-time-exceeded";
    case AIRS_RESOURCE_LIMIT:
        return "resource-limit";
    case AIRS_STACK_OVERFLOW:
        return "stack-overflow";
    case AIRS_OUT_OF_FUEL:
        return "out-of-fuel";
    case AIRS_INVALID_RESULT:
        return "invalid-result";
    case AIRS_INVALID_MESSAGE:
        return "invalid-message";
    case AIRS_INVALID_KEY:
        return "invalid-key";
    case AIRS_QUOTA_EXCEEDED:
        return "quota-exceeded";
    case AIRS_IO:
        return "io";
    case AIRS_MANIFEST_INVALID:
        return "manifest-invalid";
    case AIRS_UNSUPPORTED:
        return "unsupported";
    case AIRS_INTERNAL:
        return "internal";
    case AIRS_TOO_MANY_REQUESTS:
        return "too-many-requests";
    case AIRS_UNSUPPORTED_CODEC:
        return "unsupported-codec";
    case AIRS_DEADLOCK:
        return "deadlock";
    case AIRS_PENDING:
        return "pending";
    case AIRS_HEALTH_CHECKS_FAILED:
        return "health-checks-failed";
    case AIRS_UNTRUSTED:
        return "untrusted";
    case AIRS_ROLLED_BACK:
        return "rolled-back";
    case AIRS_CONFLICT:
        return "conflict";
    case AIRS_COMPONENT_TOO_LARGE:
        return "component-too-large";
    case AIRS_COMPONENT_TOO_COMPLEX:
        return "component-too-complex";
    case AIRS_COMPILE_MEMORY_EXCEEDED:
        return "compile-memory-exceeded";
    case AIRS_COMPILE_TIME_EXCEEDED:
        return "compile-time-exceeded";
    case AIRS_COMPILER_FAILED:
        return "compiler-failed";
    case AIRS_COMPILER_MISSING:
        return "compiler-missing";
    case AIRS_COMMAND_FAILED:
        return "command-failed";
    }
    return "unknown";
}
