"""Personal cover summary 个人保障统计: what one is insured for, line by line (row 10).

Summed over the person's own policies on the ledger as they stand at the transaction's time, whoever issued them, and
told to nobody but a wallet that may act for the person. Nothing is written.
"""

from __future__ import annotations

from node.contracts.context import Context, Plain
from node.contracts.contract import Contract
from node.contracts.fields import Arguments, Digest
from node.contracts.policy import Holding, Policy, in_force
from node.contracts.vouchers import require_acts_for

contract = Contract("cover-summary")


class SummariseArgs(Arguments, frozen=True):
    """Whose cover."""

    subject: Digest


@contract.action(roles=("patient",))
def summarise(ctx: Context, args: SummariseArgs) -> Plain:
    """Per line, ascending: (line, policies in force, sums insured in fen). Refused to strangers: "not_the_subject".

    ``policies`` are those in force, ``waiting`` those bound whose premium is not paid; ``claimed_fen`` was paid so far.
    """
    require_acts_for(ctx, args.subject)
    held = ctx.get(Holding, args.subject)
    policies = [ctx.find(Policy, key) for key in (held.policies if held else ())]
    covering = [policy for policy in policies if in_force(policy, ctx.time_ms)]
    lines: dict[str, tuple[int, int]] = {}
    for policy in covering:
        for benefit in policy.benefits:
            count, insured = lines.get(benefit.name, (0, 0))
            lines[benefit.name] = (count + 1, insured + benefit.sum_insured_fen)
    return {
        "policies": len(covering),
        "waiting": sum(policy.state == "BOUND" for policy in policies),
        "lines": tuple((line, *lines[line]) for line in sorted(lines)),
        "sum_insured_fen": sum(insured for _, insured in lines.values()),
        "premium_fen": sum(policy.premium_fen for policy in covering),
        "claimed_fen": sum(policy.claimed_fen for policy in covering),
    }
