"""Losses under sealed treaties as their two sides handle them: reserves, recoveries, cash calls (rows 13, 15).

Each side reads its own movements, adds them up, and knows by which blind the chain's sum opens.
"""

from __future__ import annotations

from collections.abc import Iterator

from node.contracts.losses import Kind, Movement, TreatyLoss, loss_key
from node.contracts.losses.calls import PayArgs
from node.contracts.losses.records import AmountArgs
from node.contracts.losses.reserves import CloseArgs, ReportArgs
from node.contracts.treaty import Treaty
from node.privacy import Value
from node.privacy.sums import blind_from, hide, sum_of_blinds
from scenarios.language import units
from scenarios.roles import cedent, insurer, reinsurer
from scenarios.roles.desk import Act, Desk, Request

reinsurer.verb("propose-treaty")(cedent.propose_treaty)  # who retrocedes 转分保 is a cedent in its turn


def move_reserve(desk: Desk, act: Act) -> Request:
    """Arguments: treaty, loss, by; kind. The reserve changes by an amount of either sign; both sides sign."""
    kind: Kind = "recovery" if act.text("kind", "change") == "recovery" else "change"
    return _moved(desk, act, "move", _money(act, "by"), kind)


def call_cash(desk: Desk, act: Act) -> Request:
    """Arguments: treaty, loss, amount. The cedent calls for cash at once; both sides sign."""
    return _moved(desk, act, "call", -_money(act, "amount"), "recovery")


def close_loss(desk: Desk, act: Act) -> Request:
    """Arguments: treaty, loss. Shows that nothing is reserved any more; both sides sign."""
    treaty_id, reference = desk.object(act, "treaty"), act.text("loss")
    blinds = [blind for _, blind in _movements(desk, act, loss_key(treaty_id, reference))]
    arguments = CloseArgs(treaty=treaty_id, reference=reference, blind=sum_of_blinds(blinds))
    return Request(contract="losses", action="close", arguments=arguments, cosigners=_other_side(desk, act, treaty_id))


insurer.verb("move-reserve")(move_reserve)
insurer.verb("call-cash")(call_cash)
insurer.verb("close-loss")(close_loss)
reinsurer.verb("move-reserve")(move_reserve)
reinsurer.verb("call-cash")(call_cash)
reinsurer.verb("close-loss")(close_loss)


@reinsurer.verb("pay-call")
def pay_call(desk: Desk, act: Act) -> Request:
    """Arguments: call. Opens what was called and pays it."""
    call_id = desk.object(act, "call")
    blind = str(desk.opened(act, call_id)["blind"].value)
    arguments = PayArgs(call=call_id, amount_fen=-desk.number(act, call_id, "change_fen"), blind=blind)
    return Request(contract="losses", action="pay", arguments=arguments)


@reinsurer.verb("report-reserves")
def report_reserves(desk: Desk, act: Act) -> Request:
    """Arguments: off. Opens the sum of all its reserves, or says that it is off by an amount."""
    off = _money(act, "off") if act.has("off") else 0
    moved = [
        step
        for key, loss in desk.tree.items(TreatyLoss.namespace)
        if isinstance(loss, TreatyLoss) and loss.reinsurer == act.who
        for step in _movements(desk, act, key)
    ]
    total_fen = sum(fen for fen, _ in moved) + off
    arguments = ReportArgs(total_fen=total_fen, blind=sum_of_blinds(blind for _, blind in moved))
    return Request(contract="losses", action="report", arguments=arguments)


def _moved(desk: Desk, act: Act, action: str, change_fen: int, kind: Kind) -> Request:
    treaty_id, reference = desk.object(act, "treaty"), act.text("loss")
    before = sum(fen for fen, _ in _movements(desk, act, loss_key(treaty_id, reference)))
    blind = blind_from(desk.token(act.who, "reserves", act.object_id))
    fields: dict[str, Value] = {"change_fen": change_fen, "reserve_fen": before + change_fen, "blind": blind}
    treaty = desk.find(act, Treaty, treaty_id)
    envelope = desk.seal(act, "treaty", fields, (treaty.cedent, treaty.reinsurer))
    arguments = AmountArgs(
        treaty=treaty_id, reference=reference, change=hide(change_fen, blind), kind=kind, amounts=envelope
    )
    return Request(
        contract="losses",
        action=action,
        arguments=arguments,
        cosigners=_other_side(desk, act, treaty_id),
        envelope=envelope,
    )


def _movements(desk: Desk, act: Act, loss: str) -> Iterator[tuple[int, str]]:
    """(change in fen, blind) of each step of a loss's reserve, as the act's own party reads them."""
    for _, movement in desk.tree.items(Movement.namespace, f"{loss}|"):
        if isinstance(movement, Movement):
            carrier = movement.moved_by
            yield desk.number(act, carrier, "change_fen"), str(desk.opened(act, carrier)["blind"].value)


def _other_side(desk: Desk, act: Act, treaty_id: str) -> tuple[str, ...]:
    treaty = desk.find(act, Treaty, treaty_id)
    return (treaty.reinsurer if act.who == treaty.cedent else treaty.cedent,)


def _money(act: Act, key: str) -> int:
    try:
        return units.parse_money(act.text(key))
    except units.UnitError as error:
        raise act.error(key, str(error)) from None
