"""A network with one policy of ann's in it, issued by insurer-1 at time 0, without the road that leads there."""

from __future__ import annotations

from node.contracts import CATALOGUE, Context, Contract, catalogue
from node.contracts.accounts import Opening, Settings
from node.contracts.fields import Arguments, Count, Label
from node.contracts.policy import AmendArgs, Policy, PolicyArgs, RenewArgs, TermsArgs
from node.contracts.policy import Settings as PolicySettings
from node.contracts.policy.days import DAY_MS, YEAR_MS
from node.contracts.policy.issuing import benefits_for, hold
from node.contracts.products import Product
from node.contracts.products import Settings as ProductSettings
from node.contracts.risk import add_cover
from node.contracts.underwriting import Application, premium_fen
from scenarios.roles.terms import load_product
from tests.node.contracts.network import Network
from tests.node.contracts.parties import sealed

PRODUCT = "hepatitis-care"
TERMS = load_product(PRODUCT)
PREMIUM = 36_000
WITHOUT_RIDER = 12_000
SUBJECT = "ab" * 32
DAY = DAY_MS
YEAR = YEAR_MS
CASH = 1_000_000_000


class IssueArgs(Arguments, frozen=True):
    state: Label
    instalments: Count
    instalments_paid: Count


def blank(kind, **values):
    """A record of which only ``values`` matter; all else is empty text."""
    return kind(**(dict.fromkeys(kind.__struct_fields__, "") | values))


desk = Contract("desk")


@desk.action(roles=("insurer",))
def issue(ctx: Context, args: IssueArgs):
    """A policy in any state, as if its premium had been paid so far."""
    product = ctx.find(Product, PRODUCT)
    application = blank(
        Application,
        state="BOUND",
        applicant="ann",
        subject=SUBJECT,
        insurer=ctx.client,
        product=PRODUCT,
        riders=("inpatient",),
        attempt=1,
        sum_ppm=1_000_000,
        loading_ppm=0,
        score=None,
        inputs=(),
    )
    ctx.put(ctx.object_id, application)
    benefits = benefits_for(product, application)
    policy = blank(
        Policy,
        state=args.state.upper().replace("-", "_"),
        holder="ann",
        subject=SUBJECT,
        insurer=ctx.client,
        product=PRODUCT,
        benefits=benefits,
        premium_fen=premium_fen(product, application),
        application=ctx.object_id,
        fingerprint="cd" * 32,
        starts_ms=0,
        ends_ms=YEAR,
        claimed_fen=0,
        covered_from_ms=0,
        covered_to_ms=YEAR,
        instalments=args.instalments,
        instalments_paid=args.instalments_paid,
        received_fen=PREMIUM * args.instalments_paid // args.instalments,
    )
    ctx.put(ctx.object_id, policy)
    if policy.state in {"BOUND", "IN_FORCE"}:
        add_cover(ctx, SUBJECT, sum(benefit.sum_insured_fen for benefit in benefits))
    hold(ctx, SUBJECT, ctx.object_id)
    return {"policy": ctx.object_id}


class House(Network):
    """The network; ``id`` is the policy. ``at`` of every call is milliseconds since it began."""

    def __init__(self, state="IN_FORCE", *, instalments=1, paid=1, settings=(), **terms):
        openings = tuple(Opening(name, CASH) for name in ("ann", "bob", "bank-1", "bank-2", "insurer-1", "insurer-2"))
        super().__init__(
            catalogue(*CATALOGUE.values(), desk),
            settings=[
                ("accounts", Settings(openings)),
                ("products", ProductSettings((TERMS,))),
                ("policy", PolicySettings((TermsArgs(PRODUCT, instalments=instalments, **terms),))),
                *settings,
            ],
        )
        told = self.do("insurer-1", "desk.issue", IssueArgs(state.lower().replace("_", "-"), instalments, paid))
        assert told.code == "ok", told
        self.id = told.output["policy"]

    @property
    def policy(self):
        return self.tree.get("policies", self.id)

    def act(self, action, *, at=DAY, alone=False, policy=None, who=None):
        """One of the policy's own actions, by whom it is for, signed by the other side as well unless ``alone``."""
        who = who or ("insurer-1" if action in {"amend", "renew", "lapse", "expire"} else "ann")
        other = {"insurer-1": "ann", "ann": "insurer-1"}.get(who)
        policy = policy or self.id
        number = self._numbers.get(who, 0) + 1
        envelope = sealed(f"{who}/{number}", {"policy": f"{action} {number}"}, ("ann", "insurer-1"))
        args = {
            "amend": AmendArgs(policy, (), 1_000_000, envelope),
            "renew": RenewArgs(policy, envelope),
        }.get(action, PolicyArgs(policy))
        cosigners = () if alone or other is None else (other,)
        return self.do(who, f"policy.{action}", args, at=at, cosigners=cosigners)

    def balance(self, owner, kind):
        found = self.tree.get("accounts", f"{owner}/{kind}")
        return found.balance_fen if found else 0

    def cash(self, owner):
        """What it has more or less than in the beginning."""
        return self.balance(owner, "cash") - CASH
