"""Writes ``docs/economics.md`` and its picture from the shipped scenario ``adoption``: run it by itself.

The scenario is run once, for what a transaction takes on disks; its terms are then varied without another run.
"""
# ruff: noqa: INP001, T201 - a script beside the pages, which prints

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import matplotlib as mpl

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
mpl.use("svg")

from matplotlib import pyplot as plt  # noqa: E402 - after the choice of what draws

from scenarios.dashboard import NoView  # noqa: E402
from scenarios.economics import Costed, Network, costed  # noqa: E402
from scenarios.language import load_scenario  # noqa: E402
from scenarios.language.models.economics import Economics  # noqa: E402
from scenarios.runner import run  # noqa: E402
from scenarios.shipped import find_scenario  # noqa: E402

PAGE = ROOT / "docs" / "economics.md"
PICTURE = ROOT / "docs" / "pictures" / "adoption.svg"

PAPER = (3_000, 6_000, 12_000)
ITEMS = (500_000, 1_000_000, 2_000_000)
CARRIED = ("by_traffic", "equally")
MILLION_YUAN = 100_000_000

HEAD = """# Does it pay to join?

<!-- Written by `python docs/economics_page.py` from the scenario `adoption`; do not edit. -->

Networks of a whole industry have failed on one question: what is it worth to whom, and when? An item saves paper only
where both of its sides have joined, so the first members pay for the last. A scenario's
[`economics`](reference/scenario.md#economics) says what a node, what is common, joining and an item cost, and a run
measures what a transaction takes on disks ({bytes:,} bytes here). Out come, as measures that expectations bound and
[sweeps](guide/9-sweep-and-compare.md) vary, and as tables of the report:

| measure | |
|-|-|
| `economics.covered_from` | the share of the market from which on members together save what it costs |
| `economics.worth_it_from` | from which on joining has paid for each of them, up to the whole market |
| `economics.critical_mass` | from which on everybody else joins of their own accord, one after the other |
| `economics.saving`, `.cost`, `.net` | a member's year when all have joined, one value a member |
| `economics.lost` | what another's leaving in mid-year costs each who stays |
| `economics.bytes` | what a transaction takes on one disk, measured |

All terms are assumptions, declared in [`adoption`](../scenarios/library/economics/adoption.yaml); the arithmetic is
exact (`scenarios/economics/adoption.py`), and done a second time by hand in its tests. What is saved besides paper
(fewer disputes, quicker payment) is left out, as is what it costs to run on paper and on the chain side by side.

Another market is another file, with any workload or story to measure bytes by:

```yaml
economics:
  sizes: [60, 20, 15, 5]      # weights in its traffic, in the order of joining
  items: 100_000              # a year, of the whole market
  paper: 50 CNY               # what an item costs each of its two sides on paper
  chain: 10 CNY               # what is left of that on the chain
  transactions: 4             # of an item on the chain
  node: 100_000 CNY           # a member's, a year
  platform: 1_000_000 CNY     # what is common, a year
  carried: by_traffic         # or: equally
  joining: 200_000 CNY        # once
  over: 4                     # years to write it off, and to keep ledgers
  storage: 20 CNY             # a gigabyte on one node, with copies
```

## A member's year by how many have joined

![Net of a member's year against members joined](pictures/adoption.svg)

Twenty organisations join, the largest first; common costs are carried by traffic. The band is from the member for whom
it is worth least to the one for whom it is worth most.
"""

LEAVING = """
## Somebody leaves

In mid-year the largest of all twenty becomes insolvent and leaves its part of the year's common costs unpaid: items
with it go back to paper, and the others carry its part, so what is carried adds up to the platform's cost as before.
What a full year is worth to the other {others} together, {before} million yuan, is {after} million in this one;
{losers} of them end it with a loss, and {without} would without that.

What it owes to the insured is another matter, and lies on the chain:
[`left_in_mid_year`](../scenarios/library/economics/left_in_mid_year.yaml) has policies and claims carried on by
another insurer (contract [`takeovers`](reference/contracts.md)), with what is left to cover them; a guarantee fund
bears what lacks.
"""


def main() -> None:
    """Run once, vary, write."""
    scenario = load_scenario(find_scenario("adoption"))
    chain = run(scenario, view=NoView(), mode="virtual", out=None).left.holdings[0].certified()
    measured, terms = costed(chain), scenario.economics
    assert measured is not None  # noqa: S101 - the scenario has both
    assert terms is not None  # noqa: S101
    draw(terms, measured)
    lines = [
        HEAD.format(bytes=round(measured.bytes_a_transaction)),
        "## Traffic and paper",
        "",
        *table(terms, measured),
    ]
    PAGE.write_text("\n".join(lines) + "\n" + leaving(terms, measured), encoding="utf-8")
    print(PAGE, PICTURE)


def draw(terms: Economics, measured: Costed) -> None:
    """The net of a year, mean, best and worst, for each cost of paper."""
    mpl.rcParams["svg.hashsalt"] = "adoption"
    figure, axes = plt.subplots(figsize=(8, 4.2))
    for paper in PAPER:
        network = Network(terms.model_copy(update={"paper": paper}), measured)
        counts = range(1, network.size + 1)
        nets: list[list[float]] = [
            [float(network.year(member, network.first(count)).net / MILLION_YUAN) for member in network.first(count)]
            for count in counts
        ]
        line = axes.plot(
            counts, [sum(found) / len(found) for found in nets], label=f"{paper // 100} yuan an item on paper"
        )
        low, high = [min(found) for found in nets], [max(found) for found in nets]
        axes.fill_between(counts, low, high, alpha=0.15, color=line[0].get_color())
    axes.axhline(0, color="black", linewidth=0.8)
    axes.set(xlabel="members joined, of 20", ylabel="net a member and year, million yuan", xlim=(1, 20), ylim=(-22, 30))
    axes.legend(frameon=False)
    figure.tight_layout()
    figure.savefig(PICTURE, metadata={"Date": None})


def table(terms: Economics, measured: Costed) -> list[str]:
    """The three shares for each combination."""
    lines = ["| common costs carried | items a year | paper | covered from | worth it from | critical mass |"]
    lines += ["|-|-:|-:|-:|-:|-:|"]
    for carried in CARRIED:
        for items in ITEMS:
            for paper in PAPER:
                varied: dict[str, Any] = {"carried": carried, "items": items, "paper": paper}
                network = Network(terms.model_copy(update=varied), measured)
                shares = (network.covered_from, network.worth_it_from, network.critical_mass)
                told = " | ".join("never" if count is None else f"{count * 100 // network.size} %" for count in shares)
                lines.append(f"| {carried.replace('_', ' ')} | {items:,} | {paper // 100} yuan | {told} |")
    lines += [
        "",
        "Carried equally, the smallest pay as much as the largest and save least: what is worth it to the others",
    ]
    lines += ["may not be to them, and they do not stay."]
    return lines


def leaving(terms: Economics, measured: Costed) -> str:
    """What the shipped scenario's leaver costs the others."""
    network = Network(terms, measured)
    assert terms.leaving is not None  # noqa: S101 - the scenario has one
    lost = network.without(terms.leaving.place - 1, terms.leaving.after, terms.leaving.unpaid)
    nets = {member: network.year(member, network.first(network.size)).net for member in lost}
    after = [nets[member] - lost[member] for member in lost]
    return LEAVING.format(
        others=len(nets),
        without=sum(net < 0 for net in nets.values()),
        before=f"{float(sum(nets.values()) / MILLION_YUAN):.1f}",
        after=f"{float(sum(after) / MILLION_YUAN):.1f}",
        losers=sum(net < 0 for net in after),
    )


if __name__ == "__main__":
    main()
