"""Admission without a score 免核保: whoever is of the right age is taken, at the premium of that age (rows 43, 44).

Products without scoring ask nothing about health; what was before is insured as well. A premium by age needs an age,
and the chain must not learn it: the bureau looks it up and endorses the *band* that it lies in, so that everybody sees
which premium applies and no more. The age lies behind a salted commitment; opened, it lets an arbiter look up the band
again.
"""

from __future__ import annotations

from msgspec.structs import replace

from node.contracts.consent import Query
from node.contracts.context import Context, Plain, Refusal
from node.contracts.endorsement import role
from node.contracts.fields import Arguments, ObjectId
from node.contracts.filings import ProductFiling
from node.contracts.products import Age, Product, band_of, bands
from node.contracts.underwriting import APPLICATION, Application, contract, premium_fen, require_authorised
from node.privacy.commitments import Opening, is_committed
from node.privacy.envelope import Envelope

AGE_PATH = "age"


class AdmitArgs(Arguments, frozen=True):
    """The query that it rests on; the first age of the band; the age itself, sealed to the bureau."""

    application: ObjectId
    query: ObjectId
    band: Age
    inputs: Envelope


@contract.action(roles=("insurer",), endorse=role("bureau"))
def admit(ctx: Context, args: AdmitArgs) -> Plain:
    """Take the applicant as applied for, at the premium of the endorsed band."""
    application = ctx.find(Application, args.application)
    ctx.require(application.insurer == ctx.client, "wrong_insurer", application.insurer)
    require_authorised(ctx, application, ctx.find(Query, args.query))
    product = ctx.find(Product, application.product)
    ctx.require(product.scoring is None, "score_needed", application.product)
    filed = not product.needs_filing or ctx.get(ProductFiling, application.product) is not None
    ctx.require(filed, "product_not_filed", application.product)
    ctx.require(args.band in bands(product), "not_a_band", str(args.band))
    ctx.require(ctx.client not in args.inputs.recipients, "age_leaves_bureau")
    ctx.require(tuple(path for path, _ in args.inputs.commitments) == (AGE_PATH,), "wrong_inputs")
    ctx.carry(args.inputs, ctx.object_id)
    admitted = replace(
        application,
        state=APPLICATION.next(application.state, "accept"),
        decision="admit",
        authorisation=args.query,
        inputs=args.inputs.commitments,
        band=args.band,
    )
    ctx.put(args.application, admitted)
    ctx.emit(
        "underwriting_decided",
        application=args.application,
        to=application.applicant,
        insurer=ctx.client,
        decision="admit",
    )
    return {"decision": "admit", "band": args.band, "premium_fen": premium_fen(product, admitted)}


def band_holds(product: Product, application: Application, age: Opening) -> bool:
    """Is the opened age the one committed to, and in the band that the premium was read for? What an arbiter checks."""
    if age.path != AGE_PATH or not is_committed(application.inputs, age) or not isinstance(age.value, int):
        return False
    try:
        return band_of(product, age.value) == application.band
    except Refusal:
        return False
