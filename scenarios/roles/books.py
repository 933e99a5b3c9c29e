"""Books of account: bordereaux as a cedent, its reinsurer and a witness keep them, line by line (rows 13, 14).

No scenario writes a thousand lines down: amounts are drawn from the name of the book, between two bounds, alike for
everybody who was there. What one of them has otherwise stands in the step: ``off`` by how much, ``missing``.
"""

from __future__ import annotations

from collections.abc import Mapping

from node.contracts.bordereaux import Bordereau, Kind, line_path
from node.contracts.bordereaux.books import StateArgs
from node.contracts.bordereaux.breaks import CorrectArgs
from node.contracts.bordereaux.originals import WitnessArgs
from node.contracts.bordereaux.records import Stated
from node.privacy import Envelope, Value, commitment
from scenarios.language import units
from scenarios.roles import hospital, insurer, reinsurer
from scenarios.roles.desk import Act, Desk, Request

COLUMN = 64
"""How many values one sealed field holds."""

Figures = Mapping[str, int]
"""Reference -> amount in fen."""


@hospital.verb("witness-claims")
def witness_claims(desk: Desk, act: Act) -> Request:
    """Arguments: insurer, book, lines, between; off. The hospital commits to what it was paid."""
    cedent = act.text("insurer")
    lines = _stated(desk, cedent, "claims", _figures(desk, act))
    arguments = WitnessArgs(insurer=cedent, lines=lines)
    return Request(contract="bordereaux", action="witness", arguments=arguments, cosigners=(cedent,))


@insurer.verb("state-book")
def state_book(desk: Desk, act: Act) -> Request:
    """Arguments: bordereau, book, lines, between; off, missing, told.

    Amounts and salts go under seal to the reinsurer. ``told`` is by how much what it is told differs from what the
    chain is: a cedent that commits to one figure and tells another.
    """
    bordereau_id = desk.object(act, "bordereau")
    bordereau = desk.find(act, Bordereau, bordereau_id)
    told = _money_by_line(act, "told")
    figures = _figures(desk, act)
    lines = _stated(desk, act.who, bordereau.kind, figures)
    shown = {reference: fen + told.get(reference, 0) for reference, fen in figures.items()}
    envelope = _sealed(desk, act, bordereau, shown)
    arguments = StateArgs(bordereau=bordereau_id, lines=lines, figures=envelope)
    return Request(contract="bordereaux", action="state", arguments=arguments, envelope=envelope)


@reinsurer.verb("check-book")
def check_book(desk: Desk, act: Act) -> Request:
    """Arguments: bordereau, stated (the cedent's step). The reinsurer commits to the figures as it was told them."""
    bordereau_id, told = desk.object(act, "bordereau"), desk.object(act, "stated")
    kind = desk.find(act, Bordereau, bordereau_id).kind
    opened = {path: opening.value for path, opening in desk.opened(act, told).items()}
    rows = zip(*(_column(opened, name) for name in ("reference", "amount_fen", "salt")), strict=True)
    lines = tuple(
        Stated(reference=str(reference), digest=commitment(line_path(kind, str(reference)), fen, str(salt)))
        for reference, fen, salt in rows
    )
    return Request(contract="bordereaux", action="state", arguments=StateArgs(bordereau=bordereau_id, lines=lines))


@reinsurer.verb("state-book")
def state_own_book(desk: Desk, act: Act) -> Request:
    """Arguments: bordereau, book, lines, between; off, missing. The reinsurer's own book."""
    bordereau_id = desk.object(act, "bordereau")
    bordereau = desk.find(act, Bordereau, bordereau_id)
    lines = _stated(desk, bordereau.cedent, bordereau.kind, _figures(desk, act))
    return Request(contract="bordereaux", action="state", arguments=StateArgs(bordereau=bordereau_id, lines=lines))


def correct_line(desk: Desk, act: Act) -> Request:
    """Arguments: bordereau, line, book, between; gone. One's own figure becomes the true one, or is taken out."""
    bordereau_id = desk.object(act, "bordereau")
    bordereau = desk.find(act, Bordereau, bordereau_id)
    gone = act.flag("gone")
    line = _number(act, "line", act.text("line"))
    ((reference, fen),) = _drawn(desk, act, range(line, line + 1)).items()
    ((stated),) = _stated(desk, bordereau.cedent, bordereau.kind, {reference: fen})
    tells = act.who == bordereau.cedent and not gone
    envelope = _sealed(desk, act, bordereau, {reference: fen}) if tells else None
    digest = "" if gone else stated.digest
    arguments = CorrectArgs(bordereau=bordereau_id, reference=reference, digest=digest, figures=envelope)
    return Request(contract="bordereaux", action="correct", arguments=arguments, envelope=envelope)


insurer.verb("correct-line")(correct_line)
reinsurer.verb("correct-line")(correct_line)


def _sealed(desk: Desk, act: Act, bordereau: Bordereau, figures: Figures) -> Envelope:
    """References, amounts and salts for the bordereau's two sides, column by column."""
    sealed: dict[str, Value] = {"total_fen": sum(figures.values())}
    columns: dict[str, tuple[int | str, ...]] = {
        "reference": tuple(figures),
        "amount_fen": tuple(figures.values()),
        "salt": tuple(_salt(desk, act.who, bordereau.kind, reference) for reference in figures),
    }
    for name, column in columns.items():
        for place in range(0, len(column), COLUMN):
            sealed[f"{name}/{place // COLUMN:02}"] = column[place : place + COLUMN]
    return desk.seal(act, "treaty", sealed, (bordereau.cedent, bordereau.reinsurer))


def _figures(desk: Desk, act: Act) -> dict[str, int]:
    """The lines of a step with their amounts, ascending, with what this book has otherwise."""
    first, _, last = act.text("lines").partition("..")
    drawn = _drawn(desk, act, range(_number(act, "lines", first), _number(act, "lines", last) + 1))
    off, missing = _money_by_line(act, "off"), act.take("missing", ())
    left_out = {_reference(_number(act, "missing", str(line))) for line in missing}
    return {reference: fen + off.get(reference, 0) for reference, fen in drawn.items() if reference not in left_out}


def _drawn(desk: Desk, act: Act, lines: range) -> dict[str, int]:
    """Line by line what happened: an amount between two bounds, drawn by the book's name and the line's number."""
    book = act.text("book")
    between = act.take("between")
    try:
        low, high = (units.parse_money(str(bound)) for bound in between)
    except (units.UnitError, TypeError, ValueError):
        raise act.error("between", f"is two amounts, like `[10 CNY, 5_000 CNY]`, not {between!r}") from None
    if not 0 <= low <= high:
        raise act.error("between", "goes from the lower amount to the higher")
    draw = (int(desk.token("books", book, str(line))[:15], 16) for line in lines)
    return {_reference(line): low + drawn % (high - low + 1) for line, drawn in zip(lines, draw, strict=True)}


def _stated(desk: Desk, cedent: str, kind: Kind, figures: Figures) -> tuple[Stated, ...]:
    return tuple(
        Stated(
            reference=reference,
            digest=commitment(line_path(kind, reference), fen, _salt(desk, cedent, kind, reference)),
        )
        for reference, fen in figures.items()
    )


def _salt(desk: Desk, cedent: str, kind: Kind, reference: str) -> str:
    """The cedent's secret of one line, which it hands to whom it deals with on that line."""
    return desk.token(cedent, "lines", line_path(kind, reference))


def _column(opened: Mapping[str, Value], name: str) -> list[Value]:
    parts = (opened[path] for path in sorted(opened) if path.startswith(f"{name}/"))
    return [value for part in parts if isinstance(part, tuple) for value in part]


def _money_by_line(act: Act, key: str) -> dict[str, int]:
    given = act.take(key, {})
    try:
        return {_reference(_number(act, key, str(line))): units.parse_money(str(by)) for line, by in given.items()}
    except (units.UnitError, AttributeError) as error:
        raise act.error(key, f"is lines and amounts, like `{{17: 0.01 CNY}}`: {error}") from None


def _reference(line: int) -> str:
    return f"no-{line:04}"


def _number(act: Act, key: str, text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) <= 9_999:
        raise act.error(key, f"`{text}` is no number of a line, from 1 to 9999")
    return int(text)
