"""An actor in Python. Commands are words with spaces between them, and each is answered:

upper TEXT         the text in upper case
count              how many messages there were
send ID TEXT       sends the text to the actor ID ("namespace/name/instance"): "ok"
request ID TEXT    requests with it: the request's id. How it ends goes to the actor that REPORT_TO names, as
                   "response TEXT" or "failure TEXT"
set KEY TEXT, get KEY   in its storage: "ok", the text
subscribe PATTERN, unsubscribe PATTERN   "ok". What is published then is a command too.
publish TOPIC TEXT how many mailboxes took it
after MS TEXT, every MS TEXT   the number of a timer, which brings it the command TEXT
cancel NUMBER      "yes" or "no"
later TEXT         TEXT, but only when "answer" comes, or a failure, when "fail REASON" does; these answer "ok"
nothing            nothing: that is how an input ends
anything else      an error, "not a command: ..."
"""

from componentize_py_types import Err
from wit_world import exports
from wit_world.exports.component_lifecycle import ComponentMetadata
from wit_world.imports import errors, host_messaging, host_services, replies, storage, timers, topics, types

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
    owed = []  # of requests that wait: id, text


def send(_, target, text):
    host_messaging.send(parse_id(target), text.encode())
    return b"ok"


def request(_, target, text):
    return host_messaging.request(parse_id(target), text.encode(), 5000).encode()


def set_value(_, key, text):
    storage.set(key, text.encode())
    return b"ok"


def get_value(_, key, __):
    value = storage.get(key)
    return None if value is None else bytes(value)


def subscribe(pattern, *_):
    topics.subscribe(pattern)
    return b"ok"


def unsubscribe(pattern, *_):
    topics.unsubscribe(pattern)
    return b"ok"


def publish(_, topic, text):
    return str(topics.publish(topic, text.encode(), "text/plain")).encode()


def after(_, milliseconds, text):
    return str(timers.send_after(int(milliseconds), text.encode())).encode()


def every(_, milliseconds, text):
    return str(timers.send_every(int(milliseconds), text.encode())).encode()


def cancel(number, *_):
    return b"yes" if timers.cancel_timer(int(number)) else b"no"


def later(text, *_):
    State.owed.append((replies.defer_reply(), text))


def answer(*_):
    to, text = State.owed.pop(0)
    replies.reply(to, text.encode(), None)
    return b"ok"


def fail(reason, *_):
    to, _text = State.owed.pop(0)
    replies.fail(to, reason)
    return b"ok"


# Each is called with what follows the verb, that one's first word, and what follows that.
COMMANDS = {
    "": lambda *_: None,
    "upper": lambda rest, *_: rest.upper().encode(),
    "count": lambda *_: str(State.count).encode(),
    "send": send,
    "request": request,
    "set": set_value,
    "get": get_value,
    "subscribe": subscribe,
    "unsubscribe": unsubscribe,
    "publish": publish,
    "after": after,
    "every": every,
    "cancel": cancel,
    "later": later,
    "answer": answer,
    "fail": fail,
}


class ComponentLifecycle(exports.ComponentLifecycle):
    def initialize(self, config):
        State.environment = dict(config.env_vars)
        host_services.log(types.LogLevel.DEBUG, "python is here", None)

    def handle_message(self, msg):
        State.count += 1
        verb, _, rest = bytes(msg.payload).decode().partition(" ")
        first, _, text = rest.partition(" ")
        try:
            command = COMMANDS.get(verb)
            if command is not None:
                return command(rest, first, text)
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
