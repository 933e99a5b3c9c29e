"""A console for a terminal, and as a page that stands alone: no script, one style named by its hash."""

from __future__ import annotations

import io
from functools import cache
from pathlib import Path

from jinja2 import Template
from rich.console import Console as Terminal
from rich.table import Table
from rich.text import Text

from scenarios.language.problems import visible
from scenarios.results.accounts.telling import yuan
from scenarios.results.consoles.views import Console
from scenarios.results.figures import Sheet, Unit
from scenarios.results.pages import digest, environment, ours

_TEMPLATES = Path(__file__).parent / "templates"
_WIDTH = 120


def text(console: Console) -> str:
    """The console as aligned tables, ending in a newline."""
    out = io.StringIO()
    terminal = Terminal(file=out, width=_WIDTH, color_system=None, highlight=False)
    terminal.print(Text(f"{console.title}, as {console.who} sees it: {console.run}"))
    for sheet in console.sheets:
        table = Table(title=Text(sheet.title), title_justify="left", box=None, pad_edge=False)
        for column in sheet.columns:
            table.add_column(column.name, justify="left" if column.unit == "text" else "right")
        for row in _shown(sheet):
            table.add_row(*(Text(visible(cell)) for cell in row))
        terminal.print()
        terminal.print(table)
    if not console.sheets:
        terminal.print("nothing that this end may see")
    return out.getvalue()


def page(console: Console) -> str:
    """The console as an HTML page."""
    style = ours(_TEMPLATES / "console.css")
    sheets = [(sheet, _shown(sheet)) for sheet in console.sheets]
    return _template().render(console=console, sheets=sheets, style=style, style_sha256=digest(style))


@cache
def _template() -> Template:
    return environment(_TEMPLATES).get_template("console.html.j2")


def _shown(sheet: Sheet) -> list[list[str]]:
    units = [column.unit for column in sheet.columns]
    return [[_cell(cell, unit) for cell, unit in zip(row, units, strict=True)] for row in sheet.rows]


def _cell(value: str | int | None, unit: Unit) -> str:
    if value is None:
        return "–"
    if isinstance(value, str):
        return value
    return yuan(value) if unit == "fen" else f"{value:,}"
