"""Insurers 保险公司: filing, queries, underwriting, policies, custody, reports (rows 2-8, 18, 21, 23).

Claims and reinsurance are in ``insurer_claims`` and ``cedent``.
"""

from __future__ import annotations

from node.contracts.access import DeployArgs, FileArgs, NoArgs, UseArgs
from node.contracts.admission import AGE_PATH, AdmitArgs
from node.contracts.context import Refusal
from node.contracts.custody import DepositArgs
from node.contracts.policy import DOCUMENT_PATH, BindArgs, Policy
from node.contracts.products import Product, band_of, benefits_of, score
from node.contracts.risk import InquireArgs
from node.contracts.underwriting import Application, AssessArgs
from node.privacy import Value
from scenarios.roles import asking, checking, estimation, gateway, matching, mini_program, purging
from scenarios.roles.desk import Act, Desk, Request, Verbs

verb = Verbs("insurer")
verb("attest-purge")(purging.attest_purge)
verb("request-purge")(purging.request_purge)
verb("reseal")(purging.reseal)
verb("report-reads")(gateway.report_reads)
verb("ask-value")(checking.ask_value)
verb("conclude-value")(checking.conclude_value)
verb("ask")(asking.ask)
verb("map-user")(mini_program.map_user)
verb("verify")(asking.verify)
verb("open-matching")(matching.open_matching)
verb("offer-people")(matching.offer_people)
verb("answer-people")(matching.answer_people)
verb("conclude-matching")(matching.conclude_matching)
verb("join-pool")(estimation.join_pool)
verb("supply-share")(estimation.supply_share)


@verb("file")
def file(desk: Desk, act: Act) -> Request:  # noqa: ARG001 - a verb takes a desk
    """Arguments: uses (fields by purpose), reason."""
    uses = act.take("uses")
    if not isinstance(uses, dict):
        raise act.error("uses", "must be a mapping from purposes to lists of fields")
    arguments = FileArgs(
        uses=tuple(UseArgs(purpose=purpose, fields=tuple(fields)) for purpose, fields in uses.items()),
        reason=act.text("reason"),
    )
    return Request(contract="access", action="file", arguments=arguments)


@verb("deploy")
def deploy(desk: Desk, act: Act) -> Request:  # noqa: ARG001 - a verb takes a desk
    """Arguments: version. The node is the insurer's own."""
    arguments = DeployArgs(node=act.who, version=act.text("version"))
    return Request(contract="access", action="deploy", arguments=arguments)


@verb("test")
def test(desk: Desk, act: Act) -> Request:  # noqa: ARG001 - a verb takes a desk and an act
    """No arguments."""
    return Request(contract="access", action="test", arguments=NoArgs())


@verb("inquire")
def inquire(desk: Desk, act: Act) -> Request:
    """Arguments: person. All that is asked is a token."""
    arguments = InquireArgs(token=desk.pseudonym(act, act.text("person")))
    return Request(contract="risk", action="inquire", arguments=arguments)


@verb("assess")
def assess(desk: Desk, act: Act) -> Request:
    """Arguments: application, query. The bureau computes the score; age and history stay sealed to it."""
    application_id = desk.object(act, "application")
    application = desk.find(act, Application, application_id)
    bureau = desk.of_role(act, "bureau")
    person = desk.person_of(act, application.subject)
    scoring = desk.find(act, Product, application.product).scoring
    if scoring is None:
        raise act.error("application", f"`{application.product}` scores nobody; `admit` takes whoever is of the age")
    inputs = desk.seal(act, "scoring", {"age": person.age, "history": person.history}, (bureau,), sender=bureau)
    arguments = AssessArgs(
        application=application_id,
        query=desk.object(act, "query"),
        score=score(scoring, person.age, person.history),
        rule_version=scoring.version,
        inputs=inputs,
    )
    return Request(contract="underwriting", action="assess", arguments=arguments, cosigners=(bureau,), envelope=inputs)


@verb("admit")
def admit(desk: Desk, act: Act) -> Request:
    """Arguments: application, query; band (another than the bureau looks up). The age stays sealed to the bureau."""
    application_id = desk.object(act, "application")
    application = desk.find(act, Application, application_id)
    bureau = desk.of_role(act, "bureau")
    age = desk.person_of(act, application.subject).age
    band = act.take("band")
    if band is None:
        try:
            band = band_of(desk.find(act, Product, application.product), age)
        except Refusal as refused:
            raise act.error("application", f"the bureau endorses no band: {refused}") from None
    elif not isinstance(band, int):
        raise act.error("band", f"must be an age, not {band!r}")
    inputs = desk.seal(act, "scoring", {AGE_PATH: age}, (bureau,), sender=bureau)
    arguments = AdmitArgs(application=application_id, query=desk.object(act, "query"), band=band, inputs=inputs)
    return Request(contract="underwriting", action="admit", arguments=arguments, cosigners=(bureau,), envelope=inputs)


@verb("bind")
def bind(desk: Desk, act: Act) -> Request:
    """Arguments: application. The policy document is sealed to holder and insurer."""
    application_id = desk.object(act, "application")
    application = desk.find(act, Application, application_id)
    product = desk.find(act, Product, application.product)
    names = ", ".join(benefit.name for benefit in benefits_of(product, application.riders))
    document = f"Policy {act.object_id} 保单\n{product.title}\nBenefits: {names}\nHolder: {application.applicant}\n"
    envelope = desk.seal(act, "policy_document", {DOCUMENT_PATH: document}, (act.who, application.applicant))
    arguments = BindArgs(application=application_id, document=envelope)
    return Request(contract="policy", action="bind", arguments=arguments, envelope=envelope)


@verb("deposit")
def deposit(desk: Desk, act: Act) -> Request:
    """Arguments: policy, custodian; edited (true: a letter of it was changed). The document and its salt."""
    policy = desk.object(act, "policy")
    desk.find(act, Policy, policy)
    custodian = act.text("custodian")
    document = desk.opened(act, policy)[DOCUMENT_PATH]
    text = asking.changed_letter(str(document.value)) if act.flag("edited") else document.value
    copy: dict[str, Value] = {"policy": text, "salt": document.salt}
    envelope = desk.seal(act, "policy_document", copy, (act.who, custodian))
    arguments = DepositArgs(policy=policy, custodian=custodian, document=envelope)
    return Request(contract="custody", action="deposit", arguments=arguments, envelope=envelope)
