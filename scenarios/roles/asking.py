"""What insurers and the insured both do: start a query (rows 1, 3), verify a policy (rows 7, 23)."""

from __future__ import annotations

from node.contracts.consent import AskArgs
from node.contracts.policy import DOCUMENT_PATH, Policy, VerifyArgs
from node.privacy import Opening, commitment
from scenarios.roles.desk import Act, Desk, Request


def ask(desk: Desk, act: Act) -> Request:
    """Arguments: person, holder, purpose, fields; reader (for the insured), matter (a claim)."""
    matter = act.take("matter")
    arguments = AskArgs(
        subject=desk.pseudonym(act, act.text("person")),
        reader=act.text("reader", act.who),
        holder=act.text("holder"),
        purpose=act.text("purpose"),
        fields=act.names("fields"),
        matter="" if matter is None else desk.object_of(act, "matter", matter),
    )
    return Request(contract="consent", action="ask", arguments=arguments)


def verify(desk: Desk, act: Act) -> Request:
    """Arguments: policy; forged (true: with one letter changed)."""
    policy = desk.object(act, "policy")
    desk.find(act, Policy, policy)
    document = desk.opened(act, policy)[DOCUMENT_PATH]
    fingerprint = forged_fingerprint(document) if act.flag("forged") else document.digest
    arguments = VerifyArgs(policy=policy, fingerprint=fingerprint)
    return Request(contract="policy", action="verify", arguments=arguments)


def forged_fingerprint(document: Opening) -> str:
    """The fingerprint of the same document with its last letter changed."""
    return commitment(document.path, changed_letter(str(document.value)), document.salt)


def changed_letter(text: str) -> str:
    """``text`` with one bit of its last letter changed."""
    return text[:-1] + chr(ord(text[-1]) ^ 1)
