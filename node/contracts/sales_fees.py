"""Premium split 保费清分 and settlement of sales fees 销售费用结算 (row 33).

Head office, branch and agent agree on the shares of a line's premium, which make a whole; the agent's may not exceed
the line's cap 手续费上限. Each premium is split at once, to the fen, by largest remainder: branch and head office have
their parts, the agent's commission is owed by head office and paid at settlement. A premium that goes back within the
cooling-off time 犹豫期 takes its split back as it was made; commission paid for it comes off what is earned next.
"""

from __future__ import annotations

from typing import Annotated, ClassVar

from msgspec import Meta
from msgspec.structs import replace

from node.contracts.accounts import account, post
from node.contracts.context import Context, EventKind, Plain
from node.contracts.contract import Contract
from node.contracts.endorsement import all_of, argument, record, signed
from node.contracts.fields import MILLION, Arguments, Fen, Label, Millis, Name, ObjectId, Ppm, Readers, Record
from node.contracts.lifecycle import Lifecycle
from node.contracts.money import allocate

PREMIUM = Lifecycle("split premium", {"SPLIT": {"refund": "REFUNDED"}, "REFUNDED": {}})

COOLING_OFF_MS = 15 * 86_400_000


class FeeRules(Record, frozen=True):
    """What holds of every line; the key is "rules". ``cooling_off_ms``: how long after it a premium may go back."""

    namespace: ClassVar[str] = "fee_rules"
    readers: ClassVar[Readers] = Readers.EVERYONE

    cooling_off_ms: int


class FeeCap(Record, frozen=True):
    """The most of a premium that its agent may have; the key is the line of business."""

    namespace: ClassVar[str] = "fee_caps"
    readers: ClassVar[Readers] = Readers.EVERYONE

    most_ppm: int


class Scheme(Record, frozen=True):
    """How a line's premiums are split, in parts per million that make a whole."""

    namespace: ClassVar[str] = "split_schemes"

    line: str
    head_office: str
    branch: str
    agent: str
    agent_ppm: int
    branch_ppm: int
    head_office_ppm: int


class SplitPremium(Record, frozen=True):
    """One premium and its parts in fen, at ``head office/policy``. Invariant: the parts add up to what was paid."""

    namespace: ClassVar[str] = "split_premiums"

    state: str
    scheme: str
    customer: str
    agent_fen: int
    branch_fen: int
    head_office_fen: int
    paid_ms: int

    @property
    def premium_fen(self) -> int:
        return self.agent_fen + self.branch_fen + self.head_office_fen


class FeesDue(Record, frozen=True):
    """What head office owes an agent, at ``head office/agent``, in fen; below nothing, the agent owes it."""

    namespace: ClassVar[str] = "fees_due"

    due_fen: int


contract = Contract(
    "sales-fees",
    records=(FeeRules, FeeCap, Scheme, SplitPremium, FeesDue),
    events=(EventKind("fees_settled", parties=("agent", "head_office")),),
)


class Settings(Arguments, frozen=True):
    """(line, the most that its agents may have) of every line that may be sold, and the cooling-off time."""

    caps: Annotated[tuple[tuple[Label, Ppm], ...], Meta(max_length=64)] = ()
    cooling_off_ms: Millis = COOLING_OFF_MS


class AgreeArgs(Arguments, frozen=True):
    """A line's split between the client, which is head office, a branch and an agent."""

    line: Label
    branch: Name
    agent: Name
    agent_ppm: Ppm
    branch_ppm: Ppm
    head_office_ppm: Ppm


class CollectArgs(Arguments, frozen=True):
    """The premium of a policy, by its number, and the scheme that it was sold under."""

    scheme: ObjectId
    policy: Label
    premium_fen: Fen


class RefundArgs(Arguments, frozen=True):
    """Whose policy's premium goes back."""

    head_office: Name
    policy: Label


class SettleArgs(Arguments, frozen=True):
    """Which agent is paid what it is owed."""

    agent: Name


@contract.settings(Settings)
def configure(ctx: Context, settings: Settings) -> None:
    """Write down caps and cooling-off time."""
    ctx.put("rules", FeeRules(cooling_off_ms=settings.cooling_off_ms))
    for line, most_ppm in settings.caps:
        ctx.put(line, FeeCap(most_ppm=most_ppm))


@contract.action(roles=("insurer",), endorse=all_of(signed(argument("branch")), signed(argument("agent"))))
def agree(ctx: Context, args: AgreeArgs) -> Plain:
    """Head office, branch and agent sign how premiums of a line are split."""
    ctx.require_role(args.branch, "branch")
    ctx.require_role(args.agent, "agent")
    whole = args.agent_ppm + args.branch_ppm + args.head_office_ppm
    ctx.require(whole == MILLION, "split_not_whole", f"{whole} ppm")
    cap = ctx.find(FeeCap, args.line)
    ctx.require(args.agent_ppm <= cap.most_ppm, "commission_above_cap", f"{args.line}: at most {cap.most_ppm} ppm")
    scheme = Scheme(
        line=args.line,
        head_office=ctx.client,
        branch=args.branch,
        agent=args.agent,
        agent_ppm=args.agent_ppm,
        branch_ppm=args.branch_ppm,
        head_office_ppm=args.head_office_ppm,
    )
    ctx.put(ctx.object_id, scheme)
    return {"scheme": ctx.object_id}


@contract.action(roles=("patient",), endorse=signed(record(Scheme, "scheme").field("head_office")))
def collect(ctx: Context, args: CollectArgs) -> Plain:
    """保费清分. The customer pays a policy's premium, which is split at once; once only.

    Head office, which gave the policy its number, signs: nobody pays in under another's.
    """
    scheme = ctx.find(Scheme, args.scheme)
    key = f"{scheme.head_office}/{args.policy}"
    ctx.require(ctx.get(SplitPremium, key) is None, "premium_split_already", key)
    agent, branch, head_office = divided(args.premium_fen, scheme)
    premium = SplitPremium(
        state="SPLIT",
        scheme=args.scheme,
        customer=ctx.client,
        agent_fen=agent,
        branch_fen=branch,
        head_office_fen=head_office,
        paid_ms=ctx.time_ms,
    )
    ctx.put(key, premium)
    _book(ctx, scheme, premium, 1)
    return {"agent_fen": agent, "branch_fen": branch, "head_office_fen": head_office}


@contract.action(roles=("patient",))
def refund(ctx: Context, args: RefundArgs) -> Plain:
    """The customer takes a premium back, up to the end of the cooling-off time; every part goes back as it came."""
    key = f"{args.head_office}/{args.policy}"
    premium = ctx.find(SplitPremium, key)
    ctx.require(premium.customer == ctx.client, "not_the_customer", key)
    state = PREMIUM.next(premium.state, "refund")
    rules = ctx.get(FeeRules, "rules")
    until = premium.paid_ms + (COOLING_OFF_MS if rules is None else rules.cooling_off_ms)
    ctx.require(ctx.time_ms <= until, "cooling_off_over", key)
    ctx.put(key, replace(premium, state=state))
    _book(ctx, ctx.find(Scheme, premium.scheme), premium, -1)
    return {"refund_fen": premium.premium_fen}


@contract.action(roles=("insurer",))
def settle(ctx: Context, args: SettleArgs) -> Plain:
    """销售费用结算. Head office pays an agent all that it is owed."""
    key = f"{ctx.client}/{args.agent}"
    due = ctx.get(FeesDue, key) or FeesDue(due_fen=0)
    ctx.require(due.due_fen > 0, "no_fees_due", f"{due.due_fen} fen")
    ctx.put(key, FeesDue(due_fen=0))
    lines = (
        (account(ctx.client, "payable"), due.due_fen),
        (account(ctx.client, "cash"), -due.due_fen),
        (account(args.agent, "cash"), due.due_fen),
        (account(args.agent, "receivable"), -due.due_fen),
    )
    post(ctx, f"sales-fees/{ctx.object_id}", "sales fees", lines)
    ctx.emit("fees_settled", agent=args.agent, head_office=ctx.client)
    return {"paid_fen": due.due_fen}


def divided(premium_fen: int, scheme: Scheme) -> tuple[int, ...]:
    """The parts of agent, branch and head office, by largest remainder: they add up to the premium."""
    return allocate(premium_fen, (scheme.agent_ppm, scheme.branch_ppm, scheme.head_office_ppm))


def _book(ctx: Context, scheme: Scheme, premium: SplitPremium, sign: int) -> None:
    """Book a premium in (``sign`` 1), or out again as it came in (-1), with the commission that is owed for it."""
    office, branch, agent = scheme.head_office, scheme.branch, scheme.agent
    whole, fee = premium.premium_fen * sign, premium.agent_fen * sign
    kept, branched = whole - premium.branch_fen * sign, premium.branch_fen * sign
    lines = (
        (account(premium.customer, "premium-paid"), whole),
        (account(premium.customer, "cash"), -whole),
        (account(branch, "cash"), branched),
        (account(branch, "premium-income"), -branched),
        (account(office, "cash"), kept),
        (account(office, "premium-income"), -kept),
        (account(office, "sales-fees-paid"), fee),
        (account(office, "payable"), -fee),
        (account(agent, "receivable"), fee),
        (account(agent, "sales-fees-earned"), -fee),
    )
    post(ctx, f"split/{ctx.object_id}", "premium split", lines)
    key = f"{office}/{agent}"
    due = ctx.get(FeesDue, key) or FeesDue(due_fen=0)
    ctx.put(key, FeesDue(due_fen=due.due_fen + fee))
