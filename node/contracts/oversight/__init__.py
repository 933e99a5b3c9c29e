"""Oversight 实时监管: live rules over what is booked, and orders that freeze (rows 21, 33, 15, 18).

A supervisor that learns of a breach from a quarterly return learns late. Here each rule of ``rules`` looks at what a
transaction has just written, on every node and in the same block, and a breach leaves an ``Alert`` that the
regulator's client is told of and nobody else. ``watching`` is the hook that the runtime calls; it costs one look-up
where a network declares no rules. ``orders`` is the freeze order 冻结令: the regulator asks by its signature, a council
decides by theirs, and neither can do it alone.
"""

from node.contracts.oversight.orders import HoldArgs, OrderArgs, require_free
from node.contracts.oversight.records import FREEZE, Alert, Freeze, Watch, contract
from node.contracts.oversight.rules import RULES, Finding
from node.contracts.oversight.settings import Settings
from node.contracts.oversight.watching import watch

__all__ = [
    "FREEZE",
    "RULES",
    "Alert",
    "Finding",
    "Freeze",
    "HoldArgs",
    "OrderArgs",
    "Settings",
    "Watch",
    "contract",
    "require_free",
    "watch",
]
