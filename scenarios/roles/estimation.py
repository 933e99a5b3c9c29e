"""Estimation on pooled data (rows 11, 45): insurers mask what their people spent, the platform adds the shares up.

Each insurer has its part of the shipped real spending, every so manieth person; nothing of it is on the chain. What is
drawn as noise follows from the platform's own secret and the study.
"""

from __future__ import annotations

import msgspec
from nacl.bindings import crypto_scalarmult_base

from node.contracts.estimation import (
    AGE_END,
    BandSum,
    JoinArgs,
    Pool,
    PoolKey,
    PublishArgs,
    Study,
    StudyShare,
    SupplyArgs,
)
from node.privacy import Cell, Share, SumError, share_of, sum_of
from scenarios.roles.desk import Act, Desk, Request, Verbs

verb = Verbs("platform")

SHARE = "share"
"""The field of the envelope in which a share lies, in hex."""

_encode = msgspec.msgpack.Encoder().encode


def join_pool(desk: Desk, act: Act) -> Request:
    """Arguments: pool."""
    pool = desk.object(act, "pool")
    key = crypto_scalarmult_base(_secret(desk, act.who, pool)).hex()
    return Request(contract="estimation", action="join", arguments=JoinArgs(pool=pool, key=key))


def supply_share(desk: Desk, act: Act) -> Request:
    """Arguments: study, year (of the data), yuan_per_dollar; to (names; else platform and bureau)."""
    study_id = desk.object(act, "study")
    study = desk.find(act, Study, study_id)
    pool = desk.find(act, Pool, study.pool)
    year, scale = (_whole(act, key) for key in ("year", "yuan_per_dollar"))
    cells = spending_cells(study.firsts, year, scale, pool.parties.index(act.who), len(pool.parties))
    keys = {name: desk.find(act, PoolKey, f"{study.pool}|{name}").sealing_key for name in pool.parties}
    public = {name: bytes.fromhex(key) for name, key in keys.items()}
    share = share_of(study_id, act.who, _secret(desk, act.who, study.pool), public, cells)
    envelope = desk.seal(act, "document", {SHARE: _encode(share).hex()}, act.names("to"))
    arguments = SupplyArgs(study=study_id, share=envelope)
    return Request(contract="estimation", action="supply", arguments=arguments, envelope=envelope)


@verb("publish-rates")
def publish_rates(desk: Desk, act: Act) -> Request:
    """Arguments: study, signed_by; tampered (true: one person too many in the first band)."""
    study_id = desk.object(act, "study")
    study = desk.find(act, Study, study_id)
    pool = desk.find(act, Pool, study.pool)
    supplies = [desk.find(act, StudyShare, f"{study_id}|{name}").supply for name in dict.fromkeys(study.supplied)]
    shares = [msgspec.msgpack.decode(bytes.fromhex(_text(desk, act, one)), type=Share) for one in supplies]
    try:
        sums = sum_of(study_id, pool.parties, shares)
    except SumError as error:
        raise act.error("study", str(error)) from None
    bands = []
    for place, first in enumerate(study.firsts):
        cell = sums[cell_name(first)]
        more = act.take("tampered", False) if not place else False
        amount = max(cell.amount + _noise(desk, act.who, f"{study_id}/{first}", pool.noise_fen), 0)
        bands.append(BandSum(people=cell.people + bool(more), amount_fen=amount))
    arguments = PublishArgs(study=study_id, bands=tuple(bands))
    return Request(contract="estimation", action="publish", arguments=arguments, cosigners=act.names("signed_by"))


def spending_cells(firsts: tuple[int, ...], year: int, scale: int, place: int, parties: int) -> dict[str, Cell]:
    """People and inpatient spending, in fen, of every so manieth person of a study year, by band of age."""
    from scenarios.runner.spending import load_person_years  # noqa: PLC0415 - loads what loads this

    found = {cell_name(first): Cell(0, 0) for first in firsts}
    for row in load_person_years():
        if row.year == year and row.person % parties == place and row.age < AGE_END:
            name = cell_name(max(first for first in firsts if first <= row.age))
            cell = found[name]
            found[name] = Cell(cell.people + 1, cell.amount + row.inpatient_cents * scale)
    return found


def cell_name(first: int) -> str:
    """What the band that begins at that age is called; names ascend as ages do."""
    return f"from-{first:03}"


def _noise(desk: Desk, platform: str, about: str, most: int) -> int:
    """A whole number of fen, evenly between -``most`` and ``most``."""
    return int(desk.token(platform, "noise", about), 16) % (2 * most + 1) - most


def _secret(desk: Desk, party: str, pool: str) -> bytes:
    return bytes.fromhex(desk.token(party, "pool", pool))


def _text(desk: Desk, act: Act, object_id: str) -> str:
    opening = desk.opened(act, object_id).get(SHARE)
    if opening is None or not isinstance(opening.value, str):
        raise act.error("study", f"what came with {object_id} holds no share")
    return opening.value


def _whole(act: Act, key: str) -> int:
    value = act.take(key)
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise act.error(key, f"must be a whole number from 1 on, not {value!r}")
    return value
