"""The figure: of every line, the share of trials that were over by a time, which is drawn logarithmically."""

from __future__ import annotations

from collections.abc import Sequence
from math import log10

from consensus.vocabulary import MILLISECOND
from scenarios.experiments.elections import Measured

WIDTH, HEIGHT = 720, 360
LEFT, RIGHT, TOP, BOTTOM = 56, 130, 16, 44
LEAST_MS, MOST_MS = 10, 10_000
COLOURS = ("#666666", "#d62728", "#ff7f0e", "#bcbd22", "#2ca02c", "#17becf", "#1f77b4", "#9467bd", "#e377c2", "#8c564b")
FONT = 'font-family="sans-serif" font-size="12"'
STEPS = 200
"""Points of a curve: every half of a per cent."""


def curves(lines: Sequence[Measured]) -> str:
    """The SVG."""
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" {FONT}>',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
        *_grid(),
    ]
    for number, line in enumerate(lines):
        colour = COLOURS[number % len(COLOURS)]
        parts.append(f'<polyline fill="none" stroke="{colour}" stroke-width="1.5" points="{_points(line)}"/>')
        y = TOP + 12 + 18 * number
        parts.append(f'<path d="M{WIDTH - RIGHT + 14} {y - 4}h20" stroke="{colour}" stroke-width="2"/>')
        parts.append(f'<text x="{WIDTH - RIGHT + 40}" y="{y}">{line.range.label} ms</text>')
    return "\n".join([*parts, "</svg>"]) + "\n"


def _grid() -> list[str]:
    parts = []
    for percent in range(0, 101, 20):
        y = _y(percent / 100)
        parts.append(f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y}" y2="{y}" stroke="#ddd"/>')
        parts.append(f'<text x="{LEFT - 6}" y="{y + 4}" text-anchor="end">{percent} %</text>')
    for decade in (10, 100, 1000, 10_000):
        for ms in (decade, 2 * decade, 5 * decade):
            if ms <= MOST_MS:
                x = _x(ms)
                parts.append(f'<line x1="{x}" x2="{x}" y1="{TOP}" y2="{HEIGHT - BOTTOM}" stroke="#ddd"/>')
                parts.append(f'<text x="{x}" y="{HEIGHT - BOTTOM + 16}" text-anchor="middle">{ms:,}</text>')
    middle = (LEFT + WIDTH - RIGHT) // 2
    parts.append(f'<text x="{middle}" y="{HEIGHT - 8}" text-anchor="middle">time without a leader (ms)</text>')
    return parts


def _points(line: Measured) -> str:
    count = len(line.downtimes_ns)
    points = []
    for step in range(STEPS + 1):
        ns = line.downtimes_ns[min(count - 1, step * count // STEPS)]
        if ns >= line.range.cap:
            break
        points.append(f"{_x(ns / MILLISECOND)},{_y(step / STEPS)}")
    return " ".join(points)


def _x(ms: float) -> float:
    share = log10(min(max(ms, LEAST_MS), MOST_MS) / LEAST_MS) / log10(MOST_MS / LEAST_MS)
    return round(LEFT + share * (WIDTH - LEFT - RIGHT), 1)


def _y(share: float) -> float:
    return round(HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM), 1)
