"""What a network declares before its first block: which rules are live, their limits, who decides on orders."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from node.contracts.context import Context, Refusal
from node.contracts.fields import MILLION, Arguments, Fen, Label, Labels, Name, Ppm
from node.contracts.oversight.records import WATCH, Watch, contract
from node.contracts.oversight.rules import RULES

RULES_MAX = 16
COUNCIL_MAX = 32
LICENCES_MAX = 128


class Settings(Arguments, frozen=True):
    """Which rules are live, their limits, and the council.

    ``rules``: the regulator's scope of alerts; a rule that is not named raises none. ``margin_ppm``: own funds that an
    insurer needs, as a share of its premium. ``accumulation_fen``: from where on cover of one person is told.
    ``commission_ppm``: the most commission that may be paid out of premium; 1,000,000 is no cap. ``licences``:
    (institution, products that it may sell). ``needed`` of ``council`` decide on an order.
    """

    rules: Annotated[tuple[Label, ...], Meta(max_length=RULES_MAX)] = ()
    margin_ppm: Ppm = 0
    accumulation_fen: Fen = 0
    commission_ppm: Ppm = MILLION
    licences: Annotated[tuple[tuple[Name, Labels], ...], Meta(max_length=LICENCES_MAX)] = ()
    council: Annotated[tuple[Name, ...], Meta(max_length=COUNCIL_MAX)] = ()
    needed: Annotated[int, Meta(ge=1, le=COUNCIL_MAX)] = 1


@contract.settings(Settings)
def configure(ctx: Context, settings: Settings) -> None:
    """Set what is watched for. Refused with "unknown_rule" or "council_too_small"."""
    unknown = [name for name in settings.rules if name not in RULES]
    if unknown:
        raise Refusal("unknown_rule", f"{unknown[0]}; there are: {', '.join(RULES)}")
    council = tuple(dict.fromkeys(settings.council))
    if council and settings.needed > len(council):
        raise Refusal("council_too_small", f"{settings.needed} of {len(council)}")
    watched = Watch(
        rules=settings.rules,
        margin_ppm=settings.margin_ppm,
        accumulation_fen=settings.accumulation_fen,
        commission_ppm=settings.commission_ppm,
        licences=settings.licences,
        council=council,
        needed=settings.needed,
    )
    ctx.put(WATCH, watched)
