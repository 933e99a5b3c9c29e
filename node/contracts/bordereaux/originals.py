"""Originals 逐单原始信息: what the payee of a claim committed to, before anybody ceded it.

A reinsurer cannot see the policies and claims behind a bordereau, and lives by its cedent's word. A hospital that was
paid knows the figure as well: its commitment, which the insurer co-signs while there is no reason yet to bend it,
later tells a line that was inflated from one that was not.
"""

from __future__ import annotations

from node.contracts.bordereaux.records import Batch, Original, contract, original_key
from node.contracts.context import Context, Plain
from node.contracts.endorsement import argument, signed
from node.contracts.fields import Arguments, Name


class WitnessArgs(Arguments, frozen=True):
    """Claims of an insurer, each committed to with the salt that the insurer gave for it."""

    insurer: Name
    lines: Batch


@contract.action(roles=("hospital",), endorse=signed(argument("insurer")))
def witness(ctx: Context, args: WitnessArgs) -> Plain:
    """Commit to what was paid for each claim; both sign, and it is never changed."""
    ctx.require_role(args.insurer, "insurer")
    for line in args.lines:
        key = original_key(args.insurer, line.reference)
        ctx.require(ctx.get(Original, key) is None, "witnessed_already", line.reference)
        ctx.put(key, Original(witness=ctx.client, digest=line.digest, time_ms=ctx.time_ms))
    return {"witnessed": len(args.lines)}
