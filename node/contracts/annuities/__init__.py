"""Enterprise annuities 企业年金 that move to another institution, in one go 一站式转移接续 (row 16).

A member who changes employers asks once, with the new employer's signature. Whoever is next acts on the same record:
the old record keeper 账户管理人 values the account, the old trustee 受托人 lets it go, the new one takes it, the old
custodian 托管人 remits, the new one confirms, and the new record keeper credits the member. The amount is committed to
when it is valued, and each of them shows that very commitment again: what is sent, comes and is credited is one amount.

Who a member is, only the two record keepers learn; the amount, only the institutions of both plans and the member. The
member reads how far the transfer is, and the regulator how many wait and how many took too long.
"""

from node.contracts.annuities.records import BASELINE_MS, MOVED, TRANSFER, Transfer, TransferQueue, contract
from node.contracts.annuities.transfers import AMOUNT, AmountArgs, FoundArgs, RequestArgs, advance, plans_of

__all__ = [
    "AMOUNT",
    "BASELINE_MS",
    "MOVED",
    "TRANSFER",
    "AmountArgs",
    "FoundArgs",
    "RequestArgs",
    "Transfer",
    "TransferQueue",
    "advance",
    "contract",
    "plans_of",
]
