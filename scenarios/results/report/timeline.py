"""What happened over time, one picture under the other with one axis: throughput, faults, and where each node stood."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

import msgspec
from markupsafe import Markup

from scenarios.results.course import Fault, Standing
from scenarios.results.report.facts import Asked
from scenarios.results.report.markup import box, drawing, line, plain, text
from scenarios.results.report.words import axis_time, bin_ns, count, duration, moment, natural, ticks, time_ticks

BINS = 100
FAULTS_MAX = 24
"""Faults drawn; the table has more."""
NODES_MAX = 40
STRETCHES_MAX = 1500
"""Stretches drawn; where there are more, the shortest are passed over."""
_HIGH, _TOP, _FAULT, _NODE = 150, 12, 22, 20
_LEADS = frozenset({"leader", "primary"})
_TURNS = frozenset({"candidate", "pre-candidate", "changing"})


class Axis(msgspec.Struct, frozen=True):
    """Run time from left to right."""

    width: int
    left: int
    end_ns: int

    def x(self, at_ns: int) -> float:
        """Where a moment lies."""
        return self.left + (self.width - self.left - 12) * min(at_ns, self.end_ns) / max(1, self.end_ns)

    def ticks(self) -> list[int]:
        """Round moments."""
        return time_ticks(self.end_ns, max(3, (self.width - self.left) // 90))

    def grid(self, top: float, foot: float) -> Iterator[Markup]:
        """A line at each round moment."""
        for at_ns in self.ticks():
            yield line(self.x(at_ns), top, self.x(at_ns), foot, "grid")

    def labels(self, y: float) -> Iterator[Markup]:
        """The round moments themselves, and what they are."""
        for at_ns in self.ticks():
            anchor = "middle" if at_ns else "start"
            yield text(self.x(at_ns), y, axis_time(at_ns, self.end_ns), text_anchor=anchor, class_="quiet")


def axis(width: int, end_ns: int) -> Axis:
    """An axis that leaves room on its left for names."""
    return Axis(width, 128 if width > 500 else 84, max(1, end_ns))


class Throughput(msgspec.Struct, frozen=True):
    """Operations that were answered, in equal stretches of ``bin_ns``: (stretch, transactions, reads)."""

    bin_ns: int
    bins: tuple[tuple[int, int, int], ...]


def throughput_of(history: Sequence[Asked], end_ns: int) -> Throughput:
    """How much was answered when."""
    size = bin_ns(max(1, end_ns), BINS)
    writes: Counter[int] = Counter()
    reads: Counter[int] = Counter()
    for asked in history:
        if asked.return_ is not None:
            (reads if asked.op == "read" else writes)[asked.return_ // size] += 1
    return Throughput(size, tuple((place, writes[place], reads[place]) for place in sorted({*writes, *reads})))


def throughput(done: Throughput, end_ns: int, width: int) -> Markup:
    """Bars: transactions, with reads upon them."""
    across = axis(width, end_ns)
    per_second = 1e9 / done.bin_ns
    most = max((writes + reads for _, writes, reads in done.bins), default=0) * per_second
    foot = _TOP + _HIGH
    parts = [*across.grid(_TOP, foot)]
    for rate in ticks(most):
        y = foot - _HIGH * rate / (most or 1)
        parts += [
            line(across.left, y, width - 12, y, "grid"),
            text(across.left - 8, y + 4, f"{rate:g}/s", text_anchor="end"),
        ]
    for place, writes, reads in done.bins:
        x, wide = across.x(place * done.bin_ns), across.x((place + 1) * done.bin_ns) - across.x(place * done.bin_ns)
        y = float(foot)
        for number, kind, class_ in ((writes, "transactions", "c0"), (reads, "reads", "c1")):
            if number:
                high = _HIGH * number * per_second / most
                y -= high
                told = (
                    f"{duration(place * done.bin_ns)} to {duration((place + 1) * done.bin_ns)}: {count(number)} {kind}"
                )
                parts.append(box(x + 0.5, y, wide - 1, high, class_, told))
    parts += [line(across.left, foot, width - 12, foot, "axis"), *across.labels(foot + 18)]
    return drawing(width, foot + 26, parts, label="Operations answered per second of run time")


def faults(shown: Sequence[Fault], end_ns: int, width: int) -> Markup:
    """A bar for as long as each fault lasts; one that ends at once, or whose end is not known, begins with a mark."""
    across = axis(width, end_ns)
    drawn = shown[:FAULTS_MAX]
    foot = _TOP + _FAULT * len(drawn)
    parts = [*across.grid(_TOP, foot)]
    for row, fault in enumerate(drawn):
        y = _TOP + _FAULT * row
        x = across.x(fault.at_ns)
        if fault.until_ns is not None:
            parts.append(box(x, y + 3, across.x(fault.until_ns) - x, _FAULT - 6, "fault", _told(fault)))
        parts.append(box(x - 1.5, y + 1, 3, _FAULT - 2, "faultmark", _told(fault)))
        room = int((width - 12 - x - 8) / 6.6)
        words = plain(fault.line)
        fits = len(words) <= room
        if fits or x < width / 2:
            parts.append(text(x + 6, y + 15, words if fits else words[: max(1, room - 1)] + "…", class_="over"))
        else:
            room = int((x - 14) / 6.6)
            cut = words if len(words) <= room else words[: max(1, room - 1)] + "…"
            parts.append(text(x - 6, y + 15, cut, text_anchor="end", class_="over"))
    parts += [line(across.left, foot, width - 12, foot, "axis"), *across.labels(foot + 18)]
    return drawing(width, foot + 26, parts, label="Faults over run time")


def _told(fault: Fault) -> str:
    until = "" if fault.until_ns is None else f" to {moment(fault.until_ns)}"
    return f"{moment(fault.at_ns)}{until}: {fault.line}"


class Stretch(msgspec.Struct, frozen=True):
    """A node stood so from ``at_ns`` to ``until_ns``."""

    node: str
    at_ns: int
    until_ns: int
    condition: str
    duty: str
    round: int


def stretches(standings: Sequence[Standing], end_ns: int) -> dict[str, list[Stretch]]:
    """By node, in order of name; each stretch lasts until the next."""
    seen: dict[str, list[Standing]] = {}
    for standing in standings:
        seen.setdefault(standing.node, []).append(standing)
    return {
        node: [
            Stretch(node, one.at_ns, following, one.condition, one.duty, one.round)
            for one, following in zip(
                own, [*(later.at_ns for later in own[1:]), max(end_ns, own[-1].at_ns)], strict=True
            )
        ]
        for node, own in sorted(seen.items(), key=lambda item: natural(item[0]))
    }


def shortest_drawn(by_node: dict[str, list[Stretch]]) -> int:
    """How long a stretch must last to be drawn, so that at most :data:`STRETCHES_MAX` are."""
    lasting = sorted((one.until_ns - one.at_ns for own in by_node.values() for one in own), reverse=True)
    return lasting[STRETCHES_MAX] + 1 if len(lasting) > STRETCHES_MAX else 0


def rounds(by_node: dict[str, list[Stretch]], end_ns: int, width: int, word: str) -> Markup:
    """A row a node: its duty, its condition, and the number of its round (``word``: "term", "view")."""
    across = axis(width, end_ns)
    shown = list(by_node.items())[:NODES_MAX]
    least_ns = shortest_drawn(by_node)
    foot = _TOP + _NODE * len(shown)
    parts: list[Markup] = []
    for row, (node, own) in enumerate(shown):
        y = _TOP + _NODE * row
        parts.append(text(across.left - 8, y + 14, _short(node, across.left), text_anchor="end"))
        for place, one in enumerate(own):
            if one.until_ns - one.at_ns < least_ns:
                continue
            x, wide = across.x(one.at_ns), across.x(one.until_ns) - across.x(one.at_ns)
            told = f"{node}, from {moment(one.at_ns)}: {one.condition}, {one.duty or 'no duty'}, {word} {one.round}"
            parts.append(box(x, y + 2, wide, _NODE - 4, f"stand {_class(one)}", told))
            new = not place or own[place - 1].round != one.round or own[place - 1].duty != one.duty
            if wide > 9 * len(str(one.round)) + 4 and new and one.condition != "down":
                parts.append(text(x + 4, y + 14, one.round, class_=f"round {_class(one)}"))
    parts += [line(across.left, foot, width - 12, foot, "axis"), *across.labels(foot + 18)]
    return drawing(width, foot + 26, parts, label=f"Where each node stood over run time, and its {word}")


def _class(stretch: Stretch) -> str:
    if stretch.condition in {"down", "starting"}:
        return "down"
    if stretch.condition != "up":
        return "troubled"
    return "leads" if stretch.duty in _LEADS else "turning" if stretch.duty in _TURNS else "follows"


def _short(name: str, left: int) -> str:
    most = (left - 10) // 7
    return name if len(name) <= most else name[: most - 1] + "…"
