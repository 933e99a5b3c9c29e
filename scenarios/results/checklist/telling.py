"""A checklist as Markdown, and as a page that stands alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from scenarios.results.checklist.controls import AREAS
from scenarios.results.checklist.judging import Judged
from scenarios.results.pages import digest, environment, ours

_STYLE = Path(__file__).parents[1] / "consoles" / "templates" / "console.css"
_TEMPLATES = Path(__file__).parent / "templates"


def as_markdown(judged: Sequence[Judged]) -> str:
    """A table for each area, its verdicts counted before."""
    parts = [f"{_counted(judged)} of {len(judged)} control points of level 3.\n"]
    for clause, title, mine in _areas(judged):
        parts.append(f"### {clause} {title}\n\n| | control point | | evidence |\n|-|-|-|-|")
        parts += [
            f"| {one.control.clause} | {one.control.chinese} {one.control.english} | {one.verdict} | {one.evidence} |"
            for one in mine
        ]
        parts.append("")
    return "\n".join(parts)


def as_page(judged: Sequence[Judged]) -> str:
    """The same as HTML."""
    style = ours(_STYLE)
    template = environment(_TEMPLATES).get_template("checklist.html.j2")
    return template.render(
        counted=_counted(judged),
        whole=len(judged),
        areas=list(_areas(judged)),
        style=style,
        style_sha256=digest(style),
    )


def _areas(judged: Sequence[Judged]) -> list[tuple[str, str, list[Judged]]]:
    return [
        (clause, f"{chinese} {english}", [one for one in judged if one.control.clause.startswith(f"{clause}.")])
        for clause, (chinese, english, _) in AREAS.items()
    ]


def _counted(judged: Sequence[Judged]) -> str:
    found = Counter(one.verdict for one in judged)
    return ", ".join(f"{count} {verdict}" for verdict, count in found.most_common())
