"""The regulator's audit trail of a run, from the table that the run has written."""

from __future__ import annotations

from pathlib import Path

from scenarios.results.amounts import aligned
from scenarios.results.consoles.views import ConsoleError
from scenarios.results.exports.source import ExtractError, RunFiles
from scenarios.results.figures import TRAIL, Sheet


def trail_of(folder: Path) -> list[str]:
    """Aligned lines, the head first, or one line where the regulator saw nothing. ConsoleError: this is no run."""
    try:
        files = RunFiles(folder)
        sheets: list[Sheet] = []
        if files.folder.figures.exists():
            sheets = files.document(files.folder.figures, list[Sheet])
    except ExtractError as error:
        raise ConsoleError(str(error)) from None
    found = next((sheet for sheet in sheets if sheet.title == TRAIL), None)
    if found is None:
        return ["the regulator saw nothing but what lies open on the ledger"]
    head = [column.name for column in found.columns]
    return aligned([head, *([str(cell) for cell in row] for row in found.rows)])
