"""How soon a regulator finds a breach against what it has to hold for it: the sweep over its scope of view (row 21).

The scenario ``scope_of_view`` plants six breaches. For each scope, from none of the fifteen fields to all of them, and
each way of keeping what is reported, it is played and the regulator's desk looks through what it could open
(:mod:`scenarios.experiments.desk`). What it finds there it finds within the time to report; what it does not, the
inspection on site finds at the end of the year. The leakage meter counts the values that lie open, at the regulator's
node and at the others'.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import msgspec

from scenarios.dashboard import NoView
from scenarios.experiments.desk import BREACHES, RULES, Found, findings
from scenarios.language import load_scenario
from scenarios.results.leakage import BUS, Holding
from scenarios.runner import run
from scenarios.shipped import shipped

SCENARIO = "scope_of_view"
FIELDS: tuple[tuple[str, str], ...] = (
    *(("policy", name) for name in ("policyholder", "product", "benefits", "sum_insured_fen")),
    *(("policy", name) for name in ("premium_fen", "starts", "ends", "state")),
    *(("claim", name) for name in ("policyholder", "product", "benefit", "reported", "decided", "paid", "payout_fen")),
)
"""(kind of report, field): all that may be reported, in the order in which a scope is usually written down."""

MODES = ("encrypted", "collection", "plain")
INSPECTION_MS = 1_703_980_800_000
"""2023-12-31: when an inspection on site 现场检查 finds what no report has shown. An assumption."""

DAY_MS = 86_400_000
_NO_OTHERS = frozenset({"regulator", "reporters", BUS})


class Point(msgspec.Struct, frozen=True, kw_only=True):
    """One scope under one way of keeping.

    ``found`` of six breaches; ``mean_days_milli``: thousandths of days to detection, on average over all six. Then the
    values that lie open at the regulator's node, at others than it and whoever reported them, and on the bus.
    """

    order: str
    mode: str
    fields: int
    found: int
    mean_days_milli: int
    regulator: int
    others: int
    bus: int


def by_worth() -> tuple[tuple[str, str], ...]:
    """The fields in the order in which each step completes most rules for fewest fields; what no rule needs, last."""
    chosen: list[tuple[str, str]] = []
    left = dict(RULES)
    while left:
        name = min(left, key=lambda rule: (len(set(left[rule].fields) - set(chosen)), rule))
        chosen += [field for field in left.pop(name).fields if field not in chosen]
    return (*chosen, *(field for field in FIELDS if field not in chosen))


def sweep(
    orders: Mapping[str, Sequence[tuple[str, str]]], modes: Sequence[str], sizes: Sequence[int]
) -> Iterator[Point]:
    """One point for each, in that order; RuntimeError where a run does not pass."""
    for order, fields in orders.items():
        for mode in modes:
            for size in sizes:
                yield play(order, fields[:size], mode)


def play(order: str, scope: Sequence[tuple[str, str]], mode: str) -> Point:
    """Play the scenario with that scope, kept that way."""
    if not scope:
        return _point(order, mode, 0, (), {})
    scopes = {kind: [name for of, name in scope if of == kind] for kind in ("policy", "claim")}
    chosen = [f"world.regulator_scope.{kind}=[{', '.join(names)}]" for kind, names in scopes.items()]
    result = run(
        load_scenario(shipped()[SCENARIO], [*chosen, f"privacy={mode}"]), view=NoView(), out=None, mode="virtual"
    )
    if result.verdict != "pass":
        raise RuntimeError(f"{SCENARIO} with {len(scope)} fields, {mode}: {result.verdict}: {result.lines}")
    held = next(one for one in result.left.holdings if one.name == "regulator")
    leakage = result.finished.leakage
    counts = {"reporters": 0}
    for row in leakage.rows if leakage is not None else ():
        if row.data_class == "regulatory_report":
            counts["reporters"] += 1  # who reports a value holds it anyway
            for place, holding in row.cells.items():
                counts[place] = counts.get(place, 0) + (holding is Holding.PLAIN)
    return _point(order, mode, len(scope), findings(held), counts)


def _point(order: str, mode: str, fields: int, found: Sequence[Found], counts: Mapping[str, int]) -> Point:
    at = {one.rule: one.found_ms for one in found}
    delays = [at.get(rule, INSPECTION_MS) - since_ms for rule, since_ms in BREACHES.items()]
    return Point(
        order=order,
        mode=mode,
        fields=fields,
        found=len(at),
        mean_days_milli=sum(delays) * 1_000 // (DAY_MS * len(delays)),
        regulator=counts.get("regulator", 0),
        others=sum(count for place, count in counts.items() if place not in _NO_OTHERS) - counts.get("reporters", 0),
        bus=counts.get(BUS, 0),
    )


def draw(points: Sequence[Point], path: Path) -> None:
    """The figure: days to detection over values held by the regulator; and what others hold, by way of keeping."""
    import matplotlib as mpl  # noqa: PLC0415 - slow to import, and for this alone

    mpl.use("svg")
    mpl.rcParams["svg.hashsalt"] = SCENARIO
    from matplotlib import pyplot as plt  # noqa: PLC0415

    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4))
    for order, marker in (("as listed", "o"), ("by worth", "s")):
        mine = [point for point in points if point.order == order and point.mode == MODES[0]]
        left.step(
            [p.regulator for p in mine],
            [p.mean_days_milli / 1_000 for p in mine],
            where="post",
            marker=marker,
            label=order,
        )
    left.set(xlabel="values that the regulator holds in the clear", ylabel="days to detection, mean of six breaches")
    left.legend(title="fields enter the scope")
    for mode in MODES:
        mine = [point for point in points if point.order == "as listed" and point.mode == mode]
        right.plot([p.fields for p in mine], [p.others for p in mine], marker=".", label=mode)
    right.set(xlabel="fields in the scope", ylabel="values that other nodes hold in the clear")
    right.legend(title="kept")
    for axes in (left, right):
        axes.grid(alpha=0.3)
        axes.set_ylim(bottom=0)
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None})
    plt.close(figure)


def main() -> None:
    """Play everything and write ``docs/pictures/scope_of_view.svg`` and its numbers beside it."""
    sizes = range(len(FIELDS) + 1)
    listed = list(sweep({"as listed": FIELDS}, MODES, sizes))
    points = [*listed, *sweep({"by worth": by_worth()}, MODES[:1], sizes)]
    pictures = Path(__file__).parents[2] / "docs" / "pictures"
    draw(points, pictures / "scope_of_view.svg")
    encoded = msgspec.json.encode(points)
    pictures.joinpath("scope_of_view.json").write_bytes(msgspec.json.format(encoded, indent=1) + b"\n")
    for point in points:
        print(*msgspec.structs.astuple(point))  # noqa: T201 - a command's output


if __name__ == "__main__":
    main()
