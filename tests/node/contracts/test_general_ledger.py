"""Books that are closed: right ones pass, any one edit is found, by the contract or by the audit."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from node.contracts import accounts
from node.contracts.accounts import account
from node.contracts.general_ledger import CloseArgs, Closing, ShowArgs, digest_of, lines_of, turnovers_of
from node.contracts.transfers import SendArgs
from scenarios.runner.closings import audit
from tests.node.contracts.network import Network


def network():
    openings = tuple(accounts.Opening(name, 10_000) for name in ("insurer-1", "insurer-2"))
    return Network(settings=((accounts.contract.name, accounts.Settings(openings)),))


def book(net, at, *, before=None):
    """The insurer's own book, kept beside the chain."""
    after = 0 if before is None else before.closed_ms
    lines = lines_of(net.tree, "insurer-1", after, at)
    balances = {} if before is None else {kind: fen for kind, _, _, fen in before.totals}
    turned = turnovers_of(lines)
    totals = []
    for kind in sorted({*balances, *turned}):
        debit, credit = turned.get(kind, (0, 0))
        totals.append((kind, debit, credit, balances.get(kind, 0) + debit - credit))
    return CloseArgs(f"p{at}", tuple(totals), len(lines), digest_of(lines))


def closed(net, args, at):
    return net.do("insurer-1", "general-ledger.close", args, at=at)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.integers(1, 500), st.booleans()), max_size=10))
def test_honest_books_agree_however_periods_are_cut(moves):
    """Balances at the end are what was moved, counted here by itself; the audit finds nothing."""
    net, now, before, expected, closings = network(), 1_000, None, 10_000, 0
    for out, fen, close in [*moves, (True, 1, True)]:
        now += 10
        payer, payee = ("insurer-1", "insurer-2") if out else ("insurer-2", "insurer-1")
        if net.do(payer, "transfers.send", SendArgs(payee, fen), at=now).code == "ok":
            expected += -fen if out else fen
        if close:
            now += 10
            args = book(net, now, before=before)
            assert closed(net, args, now).code == "ok"
            before, closings = net.tree.get(Closing.namespace, f"insurer-1/{args.period}"), closings + 1
    assert {kind: fen for kind, _, _, fen in before.totals}["cash"] == expected
    assert audit(net.tree) == (closings, ())


def _edited(args, place, by):
    totals = [list(total) for total in args.totals]
    for column in place:
        totals[0][column] += by
    return CloseArgs(args.period, tuple(map(tuple, totals)), args.entries, args.journal)


@pytest.mark.parametrize(
    ("place", "code"),
    [((3,), "does_not_add_up"), ((1,), "does_not_add_up"), ((1, 3), "balance_differs")],
)
def test_an_edited_total_is_refused(place, code):
    net = network()
    assert closed(net, _edited(book(net, 50), place, 1), 50).code == code
    assert list(net.tree.items(Closing.namespace)) == []


@pytest.mark.parametrize(
    ("edit", "told"),
    [
        (lambda args: _edited(args, (1, 2), 7), "cash: debits 10007 and credits 7 fen, not 10000 and 0"),
        (lambda args: CloseArgs(args.period, args.totals, args.entries + 1, args.journal), "3 entries, not 2"),
        (lambda args: CloseArgs(args.period, args.totals, args.entries, "0" * 64), "the digest is of other entries"),
    ],
)
def test_what_no_contract_sees_the_audit_names(edit, told):
    net = network()
    assert closed(net, edit(book(net, 50)), 50).code == "ok"
    closings, breaks = audit(net.tree)
    assert (closings, [(found.owner, found.period, found.what) for found in breaks]) == (
        1,
        [("insurer-1", "p50", told)],
    )


def test_an_entry_dated_back_into_a_closed_period_is_found():
    net = network()
    assert closed(net, book(net, 50), 50).code == "ok"
    assert net.do("insurer-1", "transfers.send", SendArgs("insurer-2", 5), at=40).code == "ok"
    _, breaks = audit(net.tree)
    assert [found.what for found in breaks] == [
        "cash: debits 10000 and credits 0 fen, not 10000 and 5",
        "2 entries, not 3",
        "the digest is of other entries",
    ]


def test_entries_are_shown_as_they_stand():
    net = network()
    right = ("opening/insurer-1", "cash", 10_000)
    assert net.do("insurer-1", "general-ledger.show", ShowArgs((right,))).code == "ok"
    for entry, code in [
        (("opening/insurer-1", "cash", 9_999), "entry_differs"),
        (("opening/insurer-1", "equity", 10_000), "entry_differs"),
        (("opening/nobody", "cash", 1), "entry_unknown"),
    ]:
        assert net.do("insurer-1", "general-ledger.show", ShowArgs((right, entry))).code == code
    assert account("insurer-1", "cash") == "insurer-1/cash"
