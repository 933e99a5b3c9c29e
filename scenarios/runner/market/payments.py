"""Payments: senders in turns, payees and amounts drawn."""

from __future__ import annotations

from collections.abc import Iterator

from network.virtual.draws import Stream
from node.contracts.transfers import SendArgs
from scenarios.language.models.market import Payments
from scenarios.runner.drafts import Draft
from scenarios.runner.market.books import Books
from scenarios.runner.market.cast import payment_parties
from scenarios.runner.market.stage import Stage, money


def payments_of(flow: Payments, stage: Stage, books: Books) -> Iterator[Draft]:
    """One transfer a case."""
    senders, payees = payment_parties(stage.scenario, flow)
    others = {sender: [payee for payee in payees if payee != sender] for sender in senders}
    amounts, words = stage.amounts(flow.amount), Stream(stage.key("payee"))
    for place, case in enumerate(stage.beginnings(flow.arrivals, flow.for_)):
        sender = senders[place % len(senders)]
        payee = others[sender][words.below(len(others[sender]))]
        drawn = amounts.next()
        amount = drawn if case.amount_fen is None else case.amount_fen
        books.move(sender, payee, amount)
        draft = stage.draft(
            f"{stage.name}/{place + 1}",
            "sent",
            case.at_ns,
            sender,
            "transfers.send",
            arguments=SendArgs(payee=payee, amount_fen=amount),
            title=f"sends {payee} {money(amount)}",
        )
        yield from stage.in_turn(place, case, [draft])
