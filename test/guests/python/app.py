"""An actor in Python. Commands are words with spaces between them, and each is answered:

upper TEXT         the text in upper case
count              how many messages there were
send ID TEXT       sends the text to the actor ID ("namespace/name/instance"): "ok"
request ID TEXT    requests with it: the request's id. How it ends goes to the actor that REPORT_TO names, as
                   "response TEXT" or "failure TEXT"
set KEY TEXT, get KEY   in its storage: "ok", the text
nothing            nothing: that is how an input ends
anything else      an error, "not a command: ..."
"""

from componentize_py_types import Err
from wit_world import exports
from wit_world.exports.component_lifecycle import ComponentMetadata
from wit_world.imports import errors, host_messaging, host_services, storage, types

FAILURE_TYPE = "application/vnd.airssys.error+json"


def parse_id(text):
    namespace, name, instance = text.rsplit("/", 2)
    return types.ComponentId(namespace, name, instance)


def runtime_error(text):
    return Err(errors.WasmError_RuntimeError(text))


class State:
    """What the actor keeps between calls.

    It cannot be attributes of the class below: componentize-py makes an object of that for each function.
    """

    count = 0
    environment = {}


class ComponentLifecycle(exports.ComponentLifecycle):
    def initialize(self, config):
        State.environment = dict(config.env_vars)
        host_services.log(types.LogLevel.DEBUG, "python is here", None)

    def handle_message(self, msg):
        State.count += 1
        verb, _, rest = bytes(msg.payload).decode().partition(" ")
        first, _, text = rest.partition(" ")
        try:
            if verb == "":
                return None
            if verb == "upper":
                return rest.upper().encode()
            if verb == "count":
                return str(State.count).encode()
            if verb == "send":
                host_messaging.send(parse_id(first), text.encode())
                return b"ok"
            if verb == "request":
                return host_messaging.request(parse_id(first), text.encode(), 5000).encode()
            if verb == "set":
                storage.set(first, text.encode())
                return b"ok"
            if verb == "get":
                value = storage.get(first)
                return None if value is None else bytes(value)
        except Err as error:
            raise runtime_error(type(error.value).__name__) from None
        raise runtime_error(f"not a command: {verb}")

    def handle_callback(self, msg):
        failed = msg.metadata.content_type == FAILURE_TYPE
        report = (b"failure " if failed else b"response ") + bytes(msg.payload)
        host_messaging.send(parse_id(State.environment["REPORT_TO"]), report)

    def metadata(self):
        return ComponentMetadata("python", "1.0.0", "an actor in Python", "", "", ["upper", "count"], True)

    def health(self):
        return types.HealthStatus.HEALTHY

    def shutdown(self):
        pass
