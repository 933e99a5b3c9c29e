"""Registers bugs, plants them, and takes them out again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

import msgspec

from network.virtual.settings import Settings

Wrap = Callable[[Any], Any]
"""Makes the broken thing out of the real one."""


class Planter:
    """Replaces parts of the program, each named by ``"package.module:Class.method"``, and puts them back."""

    def __init__(self) -> None:
        self._undo: list[Callable[[], None]] = []

    def replace(self, target: str, wrap: Wrap) -> None:
        """Put ``wrap(real)`` in the place of what ``target`` names; LookupError where there is no such thing."""
        module, _, path = target.partition(":")
        owner: Any = import_module(module)
        *outer, name = path.split(".")
        try:
            for part in outer:
                owner = getattr(owner, part)
            real = vars(owner)[name]
        except (AttributeError, KeyError):
            raise LookupError(f"there is no {target} to break: the program has changed") from None
        inside = real.fget if isinstance(real, property) else real
        broken = wrap(inside)
        setattr(owner, name, property(broken) if isinstance(real, property) else broken)
        self._undo.append(lambda: setattr(owner, name, real))

    def replace_item(self, target: str, key: Any, wrap: Wrap) -> None:
        """The same for one entry of a dictionary."""
        module, _, name = target.partition(":")
        table = getattr(import_module(module), name)
        real = table[key]
        table[key] = wrap(real)
        self._undo.append(lambda: table.__setitem__(key, real))

    def undo(self) -> None:
        """Put everything back, the last first."""
        while self._undo:
            self._undo.pop()()


class Bug(msgspec.Struct, frozen=True, kw_only=True):
    """One bug. ``needs`` says what brings it out: "liars" (a Byzantine node), "replicas" (not in the cores alone).

    ``strategy`` is the one to search with where the mixed one, which has its share of each, takes long;
    ``lies`` are behaviours that every liar then has, besides those that are drawn; ``fixed`` are the protocol's own
    settings that it takes (:mod:`network.virtual.settings`), in place of drawn ones.
    """

    name: str
    protocol: str
    source: str
    summary: str
    plant: Callable[[Planter], None]
    needs: str = ""
    nodes: int | None = None
    strategy: str = "swarm"
    quick: bool = True
    lies: tuple[str, ...] = ()
    fixed: Settings = {}

    @property
    def lying(self) -> int | None:
        """How many liars its search draws: at least one where it needs any."""
        return 1 if self.needs == "liars" else 0


_bugs: dict[str, Bug] = {}


def bug(  # noqa: PLR0913 - keyword-only
    name: str,
    *,
    protocol: str,
    source: str,
    needs: str = "",
    nodes: int | None = None,
    strategy: str = "swarm",
    quick: bool = True,
    lies: tuple[str, ...] = (),
    fixed: Settings | None = None,
) -> Callable[[Callable[[Planter], None]], Callable[[Planter], None]]:
    """Register what the decorated function plants; its docstring is the summary.

    ``nodes`` fixes the size. ``quick``: a search of seconds finds it, so that every run of the tests asks for it.
    """

    def register(plant: Callable[[Planter], None]) -> Callable[[Planter], None]:
        if name in _bugs:
            raise ValueError(f"bug {name!r} is registered already")
        summary = " ".join((plant.__doc__ or "").split())
        _bugs[name] = Bug(
            name=name,
            protocol=protocol,
            source=source,
            summary=summary,
            plant=plant,
            needs=needs,
            nodes=nodes,
            strategy=strategy,
            quick=quick,
            lies=lies,
            fixed=fixed or {},
        )
        return plant

    return register


def bugs() -> dict[str, Bug]:
    """Every bug by name, in the order of registration."""
    from scenarios.adversary.bugs import (  # noqa: F401, PLC0415 - they register themselves
        pbft,
        pbft_order,
        pbft_proofs,
        pbft_views,
        raft,
        raft_members,
        raft_reads,
        raft_storage,
    )

    return _bugs


def bug_names(protocol: str | None = None) -> tuple[str, ...]:
    """The names of the bugs of ``protocol``, or of all."""
    return tuple(name for name, known in bugs().items() if protocol in (None, known.protocol))


@contextmanager
def planted(name: str | None) -> Iterator[None]:
    """Have the bug ``name`` in the program for a while (None: no bug); KeyError where there is none of that name."""
    if name is None:
        yield
        return
    known = bugs()
    if name not in known:
        raise KeyError(f"no bug {name!r}; there are: {', '.join(known)}")
    planter = Planter()
    try:
        known[name].plant(planter)
        yield
    finally:
        planter.undo()
