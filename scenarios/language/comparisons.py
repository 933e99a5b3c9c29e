"""Comparisons of measures: ``claims.paid / claims.approved == 100%``.

A grammar of its own, read by hand, in which nothing can be called::

    comparison = sum ("==" | "!=" | "<=" | ">=" | "<" | ">") sum
    sum        = product (("+" | "-") product)*
    product    = atom (("*" | "/") atom)*
    atom       = quantity | name | "(" sum ")"

A quantity carries its unit as everywhere (``2s``, ``10/s``, ``95%``, ``100 CNY``, ``3``), a name is a measure's
(``commit_latency.p99``, ``claims.paid``) or an account's (``accounts.reinsurer.cash``). All is exact: fractions of
integers, with the powers of time and money that they carry. Who adds seconds to yuan is told so.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from fractions import Fraction
from typing import NamedTuple

from scenarios.language.quantities import Quantity, parse_quantity
from scenarios.language.units import UnitError

TEXT_MAX = 300
DEPTH_MAX = 16
PER_SECOND = 10**15
"""What a rate's quantity counts events in, in ns."""


class Dimension(NamedTuple):
    """Powers of time (in ns) and of money (in fen)."""

    time: int = 0
    money: int = 0

    def __str__(self) -> str:
        known = {(0, 0): "a number", (1, 0): "a duration", (-1, 0): "a rate", (0, 1): "money"}
        return known.get((self.time, self.money), "neither a number, a duration, a rate nor money")


class Value(NamedTuple):
    """A number and what it is a number of."""

    number: Fraction
    dimension: Dimension = Dimension()


class Constant(NamedTuple):
    """A quantity, as written."""

    value: Value


class Name(NamedTuple):
    """A measure or an account."""

    name: str


class Operation(NamedTuple):
    """One of + - * / on two expressions."""

    sign: str
    left: Expression
    right: Expression


Expression = Constant | Name | Operation


class Comparison(NamedTuple):
    """Two expressions and how they must compare."""

    sign: str
    left: Expression
    right: Expression

    @property
    def names(self) -> tuple[str, ...]:
        """Every name, each once, in the order in which they stand."""
        return tuple(dict.fromkeys((*_names(self.left), *_names(self.right))))


class ComparisonError(ValueError):
    """The text is no comparison; the message says what would be."""


class UnmeasuredError(Exception):
    """An expression has no value in this run; the message says why."""


Lookup = Callable[[str], Value]
"""The value of a name; raises UnmeasuredError where there is none."""

_COMPARE: dict[str, Callable[[Fraction, Fraction], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<=": operator.le,
    ">=": operator.ge,
    "<": operator.lt,
    ">": operator.gt,
}

_TOKEN = re.compile(
    r"\s*(?:(?P<compare>==|!=|<=|>=|<|>)"
    r"|(?P<quantity>\d[\d_]*(?:\.\d+)?(?:/[a-zµ]+|[ ]?(?:%|‰|[A-Za-zµ元]+))?)"
    r"|(?P<name>[a-z][a-z0-9_-]*(?:\.[a-z0-9_-]+)+)"
    r"|(?P<sign>[-+*/()])"
    r"|(?P<word>[a-z][a-z0-9_-]*)"
    r"|(?P<other>\S))"
)


def parse_comparison(text: str) -> Comparison:
    """The comparison in ``text``; ComparisonError where it is none, or compares what is not of one kind."""
    if len(text) > TEXT_MAX:
        raise ComparisonError(f"an expectation has at most {TEXT_MAX} characters")
    return _Parser(text).comparison()


def evaluate(expression: Expression, lookup: Lookup) -> Value:
    """The value of ``expression``. UnmeasuredError where a name has none, or nothing is divided by."""
    match expression:
        case Constant(value):
            return value
        case Name(name):
            return lookup(name)
        case Operation(sign, left, right):
            return _combined(sign, evaluate(left, lookup), evaluate(right, lookup))


def holds(comparison: Comparison, left: Value, right: Value) -> bool:
    """Whether two values compare as they must; UnmeasuredError where they are not of one kind."""
    if left.dimension != right.dimension:
        raise UnmeasuredError(f"{left.dimension} is compared with {right.dimension}")
    return _COMPARE[comparison.sign](left.number, right.number)


def dimension_of_name(name: str) -> Dimension | None:
    """What the name is a measure of, as far as the name says."""
    head, _, last = name.rpartition(".")
    if name.startswith("accounts."):
        return Dimension(money=1)
    if last == "rate":
        return Dimension(time=-1)
    if last in {"mean", "p5", "p50", "p90", "p95", "p99", "max"}:
        return Dimension(time=1) if head.endswith("latency") else None
    return Dimension()


def value_of(quantity: Quantity) -> Value:
    """A quantity as a value: a share is the fraction that it means."""
    match quantity.kind:
        case "duration":
            return Value(Fraction(quantity.value), Dimension(time=1))
        case "rate":
            return Value(Fraction(quantity.value, PER_SECOND), Dimension(time=-1))
        case "share":
            return Value(Fraction(quantity.value, 1_000_000))
        case "money":
            return Value(Fraction(quantity.value), Dimension(money=1))
        case "count":
            return Value(Fraction(quantity.value))


def _combined(sign: str, left: Value, right: Value) -> Value:
    a, b = left.dimension, right.dimension
    if sign == "*":
        return Value(left.number * right.number, Dimension(a.time + b.time, a.money + b.money))
    if sign == "/":
        if not right.number:
            raise UnmeasuredError("it divides by nothing")
        return Value(left.number / right.number, Dimension(a.time - b.time, a.money - b.money))
    if a != b:
        raise UnmeasuredError(f"{a} and {b} cannot be added")
    return Value(left.number + right.number if sign == "+" else left.number - right.number, a)


def _names(expression: Expression) -> tuple[str, ...]:
    match expression:
        case Name(name):
            return (name,)
        case Operation(_, left, right):
            return (*_names(left), *_names(right))
        case _:
            return ()


class _Parser:
    """Reads the tokens from left to right; every rule of the grammar is a method."""

    def __init__(self, text: str) -> None:
        self._tokens = [(str(found.lastgroup), found.group().strip()) for found in _TOKEN.finditer(text)]
        self._at = 0
        self._depth = 0

    def comparison(self) -> Comparison:
        left = self._sum()
        kind, sign = self._next()
        if kind != "compare":
            found = f"`{sign}`" if sign else "nothing"
            raise ComparisonError(f"one of {' '.join(_COMPARE)} must follow, not {found}")
        right = self._sum()
        if self._peek()[0]:
            raise ComparisonError(f"`{self._peek()[1]}` comes after the end of the comparison")
        a, b = _dimension(left), _dimension(right)
        if a is not None and b is not None and a != b:
            raise ComparisonError(f"{a} is compared with {b}")
        return Comparison(sign, left, right)

    def _sum(self) -> Expression:
        self._depth += 1
        if self._depth > DEPTH_MAX:
            raise ComparisonError(f"more than {DEPTH_MAX} brackets within each other")
        found = self._product()
        while self._peek() in {("sign", "+"), ("sign", "-")}:
            found = Operation(self._next()[1], found, self._product())
        self._depth -= 1
        return found

    def _product(self) -> Expression:
        found = self._atom()
        while self._peek() in {("sign", "*"), ("sign", "/")}:
            found = Operation(self._next()[1], found, self._atom())
        return found

    def _atom(self) -> Expression:
        kind, text = self._next()
        if kind == "quantity":
            try:
                return Constant(value_of(parse_quantity(text)))
            except UnitError as error:
                raise ComparisonError(str(error)) from None
        if kind == "name":
            return Name(text)
        if text == "(":
            found = self._sum()
            if self._next()[1] != ")":
                raise ComparisonError("a bracket is never closed")
            return found
        if kind == "word":
            raise ComparisonError(f"`{text}` is no measure by itself; say what of it, like `claims.paid`")
        found_text = f"`{text}`" if text else "its end"
        raise ComparisonError(
            f"a measure like `claims.paid` or a quantity like `95%` must stand where {found_text} does"
        )

    def _peek(self) -> tuple[str, str]:
        return self._tokens[self._at] if self._at < len(self._tokens) else ("", "")

    def _next(self) -> tuple[str, str]:
        token = self._peek()
        self._at += 1
        return token


def _dimension(expression: Expression) -> Dimension | None:
    """What ``expression`` is of, as far as that can be told before a run; ComparisonError where it makes no sense."""
    match expression:
        case Constant(value):
            return value.dimension
        case Name(name):
            return dimension_of_name(name)
        case Operation(sign, left, right):
            a, b = _dimension(left), _dimension(right)
            if a is None or b is None:
                return None
            if sign in {"+", "-"} and a != b:
                raise ComparisonError(f"{a} and {b} cannot be added")
            if sign == "/" and right == Constant(Value(Fraction(0), b)):
                raise ComparisonError("it divides by nothing")
            return _combined(sign, Value(Fraction(1), a), Value(Fraction(1), b)).dimension
