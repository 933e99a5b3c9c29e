"""Copying and naming the state of a core, whatever it is made of.

A core is a graph of plain Python objects. :func:`clone` copies it so that the copy can be stepped without the original
noticing; :func:`digest` names it, so that two cores that hold the same values are recognised as one state. Neither
knows any protocol: what a core is given tomorrow is copied and counted without a word here.

What counts as equal: equal values in the same places, and the same mutable object where the same one is shared. The
order in which a dictionary was filled does not count (``ordered=True`` makes it count): a vote's place in its tally is
not state. That no core's behaviour depends on it is an assumption, which a test checks by searching both ways.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterator
from copy import copy as shallow
from enum import Enum
from hashlib import blake2b
from itertools import chain
from types import BuiltinFunctionType, FunctionType, MethodType
from typing import Any, NamedTuple

import msgspec

_VALUES = (type(None), bool, int, float, str, bytes, Enum, range)
_CODE = (type, FunctionType, BuiltinFunctionType)
_REMEMBERED_MAX = 200_000
_FROZEN: dict[int, Any] = {}
"""Structs known to hold nothing that can change, by identity; held, so that their identities stay theirs."""
_NAMES: dict[int, tuple[Any, str]] = {}
"""The names of such structs, likewise."""


def clone(root: Any) -> Any:
    """A copy of ``root`` and of everything mutable that it reaches; what cannot change is shared.

    TypeError for what is neither: a generator, an open file.
    """
    return _Cloner().copy(root)


def digest(*roots: Any, ordered: bool = False) -> bytes:
    """16 bytes that are equal iff the roots are (see the module's text)."""
    return blake2b(_Namer(ordered=ordered).name(roots).encode(), digest_size=16).digest()


class _Kind(Enum):
    """What is done with objects of a type."""

    VALUE = 1
    CODE = 2
    TUPLE = 3
    FROZENSET = 4
    DICT = 5
    SEQUENCE = 6
    SET = 7
    METHOD = 8
    FROZEN_STRUCT = 9
    STRUCT = 10
    OBJECT = 11


_KINDS: tuple[tuple[Any, _Kind], ...] = (
    (_VALUES, _Kind.VALUE),
    (_CODE, _Kind.CODE),
    (tuple, _Kind.TUPLE),
    (frozenset, _Kind.FROZENSET),
    ((dict, defaultdict), _Kind.DICT),
    ((list, deque), _Kind.SEQUENCE),
    (set, _Kind.SET),
    (MethodType, _Kind.METHOD),
)


_KIND_OF: dict[type, _Kind] = {}
_SHAPE_OF: dict[type, _Shape] = {}


class _Shape(NamedTuple):
    """Where an object of a type keeps its attributes."""

    has_dict: bool
    slots: tuple[str, ...]


def _kind(of: type) -> _Kind:
    known = _KIND_OF.get(of)
    if known is None:
        known = _KIND_OF[of] = _found_kind(of)
    return known


def _found_kind(of: type) -> _Kind:
    for bases, kind in _KINDS:
        if issubclass(of, bases):
            return kind
    if issubclass(of, msgspec.Struct):
        return _Kind.FROZEN_STRUCT if of.__struct_config__.frozen else _Kind.STRUCT
    if any(_shape(of)):
        return _Kind.OBJECT
    raise TypeError(f"a core's state holds a {of.__qualname__}, which cannot be copied")


def _shape(of: type) -> _Shape:
    known = _SHAPE_OF.get(of)
    if known is None:
        names = chain.from_iterable(getattr(kind, "__slots__", ()) for kind in of.__mro__)
        slots = tuple(name for name in names if name not in ("__dict__", "__weakref__"))
        known = _SHAPE_OF[of] = _Shape(any("__dict__" in vars(kind) for kind in of.__mro__), slots)
    return known


def _is_frozen(thing: Any) -> bool:
    """Can neither this nor anything in it change?"""
    kind = _kind(type(thing))
    if kind in (_Kind.VALUE, _Kind.CODE):
        return True
    if kind in (_Kind.TUPLE, _Kind.FROZENSET):
        return all(map(_is_frozen, thing))
    return kind is _Kind.FROZEN_STRUCT and _is_frozen_struct(thing)


def _is_frozen_struct(thing: Any) -> bool:
    if id(thing) in _FROZEN:
        return True
    frozen = all(_is_frozen(getattr(thing, name)) for name in thing.__struct_fields__)
    if frozen:
        if len(_FROZEN) >= _REMEMBERED_MAX:
            _FROZEN.clear()
        _FROZEN[id(thing)] = thing
    return frozen


def _fields(thing: Any) -> Iterator[tuple[str, Any]]:
    """The attributes of an object, wherever they are kept: in ``__dict__``, slots or a struct."""
    if isinstance(thing, msgspec.Struct):
        for name in thing.__struct_fields__:
            yield name, getattr(thing, name)
        return
    shape = _shape(type(thing))
    if shape.has_dict:
        yield from vars(thing).items()
    for name in shape.slots:
        if hasattr(thing, name):
            yield name, getattr(thing, name)


class _Cloner:
    """One copying; remembers what is copied already, so that sharing stays sharing."""

    def __init__(self) -> None:
        self._copies: dict[int, Any] = {}

    def copy(self, thing: Any) -> Any:  # noqa: PLR0911 - one kind after the other
        kind = _KIND_OF.get(type(thing)) or _kind(type(thing))
        if kind is _Kind.VALUE or kind is _Kind.CODE:
            return thing
        known = self._copies.get(id(thing))
        if known is not None:
            return known
        if kind is _Kind.OBJECT or kind is _Kind.STRUCT:
            return self._object(thing)
        if kind is _Kind.FROZEN_STRUCT:
            return thing if _is_frozen_struct(thing) else self._object(thing)
        if kind is _Kind.TUPLE:
            parts = [self.copy(part) for part in thing]
            if all(new is old for new, old in zip(parts, thing, strict=True)):
                return thing
            return thing._make(parts) if hasattr(thing, "_make") else tuple(parts)
        if kind is _Kind.FROZENSET:
            return thing
        if kind is _Kind.METHOD:
            return MethodType(thing.__func__, self.copy(thing.__self__))
        return self._container(thing, kind)

    def _container(self, thing: Any, kind: _Kind) -> Any:
        new = thing.copy()  # of the same type, limit and default
        self._copies[id(thing)] = new
        if kind is _Kind.DICT:
            for key, value in thing.items():
                copied = self.copy(value)
                if copied is not value:
                    new[key] = copied
        elif kind is _Kind.SEQUENCE:
            for place, value in enumerate(thing):
                copied = self.copy(value)
                if copied is not value:
                    new[place] = copied
        return new

    def _object(self, thing: Any) -> Any:
        if isinstance(thing, msgspec.Struct):
            new = self._copies[id(thing)] = shallow(thing)
            for name in thing.__struct_fields__:
                msgspec.structs.force_setattr(new, name, self.copy(getattr(thing, name)))
            return new
        new = self._copies[id(thing)] = object.__new__(type(thing))
        copy, shape = self.copy, _shape(type(thing))
        if shape.has_dict:
            vars(new).update([(name, copy(value)) for name, value in vars(thing).items()])
        for name in shape.slots:
            if hasattr(thing, name):
                object.__setattr__(new, name, copy(getattr(thing, name)))
        return new


class _Namer:
    """One naming: text that says the type and value of everything, mutable things numbered as they are met."""

    def __init__(self, *, ordered: bool) -> None:
        self._ordered = ordered
        self._met: dict[int, int] = {}

    def name(self, thing: Any) -> str:  # noqa: PLR0911 - one kind after the other
        of = type(thing)
        kind = _KIND_OF.get(of) or _kind(of)
        if kind is _Kind.VALUE:
            return f"{of.__name__} {thing!r};"
        if kind is _Kind.FROZEN_STRUCT and _is_frozen_struct(thing):
            return self._frozen_struct(thing)
        if kind is _Kind.TUPLE:  # is its value, so it has no number
            return f"tuple({''.join([self.name(part) for part in thing])})"
        if kind is _Kind.CODE:
            return f"code {thing.__module__}.{thing.__qualname__};"
        if kind is _Kind.METHOD:
            return f"method {thing.__name__} of {self.name(thing.__self__)}"
        if kind is _Kind.FROZENSET:
            return f"set({''.join(sorted(map(self.name, thing)))})"
        number = self._met.get(id(thing))
        if number is not None:
            return f"again {number};"
        self._met[id(thing)] = len(self._met)
        return f"{of.__qualname__}({self._content(thing, kind)})"

    def _content(self, thing: Any, kind: _Kind) -> str:
        name = self.name
        if kind is _Kind.SEQUENCE:
            return "".join([name(part) for part in thing])
        if kind is _Kind.SET:
            return "".join(sorted(map(name, thing)))
        if kind is _Kind.DICT and self._ordered:
            return "".join([name(key) + name(value) for key, value in thing.items()])
        if kind is _Kind.DICT:
            by_name = sorted([(name(key), key) for key in thing], key=_first)
            return "".join([key_name + name(thing[key]) for key_name, key in by_name])
        return "".join([f"{field}={name(value)}" for field, value in _fields(thing)])

    def _frozen_struct(self, thing: Any) -> str:
        known = _NAMES.get(id(thing))
        if known is None:
            if len(_NAMES) >= _REMEMBERED_MAX:
                _NAMES.clear()
            content = f"{type(thing).__qualname__}({self._content(thing, _Kind.FROZEN_STRUCT)})"
            known = _NAMES[id(thing)] = (thing, blake2b(content.encode(), digest_size=16).hexdigest())
        return known[1]


def _first(pair: tuple[str, Any]) -> str:
    return pair[0]
