"""What parties do with a payload later: have it erased and attest that, or seal it again (rows 1, 39, 57, 61)."""

from __future__ import annotations

from node.contracts.collections import PurgeArgs, RecordArgs
from node.contracts.envelopes import ResealArgs
from scenarios.roles.desk import Act, Desk, Request


def request_purge(desk: Desk, act: Act) -> Request:
    """Arguments: of (the step that shared it), voucher (under which it was released)."""
    arguments = PurgeArgs(record=desk.object(act, "of"), voucher=desk.object(act, "voucher"))
    return Request(contract="collections", action="request-purge", arguments=arguments)


def attest_purge(desk: Desk, act: Act) -> Request:
    """Arguments: of (the step that shared it). It waits for the own node's word that nothing of it is left there."""
    record = desk.object(act, "of")
    arguments = RecordArgs(record=record)
    return Request(contract="collections", action="attest", arguments=arguments, erased=(record,))


def reseal(desk: Desk, act: Act) -> Request:
    """Arguments: of (the step that shared it). To the keys that its parties have now, as its next version."""
    envelope = desk.seal_again(act, desk.object(act, "of"))
    return Request(contract="envelopes", action="reseal", arguments=ResealArgs(envelope=envelope), envelope=envelope)
