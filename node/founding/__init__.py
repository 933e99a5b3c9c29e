"""Founding 建网: makes a network's genesis, keys, certificates, access list and configurations (``consortium init``).

>>> description = read_description(Path("harbour.yaml"))
>>> found_network(Path("harbour"), description, passphrase)

Later it makes a newcomer's, with the proposal that the members sign (``consortium admit``, ``approve``).

Unlike the rest of a node's rooms this one draws secrets at random and reads the calendar: it runs once, by hand.
"""

from node.founding.authority import Authority
from node.founding.description import Description, FoundingError, describe, read_description
from node.founding.folders import found_network
from node.founding.newcomer import Newcomer, Place, admit
from node.founding.proposal import Proposal, read_proposal, write_proposal

__all__ = [
    "Authority",
    "Description",
    "FoundingError",
    "Newcomer",
    "Place",
    "Proposal",
    "admit",
    "describe",
    "found_network",
    "read_description",
    "read_proposal",
    "write_proposal",
]
