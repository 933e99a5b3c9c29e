"""A book held against the ledger: its own copy agrees; any one entry that is changed, left out or added is named."""

import pytest

from scenarios.cli import invoke
from scenarios.dashboard import NoView
from scenarios.language import load_scenario
from scenarios.results.accounts import Books, BooksError, Entry, held_against
from scenarios.results.accounts.telling import as_csv
from scenarios.runner import run

BOOKS = Books(
    [
        Entry(0, "opening/insurer", "opening balance", (("insurer/cash", 500), ("insurer/equity", -500))),
        Entry(7, "fee/1", "fee", (("insurer/cash", -3), ("insurer/payable", 1), ("insurer/payable", 2))),
        Entry(9, "else/1", "not ours", (("hospital/cash", -3), ("hospital/payable", 3))),
    ]
)
TEXT = as_csv(BOOKS, "statement", owner="insurer")


def differences(tmp_path, text):
    path = tmp_path / "book.csv"
    path.write_text(text)
    return list(held_against(BOOKS, "insurer", path))


def test_its_own_copy_agrees(tmp_path):
    assert differences(tmp_path, TEXT) == []


@pytest.mark.parametrize("line", range(1, 6))
def test_each_line_that_is_left_out_is_named(tmp_path, line):
    lines = TEXT.splitlines(keepends=True)
    posting, kind = lines[line].split(",")[1], lines[line].split(",")[3]
    [told] = differences(tmp_path, "".join(lines[:line] + lines[line + 1 :]))
    assert told.startswith(f"{posting} {kind}: ")


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (",cash,500,", ",cash,501,", "opening/insurer cash: 501 fen in the book, 500 on the ledger"),
        ("7,fee/1,fee,cash", "8,fee/1,fee,cash", "fee/1 cash: at 8 ms in the book, at 7 on the ledger"),
        ("0,opening/insurer,", "0,opening/other,", "opening/insurer equity: on the ledger and not in the book"),
    ],
)
def test_what_was_edited_is_named(tmp_path, old, new, told):
    assert old in TEXT
    assert told in differences(tmp_path, TEXT.replace(old, new))


@pytest.mark.parametrize("text", ["", "posting,kind\n", TEXT.replace("500", "many"), TEXT + "1,2\n", TEXT + '"'])
def test_what_is_no_book_is_refused_by_name(tmp_path, text):
    with pytest.raises(BooksError, match=r"book\.csv"):
        differences(tmp_path, text)


def test_the_command(tmp_path, capsys):
    source = tmp_path / "tiny.yaml"
    source.write_text(
        "version: 1\nname: tiny\nmembers: {insurer: {count: 4}}\nworld: {cash: {insurer-1: 5 CNY}}\nstory:\n"
        "  - {id: a, at: 2023-03-01, who: insurer-1, do: transfers.send, payee: insurer-2, amount_fen: 1 CNY}\n"
        "run: {clock: {start: 2023-03-01, scale: 1 day = 1 s}}\n"
    )
    folder = run(load_scenario(source), view=NoView(), out=tmp_path, mode="virtual").folder
    assert folder is not None
    book, asked = tmp_path / "book.csv", ["accounts", str(folder), "--owner", "insurer-1"]
    assert invoke([*asked, "--csv"]) == 0
    written = capsys.readouterr().out
    book.write_text(written)
    assert invoke([*asked, "--against", str(book)]) == 0
    book.write_text(written.replace(",500,", ",400,"))
    assert invoke([*asked, "--against", str(book)]) == 1
    assert "opening/insurer-1 cash: 400 fen in the book, 500 on the ledger" in capsys.readouterr().out
    assert invoke(["accounts", str(folder), "--against", str(book)]) == 2
