"""The picture of what late notice does to the reserve. It needs the extra ``analysis`` (matplotlib)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from scenarios.actuary.delays import Summary
from scenarios.actuary.triangles import ActuaryError

THOUSAND_YUAN = 100_000


def draw_delays(found: Sequence[Summary], path: Path) -> None:
    """Bias and root mean square error against the median delay, with 95 % intervals, and what Mack's formula said.

    ActuaryError where the extra is missing.
    """
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415 -- slow, and an extra
        from matplotlib.figure import Figure  # noqa: PLC0415 -- likewise
    except ImportError:
        raise ActuaryError("pictures come with an extra: pip install 'consortium-sim[analysis]'") from None
    figure = Figure(figsize=(8.0, 5.0), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    days = [one.median_days for one in found]
    axes.axhline(0.0, color="#888888", linewidth=0.8)
    for told, values, marker, color in (
        (
            "root mean square error of an estimate",
            [(one.deviation, one.deviation_half) for one in found],
            "o",
            "#b3432b",
        ),
        ("mean error (estimate less what emerged)", [(one.bias, one.bias_half) for one in found], "s", "#2b6cb3"),
    ):
        means, halves = ([value[part] / THOUSAND_YUAN for value in values] for part in (0, 1))
        axes.errorbar(days, means, halves, marker=marker, capsize=4, color=color, label=told)
    said = [one.said / THOUSAND_YUAN for one in found]
    axes.plot(days, said, linestyle="--", color="#666666", label="Mack's standard error at the time")
    axes.plot(
        days, [one.emerged / THOUSAND_YUAN for one in found], linestyle=":", color="#222222", label="what emerged"
    )
    axes.set_xticks(days)
    axes.set_xlabel("median delay of notice, days")
    axes.set_ylabel("thousand yuan, reinsurer's share")
    axes.set_title(f"The reserve for what is not reported, by delay of notice ({found[0].runs} seeds each)", loc="left")
    axes.legend(frameon=False)
    figure.savefig(path, metadata={"Date": None} if path.suffix == ".svg" else {})
