"""Checks of sensitive data 敏感信息核对: whether a value is the same as another party's, shown to neither (row 57).

The secrets behind tags and questions are each party's own; what is asked and answered is points, and nothing is kept
between the acts.
"""

from __future__ import annotations

from node.contracts.checks import AnswerArgs, AskArgs, Check, Checkable, ConcludeArgs, RegisterArgs
from node.privacy import Guesser, IntersectionError, Owner
from scenarios.roles.desk import Act, Desk, Request


def register_value(desk: Desk, act: Act) -> Request:
    """Arguments: person, field (what is held on this person under that name, in `world.people`)."""
    person, field = act.text("person"), act.text("field")
    held = desk.person(act, person).fields
    if field not in held:
        raise act.error("field", f"`{act.who}` holds no `{field}` on `{person}`")
    tag = _owner(desk, act, act.object_id).publish(str(held[field]))
    arguments = RegisterArgs(subject=desk.pseudonym(act, person), field=field, key=tag.key.hex(), tag=tag.tag.hex())
    return Request(contract="checks", action="register", arguments=arguments)


def ask_value(desk: Desk, act: Act) -> Request:
    """Arguments: of (the step that registered it), voucher, value (what stands on the form)."""
    checkable = desk.object(act, "of")
    question = _guesser(desk, act, checkable, act.object_id).ask(act.text("value"))
    arguments = AskArgs(checkable=checkable, voucher=desk.object(act, "voucher"), question=question.hex())
    return Request(contract="checks", action="ask", arguments=arguments)


def answer_value(desk: Desk, act: Act) -> Request:
    """Arguments: check; lying (true: under another key than the tag's)."""
    check_id = desk.object(act, "check")
    check = desk.find(act, Check, check_id)
    session = act.object_id if act.flag("lying") else check.checkable
    try:
        answer = _owner(desk, act, session).answer(bytes.fromhex(check.question))
    except IntersectionError as error:
        raise act.error("check", str(error)) from None
    arguments = AnswerArgs(
        check=check_id, point=answer.point.hex(), challenge=answer.challenge.hex(), response=answer.response.hex()
    )
    return Request(contract="checks", action="answer", arguments=arguments)


def conclude_value(desk: Desk, act: Act) -> Request:
    """Arguments: check. What the answer says is worked out, and put on record."""
    check_id = desk.object(act, "check")
    check = desk.find(act, Check, check_id)
    if not check.answer:
        raise act.error("check", "is not answered yet")
    tag = desk.find(act, Checkable, check.checkable).tag
    guesser = _guesser(desk, act, check.checkable, check_id)
    matches = guesser.is_equal(bytes.fromhex(check.answer[0]), bytes.fromhex(tag))
    return Request(contract="checks", action="conclude", arguments=ConcludeArgs(check=check_id, matches=matches))


def _owner(desk: Desk, act: Act, session: str) -> Owner:
    return Owner(bytes.fromhex(desk.token(act.who, "checks", "owner")), session)


def _guesser(desk: Desk, act: Act, session: str, question: str) -> Guesser:
    return Guesser(bytes.fromhex(desk.token(act.who, "checks", "guesser")), session, question)
