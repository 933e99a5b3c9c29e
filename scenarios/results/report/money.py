"""Money between owners, from the postings of the business state; and its picture, a Sankey diagram 资金流向.

What moves is cash: within one posting, who had less afterwards paid those who had more. Opening balances, which move
nothing between owners, stay out. Organisations are the run's nodes; wallets are put together by what their names begin
with, as "patient" for patient-1, patient-2 ...
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import msgspec
from markupsafe import Markup

from scenarios.results.numbers import Int64
from scenarios.results.report.markup import at, box, drawing, path, plain, text
from scenarios.results.report.words import money

OWNERS_MAX = 14
"""Owners shown on a side; the rest are one."""
_NUMBERED = re.compile(r"^(.*?)-?\d+$")
_ROW, _GAP, _BAR = 240, 14, 12


_Lines = tuple[tuple[str, Int64], ...]


class Flow(msgspec.Struct, frozen=True):
    """``payer`` paid ``payee`` so much in so many postings."""

    payer: str
    payee: str
    fen: int
    postings: int


class Flows(msgspec.Struct, frozen=True):
    """The greatest first. ``wallets``: how many owners stand behind each name that is put together."""

    flows: tuple[Flow, ...]
    wallets: Mapping[str, int]


class _Side(msgspec.Struct):
    """What an owner of one posting has still to pay, or to be paid."""

    owner: str
    fen: int


def flows_of(entries: Iterable[tuple[str, str, Any]], organisations: Collection[str]) -> Flows:
    """From the entries of the business state. ValueError where a posting is none."""
    fen: Counter[tuple[str, str]] = Counter()
    postings: Counter[tuple[str, str]] = Counter()
    behind: dict[str, set[str]] = {}
    for namespace, key, record in entries:
        if namespace != "postings":
            continue
        for payer, payee, amount in _moves(key, record):
            pair = tuple(_group(owner, organisations, behind) for owner in (payer, payee))
            fen[pair[0], pair[1]] += amount
            postings[pair[0], pair[1]] += 1
    flows = [Flow(payer, payee, amount, postings[payer, payee]) for (payer, payee), amount in fen.items()]
    flows.sort(key=lambda flow: (-flow.fen, flow.payer, flow.payee))
    return Flows(_fewer(flows), {name: len(owners) for name, owners in sorted(behind.items())})


def _moves(key: str, record: Any) -> Iterable[tuple[str, str, int]]:
    """(payer, payee, fen). Where several pay several, they are matched in the posting's order."""
    try:
        lines = msgspec.convert(record["lines"], _Lines)
    except (TypeError, KeyError, msgspec.ValidationError):
        raise ValueError(f"the posting {key} has no lines") from None
    cash: Counter[str] = Counter()
    for account, amount in lines:
        owner, _, kind = account.rpartition("/")
        if kind == "cash":
            cash[owner] += amount
    paying = [_Side(owner, -amount) for owner, amount in cash.items() if amount < 0]
    paid = [_Side(owner, amount) for owner, amount in cash.items() if amount > 0]
    while paying and paid:
        moved = min(paying[0].fen, paid[0].fen)
        yield paying[0].owner, paid[0].owner, moved
        for side in (paying, paid):
            side[0].fen -= moved
            if not side[0].fen:
                side.pop(0)


def grouped(owner: str, organisations: Collection[str]) -> str:
    """The name under which ``owner`` is shown: an organisation's own, or that of the wallets whose names are alike."""
    numbered = None if owner in organisations else _NUMBERED.match(owner)
    return f"{numbered.group(1) or 'wallet'}s" if numbered else owner


def _group(owner: str, organisations: Collection[str], behind: dict[str, set[str]]) -> str:
    name = grouped(owner, organisations)
    if owner not in organisations:
        behind.setdefault(name, set()).add(owner)
    return name


def _fewer(flows: Sequence[Flow]) -> tuple[Flow, ...]:
    """At most :data:`OWNERS_MAX` owners and the others."""
    volume: Counter[str] = Counter()
    for flow in flows:
        volume[flow.payer] += flow.fen
        volume[flow.payee] += flow.fen
    if len(volume) <= OWNERS_MAX + 1:
        return tuple(flows)
    kept = dict(sorted(volume.items(), key=lambda item: (-item[1], item[0]))[:OWNERS_MAX])
    others = f"{len(volume) - OWNERS_MAX} others"
    sums: dict[tuple[str, str], list[int]] = {}
    for flow in flows:
        pair = (flow.payer if flow.payer in kept else others, flow.payee if flow.payee in kept else others)
        found = sums.setdefault(pair, [0, 0])
        found[0] += flow.fen
        found[1] += flow.postings
    merged = [Flow(payer, payee, fen, postings) for (payer, payee), (fen, postings) in sums.items()]
    return tuple(sorted(merged, key=lambda flow: (-flow.fen, flow.payer, flow.payee)))


def sankey(flows: Sequence[Flow], width: int) -> Markup:
    """Payers left, payees right; a ribbon is as wide as its money."""
    left, right = _sums(flows, "payer"), _sums(flows, "payee")
    height = _ROW + _GAP * (max(len(left), len(right)) - 1) + 30
    scale = _ROW / sum(left.values())
    side = min(210, width * 0.3)
    x0, x1 = side, width - side
    parts = [text(x0, 14, "pays", text_anchor="end", class_="quiet"), text(x1, 14, "is paid", class_="quiet")]
    starts, ends = _places(left, scale), _places(right, scale)
    order = {name: place for place, name in enumerate(left)}
    inner = {name: place for place, name in enumerate(right)}
    for flow in sorted(flows, key=lambda flow: (order[flow.payer], inner[flow.payee])):
        thick = flow.fen * scale
        y0, y1 = starts[flow.payer], ends[flow.payee]
        starts[flow.payer] += thick
        ends[flow.payee] += thick
        parts.append(_ribbon(flow, x0 + _BAR, x1 - _BAR, y0, y1, max(thick, 0.6), order[flow.payer] % 6))
    parts += _side(left, scale, x0, "end")
    parts += _side(right, scale, x1, "start")
    return drawing(width, height, parts, label="Money between owners, payers on the left")


def _sums(flows: Sequence[Flow], side: str) -> dict[str, int]:
    sums: Counter[str] = Counter()
    for flow in flows:
        sums[getattr(flow, side)] += flow.fen
    return dict(sorted(sums.items(), key=lambda item: (-item[1], item[0])))


def _places(sums: Mapping[str, int], scale: float) -> dict[str, float]:
    """Where each owner's bar begins."""
    places, y = {}, 24.0
    for name, fen in sums.items():
        places[name] = y
        y += fen * scale + _GAP
    return places


def _ribbon(flow: Flow, x0: float, x1: float, y0: float, y1: float, thick: float, colour: int) -> Markup:  # noqa: PLR0913, PLR0917 - two ends
    middle = (x0 + x1) / 2
    points = (
        "M", at(x0, y0), "C", at(middle, y0), at(middle, y1), at(x1, y1),
        "L", at(x1, y1 + thick), "C", at(middle, y1 + thick), at(middle, y0 + thick), at(x0, y0 + thick), "Z",
    )  # fmt: skip
    told = f"{plain(flow.payer)} → {plain(flow.payee)}: {money(flow.fen)} in {flow.postings:,} postings"
    return path(points, f"ribbon c{colour}", told)


def _side(sums: Mapping[str, int], scale: float, x: float, anchor: str) -> Iterable[Markup]:
    away = -8 if anchor == "end" else 8
    for name, y in _places(sums, scale).items():
        high = max(sums[name] * scale, 1)
        yield box(x if anchor == "end" else x - _BAR, y, _BAR, high, "owner", f"{plain(name)}: {money(sums[name])}")
        middle = y + high / 2
        yield text(x + away, middle + 4, _clipped(name), text_anchor=anchor)
        if high > 26:
            yield text(x + away, middle + 18, money(sums[name]), text_anchor=anchor, class_="quiet")


def _clipped(name: str, most: int = 18) -> str:
    return name if len(name) <= most else name[: most - 1] + "…"
