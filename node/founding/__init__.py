"""Founding 建网: makes a network's genesis, keys, certificates, access list and configurations (``consortium init``).

>>> description = read_description(Path("harbour.yaml"))
>>> found_network(Path("harbour"), description, passphrase)

Unlike the rest of a node's rooms this one draws secrets at random and reads the calendar: it runs once, by hand.
"""

from node.founding.authority import Authority
from node.founding.description import Description, FoundingError, describe, read_description
from node.founding.folders import found_network

__all__ = ["Authority", "Description", "FoundingError", "describe", "found_network", "read_description"]
