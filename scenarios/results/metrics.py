"""Measures of a run: a summary of each (``metrics.json``) and how they went over time (``metrics.csv``).

Samples and summaries are integers in the unit that the measure names; a mean is rounded half to even, percentiles
are nearest-rank, so no two machines disagree. A counter has no percentiles, only how often it counted.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence

import msgspec

from scenarios.results.numbers import Int64

SECOND_NS = 1_000_000_000
STATISTICS = ("count", "mean", "p5", "p50", "p90", "p95", "p99", "max", "rate")
"""What may be asked of a measure: as in ``commit_latency.p99``."""
RATE_SCALE = 1_000_000
"""Rates are given in events per so many seconds, as the language's own quantities are."""


class Summary(msgspec.Struct, frozen=True, omit_defaults=True):
    """One measure. All but ``count`` are absent for a counter and for a measure without samples."""

    unit: str
    count: Int64
    mean: Int64 | None = None
    p5: Int64 | None = None
    p50: Int64 | None = None
    p90: Int64 | None = None
    p95: Int64 | None = None
    p99: Int64 | None = None
    max: Int64 | None = None


class Row(msgspec.Struct, frozen=True):
    """One measure in one interval of run time that begins at ``time_ns``."""

    time_ns: int
    measure: str
    count: int
    mean: int | None
    p50: int | None
    p99: int | None
    max: int | None


class _Measure:
    """Samples in 16 bytes each: a year of a city's claims has some hundred thousand."""

    def __init__(self, unit: str) -> None:
        self.unit = unit
        self.times = array("q")  # run times
        self.values = array("q")

    @property
    def samples(self) -> Iterator[tuple[int, int]]:
        return zip(self.times, self.values, strict=True)


class Metrics:
    """Gathers samples and counts. Order of calls does not matter: times come with them."""

    def __init__(self) -> None:
        self._measures: dict[str, _Measure] = {}
        self._counters: dict[str, list[tuple[int, int]]] = {}

    def sample(self, measure: str, now_ns: int, value: int, unit: str = "ns") -> None:
        """One value of ``measure``, seen at run time ``now_ns``."""
        known = self._measures.get(measure)
        if known is None:
            known = self._measures[measure] = _Measure(unit)
        if known.unit != unit:
            raise ValueError(f"{measure} is measured in {known.unit}, not {unit}")
        known.times.append(now_ns)
        known.values.append(value)

    def count(self, counter: str, now_ns: int, by: int = 1) -> None:
        """``counter`` happened ``by`` more times at run time ``now_ns``."""
        self._counters.setdefault(counter, []).append((now_ns, by))

    def summary(self) -> dict[str, Summary]:
        """Every measure and counter, in order of name."""
        found = {name: summarise(measure.unit, measure.values) for name, measure in self._measures.items()}
        for name, events in self._counters.items():
            found[name] = Summary(unit="events", count=sum(by for _, by in events))
        return dict(sorted(found.items()))

    def has(self, name: str) -> bool:
        """Was anything measured or counted under that name?"""
        return name in self._measures or name in self._counters

    def unit(self, name: str) -> str:
        """What ``name`` is measured in; "events" for a counter, and for what was never measured."""
        return self._measures[name].unit if name in self._measures else "events"

    def within(self, times: Sequence[tuple[int, int]]) -> Metrics:
        """What happened in one of ``times`` (start, end) whole: of a sample in ns, from its beginning on."""
        part = Metrics()
        for name, measure in self._measures.items():
            lasts = measure.unit == "ns"
            for now_ns, value in measure.samples:
                if any(start <= (now_ns - value if lasts else now_ns) and now_ns < end for start, end in times):
                    part.sample(name, now_ns, value, measure.unit)
        for name, events in self._counters.items():
            for now_ns, by in events:
                if any(start <= now_ns < end for start, end in times):
                    part.count(name, now_ns, by)
        return part

    def value(self, name: str, duration_ns: int, times: Sequence[tuple[int, int]] | None = None) -> int | None:
        """The value that an expectation's "measure.statistic" means; None where nothing was measured.

        ``statistic`` is one of :data:`STATISTICS`; ``rate`` is events in :data:`RATE_SCALE` seconds of ``duration_ns``,
        or of ``times``, to which the value is limited where they are given. KeyError where the name has no such form.
        """
        if times is not None:
            return self.within(times).value(name, sum(end - start for start, end in times))
        measure, _, statistic = name.rpartition(".")
        if not measure or statistic not in STATISTICS:
            raise KeyError(name)
        summary = self.summary().get(measure)
        if summary is None:
            return 0 if statistic in {"count", "rate"} else None
        if statistic == "rate":
            return summary.count * RATE_SCALE * SECOND_NS // max(1, duration_ns)
        found: int | None = getattr(summary, statistic)
        return found

    def rows(self, interval_ns: int = SECOND_NS) -> Iterator[Row]:
        """The time series, in order of time and measure; intervals in which nothing happened are left out."""
        cells: dict[tuple[int, str], list[int]] = {}
        for name, measure in self._measures.items():
            for now_ns, value in measure.samples:
                cells.setdefault((now_ns // interval_ns * interval_ns, name), []).append(value)
        counts: dict[tuple[int, str], int] = {}
        for name, events in self._counters.items():
            for now_ns, by in events:
                place = (now_ns // interval_ns * interval_ns, name)
                counts[place] = counts.get(place, 0) + by
        for time_ns, name in sorted({*cells, *counts}):
            values = cells.get((time_ns, name))
            if values is None:
                yield Row(time_ns, name, counts[time_ns, name], None, None, None, None)
                continue
            part = summarise("", values)
            yield Row(time_ns, name, part.count, part.mean, part.p50, part.p99, part.max)

    def summary_json(self) -> bytes:
        """The content of ``metrics.json``."""
        return msgspec.json.format(msgspec.json.encode(self.summary()), indent=2) + b"\n"

    def table_lines(self, interval_ns: int = SECOND_NS) -> Iterator[str]:
        """The lines of ``metrics.csv``, header first; an empty cell is a value that there is not."""
        yield ",".join(Row.__struct_fields__)
        for row in self.rows(interval_ns):
            yield ",".join("" if cell is None else str(cell) for cell in msgspec.structs.astuple(row))


def summarise(unit: str, values: Sequence[int]) -> Summary:
    """The summary of ``values``."""
    if not values:
        return Summary(unit=unit, count=0)
    ordered = sorted(values)
    return Summary(
        unit=unit,
        count=len(ordered),
        mean=_rounded(sum(ordered), len(ordered)),
        p5=percentile(ordered, 5),
        p50=percentile(ordered, 50),
        p90=percentile(ordered, 90),
        p95=percentile(ordered, 95),
        p99=percentile(ordered, 99),
        max=ordered[-1],
    )


def percentile(ordered: Sequence[int], percent: int) -> int:
    """The nearest-rank percentile: the smallest value that ``percent`` of 100 do not exceed."""
    rank = -(-len(ordered) * percent // 100)
    return ordered[max(rank, 1) - 1]


def _rounded(total: int, count: int) -> int:
    """``total / count`` to the nearest integer, half to even."""
    quotient, rest = divmod(total, count)
    twice = 2 * rest
    return quotient + (twice > count or (twice == count and quotient % 2 == 1))
