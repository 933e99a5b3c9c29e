"""The course of one claim, from discharge to payment: by itself, by hand where its voucher was taken back, or again."""

from __future__ import annotations

from collections.abc import Iterator

from scenarios.language.models.business import Story
from scenarios.runner.zero_perception.arguments import ZeroPerception
from scenarios.runner.zero_perception.model import Expected
from scenarios.runner.zero_perception.opening import PAPERS, live, policy
from scenarios.runner.zero_perception.people import Insured
from scenarios.runner.zero_perception.steps import step

BEFORE_PULL = "2 s"
"""How long after the request a voucher is taken back: before the hospital's systems have answered."""


def by_itself(arguments: ZeroPerception, insured: Insured, expected: Expected) -> Iterator[Story]:
    """Reported, checked, authorised by one tap, pulled, audited, paid 零感知."""
    case = insured.name
    yield from _asked(arguments, insured, case)
    yield _pulled(insured, case, stage="pulled")
    yield _audited(insured, case, output=expected.output, stage="adjudicated")
    yield _paid(insured, case, "payment", expected)


def by_hand(arguments: ZeroPerception, insured: Insured, expected: Expected) -> Iterator[Story]:
    """The patient takes the voucher back: nothing is handed over, and a person decides on papers 人工."""
    case = insured.name
    yield from _asked(arguments, insured, case)
    claim = f"{case}-report"
    yield step(
        insured.wallet,
        "revoke",
        f"{case}-revoke",
        wait=2_000_000_000,
        voucher=f"{case}-grant",
        title="the patient takes the voucher back",
    )
    yield _pulled(insured, case, expect="voucher_revoked")
    yield step(
        insured.insurer,
        "refer",
        f"{case}-refer",
        takes="check",
        claim=claim,
        voucher=f"{case}-grant",
        output={"path": "manual"},
        stage="manual",
        title="a person takes over, and asks for papers",
    )
    yield step(
        insured.wallet,
        "hand-in",
        f"{case}-papers",
        takes="papers",
        claim=claim,
        stay=insured.name,
        title="the patient fetches papers from the hospital and hands them in",
    )
    yield step(
        insured.insurer,
        "claims.assess",
        f"{case}-assess",
        takes="assessment",
        claim=claim,
        output=expected.output,
        stage="adjudicated",
        title="a person assesses the papers",
    )
    yield _paid(insured, case, "transfer", expected)


def again(arguments: ZeroPerception, insured: Insured) -> Iterator[Story]:
    """The same stay is reported once more, after it was paid: the e-invoice is refused, the claim denied."""
    case = f"{insured.name}-again"
    time_ms = insured.discharged_ms + arguments.reused_after // 1_000_000
    yield from _asked(arguments, insured, case, time_ms, after=(f"{insured.name}-pay",))
    yield _pulled(insured, case)
    yield _audited(insured, case, expect="invoice_reused")
    yield step(
        insured.insurer,
        "claims.deny",
        f"{case}-deny",
        takes="check",
        claim=f"{case}-report",
        reason="invoice-reused",
        stage="denied",
        title="the claim on a used invoice is denied",
    )


def _asked(
    arguments: ZeroPerception, insured: Insured, case: str, time_ms: int = 0, after: tuple[str, ...] = ()
) -> Iterator[Story]:
    """Until the hospital is asked for the papers."""
    claim = f"{case}-report"
    yield step(
        insured.stay.hospital,
        "report-discharge",
        claim,
        time_ms=time_ms or insured.discharged_ms,
        takes="report",
        stay=insured.name,
        flow="claims",
        case=case,
        after=(live(insured.insurer), policy(insured), *after),
        output={"insurer": insured.insurer, "reminded": (insured.wallet,)},
        stage="notice",
        title="a patient is discharged; the chain reports the claim and reminds the patient",
    )
    yield step(
        insured.insurer,
        "check",
        f"{case}-check",
        takes="check",
        claim=claim,
        output={"decision": "covered"},
        title="the policy has the benefit",
    )
    yield step(
        insured.wallet,
        "grant",
        f"{case}-grant",
        takes="consent",
        person=insured.name,
        audience=insured.insurer,
        purpose="claim",
        fields=PAPERS,
        matter=claim,
        for_=arguments.voucher,
        title="the patient taps the reminder; the voucher is for this claim alone",
    )
    yield step(
        insured.insurer,
        "ask",
        f"{case}-ask",
        takes="check",
        person=insured.name,
        holder=insured.stay.hospital,
        purpose="claim",
        fields=PAPERS,
        matter=claim,
        title="the platform pulls the papers",
    )


def _pulled(insured: Insured, case: str, expect: str = "ok", stage: str = "") -> Story:
    return step(
        insured.stay.hospital,
        "answer",
        f"{case}-answer",
        takes="pull",
        query=f"{case}-ask",
        voucher=f"{case}-grant",
        stay=insured.name,
        output={"granted": PAPERS} if expect == "ok" else {},
        expect=expect,
        stage=stage,
        title="the hospital hands over visit, e-invoice and itemised list"
        if expect == "ok"
        else "the hospital hands over nothing",
    )


def _audited(
    insured: Insured, case: str, output: dict[str, int] | None = None, expect: str = "ok", stage: str = ""
) -> Story:
    return step(
        insured.insurer,
        "adjudicate",
        f"{case}-audit",
        takes="audit",
        claim=f"{case}-report",
        query=f"{case}-ask",
        answer=f"{case}-answer",
        output=output or {},
        expect=expect,
        stage=stage,
        title="the audit decides by the charges" if expect == "ok" else "the reused e-invoice is refused",
    )


def _paid(insured: Insured, case: str, takes: str, expected: Expected) -> Story:
    return step(
        insured.insurer,
        "pay",
        f"{case}-pay",
        takes=takes,
        claim=f"{case}-report",
        output={"paid_fen": expected.payable_fen},
        stage="paid",
        title=f"{insured.insurer} pays",
    )
