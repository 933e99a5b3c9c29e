"""What ``consortium explore`` does and says."""

from __future__ import annotations

from collections.abc import Sequence

import typer

from scenarios.adversary.explore.campaign import explore, scenes, summary
from scenarios.adversary.explore.search import Tally
from scenarios.dashboard.explore_progress import ExploreProgress
from scenarios.failures import EXIT_FAIL, EXIT_INCONCLUSIVE, EXIT_PASS, say


def run_explore(protocol: str, nodes: int | None, *, depth: int | None, budget_s: float) -> int:
    """Search all scenes of ``protocol``; its exit code. Interrupted, it tells how far it came."""
    try:
        chosen = scenes(protocol, nodes)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
    tallies: Sequence[Tally] = ()
    interrupted = False
    with ExploreProgress(budget_s) as progress:

        def show(latest: Sequence[Tally]) -> None:
            nonlocal tallies
            tallies = latest
            progress.show(latest)

        try:
            tallies = explore(chosen, depth=depth, budget_s=budget_s, progress=show)
        except KeyboardInterrupt:
            interrupted = True
    for line in summary(protocol, chosen, tallies):
        typer.echo(line)
    if any(tally.violation is not None for tally in tallies):
        say(f"{protocol}: a property is broken")
        return EXIT_FAIL
    if interrupted:
        say("interrupted")
        return EXIT_INCONCLUSIVE
    if depth is not None and not all(tally.exhausted or tally.depth >= depth for tally in tallies):
        say(f"{protocol}: depth {depth} was not reached in {budget_s:g} s")
        return EXIT_INCONCLUSIVE
    return EXIT_PASS
