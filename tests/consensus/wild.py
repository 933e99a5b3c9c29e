"""Strategies for messages of any type, made from the type alone: well-formed, and otherwise anything.

:func:`wild` follows a type's annotations; :func:`mutated` takes a real message and puts something else in some place of
it, however deep. Bytes are drawn from hashes and signatures that occur in real runs, numbers from small ones and the
ends of their range, so that what is made comes close to what is believed.
"""

from __future__ import annotations

from enum import Enum

import msgspec
from hypothesis import strategies as st
from msgspec import inspect

NUMBERS = st.integers(0, 9) | st.integers(0, 9) | st.sampled_from([2**31, 2**62, 2**62 + 1, 2**63 - 2, 2**63 - 1])


def bytes_of(value):
    """Every string of bytes in a message."""
    if isinstance(value, bytes):
        yield value
    elif isinstance(value, tuple | list):
        for part in value:
            yield from bytes_of(part)
    elif isinstance(value, msgspec.Struct):
        for name in value.__struct_fields__:
            yield from bytes_of(getattr(value, name))


class Wild:
    """``pool`` holds bytes that are worth trying; ``skeleton`` a signature that is believed of a liar."""

    def __init__(self, pool, skeleton):
        self._pool = sorted(set(pool) | {bytes(32), bytes(64), b"", skeleton})
        self._skeleton = skeleton
        self._known = {}

    def wild(self, kind):
        """Any value of this type."""
        if kind not in self._known:
            self._known[kind] = self._made(inspect.type_info(kind))
        return self._known[kind]

    def _made(self, info):  # noqa: C901, PLR0911 - one kind of type after the other
        match info:
            case inspect.StructType():
                return self._struct(info)
            case inspect.IntType():
                return NUMBERS
            case inspect.BoolType():
                return st.booleans()
            case inspect.NoneType():
                return st.none()
            case inspect.StrType():
                return st.sampled_from(["", "explore", "other"])
            case inspect.BytesType():
                fitting = [one for one in self._pool if _fits(one, info)]
                often = [self._skeleton] * 3 if _fits(self._skeleton, info) else []
                return st.sampled_from([*fitting, *often * max(1, len(fitting) // 4)])
            case inspect.UnionType():
                return st.one_of([self._made(option) for option in info.types])
            case inspect.VarTupleType():
                return st.lists(self._made(info.item_type), max_size=4).map(tuple)
            case inspect.TupleType():
                return st.tuples(*[self._made(item) for item in info.item_types])
            case inspect.EnumType():
                return st.sampled_from(list(info.cls))
        raise TypeError(f"no way to make a {info}")

    def _struct(self, info):
        fields = {field.name: self._made(field.type) for field in info.fields}
        return st.builds(info.cls, **fields)

    @st.composite
    @staticmethod
    def _mutated(draw, self, value, info):
        match info:
            case inspect.UnionType():
                info = next((option for option in info.types if _is_of(value, option)), info)
        if isinstance(info, inspect.StructType) and draw(st.integers(0, 7)):
            field = draw(st.sampled_from(info.fields)) if info.fields else None
            if field is None:
                return value
            part = draw(Wild._mutated(self, getattr(value, field.name), field.type))
            return msgspec.structs.replace(value, **{field.name: part})
        if isinstance(info, inspect.VarTupleType) and value and draw(st.integers(0, 3)):
            place = draw(st.integers(0, len(value) - 1))
            kept = draw(st.sampled_from(["change", "drop", "double"]))
            if kept == "change":
                part = draw(Wild._mutated(self, value[place], info.item_type))
                return (*value[:place], part, *value[place + 1 :])
            return (
                value[:place] + value[place + (1 if kept == "drop" else 0) :]
                if kept == "drop"
                else (*value, value[place])
            )
        if isinstance(info, inspect.IntType) and draw(st.booleans()):
            return min(max(0, value + draw(st.sampled_from([-1, 1, 2]))), 2**63 - 1)
        return draw(self._made(info))

    def mutated(self, message):
        """``message`` with something else in one place."""
        return Wild._mutated(self, message, inspect.type_info(type(message)))


def _fits(value, info):
    return (info.min_length or 0) <= len(value) <= (info.max_length if info.max_length is not None else 2**31)


def _is_of(value, info):
    match info:
        case inspect.NoneType():
            return value is None
        case inspect.StructType():
            return type(value) is info.cls
        case inspect.EnumType():
            return isinstance(value, Enum)
    return value is not None
