"""FHIR's ``Money`` and whole fen, exactly."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from node.contracts.fields import AMOUNT_END
from scenarios.edges.fhir.errors import FhirError

CURRENCY = "CNY"


def money_of(fen: int) -> dict[str, Any]:
    """``Money`` with two decimals: 311290 -> 3112.90 CNY."""
    return {"value": Decimal(fen).scaleb(-2), "currency": CURRENCY}


def fen_of(money: Any, place: str) -> int:
    """Fen in a ``Money``; FhirError where it is none, of another currency, negative, or no whole number of fen."""
    if not isinstance(money, dict):
        raise FhirError(place, "must be an amount of money")
    value, currency = money.get("value"), money.get("currency", CURRENCY)
    if currency != CURRENCY:
        raise FhirError(place, f"the currency is `{str(currency)[:12]}`; amounts here are {CURRENCY}")
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise FhirError(place, "has no `value` that is a number")
    fen = Decimal(value).scaleb(2)
    if fen != fen.to_integral_value():
        raise FhirError(place, f"{value} is no whole number of fen")
    if not 0 <= fen < AMOUNT_END:
        raise FhirError(place, f"{value} is negative, or beyond the largest amount")
    return int(fen)
