"""What was measured, as a table in a terminal and as a page with its figure."""

from __future__ import annotations

from collections.abc import Sequence

from consensus.vocabulary import MICROSECOND, MILLISECOND
from scenarios.experiments.elections import Elections, Measured

QUANTITIES = ("least", "median", "mean", "worst")


def table(lines: Sequence[Measured]) -> str:
    """Ours, and in brackets what the paper printed or, after a tilde, what its curves show."""
    heading = f"{'timeouts ms':>12}" + "".join(f"{quantity + ' ms':>18}" for quantity in QUANTITIES)
    return "\n".join([heading, *(_row(line) for line in lines)])


def _row(line: Measured) -> str:
    cells = [f"{_ours(line, quantity):>9} {f'({theirs})' if (theirs := _theirs(line, quantity)) else '':<8}"
             for quantity in QUANTITIES]  # fmt: skip
    return f"{line.range.label:>12}{''.join(cells)}".rstrip()


def page(experiment: Elections, lines: Sequence[Measured], picture: str, command: str) -> str:
    """The Markdown page; ``picture`` is the name of the figure beside it, ``command`` what wrote both."""
    heading = ["timeouts (ms)", "trials", *(f"{quantity} (ms)" for quantity in QUANTITIES), "median, ours to theirs"]
    rows = [f"| {' | '.join(heading)} |"]
    rows.append("|-|-:|" + "-:|" * len(QUANTITIES) + "-:|")
    for line in lines:
        cells = [_both(line, quantity) for quantity in QUANTITIES]
        rows.append(f"| {line.range.label} | {len(line.downtimes_ns):,} | {' | '.join(cells)} | {_error(line)} |")
    return _TEXT.format(
        command=command,
        picture=picture,
        rows="\n".join(rows),
        link=f"{(experiment.link.value or 0) // MICROSECOND} µs",
        bound=f"{(experiment.disk.max or 0) / MILLISECOND:g} ms",
        broadcast=_broadcast_ns(experiment) / MILLISECOND,
    )


def _broadcast_ns(experiment: Elections) -> int:
    """The means of a candidate's write, of a round trip, and of the slowest of four voters' uniform writes."""
    bound = experiment.disk.max or 0
    return bound // 2 + 2 * (experiment.link.value or 0) + bound * 4 // 5


def _ours(line: Measured, quantity: str) -> str:
    ns: int = getattr(line, f"{quantity}_ns")
    return f"> {ns // MILLISECOND}" if ns == line.range.cap else f"{ns / MILLISECOND:.1f}"


def _theirs(line: Measured, quantity: str) -> str:
    printed, drawn = getattr(line.range.printed, quantity), getattr(line.range.drawn, quantity)
    if printed is not None:
        return f"{printed // MILLISECOND}"
    return "" if drawn is None else f"~{drawn // MILLISECOND}"


def _both(line: Measured, quantity: str) -> str:
    theirs = _theirs(line, quantity)
    return f"{_ours(line, quantity)} ({theirs})" if theirs else _ours(line, quantity)


def _error(line: Measured) -> str:
    theirs = line.range.printed.median or line.range.drawn.median
    return "" if theirs is None else f"{100 * (line.median_ns - theirs) / theirs:+.0f} %"


_TEXT = """<!-- Written by `{command}`; do not edit. -->
# Raft's figure 16, repeated

How long is a cluster of five servers without a leader after its leader crashed? Figure 16 of the Raft paper (Ongaro &
Ousterhout, USENIX ATC 2014) answers for several ranges of election timeouts. Here our Raft core answers, in virtual
time, with one model of link and disk for all of them:

```sh
{command}
```

![The trials that were over by a time, for every range]({picture})

{rows}

In brackets: what the paper's text says, or, after a tilde, what the figure's curves show (read off the drawing in the
source of Ongaro's dissertation, to about 1 ms). One line, 150-150, is given up after a while here, as nothing ends it
where all disks and links are drawn and all timeouts are the same; the paper says "consistently longer than 10 s".

## The setting

As in the paper: PreVote is off, the servers' logs differ in length, so that two of the four followers cannot win; the
last heartbeats go out together; the leader crashes at a random moment of the heartbeat interval that follows, half the
least timeout. The time ends when all others have heard the new leader, as the dissertation says (section 9.5).

The model is [one file](../../scenarios/experiments/raft_figure_16.yaml), where each value says where it comes from:

- **Link**: {link} each way, constant. From the dissertation's measurement on the same network (section 10.3).
- **Disk**: a sync takes anything from nothing to {bound}, uniformly. The bound is the one value that is fitted, and to
  one printed number only, the median at 150-155 ms (`python -m scenarios.experiments.fitting`). That the shape is
  uniform was chosen too, after other families had been tried and the curves seen: what the other lines show is
  prediction but for that choice.

## What does not agree

- The paper gives a broadcast of "roughly 15 ms". A candidate's write, the round trip and the slowest of four voters'
  writes take {broadcast:.1f} ms on average under this model. Slower disks would contradict the
  figure's own least times.
- A uniform distribution lets some writes take next to no time. So a line's shortest trials are up to some 10 ms shorter
  here, and at 150-151 ms, where only differences of that order end the splits, votes split less often than there.
- At 150-150 ms the paper's trials end in the course of minutes, as real timers drift apart; ours have nothing to drift.
"""
