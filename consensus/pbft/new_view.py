"""What a quorum of VIEW-CHANGEs obliges the new primary to propose (Castro & Liskov 1999, section 4.4).

A pure function of the VIEW-CHANGEs, so that every backup recomputes it. Where the paper chooses height by height,
the certificate of the highest view *whose parent was chosen below* is taken here, so that what is chosen is a chain
(the proof that this is safe stands in ``consensus/pbft/normal_case.py``).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from consensus.chain import Certificate, Header
from consensus.pbft.certificates import Membership
from consensus.pbft.log import Point
from consensus.pbft.messages import NewView, PreparedCertificate, ViewChange


class Choice(NamedTuple):
    """Where the new view begins, the proof that this block is decided, and what is proposed again above it."""

    base: Point
    certificate: Certificate | None
    reproposed: tuple[Header, ...]


def choose(view_changes: Sequence[ViewChange]) -> Choice:
    """The base and the chain above it that these VIEW-CHANGEs prescribe."""
    highest = max(view_changes, key=lambda change: (change.height, -change.replica))
    by_height: dict[int, list[PreparedCertificate]] = {}
    for change in view_changes:
        for prepared in change.prepared:
            by_height.setdefault(prepared.height, []).append(prepared)
    chain: list[Header] = []
    height, parent = highest.height + 1, highest.hash
    while candidates := [c for c in by_height.get(height, ()) if c.header.parent == parent]:
        best = max(candidates, key=lambda candidate: (candidate.view, candidate.hash))
        chain.append(best.header)
        height, parent = height + 1, best.hash
    return Choice(Point(highest.height, highest.hash), highest.certificate, tuple(chain))


def flaw_in_new_view(
    message: NewView, members: Membership, log_size: int, verified: Sequence[ViewChange]
) -> str | None:
    """Why the NEW-VIEW proves nothing, or None; ``verified`` are VIEW-CHANGEs checked before."""
    flaw = members.flaw_in_signatures(message)
    if flaw is not None:
        return flaw
    for change in message.view_changes:
        flaw = None if change in verified else members.flaw_in_view_change(change, log_size)
        if flaw is not None:
            return f"NEW-VIEW with a bad VIEW-CHANGE of {change.replica}: {flaw}"
    prescribed = [(header.height, header.hash) for header in choose(message.view_changes).reproposed]
    if [(proposal.height, proposal.hash) for proposal in message.pre_prepares] != prescribed:
        return "NEW-VIEW proposes other than its VIEW-CHANGEs prescribe"
    return None
