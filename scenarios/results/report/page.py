"""From a run's folder to ``report.html``: one file that needs nothing else and asks no network for anything.

The page's own policy forbids it everything but its one style sheet, which is named by its hash; there is no script.
Pictures say the same as tables, so that nothing is for the eye alone.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from jinja2 import Template
from msgspec.structs import replace

from scenarios.results.pages import digest, environment, ours
from scenarios.results.report.facts import Facts, ReportError, read_facts
from scenarios.results.report.markup import shown
from scenarios.results.report.outcome import headline
from scenarios.results.report.parts import Cell
from scenarios.results.report.sections import sections_of
from scenarios.results.run_folder import RunFolder, write_atomically

BYTES_MAX = 1_000_000
"""A report is smaller than this; as many exchanges as it takes are left out where it would not be."""
_TEMPLATES = Path(__file__).parent / "templates"


def write_report(folder: Path | RunFolder, out: Path | None = None) -> Path:
    """Draw the report of the run in ``folder`` into it, or to ``out``; where it is.

    ManifestError or ReportError where the folder's files do not tell of a run; OSError where it cannot be written.
    """
    run = folder if isinstance(folder, RunFolder) else RunFolder(folder)
    path = out or run.report
    write_atomically(path, render(read_facts(run)))
    return path


def render(facts: Facts) -> str:
    """The page. ReportError where it cannot be kept below :data:`BYTES_MAX`."""
    fits: str | None = None
    least, most = 0, len(facts.exchanges or ())
    kept = most  # all of them, mostly
    while least <= most:
        page = _page(facts, kept)
        if len(page.encode()) < BYTES_MAX:
            fits, least = page, kept + 1
        else:
            most = kept - 1
        kept = (least + most) // 2
    if fits is None:
        raise ReportError(f"the report would be larger than {BYTES_MAX:,} bytes")
    return fits


def _page(facts: Facts, exchanges: int) -> str:
    """The page with the first so many exchanges."""
    kept = facts if facts.exchanges is None else replace(facts, exchanges=facts.exchanges[:exchanges])
    left_out = len(facts.exchanges or ()) - exchanges
    style = ours(_TEMPLATES / "report.css")
    return _template().render(
        run=facts.manifest,
        description=" ".join(facts.description.split()),
        headline=headline(facts),
        sections=sections_of(kept),
        exchanges_left_out=left_out,
        style=style,
        style_sha256=digest(style),
    )


@cache
def _template() -> Template:
    report = environment(_TEMPLATES, finalize=shown)
    report.tests["cell"] = lambda value: isinstance(value, Cell)
    return report.get_template("report.html.j2")
