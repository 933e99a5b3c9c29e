"""``python -m scenarios.both_worlds``: scenarios in both worlds and under several protocols, and what they come to.

Each must PASS everywhere, and come to one business state, whoever orders its transactions. Where who is first decides
(two banks race for one policy, two channels for one payment), the state may differ; what must hold then is among the
scenario's expectations. Exit codes as those of ``consortium``.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, NamedTuple

import typer

from scenarios.dashboard import NoView
from scenarios.failures import EXIT_FAIL, EXIT_PASS, say
from scenarios.language import load_scenario
from scenarios.runner import RunError, run
from scenarios.shipped import find_scenario, themes

INSURANCE = (
    *("underwriting", "contributions", "policies", "claims", "zero_perception", "products", "misbehaviour"),
    *("supervision", "property", "finance", "health", "actuary", "reinsurance", "economics"),
)
"""Folders of shipped scenarios whose matter is business, not the network."""

ORDER_DEPENDENT: Mapping[str, str] = MappingProxyType(
    {
        "one_place": "which of two centres keeps a resident's record",
        "pledged": "which of two banks gets the lien",
        "two_channels": "which of two channels collects a resident's contribution",
    }
)
"""Scenario -> what is decided by who comes first."""

PROTOCOLS = ("raft", "pbft")
MODES = ("virtual", "processes")


class Came(NamedTuple):
    """What one run came to."""

    mode: str
    protocol: str
    verdict: str
    root: str | None
    seconds: float

    def told(self) -> str:
        """One run in a few words."""
        return (
            f"{self.mode} {self.protocol} {self.verdict} {(self.root or 'no common state')[:16]} {self.seconds:.1f} s"
        )


def insurance() -> dict[str, Path]:
    """Name -> file of every shipped scenario of a line of business."""
    return {name: path for theme in themes() if theme.name in INSURANCE for name, path in theme.scenarios.items()}


def play(path: Path, mode: str, protocol: str) -> Came:
    """Play a scenario once; what it writes is thrown away."""
    scenario = load_scenario(path)
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="consortium-") as folder:
        out = None if mode == "virtual" else Path(folder)
        try:
            result = run(scenario, view=NoView(), out=out, mode=mode, protocol=protocol)
        except RunError as error:
            return Came(mode, protocol, f"not run: {error}", None, time.monotonic() - began)
    return Came(mode, protocol, result.verdict, result.finished.business_root, time.monotonic() - began)


def agreed(name: str, came: list[Came]) -> bool:
    """Did all runs pass and, unless who is first decides, come to one state?"""
    roots = {one.root for one in came}
    passed = all(one.verdict == "pass" for one in came)
    return passed and None not in roots and (len(roots) == 1 or name in ORDER_DEPENDENT)


app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)


@app.command(epilog="\b\nExamples:\n  python -m scenarios.both_worlds\n  python -m scenarios.both_worlds one_claim")
def compare(
    scenarios: Annotated[
        list[str] | None, typer.Argument(help="Files or names; all lines of business where none is named.")
    ] = None,
    mode: Annotated[list[str] | None, typer.Option(help="virtual, processes; both where left out.")] = None,
    protocol: Annotated[list[str] | None, typer.Option(help="raft, pbft, solo; the first two where left out.")] = None,
) -> None:
    """Play scenarios in both worlds under several protocols, and compare the business states that they come to."""
    modes, protocols = mode or MODES, protocol or PROTOCOLS
    chosen = insurance() if not scenarios else {find_scenario(one).stem: find_scenario(one) for one in scenarios}
    apart = []
    for name, path in chosen.items():
        came = []
        for one in modes:
            for each in protocols:
                came.append(play(path, one, each))
                say(f"{name:32} {came[-1].told()}")
        if not agreed(name, came):
            apart.append(name)
            say(f"{name:32} DIFFERS or fails")
        elif len({one.root for one in came}) > 1:
            say(f"{name:32} states differ, as they may: {ORDER_DEPENDENT[name]}")
    told = f"not equal: {', '.join(apart)}" if apart else "all passed, with equal states where they must be equal"
    say(f"{len(chosen)} scenarios, {len(modes) * len(protocols)} runs each: {told}")
    raise typer.Exit(EXIT_FAIL if apart else EXIT_PASS)


if __name__ == "__main__":
    app()
