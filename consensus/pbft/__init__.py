"""PBFT 实用拜占庭容错 (Castro & Liskov 1999, 2002): agreement although up to f of n members lie.

A primary gives blocks their heights, backups agree in two rounds of votes, and a quorum of COMMIT signatures is the
block's certificate; a primary that is silent or lies is replaced by a view change. Works for every n: f is
floor((n - 1) / 3), a quorum ceil((n + f + 1) / 2). Start with :mod:`consensus.pbft.normal_case`, which states the rules
and why they are safe, then :mod:`consensus.pbft.view_change`. Proposers may take turns
(:mod:`consensus.pbft.rotation`), and members change at checkpoints (:mod:`consensus.pbft.epochs`).
"""

from __future__ import annotations

from consensus.configuration import Changeover
from consensus.pbft.core import PbftCore
from consensus.pbft.messages import MESSAGES, RECORDS
from consensus.pbft.options import Options, options_of
from consensus.protocols import ProtocolEntry, register
from consensus.quorum import byzantine_faults, byzantine_quorum

__all__ = ["MESSAGES", "RECORDS", "Options", "PbftCore"]

register(
    ProtocolEntry(
        name="pbft",
        core=PbftCore,
        voters_of=lambda voting: voting,
        quorum=byzantine_quorum,
        faults=byzantine_faults,
        replies=lambda n: byzantine_faults(n) + 1,
        read_replies=byzantine_quorum,
        messages=MESSAGES,
        records=RECORDS,
        options=options_of,
        changeover=Changeover.LATER,
        decides_from=lambda height, options: height + -height % options.checkpoint_interval + 1,
        keeps_proofs=True,
    )
)
