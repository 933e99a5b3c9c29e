"""Custody 私有数据保管: what a member of a collection holds of payloads that the chain only commits to.

A payload comes from our own wallet, before its transaction is submitted, or from another member once the chain says
that both may hold it; it is believed as far as it opens the commitments there. It lies in a private space of this
node's store, in no block and no replicated state, until its blocks to live are over or the chain asks for its purge
(:mod:`node.contracts.deposits`). Then what stays is a note of what was erased, without values and salts, so that the
wallet can be told, and attest it on the chain.

* :class:`Shelf` (:mod:`node.custody.shelf`): what stands here of each payload, and when its time is over;
* :class:`Errand` (:mod:`node.custody.errand`): which other member is asked for what is awaited, and when again;
* :class:`Safe` (:mod:`node.custody.safe`): what the chain, our wallet and other members make of it.
"""

from node.custody.errand import TIMER
from node.custody.safe import Safe, handed_over
from node.custody.shelf import CUSTODY, DEPOSIT_BLOCKS, DEPOSITS_MAX, Safekept, Stage

__all__ = ["CUSTODY", "DEPOSITS_MAX", "DEPOSIT_BLOCKS", "TIMER", "Safe", "Safekept", "Stage", "handed_over"]
