"""Bordereaux: exactly what differs is named, and nothing is confirmed before it is put right."""

from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from node.contracts.bordereaux import BookLine, Bordereau, line_path
from node.contracts.bordereaux.books import OpenArgs, StateArgs
from node.contracts.bordereaux.breaks import DAY_MS, CorrectArgs
from node.contracts.bordereaux.originals import WitnessArgs
from node.contracts.bordereaux.records import BATCH_MAX, Stated, Which
from node.contracts.treaty import Treaty
from node.privacy import commitment
from tests.node.contracts.network import Network
from tests.node.contracts.parties import sealed
from tests.node.contracts.policy.kit import blank

TREATY = "insurer-1/900"
CEDENT, REINSURER = "insurer-1", "reinsurer"


def salt(reference):
    return sha256(f"salt of {reference}".encode()).hexdigest()


def stated(book, kind="claims"):
    """A book of amounts as lines of a transaction, ascending."""
    return tuple(Stated(ref, commitment(line_path(kind, ref), fen, salt(ref))) for ref, fen in sorted(book.items()))


class Table:
    """A treaty, a bordereau under it, and its two parties."""

    def __init__(self, *, witnessed=False):
        self.network = Network()
        treaty = blank(Treaty, state="SIGNED", cedent=CEDENT, reinsurer=REINSURER)
        self.network.tree = self.network.tree.update({("treaties", TREATY): treaty})
        self.numbers = {CEDENT: 0, REINSURER: 0, "hospital-1": 0, "insurer-2": 0}
        opened = self.do(CEDENT, "open", OpenArgs(TREATY, "claims", "2023-q1", 10 * DAY_MS, witnessed))
        self.id = opened.output["bordereau"]

    def do(self, who, action, arguments, **options):
        self.numbers[who] += 1
        return self.network.do(who, f"bordereaux.{action}", arguments, number=self.numbers[who], **options)

    def witness(self, book):
        return self.do("hospital-1", "witness", WitnessArgs(CEDENT, stated(book)), cosigners=(CEDENT,))

    def state(self, who, book, **options):
        """All of ``book`` in as many transactions as it takes; the breaks that were named."""
        lines, named = stated(book), []
        for place in range(0, len(lines), BATCH_MAX):
            outcome = self.batch(who, lines[place : place + BATCH_MAX], **options)
            assert outcome.code == "ok", outcome
            named += outcome.output["breaks"]
        return named

    def batch(self, who, lines, **options):
        figures = None
        if who == CEDENT:
            record = f"{who}/{self.numbers[who] + 1}"
            figures = sealed(record, {"total_fen": 1}, (CEDENT, REINSURER))
        return self.do(who, "state", StateArgs(self.id, lines, figures), **options)

    def close(self, who, **options):
        return self.do(who, "close", Which(self.id), **options)

    def confirm(self, **options):
        return self.do(REINSURER, "confirm", Which(self.id), **options)

    def correct(self, who, reference, fen=None, **options):
        digest = "" if fen is None else stated({reference: fen})[0].digest
        record = f"{who}/{self.numbers[who] + 1}"
        figures = sealed(record, {"amount_fen": fen}, (CEDENT, REINSURER)) if who == CEDENT and digest else None
        return self.do(who, "correct", CorrectArgs(self.id, reference, digest, figures), **options)

    @property
    def record(self) -> Bordereau:
        return self.network.tree.get("bordereaux", self.id)


def references(numbers):
    return {f"no-{number:04}" for number in numbers}


def test_one_of_a_thousand_claims_inflated_by_a_fen_is_named():
    table = Table(witnessed=True)
    paid = {f"no-{n:04}": 10_000 + 37 * n for n in range(1_000)}
    for place in range(0, 1_000, BATCH_MAX):
        assert table.witness(dict(sorted(paid.items())[place : place + BATCH_MAX])).code == "ok"
    assert table.state(CEDENT, paid | {"no-0412": paid["no-0412"] + 1}) == ["no-0412"]


def test_who_commits_to_the_truth_and_tells_more_is_named_as_soon_as_the_other_commits():
    table = Table(witnessed=True)
    paid = {f"no-{n:04}": 10_000 + n for n in range(20)}
    table.witness(paid)
    assert table.state(CEDENT, paid) == []
    assert table.state(REINSURER, paid | {"no-0007": 10_008}) == ["no-0007"]


@pytest.mark.parametrize("by", [CEDENT, REINSURER])
def test_a_claim_that_nobody_witnessed_is_a_break(by):
    table = Table(witnessed=True)
    assert table.state(by, {"no-0001": 5}) == ["no-0001"]


books = st.dictionaries(st.integers(0, 60), st.integers(1, 4), max_size=40)


@settings(max_examples=40, deadline=None)
@given(books, books)
def test_exactly_what_differs_is_a_break_whatever_the_books(mine, theirs):
    """Held to a plain comparison of two dictionaries."""
    differing = {n for n in mine.keys() | theirs.keys() if mine.get(n) != theirs.get(n)}
    table = Table()
    named = table.state(CEDENT, {f"no-{n:04}": fen for n, fen in mine.items()})
    named += table.state(REINSURER, {f"no-{n:04}": fen for n, fen in theirs.items()})
    assert set(named) == references(n for n in differing if n in mine and n in theirs)
    table.close(REINSURER)
    assert set(table.close(CEDENT).output["breaks"]) == references(differing)
    assert table.record.lines == len(mine.keys() | theirs.keys())
    assert table.record.matched == table.record.lines - len(differing)
    assert table.confirm().code == ("breaks_open" if differing else "ok")


def test_a_thousand_lines_with_seventeen_breaks():
    table = Table()
    truth = {f"no-{n:04}": 100 * n + 1 for n in range(1_000)}
    off = {f"no-{n:04}" for n in range(11, 1_000, 99)}
    alone = {f"no-{n:04}" for n in range(1, 1_000, 150)}
    theirs = {ref: fen + (ref in off) for ref, fen in truth.items() if ref not in alone}
    assert len(off | alone) == 17
    table.state(CEDENT, truth)
    table.state(REINSURER, theirs)
    table.close(CEDENT)
    assert set(table.close(REINSURER).output["breaks"]) == off | alone
    for ref in sorted(off | alone):
        assert table.confirm().code == "breaks_open"
        assert table.correct(REINSURER, ref, truth[ref]).output["mended"]
    assert table.confirm().code == "ok"


def test_ages_are_told_in_bands_and_counted_from_when_a_break_was_found():
    table = Table()
    table.state(CEDENT, {"no-1": 1, "no-2": 2, "no-3": 3}, at=DAY_MS)
    table.state(REINSURER, {"no-1": 9}, at=DAY_MS)
    table.state(REINSURER, {"no-2": 9}, at=20 * DAY_MS)
    table.close(CEDENT, at=40 * DAY_MS)
    table.close(REINSURER, at=40 * DAY_MS)
    ages = table.do(CEDENT, "ages", Which(table.id), at=41 * DAY_MS).output
    assert ages == {"bands": (0, 1, 1, 1, 0), "oldest_ms": 40 * DAY_MS}


def test_a_line_that_was_booked_by_mistake_is_taken_out():
    table = Table()
    table.state(CEDENT, {"no-1": 1, "no-2": 2})
    table.state(REINSURER, {"no-1": 1})
    table.close(CEDENT)
    table.close(REINSURER, at=5)
    assert table.correct(CEDENT, "no-2", at=9).output == {"mended": True, "age_ms": 4, "open": 0}
    assert table.confirm(at=11 * DAY_MS).output["reconciled_after_ms"] == DAY_MS
    assert table.network.tree.get(BookLine.namespace, f"{table.id}|no-2") is None


def test_a_correction_to_another_wrong_figure_leaves_the_break_as_old_as_it_was():
    table = Table()
    table.state(CEDENT, {"no-1": 1}, at=3)
    table.state(REINSURER, {"no-1": 2}, at=4)
    table.close(CEDENT)
    assert table.correct(CEDENT, "no-1", 3, at=10).output == {"mended": False, "age_ms": 6, "open": 1}
    assert table.correct(CEDENT, "no-1", 2, at=12).output == {"mended": True, "age_ms": 8, "open": 0}
    assert table.record.longest_break_ms == 8


def test_who_may_do_what_when():
    table = Table()
    lines = stated({"no-1": 1})
    assert table.do("insurer-2", "state", StateArgs(table.id, lines, None)).code == "not_a_party"
    assert table.do(CEDENT, "state", StateArgs(table.id, lines, None)).code == "figures_missing"
    theirs = sealed(f"{REINSURER}/1", {"total_fen": 1}, (CEDENT, REINSURER))
    assert table.do(REINSURER, "state", StateArgs(table.id, lines, theirs)).code == "figures_are_the_cedents"
    record = f"{CEDENT}/{table.numbers[CEDENT] + 1}"
    strangers = sealed(record, {"total_fen": 1}, (CEDENT, "broker"))
    assert table.do(CEDENT, "state", StateArgs(table.id, lines, strangers)).code == "wrong_recipients"
    assert table.batch(CEDENT, lines).code == "ok"
    assert table.batch(CEDENT, lines).code == "stated_already"
    assert table.batch(REINSURER, stated({"no-1": 2})).code == "ok"
    assert table.correct(CEDENT, "no-1", 2).code == "book_not_closed"
    assert table.close(CEDENT).code == "ok"
    unsaid = CorrectArgs(table.id, "no-1", stated({"no-1": 2})[0].digest)
    assert table.do(CEDENT, "correct", unsaid).code == "figures_missing"
    assert table.close(CEDENT).code == "book_closed"
    assert table.batch(CEDENT, stated({"no-2": 2})).code == "book_closed"
    assert table.confirm().code == "illegal_transition"
    assert table.do(CEDENT, "open", OpenArgs(TREATY, "claims", "2023-q1", 0)).code == "opened_already"


def test_a_refused_batch_leaves_no_line_behind():
    table = Table()
    table.batch(CEDENT, stated({"no-2": 2}))
    assert table.batch(CEDENT, stated({"no-1": 1, "no-2": 2})).code == "stated_already"
    assert table.record.lines == 1


def test_neither_party_uses_up_the_room_of_the_other(monkeypatch):
    monkeypatch.setattr("node.contracts.bordereaux.books.LINES_MAX", 2)
    table = Table()
    assert table.state(REINSURER, {"x-1": 1, "x-2": 2}) == []
    assert table.batch(REINSURER, stated({"x-3": 3})).code == "too_many_lines"
    assert table.state(CEDENT, {"c-1": 1, "c-2": 2}) == []
    assert table.batch(CEDENT, stated({"c-3": 3})).code == "too_many_lines"
