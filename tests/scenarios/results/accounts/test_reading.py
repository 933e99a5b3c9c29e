"""A run's books: as of its end, a height and a moment they are what executing the ledger gives; damage is named."""

import json

import pytest
from typer.testing import CliRunner

from node.contracts.accounts import Account
from node.ledger import TransactionError, decode_transaction
from scenarios.commands.accounts import app
from scenarios.results.accounts import AsOf, BooksError, parse_as_of, read_books
from scenarios.results.exports.source import RunFiles
from scenarios.results.replay import ContractMachine

pytestmark = pytest.mark.xdist_group("results")  # one worker makes the run


def balances(books):
    return {f"{found.owner}/{found.kind}": found.balance_fen for found in books.trial_balance()}


def test_as_of_every_tenth_height_the_books_are_the_state_and_cash_is_never_negative(finished_run):
    files = RunFiles(finished_run)
    machine = ContractMachine(files.genesis)
    blocks = list(files.chain())
    for height, (block, *_) in enumerate(blocks):
        if height:
            machine.run([decode_transaction(raw) for raw in block.transactions])
        cash = [record.balance_fen for _, record in machine.tree.items(Account.namespace) if record.kind == "cash"]
        assert min(cash) >= 0
        if height % 10 == 0 or height == len(blocks) - 1:
            books = read_books(finished_run, AsOf(height=height))
            kept = {key: record.balance_fen for key, record in machine.tree.items(Account.namespace)}
            assert balances(books) == kept
            assert (books.total_fen, books.overdrawn) == (0, ())
    assert balances(read_books(finished_run)) == balances(books)


def test_a_claim_is_in_the_books_from_the_moment_of_its_payment(finished_run):
    paid = next(entry for entry in read_books(finished_run).entries if entry.memo == "claim")
    before = read_books(finished_run, AsOf(moment_ms=paid.time_ms - 1))
    then = read_books(finished_run, AsOf(moment_ms=paid.time_ms))
    assert paid not in before.entries
    assert balances(then)["insurer-1/claims-paid"] == 311_290
    assert "insurer-1/claims-paid" not in balances(before)


@pytest.mark.parametrize(
    ("text", "meant"),
    [("12", AsOf(height=12)), ("1970-01-02", AsOf(moment_ms=86_400_000)), ("1970-01-01 00:01", AsOf(moment_ms=60_000))],
)
def test_as_of_is_a_height_or_a_moment(text, meant):
    assert parse_as_of(text) == meant


@pytest.mark.parametrize("text", ["", "soon", "-1", "2023-13-01", "²"])
def test_as_of_anything_else_is_refused(text):
    with pytest.raises(ValueError, match="neither a height"):
        parse_as_of(text)


def test_a_height_beyond_the_ledger_names_the_last(finished_run):
    with pytest.raises(BooksError, match=r"ends at height \d+, before 100000; ask for a height of at most \d+"):
        read_books(finished_run, AsOf(height=100_000))


def rewritten(folder, change):
    """The business state with each entry as ``change`` has it."""
    path = folder / "state" / "business.jsonl"
    entries = [json.loads(line) for line in path.read_text().splitlines()]
    path.write_text("".join(json.dumps(change(*entry)) + "\n" for entry in entries))


def test_an_account_that_its_postings_do_not_add_up_to_is_named(folder):
    def richer(namespace, key, record):
        if (namespace, key) == ("accounts", "patient-1/cash"):
            record["balance_fen"] += 1
        return namespace, key, record

    rewritten(folder, richer)
    with pytest.raises(BooksError, match="patient-1/cash is 775290 fen by the journal, 775291 fen by the accounts"):
        read_books(folder)


def test_a_line_that_is_no_entry_is_named(folder):
    path = folder / "state" / "business.jsonl"
    path.write_bytes(path.read_bytes() + b"\xff\n")
    with pytest.raises(BooksError, match=r"business\.jsonl:\d+: is no entry"):
        read_books(folder)


def test_a_block_of_something_else_than_transactions_is_named(finished_run, monkeypatch):
    def spoiled(_):
        raise TransactionError("not the canonical encoding")

    monkeypatch.setattr("scenarios.results.accounts.reading.decode_transaction", spoiled)
    with pytest.raises(BooksError, match=r"\.jsonl:2: holds no transaction: not the canonical encoding"):
        read_books(finished_run, AsOf(height=3))


def test_a_ledger_that_is_cut_off_is_named(folder):
    path = RunFiles(folder).folder.ledger(RunFiles(folder).longest)
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(BooksError, match=r"\.jsonl:\d+: "):
        read_books(folder, AsOf(height=99))


def told(*words):
    return CliRunner().invoke(app, [str(word) for word in words])


def test_the_command_tells_the_trial_balance_a_statement_and_the_journal(finished_run):
    assert told(finished_run).output.splitlines()[-1].split()[-2:] == ["0.00", "CNY"]
    statement = told(finished_run, "--owner", "patient-1", "--kind", "cash", "--csv").output.splitlines()
    assert statement[-1].endswith(",claim,cash,311290,775290")
    journal = told(finished_run, "--journal", "--kind", "claims-paid", "--csv").output.splitlines()
    assert len(journal) == 5


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--owner", "nobody"), "'nobody' has no account; there are those of insurer-1"),
        (("--kind", "kash"), "did you mean `cash`?"),
        (("--as-of", "soon"), "neither a height"),
    ],
)
def test_the_command_names_what_is_wrong(finished_run, words, said):
    result = told(finished_run, *words)
    assert result.exit_code == 2
    assert said in result.stderr


def test_the_report_has_the_ledger_of_accounts(finished_run):
    page = (finished_run / "report.html").read_text()
    assert "Ledger of accounts 账簿" in page
    assert "debits equal credits" in page
