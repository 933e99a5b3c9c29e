"""A space-time diagram 时空图: a lane for each node, time downwards, an arrow from when a message left to when it came.

Happenings stand evenly below one another, so that a busy millisecond can be read; the times beside them are to the
tenth of a millisecond.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

from markupsafe import Markup

from scenarios.results.exchanges import Exchange, Happening
from scenarios.results.report.markup import at, drawing, joined, line, path, plain, tag, text
from scenarios.results.report.words import count, moment, natural

_ROW, _LANE_MAX, _LANE_MIN, _LEFT, _TOP, _WIDTH = 22, 84, 70, 84, 40, 1030
_CHARACTER = 5.7
"""How wide a character of a label is, about."""


def title_of(exchange: Exchange, word: str) -> str:
    """What an exchange shows. ``word``: what the protocol calls a round."""
    first = exchange.happenings[0]
    if exchange.reason == "round":
        decided = next((h.detail for h in exchange.happenings if h.what == "decides"), "")
        return f"the first full round, {decided}" if decided else "the first full round"
    turn = next((h for h in exchange.happenings if h.what == "turns"), first)
    when = "after a fault" if exchange.after_fault else "before any fault"
    return f"a change of {word}, {when}, at {moment(turn.at_ns)}"


def lanes_of(exchange: Exchange) -> list[str]:
    """Who takes part: nodes by name, the clients last."""
    names = {name for h in exchange.happenings for name in (h.node, h.sender) if name is not None}
    return [*sorted(names - {"clients"}, key=natural), *(["clients"] if "clients" in names else [])]


def diagram(exchange: Exchange, label: str, number: int = 0) -> Markup:
    """The picture, as large as it is; ``number`` is its own on a page."""
    names = lanes_of(exchange)
    label_width = round(_CHARACTER * max(len(_short(happening)) for happening in exchange.happenings)) + 16
    wide = max(_LANE_MIN, min(_LANE_MAX, (_WIDTH - _LEFT - label_width) // len(names)))
    lanes = {name: _LEFT + wide * place + wide // 2 for place, name in enumerate(names)}
    shown = exchange.happenings
    times = [happening.at_ns for happening in shown]
    foot = _TOP + _ROW * len(shown)
    width = _LEFT + wide * len(lanes) + label_width
    parts = [_tips(number)]
    for name, x in lanes.items():
        parts += [
            text(
                x,
                18,
                name if len(name) <= wide // 6 else name[: wide // 6 - 1] + "…",
                text_anchor="middle",
                class_="name",
            ),
            line(x, _TOP - 12, x, foot, "lane"),
        ]
    right = _LEFT + wide * len(lanes) + 8
    for place, happening in enumerate(shown):
        y = _y(place)
        parts.append(_happening(happening, lanes, times, y, number))
        if not place or happening.at_ns != times[place - 1]:
            parts.append(text(8, y + 4, moment(happening.at_ns), class_="quiet"))
        parts.append(text(right, y + 4, _short(happening), class_="say " + _class(happening)))
    return drawing(width, foot + 8, parts, label=label, class_="spacetime")


def told(happening: Happening) -> str:
    """A happening in words."""
    detail = f" ({happening.detail})" if happening.detail else ""
    if happening.sender is None:
        return f"{happening.node} {happening.what}{detail}"
    verb = "never hears" if happening.lost else "hears"
    return f"{happening.node} {verb} {happening.what} of {happening.sender}{detail}"


def _short(happening: Happening) -> str:
    """A happening beside its arrow: the protocol's name stands above the page already."""
    detail = f" ({happening.detail})" if happening.detail else ""
    what = happening.what.rpartition(".")[2]
    if happening.sender is None:
        return f"{happening.node} {what}{detail}"
    way = "↛" if happening.lost else "→"
    return f"{happening.sender} {way} {happening.node}: {what}{detail}"


def left_out(exchange: Exchange) -> str:
    """What is not shown of it, or nothing."""
    return f"{count(exchange.left_out)} later happenings of this exchange found no room." if exchange.left_out else ""


def _happening(happening: Happening, lanes: dict[str, int], times: Sequence[int], y: float, number: int) -> Markup:
    x = lanes[happening.node]
    about = tag("title", f"{moment(happening.at_ns)}: {plain(told(happening))}")
    if happening.sender is None:
        return tag("g", about, tag("rect", x=x - 6, y=y - 6, width=12, height=12, rx=2, class_=_class(happening)))
    start, began = lanes[happening.sender], _when(happening, times, y)
    if happening.lost:
        stop = start + (x - start) * 0.8
        cross = ("M", at(stop - 4, y - 4), "l8,8", "M", at(stop - 4, y + 4), "l8,-8")
        return tag("g", about, line(start, began, stop, y, "way lost"), path(cross, "gone"))
    if start == x:
        return tag("g", about, tag("circle", cx=x, cy=y, r=4, class_="dot"))
    arrow = tag(
        "line", x1=start, y1=began, x2=x, y2=y, class_=f"way {_kind(happening.what)}", marker_end=f"url(#tip{number})"
    )
    return tag("g", about, arrow)


def _when(happening: Happening, times: Sequence[int], y: float) -> float:
    """How far down its message left; what left before the first happening comes in from above it."""
    if happening.sent_ns is None:
        return y - _ROW / 2
    if happening.sent_ns >= happening.at_ns:
        return y
    before = bisect_right(times, happening.sent_ns) - 1
    if before < 0:
        return _TOP - 8
    gap = times[before + 1] - times[before]
    return _y(before) + _ROW * ((happening.sent_ns - times[before]) / gap if gap else 0)


def _y(place: int) -> float:
    return _TOP + _ROW * place + _ROW / 2


def _class(happening: Happening) -> str:
    if happening.sender is not None:
        return "lostword" if happening.lost else "heard"
    return happening.what if happening.what in {"decides", "turns", "crashes", "starts"} else "turns"


def legend(exchange: Exchange, word: str) -> list[tuple[str, str]]:
    """What its colours mean: those alone that are in it."""
    meanings = {
        "ofround": "ordering",
        "ofchange": f"changing the {word}",
        "ofclients": "clients",
        "lost": "never arrived",
        "decides": "decides a block",
        "turns": "changes its duty",
        "crashes": "crashes",
        "starts": "starts again",
    }
    found = {_class(h) if h.sender is None else "lost" if h.lost else _kind(h.what) for h in exchange.happenings}
    return [(style, meaning) for style, meaning in meanings.items() if style in found]


def _kind(what: str) -> str:
    """Colours tell whose message it is: the clients', or the protocol's that choose a leader, or its others."""
    if what.startswith("client."):
        return "ofclients"
    return "ofchange" if any(word in what for word in ("vote", "view", "timeout")) else "ofround"


def _tips(number: int) -> Markup:
    tip = tag("path", d="M0,0 L9,4 L0,8 z", class_="tip")
    marker = tag(
        "marker", tip, id=f"tip{number}", viewBox="0 0 9 8", refX="10", refY="4", markerWidth="9", markerHeight="8",
        markerUnits="userSpaceOnUse", orient="auto",
    )  # fmt: skip
    return joined([tag("defs", marker)])
