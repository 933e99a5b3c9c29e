"""Our treaties against packages of others: ``python tests/benchmarks/bench_treaty_oracles.py [TREATIES]`` (or 1000).

First what random treaties recover of given losses, against ``ri-layercake``. Then what random catastrophe layers with
reinstatements are worth where events are Poisson and their sizes gamma: ours by Panjer's recursion over the layer's own
losses, put through the contract's arithmetic fen by fen, against the Fourier transforms of ``gemact`` and
``aggregate``. Ends with 1 where they differ by more than rounding or, of what is worth, by more than the tolerance.

Needs the extra ``oracles``; without it, the bench plays itself in an environment that uv makes for the purpose.
"""

# ruff: noqa: T201 - a benchmark prints

from __future__ import annotations

import importlib.util
import subprocess
import sys
import time
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

ROOT = Path(__file__).parents[2]
ORACLES = ("aggregate", "gemact", "ri_layercake")
STEPS = 480  # of a layer's limit, in all three
NODES = 2**14  # of gemact's distribution of the year
TOLERANCES = {"gemact": 1e-8, "aggregate": 1e-4}
"""Of the value. gemact discretises sizes as we do, so all that differs is recursion against transform; aggregate rounds
them to the lattice, which is of second order in its step."""


def main() -> int:
    treaties = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000
    if any(importlib.util.find_spec(name) is None for name in ORACLES):
        command = [
            *(sys.executable, "-m", "uv"),
            "run",
            "--no-project",
            "--isolated",
            "--with-editable",
            f"{ROOT}[oracles]",
            "python",
            *sys.argv,
        ]
        return subprocess.run(command, check=False).returncode  # noqa: S603 - our own arguments
    sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "benchmarks")]
    return max(recoveries(treaties), values(treaties))


def recoveries(treaties: int) -> int:
    """Recoveries of given losses, kind by kind."""
    from treaty_oracles import KINDS, largest_difference  # noqa: PLC0415 - found once the path is set

    print(f"ri-layercake, {treaties} treaties of each kind: figures, largest difference in fen, what rounding explains")
    failed = 0
    for kind, (_, rounding) in KINDS.items():
        largest, figures = largest_difference(kind, treaties)
        failed |= largest > rounding
        print(f"{kind:32} {figures:6} {largest:9.6f} {rounding:5}")
    return failed


class Drawn(NamedTuple):
    """A catastrophe layer and the risk it covers: so many events a year, their sizes gamma (shape, scale in fen)."""

    events: float
    shape: float
    scale: float
    limit: int
    attachment: int
    rates: tuple[int, ...]


class Worth(NamedTuple):
    """Expected recovery (fen), and the premium (fen) that with its reinstatements is worth as much."""

    recovery: float
    premium: float


GOLDEN = Drawn(0.5, 2.0, 15e8, 30 * 10**8, 20 * 10**8, (1_000_000, 1_000_000))
"""Golden number: 5.162441 and 4.406504 million."""


def drawn(draw: Random) -> Drawn:
    """A layer that is hit neither hardly ever nor always."""
    shape, scale = draw.uniform(0.5, 4), draw.uniform(1, 50) * 1e8
    mean = shape * scale
    limit = int(mean * draw.uniform(0.3, 2)) // STEPS * STEPS
    rates = tuple(draw.choice((0, 250_000, 500_000, 1_000_000)) for _ in range(draw.randrange(5)))
    return Drawn(draw.uniform(0.1, 3), shape, scale, limit, int(mean * draw.uniform(0, 1.5)), rates)


def ours(layer: Drawn) -> Worth:
    """Panjer's recursion over the layer's losses on a lattice of whole fen, through the contract's arithmetic."""
    from node.contracts.reinsurance import CatastropheLayer, Layer  # noqa: PLC0415 - found once the path is set

    step = layer.limit // STEPS
    scale = 10**12
    terms = CatastropheLayer(Layer(layer.limit, layer.attachment), scale, layer.rates)
    chances = compound(layer.events, sizes(layer), terms.aggregate // step)
    tail = 1 - sum(chances)
    recovery = sum(chance * place * step for place, chance in enumerate(chances)) + tail * terms.aggregate
    reinstated = sum(chance * terms.premium_to_date(place * step) for place, chance in enumerate(chances))
    reinstated += tail * terms.premium_to_date(terms.aggregate)
    return Worth(recovery, recovery / (1 + reinstated / scale))


def sizes(layer: Drawn) -> Any:
    """Chances that one event costs the layer 0, 1 ... STEPS steps; the mean is exact (local moment matching)."""
    import numpy as np  # noqa: PLC0415 - of the oracles
    from scipy.special import gammainc  # noqa: PLC0415 - of the oracles

    ends = layer.attachment + layer.limit / STEPS * np.arange(STEPS + 1)
    at = ends / layer.scale
    limited = layer.shape * layer.scale * gammainc(layer.shape + 1, at) + ends * (1 - gammainc(layer.shape, at))
    slopes = np.diff(limited) / (layer.limit / STEPS)
    return np.concatenate(([1 - slopes[0]], slopes[:-1] - slopes[1:], [slopes[-1]]))


def compound(events: float, chances: Any, most: int) -> list[float]:
    """Chances that a Poisson number of events costs 0, 1 ... steps together, for less than ``most``."""
    import numpy as np  # noqa: PLC0415 - of the oracles

    weighted = np.arange(len(chances)) * chances
    found = np.zeros(most)
    found[0] = np.exp(events * (chances[0] - 1))
    for total in range(1, most):
        reach = min(total, len(chances) - 1)
        found[total] = events / total * (weighted[1 : reach + 1] @ found[total - reach : total][::-1])
    return [float(chance) for chance in found]


def gemacts(layer: Drawn) -> Worth:
    """What gemact makes of it: once as it is, once as one cover of the whole year without reinstatements."""
    from gemact.lossmodel import Frequency, Layer, LossModel, PolicyStructure, Severity  # noqa: PLC0415
    from twiggy import levels, quick_setup  # noqa: PLC0415 - what gemact reports its progress to

    quick_setup(min_level=levels.ERROR)

    unit = layer.limit
    rates = [rate / 1_000_000 for rate in layer.rates]
    cover = {"cover": 1, "deductible": layer.attachment / unit}
    terms = ({"aggr_cover": len(rates) + 1}, {"n_reinst": len(rates), "reinst_percentage": rates} if rates else None)
    found = [
        LossModel(
            frequency=Frequency(dist="poisson", par={"mu": layer.events}),
            severity=Severity(dist="gamma", par={"a": layer.shape, "scale": layer.scale / unit}),
            policystructure=PolicyStructure(layers=Layer(**cover, **term)),
            aggr_loss_dist_method="fft",
            sev_discr_method="localmoments",
            n_sev_discr_nodes=STEPS,
            sev_discr_step=1 / STEPS,
            n_aggr_dist_nodes=NODES,
        ).pure_premium_dist[0]
        * unit
        for term in terms
        if term is not None
    ]
    return Worth(found[0], found[-1])


def aggregates(layer: Drawn) -> Worth:
    """What aggregate makes of it, from its distribution of the year's losses to the layer."""
    import numpy as np  # noqa: PLC0415 - of the oracles
    from aggregate import build  # noqa: PLC0415 - of the oracles

    unit = layer.limit
    found = build(
        f"agg Layer {layer.events} claims sev {layer.scale / unit} * gamma {layer.shape} "
        f"occurrence ceded to 1 xs {layer.attachment / unit} poisson",
        log2=15,
        bs=1 / 512,
    ).density_df
    limited = [float(np.minimum(found.loss, times) @ found.p_total) for times in range(len(layer.rates) + 2)]
    weighted = sum(rate / 1_000_000 * (limited[n + 1] - limited[n]) for n, rate in enumerate(layer.rates))
    return Worth(limited[-1] * unit, limited[-1] * unit / (1 + weighted))


def values(treaties: int) -> int:
    """What random layers are worth, by each of the three."""
    draw = Random(8)
    layers = [GOLDEN, *(drawn(draw) for _ in range(treaties - 1))]
    began = time.process_time()
    mine = [ours(layer) for layer in layers]
    print(f"\nours, {treaties} layers in {time.process_time() - began:.0f} s of CPU; golden: {told(mine[0])}")
    failed = 0
    for name, oracle in (("gemact", gemacts), ("aggregate", aggregates)):
        began = time.process_time()
        theirs = [oracle(layer) for layer in layers]
        seconds = time.process_time() - began
        print(f"{name}, {seconds:.0f} s; golden: {told(theirs[0])}")
        for field in Worth._fields:
            apart = sorted(
                (abs(getattr(one, field) / getattr(other, field) - 1), place)
                for place, (one, other) in enumerate(zip(mine, theirs, strict=True))
            )
            failed |= apart[-1][0] > TOLERANCES[name]
            print(
                f"  {field:10} median {apart[treaties // 2][0]:.1e}, largest {apart[-1][0]:.1e}: {layers[apart[-1][1]]}"
            )
    return failed


def told(worth: Worth) -> str:
    """In millions of yuan, as printed."""
    return " ".join(f"{Decimal(value / 1e8):.6f}" for value in worth)


if __name__ == "__main__":
    sys.exit(main())
