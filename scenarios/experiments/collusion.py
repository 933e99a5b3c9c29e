"""The experiment on colluding nodes: for each network, the first number of them that makes one height two blocks.

Each number from none on is played (:mod:`scenarios.adversary.collusion`): safe ones beside the first unsafe one, what
arithmetic says of it, and whom the certificates of both blocks convict.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from pydantic import Field, ValidationError

from consensus.protocols import protocol as registered
from scenarios.adversary.collusion import Outcome, collude, first_unsafe, usurp
from scenarios.language.models.base import Part
from scenarios.language.problems import ScenarioInvalid
from scenarios.language.reading import read_file
from scenarios.language.verdicts import problems_of


class Networks(Part):
    """Networks of one protocol."""

    protocol: Literal["pbft", "raft", "solo"]
    """Which."""
    nodes: Annotated[tuple[Annotated[int, Field(ge=3, le=31)], ...], Field(min_length=1)]
    """Their sizes."""


class Collusion(Part):
    """The experiment."""

    kind: Literal["collusion"]
    """Which experiment this is."""
    seed: int
    """What every draw derives from."""
    networks: Annotated[tuple[Networks, ...], Field(min_length=1)]
    """What is played."""


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One network: ``safe`` numbers of colluders, tried and harmless, and the first that was not.

    ``by`` is how they went about it: "both" (voting for two blocks) or "word" (a leader's word, without votes).
    """

    protocol: str
    nodes: int
    quorum: int
    by: Literal["both", "word"]
    safe: tuple[int, ...]
    first: int
    arithmetic: int
    forked: int
    convicted: tuple[int, ...]


def load_collusion(path: Path) -> Collusion:
    """The experiment at ``path``; ScenarioInvalid names every problem in it."""
    document = read_file(path)
    try:
        return Collusion.model_validate(document.root)
    except ValidationError as error:
        raise ScenarioInvalid(problems_of(error, document, [])) from None


def measure(experiment: Collusion) -> list[Row]:
    """Every network of it, played until a height falls apart."""
    rows = []
    for networks in experiment.networks:
        for nodes in networks.nodes:
            rows.append(_searched(networks.protocol, nodes, experiment.seed))
            if networks.protocol == "raft":
                told = usurp(nodes, seed=experiment.seed)
                rows.append(_row(told, "word", safe=(0,), arithmetic=1))
    return rows


def _searched(protocol: str, nodes: int, seed: int) -> Row:
    """From no colluder on, one more each time. ValueError where even all but two change nothing."""
    safe: list[int] = []
    for colluders in range(nodes - 1):
        outcome = collude(protocol, nodes, colluders, seed=seed)
        if outcome.forked:
            return _row(outcome, "both", safe=tuple(safe), arithmetic=first_unsafe(protocol, nodes))
        safe.append(colluders)
    raise ValueError(f"{protocol} with {nodes}: no number of colluders makes a difference")


def _row(outcome: Outcome, by: Literal["both", "word"], *, safe: tuple[int, ...], arithmetic: int) -> Row:
    entry = registered(outcome.protocol)
    return Row(
        protocol=outcome.protocol,
        nodes=outcome.nodes,
        quorum=entry.quorum(len(entry.voters_of(tuple(range(outcome.nodes))))),
        by=by,
        safe=safe,
        first=len(outcome.colluders),
        arithmetic=arithmetic,
        forked=outcome.forked,
        convicted=outcome.signed_both,
    )


_HEADINGS = ("protocol", "n", "quorum", "how", "safe", "first unsafe", "arithmetic", "heights forked", "convicted")


def table(rows: Sequence[Row]) -> str:
    """What a terminal shows."""
    cells = [_HEADINGS, *map(_cells, rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(_HEADINGS))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in cells)


def page(rows: Sequence[Row], command: str) -> str:
    """The Markdown page that ``command`` writes."""
    lines = "\n".join("| " + " | ".join(_cells(row)) + " |" for row in rows)
    return _PAGE.format(command=command, headings=" | ".join(_HEADINGS), rule="-|" * len(_HEADINGS), rows=lines)


def _cells(row: Row) -> tuple[str, ...]:
    safe = f"{row.safe[0]} to {row.safe[-1]}" if len(row.safe) > 1 else ", ".join(map(str, row.safe))
    convicted = f"{len(row.convicted)} of {row.first}" if row.convicted else "nobody"
    how = {"both": "votes for both", "word": "a leader's word"}[row.by]
    numbers = (row.first, row.arithmetic, row.forked)
    return (row.protocol, str(row.nodes), str(row.quorum), how, safe, *map(str, numbers), convicted)


_PAGE = """<!-- Written by `{command}`; do not edit. -->
# How many must collude

```sh
{command}
```

*Unless one controls most nodes of the network (how many differs by protocol), a change at a single node is of
no effect* (systems row 69, 根据算法不同，需要控制节点的数量不同). How many it is, by experiment: from none on, one
more voter colludes each time, until some height has two blocks at honest voters.

| {headings} |
|{rule}
{rows}

- **Votes for both**: the honest voters are cut in two halves that hear of different requests; each colluder
  runs twice, one copy with either half ([`collusion.py`](../../scenarios/adversary/collusion.py)). That is the
  worst that signatures allow. Two blocks at one height need two quorums without an honest voter in common: 2q -
  n colluders. Under PBFT that is f + 1 where n = 3f + 1; at n = 5 the larger quorum makes it f + 2. Up to f no
  number did any harm, as it must be.
- **Convicted**: whoever's signature stands under the certificates of both blocks. Under PBFT both are of one
  view, which is a proof that anybody can check; no honest voter was ever among them. Under Raft the two may be
  of different terms, where a signer of both need not have lied: they say whom to ask.
- **A leader's word**: Raft believes whoever leads, and takes from its messages what is decided. One liar told
  two others that it leads, and of two different blocks that they are decided; each believed it, whatever the
  size of the network, and no certificate convicts anybody. Raft is for members that crash and do not lie.
- **Solo** has one that orders, and nobody to contradict it.

Networks are the protocols' own cores in virtual time. In whole replicas that move money
[`two_conspire`](../../scenarios/library/security/two_conspire.yaml) shows the first unsafe number of four, and
[`one_conspires`](../../scenarios/library/security/one_conspires.yaml) the last safe one; `consortium check
--twins` searches random networks with up to f such voters.
"""
