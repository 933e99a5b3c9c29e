"""The broker, here the custodian of digital policies 数字保单第三方托管 (row 23). Its node observes."""

from __future__ import annotations

from node.contracts.custody import CompareArgs
from node.privacy import commitment
from scenarios.roles.desk import Act, Desk, Request, Verbs

verb = Verbs("broker")


@verb("compare")
def compare(desk: Desk, act: Act) -> Request:
    """Arguments: policy, deposit. The fingerprint of the copy that came with the deposit."""
    policy = desk.object(act, "policy")
    copy = desk.opened(act, desk.object(act, "deposit"))
    fingerprint = commitment("policy", copy["policy"].value, str(copy["salt"].value))
    return Request(contract="custody", action="compare", arguments=CompareArgs(policy=policy, fingerprint=fingerprint))
