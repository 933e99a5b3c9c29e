"""Node 节点: one organisation's node.

The pure half is the replica (:mod:`node.replica`): mempool, consensus core, ledger and contracts as one state machine.
Its parts: ``intake`` and ``mempool`` (what waits), ``producer`` and ``proposals`` (blocks to be), ``chain_state`` with
``gap`` and ``snapshots`` (blocks and states that are), ``receipts`` and ``queries`` (what clients hear), ``sync`` (what
other nodes have).
The other half is the process (:mod:`node.process`) that gives a replica a real bus, disk and clock. ``ledger`` holds
blocks, state and their proofs, ``contracts`` what transactions do, ``privacy`` what only parties may read, and
``membership`` who is who. Nothing here knows of scenarios.
"""

import node.ledger  # noqa: F401 - loaded before membership, which its audit sees through and which reads its genesis
