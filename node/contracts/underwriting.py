"""Underwriting 核保: apply, score, accept or load or counter-offer (rows 4, 5, 6).

The bureau computes the score from age and history, which stay with it: on the chain lie the score, the rule's
version and salted commitments to the inputs, endorsed by bureau and insurer. An opened commitment lets an arbiter
recompute the score. The decision follows from the score by the product's thresholds, without a hand in between, and
carries a reason from a closed list (:mod:`node.contracts.reasons`).
"""

from __future__ import annotations

from typing import Annotated, ClassVar

from msgspec import Meta
from msgspec.structs import replace

from node.contracts.consent import Query
from node.contracts.context import Context, EventKind, Plain, Refusal
from node.contracts.contract import Contract
from node.contracts.endorsement import role
from node.contracts.fields import MILLION, Arguments, Digest, Label, Labels, ObjectId, Record
from node.contracts.lifecycle import Lifecycle
from node.contracts.money import share
from node.contracts.products import Product, Scoring, benefits_of, priced, score
from node.contracts.reasons import applicants_with, decide, reason_of
from node.contracts.vouchers import require_acts_for
from node.ledger.transaction import Name
from node.privacy.commitments import Commitments, Opening, is_committed
from node.privacy.envelope import Envelope

APPLICATION = Lifecycle(
    "application",
    {
        "APPLIED": {
            "accept": "ACCEPTED",
            "load": "LOADED",
            "counter": "COUNTERED",
            "decline": "DECLINED",
            "withdraw": "WITHDRAWN",
        },
        "LOADED": {"agree": "ACCEPTED", "withdraw": "WITHDRAWN"},
        "COUNTERED": {"agree": "APPLIED", "withdraw": "WITHDRAWN"},
        "ACCEPTED": {"bind": "BOUND"},
        "BOUND": {},
        "DECLINED": {},
        "WITHDRAWN": {},
    },
)

PURPOSE = "underwriting"


class Application(Record, frozen=True):
    """An application for cover.

    ``attempt`` is 1, or 2 once a counter-offer was agreed to; ``sum_ppm`` is the share of the product's sums insured
    that is applied for. ``score`` is None until assessed; ``authorisation`` is the answered query behind it. ``band``
    is the band of ages whose premium applies (:mod:`node.contracts.admission`), 0 where none does.
    ``reason`` is one of :data:`node.contracts.reasons.REASONS`, given at ``decided_ms``; "" and 0 until then.
    """

    namespace: ClassVar[str] = "applications"

    state: str
    applicant: str
    subject: str
    insurer: str
    product: str
    riders: tuple[str, ...]
    attempt: int
    sum_ppm: int
    loading_ppm: int
    score: int | None
    decision: str
    rule_version: str
    authorisation: str
    inputs: Commitments
    band: int = 0
    reason: str = ""
    decided_ms: int = 0


DECIDED = EventKind("underwriting_decided", parties=("to", "insurer"))

contract = Contract("underwriting", records=(Application,), events=(DECIDED,))


class ApplyArgs(Arguments, frozen=True):
    """Cover for whom, by whom, of what."""

    subject: Digest
    insurer: Name
    product: Label
    riders: Labels


class AssessArgs(Arguments, frozen=True):
    """The score, the query it rests on, and its inputs, sealed to the bureau."""

    application: ObjectId
    query: ObjectId
    score: Annotated[int, Meta(ge=-(2**31), lt=2**31)]
    rule_version: Label
    inputs: Envelope


class ApplicationArgs(Arguments, frozen=True):
    """Which application."""

    application: ObjectId


@contract.action(roles=("patient",))
def apply(ctx: Context, args: ApplyArgs) -> Plain:
    """Apply for oneself, or a parent for a child 投保."""
    require_acts_for(ctx, args.subject)
    ctx.require_role(args.insurer, "insurer")
    benefits_of(ctx.find(Product, args.product), args.riders)
    application = Application(
        state="APPLIED",
        applicant=ctx.client,
        subject=args.subject,
        insurer=args.insurer,
        product=args.product,
        riders=args.riders,
        attempt=1,
        sum_ppm=MILLION,
        loading_ppm=0,
        score=None,
        decision="",
        rule_version="",
        authorisation="",
        inputs=(),
    )
    ctx.put(ctx.object_id, application)
    return {"application": ctx.object_id}


@contract.action(roles=("insurer",), endorse=role("bureau"))
def assess(ctx: Context, args: AssessArgs) -> Plain:
    """Record the endorsed score and decide 自动核保."""
    application = ctx.find(Application, args.application)
    ctx.require(application.insurer == ctx.client, "wrong_insurer", application.insurer)
    query = ctx.find(Query, args.query)
    require_authorised(ctx, application, query)
    scoring = ctx.find(Product, application.product).scoring
    if scoring is None:
        raise Refusal("not_scored", application.product)
    ctx.require(args.rule_version == scoring.version, "wrong_rule_version", args.rule_version)
    ctx.require(ctx.client not in args.inputs.recipients, "history_leaves_bureau")
    paths = tuple(path for path, _ in args.inputs.commitments)
    ctx.require(paths == ("age", "history"), "wrong_inputs")
    ctx.carry(args.inputs, ctx.object_id)
    ctx.require(bool(applicants_with(scoring, args.score)), "impossible_score", str(args.score))
    reason = reason_of(scoring, args.score, application.attempt)
    decision = decide(scoring, args.score, application.attempt)
    counters = decision == "counter"
    assessed = replace(
        application,
        state=APPLICATION.next(application.state, decision),
        sum_ppm=scoring.counter_sum_ppm if counters else application.sum_ppm,
        loading_ppm=scoring.loading_ppm if decision == "load" else 0,
        score=args.score,
        decision=decision,
        reason=reason,
        decided_ms=ctx.time_ms,
        rule_version=args.rule_version,
        authorisation=args.query,
        inputs=args.inputs.commitments,
    )
    ctx.put(args.application, assessed)
    ctx.emit(
        "underwriting_decided",
        application=args.application,
        to=application.applicant,
        insurer=ctx.client,
        decision=decision,
        reason=reason,
    )
    return {
        "decision": decision,
        "reason": reason,
        "score": args.score,
        "loading_ppm": assessed.loading_ppm,
        "sum_ppm": assessed.sum_ppm,
    }


@contract.action(roles=("patient",))
def agree(ctx: Context, args: ApplicationArgs) -> Plain:
    """The applicant agrees to a loading, or to a counter-offer, which is then scored again."""
    return _answer_offer(ctx, args.application, "agree")


@contract.action(roles=("patient",))
def withdraw(ctx: Context, args: ApplicationArgs) -> Plain:
    """The applicant turns an offer down, or takes the application back."""
    return _answer_offer(ctx, args.application, "withdraw")


def premium_fen(product: Product, application: Application) -> int:
    """The year's premium: benefits' premiums for the share applied for, and the loading on top."""
    benefits = benefits_of(product, application.riders)
    basic = sum(priced(benefit, application.band).premium_fen for benefit in benefits)
    reduced = share(basic, application.sum_ppm)
    loaded = (reduced * (MILLION + application.loading_ppm) * 2 + MILLION) // (2 * MILLION)
    return int(loaded)


def score_holds(scoring: Scoring, application: Application, age: Opening, history: Opening) -> bool:
    """Do the opened inputs belong to this application, and give its score and reason? What an arbiter checks."""
    if not (is_committed(application.inputs, age) and is_committed(application.inputs, history)):
        return False
    if (age.path, history.path) != ("age", "history"):
        return False
    if not (isinstance(age.value, int) and isinstance(history.value, int)):
        return False
    try:
        points = score(scoring, age.value, history.value)
    except Refusal:
        return False
    reason = reason_of(scoring, points, application.attempt)
    return (points, reason) == (application.score, application.reason)


def require_authorised(ctx: Context, application: Application, query: Query) -> None:
    """Refuse unless ``query`` is an answer about this person, to this insurer, for this purpose."""
    ctx.require(query.state == "ANSWERED", "query_not_answered")
    ctx.require(query.subject == application.subject, "wrong_subject")
    ctx.require(query.reader == application.insurer, "wrong_reader")
    ctx.require(query.purpose == PURPOSE, "wrong_purpose")


def _answer_offer(ctx: Context, application_id: str, event: str) -> Plain:
    application = ctx.find(Application, application_id)
    ctx.require(application.applicant == ctx.client, "not_the_applicant", ctx.client)
    again = application.state == "COUNTERED" and event == "agree"
    state = APPLICATION.next(application.state, event)
    ctx.put(application_id, replace(application, state=state, attempt=application.attempt + again))
    return {"state": state}
