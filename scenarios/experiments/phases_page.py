"""PBFT's phases by theory and measured, as a table in a terminal and as a page."""

from __future__ import annotations

from collections.abc import Sequence

from consensus.vocabulary import MILLISECOND
from scenarios.experiments.phases import Phases, Row, messages_of


def table(rows: Sequence[Row]) -> str:
    """What a terminal shows."""
    heading = ("replicas", "decide", "reply", "messages a batch", "mean ms", "by theory", "published")
    lines = [_cells(heading)]
    for row in rows:
        counts = " + ".join(f"{count:,.0f}" for count in row.messages)
        times = (f"{ns / MILLISECOND:.1f}" for ns in (row.mean_ns, row.recomputed_ns, row.published_ns))
        lines.append(_cells((str(row.nodes), _delays(row.decided), _delays(row.replied), counts, *times)))
    return "\n".join(lines)


def _cells(cells: Sequence[str]) -> str:
    return " ".join(cell.rjust(width) for cell, width in zip(cells, (8, 7, 6, 24, 8, 10, 10), strict=True))


def page(experiment: Phases, rows: Sequence[Row], command: str) -> str:
    """The Markdown page that ``command`` writes."""
    lines = []
    for row in rows:
        counts = " + ".join(f"{count:,.0f}" for count in row.messages)
        right = "yes" if row.messages == messages_of(row.nodes) else "NO"
        off = 100 * (row.mean_ns - row.published_ns) / row.published_ns
        lines.append(
            f"| {row.nodes} | {_delays(row.decided)} | {_delays(row.replied)} | {counts} | {right} |"
            f" {row.mean_ns / MILLISECOND:.1f} | {row.recomputed_ns / MILLISECOND:.1f} |"
            f" {row.published_ns // MILLISECOND} | {off:+.2f} % |"
        )
    return _PAGE.format(
        command=command,
        rows="\n".join(lines),
        constant=experiment.constant // MILLISECOND,
        mean=(experiment.random.mean or 0) // MILLISECOND,
        sd=(experiment.random.sd or 0) // MILLISECOND,
    )


def _delays(waits: tuple[float, ...]) -> str:
    """``3 d``: all the same; otherwise the least and the most."""
    return " to ".join(f"{wait:g}" for wait in dict.fromkeys((waits[0], waits[-1]))) + " d"


_PAGE = """<!-- Written by `{command}`; do not edit. -->
# PBFT's normal case, by theory and measured

```sh
{command}
```

| replicas | decide | client knows | messages | as theory says | mean (ms) | recomputed (ms) | published (ms) | off |
|-:|-:|-:|-|-|-:|-:|-:|-:|
{rows}

- **d** is a constant delay of {constant} ms for every message. Replicas *decide* so long after the primary has the
  request; the *client knows*, by f + 1 equal replies, so long after it sent the request, one delay earlier.
- **Messages** of a batch are PRE-PREPARE, PREPARE and COMMIT as they arrived, checkpoints apart; theory says
  (n − 1) + (n − 1)² + n (n − 1).
- **Mean**: every message takes N({mean}, {sd}) ms; over all replicas and requests, from the proposal to the decision.
- **Recomputed**: a replica accepts when the PRE-PREPARE arrives, is prepared with the quorum's last PREPARE,
  and decides with the quorum's last COMMIT. So the times are order statistics of sums of delays, drawn afresh from
  that definition, without a core and without the virtual world (`three_phases` in `scenarios/experiments/phases.py`).

Replicas are the cores themselves under every oracle ([the file](../../scenarios/experiments/pbft_theory.yaml)).
"""
