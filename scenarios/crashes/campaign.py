"""Thousands of crashes in virtual time: one run after the other until so many took something that was not synced.

Runs alternate between the protocols, each of the next seed; none is left out. The sums are plain data: written to a
file, a campaign goes on where it stopped.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import msgspec

from scenarios.adversary.failure import FailureError
from scenarios.crashes.plans import draw_crashes
from scenarios.crashes.run import Crashed, run_crashes

_Sums = TypeVar("_Sums", bound=msgspec.Struct)
PROTOCOLS = ("raft", "pbft")


class Campaign(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """How far a campaign has come. ``upcoming`` is the number of the next run, from 0."""

    first: int = 0
    bug: str | None = None
    upcoming: int = 0
    sums: dict[str, Crashed] = msgspec.field(default_factory=dict)
    """By protocol."""

    @property
    def total(self) -> Crashed:
        total = Crashed()
        for crashed in self.sums.values():
            total.add(crashed)
        return total


def run_campaign(
    campaign: Campaign, *, crashes: int, oracles: bool = True, progress: Callable[[Campaign], None] | None = None
) -> Campaign:
    """Play on until ``crashes`` crashes took something, or a run shows a fault; ``progress`` is told after each run."""
    while campaign.total.unsynced < crashes and not campaign.total.faults:
        protocol = PROTOCOLS[campaign.upcoming % len(PROTOCOLS)]
        seed = campaign.first + campaign.upcoming // len(PROTOCOLS)
        found = run_crashes(draw_crashes(protocol, seed), bug=campaign.bug, oracles=oracles)
        campaign.sums.setdefault(protocol, Crashed()).add(found)
        campaign.upcoming += 1
        if progress is not None:
            progress(campaign)
    return campaign


def told(campaign: Campaign) -> list[str]:
    """The sums for people: one line a protocol, one for all, and the faults found."""
    lines = [f"{name:6} {_line(crashed)}" for name, crashed in campaign.sums.items()]
    total = campaign.total
    return [*lines, f"{'all':6} {_line(total)}", *(f"FAULT {fault}" for fault in total.told)]


def _line(found: Crashed) -> str:
    reckoning = found.reckoning
    return (
        f"{found.runs} runs, {found.crashes:,} crashes, of which {found.unsynced:,} lost what was not synced and "
        f"{found.torn:,} tore a write; acknowledged {reckoning.acknowledged:,}: lost {reckoning.lost}, "
        f"double {reckoning.double}; ledgers that differ {reckoning.astray}, wrong states {found.roots}; "
        f"{found.votes:,} votes: contradicting {found.contradicting}; broken runs {found.broken}; "
        f"{found.cpu_ms / 1000:.0f} CPU-s"
    )


def keep_sums(sums: msgspec.Struct, path: Path) -> None:
    """Write sums to ``path``, at once as a whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(path.name + ".part")
    unfinished.write_bytes(msgspec.json.format(msgspec.json.encode(sums), indent=1) + b"\n")
    unfinished.replace(path)


def read_sums(path: Path, kind: type[_Sums]) -> _Sums | None:
    """The sums kept at ``path``; None where there are none yet, FailureError where it holds something else."""
    if not path.exists():
        return None
    try:
        return msgspec.json.decode(path.read_bytes(), type=kind)
    except (OSError, ValueError) as error:
        raise FailureError(f"{path}: is no campaign that can go on: {error}") from None


def read_campaign(path: Path, *, first: int, bug: str | None) -> Campaign:
    """The campaign kept at ``path``, or a new one; FailureError where another one lies there."""
    campaign = read_sums(path, Campaign)
    if campaign is None:
        return Campaign(first=first, bug=bug)
    if (campaign.first, campaign.bug) != (first, bug):
        kept = f"first seed {campaign.first}, bug {campaign.bug}"
        raise FailureError(f"{path}: belongs to another campaign ({kept}); move it away to begin anew")
    return campaign
