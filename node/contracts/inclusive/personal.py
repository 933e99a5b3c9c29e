"""Enrolment by a personal account 个人账户支付: what is left of earlier years buys one person's cover (row 42)."""

from __future__ import annotations

from node.contracts.context import Context, Plain
from node.contracts.endorsement import all_of, record, signed
from node.contracts.fields import Arguments, Digest, Label
from node.contracts.inclusive.enrolment import admit
from node.contracts.inclusive.records import Plan, contract
from node.contracts.inclusive.terms import Age
from node.contracts.personal_accounts import PersonalAccount, draw


class EnrolByAccount(Arguments, frozen=True):
    """Who is to be insured, at which age in completed years, and whose account pays."""

    plan: Label
    person: Digest
    age: Age
    holder: Digest


@contract.action(
    roles=("insurer",),
    endorse=all_of(
        signed(record(Plan, "plan").field("bureau")), signed(record(PersonalAccount, "holder").field("wallet"))
    ),
)
def enrol_by_account(ctx: Context, args: EnrolByAccount) -> Plain:
    """Insure ``person`` with the client, at the expense of ``holder``: themselves, or a direct relative."""
    premium = admit(ctx, args.plan, ((args.person, args.age),))
    left = draw(ctx, args.holder, args.person, premium)
    return {"premium_fen": premium, "prior_fen": left}
