"""How the one fitted value of raft_figure_16.yaml was found: ``python -m scenarios.experiments.fitting``.

The bound of the disk's uniform distribution, in half milliseconds, whose median at 150-155 ms comes nearest to the
one that the paper prints. No other line takes part.
"""

from __future__ import annotations

from pathlib import Path

import typer

from consensus.vocabulary import MILLISECOND
from scenarios.experiments.elections import load_elections
from scenarios.experiments.running import measure
from scenarios.language.models.network import Latency

LINE = "150-155"
BOUNDS_US = range(6_000, 11_000, 500)


def main() -> None:
    """Print the median by bound, and the best bound."""
    experiment = load_elections(Path(__file__).parent / "raft_figure_16.yaml")
    (line,) = (range_ for range_ in experiment.ranges if range_.label == LINE)
    wanted_ns = line.printed.median or 0
    errors_ns = {}
    for bound in BOUNDS_US:
        disk = Latency(dist="uniform", min="0 ms", max=f"{bound} us")  # type: ignore[arg-type] # reads units
        (measured,) = measure(experiment.model_copy(update={"ranges": (line,), "disk": disk}))
        errors_ns[bound] = abs(measured.median_ns - wanted_ns)
        typer.echo(f"disk up to {bound / 1000:>4} ms: median {measured.median_ns / MILLISECOND:6.1f} ms at {LINE} ms")
    typer.echo(f"nearest to {wanted_ns / MILLISECOND:.0f} ms: {min(errors_ns, key=errors_ns.__getitem__) / 1000} ms")


if __name__ == "__main__":
    main()
