"""Checks of sensitive data 敏感信息核对 that show the data to nobody (row 57).

Who holds an original publishes a tag of it, a commitment under a key of its own; who has a value on a form asks, with
the person's authorisation, whether it is the same. The answer is yes or no (:mod:`node.privacy.equality`): the asker
does not learn the original, the holder not the asker's value, the chain neither. Answers are proven to be honest, and
each is a transaction, so guesses can be counted: they are limited for each asker, and regulator and bureau watch them.

The asker puts on record what it found; nobody else could tell, and it signs for that.
"""

from __future__ import annotations

from typing import Annotated, ClassVar

from msgspec import Meta
from msgspec.structs import replace

from node.contracts.context import Context, EventKind, Plain
from node.contracts.contract import Contract
from node.contracts.deposits import SUPERVISORS
from node.contracts.fields import Arguments, Digest, Label, ObjectId, Record
from node.contracts.lifecycle import Lifecycle
from node.contracts.vouchers import Subject, require_acts_for, require_authorised
from node.privacy.equality import Answer, is_proven
from node.privacy.points import IntersectionError

CHECK = Lifecycle("check", {"ASKED": {"answer": "ANSWERED"}, "ANSWERED": {"conclude": "CONCLUDED"}, "CONCLUDED": {}})

PURPOSE = "check"
HOLDERS = ("bank", "bureau", "hospital", "insurer", "patient")
ASKERS = ("bank", "broker", "insurer")
GUESSES_MAX = 3
"""Checks of one value that one asker may make where no settings say otherwise."""


class Checkable(Record, frozen=True):
    """A field of a person that can be checked; ``point`` (the key's) and ``tag`` are points in hex."""

    namespace: ClassVar[str] = "checkables"

    holder: str
    subject: str
    field: str
    point: str
    tag: str


class Check(Record, frozen=True):
    """A check. ``answer`` (point, challenge, response) is empty until answered, ``matches`` None until concluded."""

    namespace: ClassVar[str] = "checks"

    state: str
    asker: str
    checkable: str
    voucher: str
    question: str
    answer: tuple[str, ...]
    matches: bool | None
    time_ms: int


class Guesses(Record, frozen=True):
    """How many checks of a value an asker has made; the key is ``asker|checkable``."""

    namespace: ClassVar[str] = "check_guesses"

    made: int


class CheckTerms(Record, frozen=True):
    """The rules of the house; the key is "terms"."""

    namespace: ClassVar[str] = "check_terms"

    guesses_max: int


CHECKED = EventKind("checked", parties=("asker", "holder"), roles=SUPERVISORS)

contract = Contract("checks", records=(Checkable, Check, Guesses, CheckTerms), events=(CHECKED,))


class Settings(Arguments, frozen=True):
    """How many checks of one value an asker may make."""

    guesses_max: Annotated[int, Meta(ge=1, le=1_000)] = GUESSES_MAX


class RegisterArgs(Arguments, frozen=True):
    """Whose field, and its tag."""

    subject: Digest
    field: Label
    key: Digest
    tag: Digest


class AskArgs(Arguments, frozen=True):
    """Of which tag, by which authorisation, and the blinded guess."""

    checkable: ObjectId
    voucher: ObjectId
    question: Digest


class AnswerArgs(Arguments, frozen=True):
    """The question under the holder's scalar, and the proof that it is."""

    check: ObjectId
    point: Digest
    challenge: Digest
    response: Digest


class ConcludeArgs(Arguments, frozen=True):
    """What the asker found."""

    check: ObjectId
    matches: bool


@contract.settings(Settings)
def configure(ctx: Context, settings: Settings) -> None:
    """Set the rules of the house."""
    ctx.put("terms", CheckTerms(guesses_max=settings.guesses_max))


@contract.action(roles=HOLDERS)
def register(ctx: Context, args: RegisterArgs) -> Plain:
    """Publish the tag of a field that this party has the original of."""
    ctx.find(Subject, args.subject)
    if ctx.role == "patient":
        require_acts_for(ctx, args.subject)
    checkable = Checkable(holder=ctx.client, subject=args.subject, field=args.field, point=args.key, tag=args.tag)
    ctx.put(ctx.object_id, checkable)
    return {"checkable": ctx.object_id}


@contract.action(roles=ASKERS)
def ask(ctx: Context, args: AskArgs) -> Plain:
    """Ask whether one's own value is the holder's, with a voucher for that field and purpose."""
    checkable = ctx.find(Checkable, args.checkable)
    voucher = require_authorised(ctx, args.voucher, checkable.subject, ctx.client, PURPOSE)
    ctx.require(checkable.field in voucher.fields, "field_not_covered", checkable.field)
    terms = ctx.get(CheckTerms, "terms")
    key = f"{ctx.client}|{args.checkable}"
    before = ctx.get(Guesses, key)
    made = (before.made if before else 0) + 1
    ctx.require(made <= (terms.guesses_max if terms else GUESSES_MAX), "guesses_used_up", args.checkable)
    ctx.put(key, Guesses(made=made))
    check = Check(
        state="ASKED",
        asker=ctx.client,
        checkable=args.checkable,
        voucher=args.voucher,
        question=args.question,
        answer=(),
        matches=None,
        time_ms=ctx.time_ms,
    )
    ctx.put(ctx.object_id, check)
    ctx.emit("checked", check=ctx.object_id, asker=ctx.client, holder=checkable.holder, field=checkable.field)
    return {"check": ctx.object_id, "guess": made}


@contract.action(roles=HOLDERS)
def answer(ctx: Context, args: AnswerArgs) -> Plain:
    """The holder answers, and proves that it used the key of the tag."""
    check = ctx.find(Check, args.check)
    checkable = ctx.find(Checkable, check.checkable)
    ctx.require(checkable.holder == ctx.client, "wrong_holder", checkable.holder)
    state = CHECK.next(check.state, "answer")
    told = (args.point, args.challenge, args.response)
    ctx.require(_is_proven(checkable.point, check.question, told), "answer_not_proven", args.check)
    ctx.put(args.check, replace(check, state=state, answer=told))
    return {"check": args.check}


@contract.action(roles=ASKERS)
def conclude(ctx: Context, args: ConcludeArgs) -> Plain:
    """The asker puts on record what it found."""
    check = ctx.find(Check, args.check)
    ctx.require(check.asker == ctx.client, "wrong_asker", check.asker)
    state = CHECK.next(check.state, "conclude")
    ctx.put(args.check, replace(check, state=state, matches=args.matches))
    return {"matches": args.matches}


def _is_proven(key: str, question: str, told: tuple[str, str, str]) -> bool:
    try:
        return is_proven(bytes.fromhex(key), bytes.fromhex(question), Answer(*map(bytes.fromhex, told)))
    except IntersectionError:
        return False
