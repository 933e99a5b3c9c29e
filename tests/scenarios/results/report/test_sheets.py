"""The tables of a run's business on its report: each cell in its unit."""

from types import SimpleNamespace

import msgspec

from scenarios.results.figures import Column, Sheet, figures_json
from scenarios.results.report.sheets import figures

SHEET = Sheet(
    title="A year",
    columns=(Column("age", "text"), Column("people", "count"), Column("paid", "fen"), Column("ratio", "ppm")),
    rows=(("0 to 17", 1_203_994, 2_411_290_560, 333_790), ("60 and above", 0, 0, None)),
    note="Of all.",
)


def test_cells_are_told_in_their_units():
    section = figures(SimpleNamespace(figures=(SHEET,)))
    (table,) = section.tables
    assert (table.caption, table.head, table.note) == ("A year", ("age", "people", "paid", "ratio"), "Of all.")
    assert table.rows == [
        ("0 to 17", "1,203,994", "24,112,905.60 CNY", "33.38 %"),
        ("60 and above", "0", "0.00 CNY", "–"),
    ]
    assert table.numbers == {1, 2, 3}


def test_a_run_without_such_a_flow_says_so():
    assert figures(SimpleNamespace(figures=())).absent


def test_the_file_says_what_was_told():
    assert msgspec.json.decode(figures_json((SHEET,)), type=tuple[Sheet, ...]) == (SHEET,)
