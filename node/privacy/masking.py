"""Sums that show no summand 加法掩码: what several insurers have in a cell together, and not who has what of it.

Rows 11 and 45 of the systems table. Every two parties share a key (X25519), from which follows a mask for each cell;
the one whose name comes first adds it, the other subtracts it, so that in the sum over all parties the masks cancel:

    masked = value + sum of masks with later names - sum of masks with earlier names    (mod 2^64)

as in Bonawitz et al., "Practical secure aggregation", 2017, section 4 (their first protocol, without the recovery from
dropouts). A single masked value is uniformly random to everyone who does not have the keys of all others. Where a
party's share is missing there is no sum at all. Every cell carries a number of people besides the amount, and what
covers fewer than ``people_min`` is not published. Assumptions and leakage: ``docs/private-queries.md``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from hashlib import blake2b
from typing import Annotated

import msgspec
from nacl.bindings import crypto_scalarmult

from node.ledger.transaction import Name

MODULUS = 1 << 64
VALUE_MAX = (1 << 56) - 1
"""The largest value of a party, so that the sum of ``PARTIES_MAX`` stays below the modulus."""

PARTIES_MIN = 3
"""Of two parties' sum, each could subtract its own part."""

PARTIES_MAX = 64
CELLS_MAX = 4_096

_CHECK = ""  # a cell of zeros in every share: if the masks do not cancel, it shows
_encode = msgspec.msgpack.Encoder().encode

Masked = Annotated[int, msgspec.Meta(ge=0)]  # and below the modulus, since msgpack holds no more than 64 bits
CellName = Annotated[str, msgspec.Meta(min_length=1, max_length=96)]


class SumError(ValueError):
    """There is no sum to be had from these shares; the message says why."""


class Cell(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """What stands in one cell: how many people, and their amount (in whatever unit the query is about)."""

    people: int
    amount: int


class MaskedCell(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """One cell of a share, both numbers masked (mod 2^64)."""

    name: CellName
    people: Masked
    amount: Masked


class Share(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag="sum.share"):
    """One party's part of a sum: every cell of the query, in ascending order of name, none left out."""

    session: Annotated[str, msgspec.Meta(min_length=1, max_length=128)]
    party: Name
    cells: Annotated[tuple[MaskedCell, ...], msgspec.Meta(min_length=1, max_length=CELLS_MAX)]
    check: Masked


def share_of(
    session: str,
    party: str,
    secret: bytes,
    parties: Mapping[str, bytes],
    cells: Mapping[str, Cell],
) -> Share:
    """What ``party`` contributes. ``parties``: each one's X25519 key, our own included; ``secret``: ours.

    ``cells`` must name every cell of the query, those with nothing in them too. One session must be answered once: two
    answers under the same masks show the difference. ValueError: values, cells or parties out of bounds.
    """
    _check_parties(parties)
    if party not in parties:
        raise ValueError(f"{party} is none of the parties")
    if not 0 < len(cells) <= CELLS_MAX:
        raise ValueError(f"{len(cells)} cells; a sum has 1 to {CELLS_MAX}")
    for name, cell in cells.items():
        if not 0 <= cell.people <= VALUE_MAX or not 0 <= cell.amount <= VALUE_MAX:
            raise ValueError(f"cell {name!r} holds a number below 0 or above {VALUE_MAX}")
    names = sorted(cells)
    keys = [
        (1 if party < other else -1, _pair_key(session, secret, parties[other], sorted(parties)))
        for other in sorted(parties)
        if other != party
    ]
    masked = tuple(
        MaskedCell(
            name=name,
            people=_masked(cells[name].people, keys, name, "people"),
            amount=_masked(cells[name].amount, keys, name, "amount"),
        )
        for name in names
    )
    return Share(session=session, party=party, cells=masked, check=_masked(0, keys, _CHECK, _encode(names).hex()))


def sum_of(session: str, parties: Iterable[str], shares: Sequence[Share]) -> dict[str, Cell]:
    """The sum over all ``parties``, cell by cell. SumError where a share is missing, foreign, twice, or does not fit.

    A party that drops out takes its masks with it, and nothing can be recovered of the others' shares: repeat the query
    without it, under a **new** session.
    """
    wanted = sorted(parties)
    _check_parties(wanted)
    came = sorted(share.party for share in shares)
    if came != wanted:
        missing = [name for name in wanted if name not in came]
        raise SumError(f"shares of {came} where those of {wanted} are needed, once each; missing: {missing}")
    names = tuple(cell.name for cell in shares[0].cells)
    for share in shares:
        if share.session != session:
            raise SumError(f"{share.party}'s share is of session {share.session!r}")
        if tuple(cell.name for cell in share.cells) != names:
            raise SumError(f"{share.party}'s share has other cells than {shares[0].party}'s")
    if sum(share.check for share in shares) % MODULUS:
        raise SumError("the masks do not cancel: a share was made for other parties, keys or cells")
    columns = zip(*(share.cells for share in shares), strict=True)
    return {
        column[0].name: Cell(
            people=sum(cell.people for cell in column) % MODULUS, amount=sum(cell.amount for cell in column) % MODULUS
        )
        for column in columns
    }


def publishable(sums: Mapping[str, Cell], people_min: int) -> dict[str, Cell]:
    """Those cells that cover at least ``people_min`` people or none at all, in order of name.

    If only one has to be held back, the smallest of the others is held back too, an empty one if there is no other:
    else whoever knows the total of all could subtract.
    """
    small = {name for name, cell in sums.items() if 0 < cell.people < people_min}
    rest = sorted((not cell.people, cell.people, name) for name, cell in sums.items() if name not in small)
    if len(small) == 1 and rest:
        small.add(rest[0][2])
    return {name: sums[name] for name in sorted(sums) if name not in small}


def over_limit(sums: Mapping[str, Cell], limits: Mapping[str, int]) -> tuple[str, ...]:
    """The cells whose amount lies above its limit (accumulated sum at risk 累计风险保额), in order of name.

    To be told instead of the amounts: it says of each cell on which side of its limit it lies, and no more.
    """
    return tuple(name for name in sorted(sums) if name in limits and sums[name].amount > limits[name])


def _check_parties(parties: Iterable[str]) -> None:
    count = len(list(parties))
    if not PARTIES_MIN <= count <= PARTIES_MAX:
        raise ValueError(f"{count} parties; a sum that shows no summand needs {PARTIES_MIN} to {PARTIES_MAX}")


def _pair_key(session: str, secret: bytes, public: bytes, parties: Sequence[str]) -> bytes:
    """The key that two parties share for a session and its list of parties. ValueError: ``public`` is no X25519 key."""
    try:
        shared = crypto_scalarmult(secret, public)  # libsodium refuses points of small order
    except RuntimeError:
        raise ValueError(f"{public.hex()} is no X25519 key") from None
    return blake2b(_encode(("consortium/sum", session, parties)), key=shared, digest_size=32).digest()


def _masked(value: int, keys: Iterable[tuple[int, bytes]], cell: str, part: str) -> int:
    message = _encode((cell, part))
    for sign, key in keys:
        value += sign * int.from_bytes(blake2b(message, key=key, digest_size=8).digest(), "big")
    return value % MODULUS
