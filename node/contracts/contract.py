"""How a contract is declared: its records, its events, its actions and who may call them, its settings.

```python
contract = Contract("greeting", records=(Greeting,))


@contract.action(roles=("insurer",))
def greet(ctx: Context, args: Greet) -> Plain:
    ctx.put(ctx.object_id, Greeting(text=args.text))
    return {"greeting": ctx.object_id}
```
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, get_type_hints

import msgspec

from node.contracts.context import Context, EventKind, Plain, Refusal
from node.contracts.endorsement import Endorsement
from node.contracts.fields import Arguments, Record, require_bounded, require_plain
from node.membership.roles import READ_ONLY_ROLES

Function = TypeVar("Function", bound=Callable[..., Plain])
SettingsT = TypeVar("SettingsT", bound=Arguments)

ANYONE = ("*",)
"""As ``roles`` of an action: open to every client, those of read-only roles included."""

_encode = msgspec.msgpack.Encoder().encode


class Action:
    """One thing a contract can be asked to do."""

    def __init__(
        self,
        name: str,
        function: Callable[[Context, Any], Plain],
        roles: frozenset[str] | None,
        endorse: Endorsement | None,
    ) -> None:
        hints = get_type_hints(function)
        kind = hints.get("args")
        if not (isinstance(kind, type) and issubclass(kind, Arguments)):
            raise TypeError(f"action {name}: its second parameter must be 'args', a subclass of Arguments")
        require_bounded(kind)
        if endorse is not None:
            endorse.require_fits(kind)
        self.name = name
        self.roles = roles
        self.endorse = endorse
        self.arguments = kind
        self._function = function
        self._decode = msgspec.msgpack.Decoder(kind).decode

    def is_open_to(self, role: str) -> bool:
        """May clients of that role call it?"""
        if self.roles is None:
            return role not in READ_ONLY_ROLES
        return role in self.roles or (bool(role) and ANYONE[0] in self.roles)

    def run(self, ctx: Context, raw: bytes) -> Plain:
        """Check who asks and what, then do it. Refusal says why not."""
        if not self.is_open_to(ctx.role):
            raise Refusal("role_not_allowed", f"{ctx.role or 'a stranger'} may not {self.name}")
        try:
            args = self._decode(raw)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise Refusal("arguments_invalid", str(error)[:200]) from None
        if _encode(args) != raw:
            raise Refusal("arguments_not_canonical", self.name)
        missing = self.endorse.missing(ctx, args) if self.endorse is not None else ""
        if missing:
            raise Refusal("signature_missing", missing)
        return self._function(ctx, args)


class Contract:
    """A named set of actions over its own record types.

    ``reads_chain``: its actions may ask for ``ctx.chain``, the block's height and the registry, so what they do depends
    on the block; its records belong to no business root.
    """

    def __init__(
        self,
        name: str,
        records: tuple[type[Record], ...] = (),
        events: tuple[EventKind, ...] = (),
        *,
        reads_chain: bool = False,
    ) -> None:
        for kind in records:
            require_plain(kind)
            if reads_chain and kind.business:
                raise TypeError(f"contract {name} reads the chain: {kind.__name__} cannot be of the business state")
        self.name = name
        self.reads_chain = reads_chain
        self.records = records
        self.events = {event.kind: event for event in events}
        self.actions: dict[str, Action] = {}
        self._configure: tuple[type[Arguments], Callable[[Context, Any], None]] | None = None

    def action(
        self, name: str = "", *, roles: tuple[str, ...] | None = None, endorse: Endorsement | None = None
    ) -> Callable[[Function], Function]:
        """Declare an action, named as the function (with dashes) unless ``name`` is given.

        ``roles``: who may call it, by the client's role; None lets every client but those of read-only roles.
        ``endorse``: who must have signed as well (:mod:`node.contracts.endorsement`); None asks for nobody else.
        """

        def declare(function: Function) -> Function:
            title = name or function.__name__.strip("_").replace("_", "-")
            if title in self.actions:
                raise ValueError(f"contract {self.name} has an action {title} already")
            allowed = None if roles is None else frozenset(roles)
            self.actions[title] = Action(title, function, allowed, endorse)
            return function

        return declare

    def settings(
        self, kind: type[SettingsT]
    ) -> Callable[[Callable[[Context, SettingsT], None]], Callable[[Context, SettingsT], None]]:
        """Declare the function that writes the genesis settings, of type ``kind``, into the first state."""

        def declare(function: Callable[[Context, SettingsT], None]) -> Callable[[Context, SettingsT], None]:
            self._configure = (kind, function)
            return function

        return declare

    @property
    def settings_type(self) -> type[Arguments] | None:
        """The type of its genesis settings; None where it takes none."""
        return None if self._configure is None else self._configure[0]

    def configure(self, ctx: Context, raw: bytes) -> None:
        """Apply genesis settings; ValueError where they do not decode or are not this contract's."""
        if self._configure is None:
            raise ValueError(f"contract {self.name} takes no settings")
        kind, function = self._configure
        try:
            settings = msgspec.msgpack.decode(raw, type=kind)
        except msgspec.DecodeError as error:
            raise ValueError(f"settings of {self.name}: {error}") from None
        function(ctx, settings)
