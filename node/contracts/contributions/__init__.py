"""Contributions 城乡居民医保缴费: a resident's yearly contribution to the basic medical insurance (rows 65-68).

A local centre 医保经办中心 registers residents, a channel 缴费渠道 (a card, a bank, a phone) asks for a resident's
record, which locks it for twenty minutes, and pays; the tax department 税务局 collects and answers for the vouchers.
``lock`` is the arithmetic; ``levies``, ``registration``, ``payment`` and ``vouchers`` are the actions of the contract
"contributions". Residents are pseudonyms here: identity numbers are checked at the channel's edge, and only what was
wrong with one comes along (:class:`~node.contracts.contributions.payment.QueryArgs`).
"""

from node.contracts.contributions.levies import OpenLevy
from node.contracts.contributions.lock import LOCK_MS, Lock
from node.contracts.contributions.payment import FLAWS, PayArgs, QueryArgs
from node.contracts.contributions.records import (
    REGISTRATION,
    Contribution,
    Levy,
    Registration,
    Request,
    Voucher,
    contract,
    levy_key,
    resident_key,
)
from node.contracts.contributions.registration import KeepArgs, RegisterArgs, RegistrationArgs
from node.contracts.contributions.vouchers import CheckArgs, VoucherArgs, fingerprint

__all__ = [
    "FLAWS",
    "LOCK_MS",
    "REGISTRATION",
    "CheckArgs",
    "Contribution",
    "KeepArgs",
    "Levy",
    "Lock",
    "OpenLevy",
    "PayArgs",
    "QueryArgs",
    "RegisterArgs",
    "Registration",
    "RegistrationArgs",
    "Request",
    "Voucher",
    "VoucherArgs",
    "contract",
    "fingerprint",
    "levy_key",
    "resident_key",
]
