"""Another host's interfaces in Python: each message has all of them used, and what came of it sent to REPORT_TO."""

from componentize_py_types import Err
from wit_world import exports
from wit_world.exports.component_lifecycle import ComponentMetadata
from wit_world.imports import atomics, batch, host_messaging, logging, types
from wit_world.imports import wasi_config_store as config
from wit_world.imports import wasi_keyvalue_store as keyvalue


class State:
    """What the actor keeps between calls."""

    report_to = ""


def configuration():
    yield "greeting " + config.get("greeting")
    yield "nothing " + str(config.get("nothing"))
    yield "all " + " ".join(name for name, _ in config.get_all())
    try:
        config.get("hidden")
    except Err as refused:
        yield "hidden " + type(refused.value).__name__.lower()


def buckets():
    with keyvalue.open("sessions") as sessions:
        sessions.set("a", b"one")
        yield "a " + sessions.get("a").decode()
        yield "b " + str(sessions.exists("b"))
        batch.set_many(sessions, [("b", b"two"), ("c", b"three")])
        found = batch.get_many(sessions, ["b", "x", "c"])
        yield "many " + " ".join("-" if pair is None else pair[1].decode() for pair in found)
        yield "keys " + " ".join(sessions.list_keys(None).keys)
        batch.delete_many(sessions, ["b", "c"])
        sessions.delete("a")
        yield "left " + str(len(sessions.list_keys(None).keys))
        atomics.increment(sessions, "n", 5)
        yield "n " + str(atomics.increment(sessions, "n", -2))
        sessions.delete("n")
    with keyvalue.open("default") as own:
        try:
            own.get("a")
        except Err as refused:
            yield "own " + type(refused.value).__name__.lower()
    try:
        keyvalue.open("no/bucket")
    except Err as refused:
        yield "no/bucket " + type(refused.value).__name__.lower()


def swaps():
    with keyvalue.open("sessions") as sessions:
        atomics.swap(atomics.Cas.new(sessions, "s"), b"first")
        late = atomics.Cas.new(sessions, "s")
        sessions.set("s", b"another")
        try:
            atomics.swap(late, b"second")
        except Err as failed:
            again = failed.value.value
            yield "swap " + again.current().decode()
            atomics.swap(again, b"second")
        yield "s " + sessions.get("s").decode()
        sessions.delete("s")


class ComponentLifecycle(exports.ComponentLifecycle):
    def initialize(self, config):
        State.report_to = dict(config.env_vars)["REPORT_TO"]

    def handle_message(self, msg):
        if not msg.payload:
            return None
        lines = [*configuration(), *buckets(), *swaps()]
        logging.log(logging.Level.WARN, "standard", "all was used")
        logging.log(logging.Level.CRITICAL, "", "that was all")
        namespace, name, instance = State.report_to.rsplit("/", 2)
        host_messaging.send(types.ComponentId(namespace, name, instance), "\n".join(lines).encode())
        return None

    def handle_callback(self, msg):
        pass

    def metadata(self):
        return ComponentMetadata("standard", "1.0.0", "", "", "", [], False)

    def health(self):
        return types.HealthStatus.HEALTHY

    def shutdown(self):
        pass
