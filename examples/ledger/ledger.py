"""The ledger of ledger.c in Python: accounts as the sum of all transfers, each of them one value in storage.

ID FROM TO AMOUNT   makes a transfer; FROM "-" pays in. Answers "ID ok", or "ID refused: why"
balances            answers each account with what it has, and the total, a line each
"""

from componentize_py_types import Err
from wit_world import exports
from wit_world.exports.component_lifecycle import ComponentMetadata
from wit_world.imports import errors, storage, types

PREFIX = "transfer/"


class State:
    """What is in storage, added up. An object of the classes below lasts for one call only."""

    accounts = {}


def runtime_error(text):
    return Err(errors.WasmError_RuntimeError(text))


def apply(decision):
    """A decision as it is stored: "ok FROM TO AMOUNT", or "refused: why"."""
    if not decision.startswith("ok "):
        return
    _, source, target, amount = decision.split()
    if source != "-":
        State.accounts[source] = State.accounts.get(source, 0) - int(amount)
    State.accounts[target] = State.accounts.get(target, 0) + int(amount)


def decide(source, target, amount):
    if amount <= 0:
        return "refused: not an amount"
    if source != "-" and State.accounts.get(source, 0) < amount:
        return f"refused: {source} has {State.accounts.get(source, 0)}"
    for name in (source, target):
        State.accounts.setdefault(name, 0)
    return f"ok {source} {target} {amount}"


def transfer(name, source, target, amount):
    known = storage.get(PREFIX + name)
    if known is not None:
        # It was asked for before, and whoever did so did not hear of it.
        decision = bytes(known).decode()
    else:
        decision = decide(source, target, int(amount))
        # When this has returned the transfer is on the disk. Meanwhile no other message is handled here.
        storage.set(PREFIX + name, decision.encode())
        apply(decision)
    return f"{name} ok" if decision.startswith("ok ") else f"{name} {decision}"


def balances():
    accounts = {name: has for name, has in sorted(State.accounts.items()) if name != "-"}
    lines = [f"{name} {has}" for name, has in accounts.items()]
    return "\n".join([*lines, f"total {sum(accounts.values())}"])


class ComponentLifecycle(exports.ComponentLifecycle):
    def initialize(self, config):
        for key in storage.list_keys(PREFIX):
            apply(bytes(storage.get(key)).decode())

    def handle_message(self, msg):
        words = bytes(msg.payload).decode().split()
        try:
            if words == ["balances"]:
                return balances().encode()
            if len(words) == 4 and words[3].lstrip("-").isdigit():
                return transfer(*words).encode()
        except Err as failure:
            raise runtime_error(str(failure.value)) from failure
        raise runtime_error(f"\"{' '.join(words)}\" is no transfer")

    def handle_callback(self, msg):
        pass

    def metadata(self):
        return ComponentMetadata("ledger", "1.0.0", "accounts that last", "", "", ["balances"], True)

    def health(self):
        return types.HealthStatus.HEALTHY

    def shutdown(self):
        pass
