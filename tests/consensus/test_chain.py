"""Headers, certificates, and when a certificate proves something."""

import msgspec
import pytest

from consensus.chain import Block, Certificate, Header, commit_bytes, verify_certificate
from tests.properties.blocks import GENESIS, NOTARY, block, certificate

BLOCK = block(3, GENESIS)
VOTERS = (0, 1, 2, 3)


def fault(shown, quorum=3, voters=VOTERS):
    return verify_certificate(shown, voters, quorum, NOTARY.verify)


def signed(*signers):
    return certificate(BLOCK, signers)


def test_a_quorum_of_true_signatures_holds():
    assert fault(signed(0, 2, 3)) is None


@pytest.mark.parametrize(
    ("signers", "why"),
    [
        ((0, 1), "2 signatures where a quorum is exactly 3"),
        ((0, 1, 2, 3), "4 signatures where a quorum is exactly 3"),
        ((), "0 signatures where a quorum is exactly 3"),
        ((0, 2, 1), "signers not in strictly ascending order"),
        ((0, 1, 1), "signers not in strictly ascending order"),
        ((0, 1, 5), "signer 5 does not vote"),
    ],
)
def test_anything_but_exactly_a_quorum_of_voters_in_order_proves_nothing(signers, why):
    assert fault(signed(*signers)) == why


@pytest.mark.parametrize("changed", [{"round": 2}, {"height": 4}, {"hash": b"x" * 32}])
def test_a_signature_covers_round_height_and_hash(changed):
    assert fault(msgspec.structs.replace(signed(0, 1, 2), **changed)) == "signature of member 0 does not verify"


def test_a_signature_by_another_key_proves_nothing():
    _, second, third = signed(0, 1, 2).signatures
    forged = msgspec.structs.replace(signed(0, 1, 2), signatures=((0, second[1]), second, third))
    assert fault(forged) == "signature of member 0 does not verify"


def test_commits_are_signed_apart_from_everything_else():
    assert b"consortium/commit" in commit_bytes(1, 2, bytes(32))
    several = {commit_bytes(r, h, x) for r in (1, 2) for h in (1, 2) for x in (bytes(32), b"x" * 32)}
    assert len(several) == 8


@pytest.mark.parametrize("field", [name for name in Header.__struct_fields__ if name != "network"])
def test_the_hash_covers_every_field_of_a_header(field):
    fields = {name: getattr(BLOCK.header, name) for name in Header.__struct_fields__}
    fields[field] = fields[field] + 1 if isinstance(fields[field], int) else b"y" * 32
    assert Header(**fields).hash != BLOCK.hash


def test_the_hash_names_the_header_and_not_the_body():
    assert Block(BLOCK.header, (b"another body",)).hash == BLOCK.hash


def test_a_block_shows_what_cores_need_of_its_header():
    assert (BLOCK.height, BLOCK.parent, BLOCK.round) == (3, GENESIS, 1)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (Certificate, [-1, 1, bytes(32), []]),
        (Certificate, [1, 2**63, bytes(32), []]),
        (Certificate, [1, 1, bytes(31), []]),
        (Certificate, [1, 1, bytes(32), [[0, bytes(63)]]]),
        (Certificate, [1, 1, bytes(32), [], 0]),
        (Block, [[1, "net", 1], []]),
    ],
)
def test_what_is_out_of_bounds_does_not_decode(kind, value):
    with pytest.raises(msgspec.ValidationError):
        msgspec.msgpack.decode(msgspec.msgpack.encode(value), type=kind)
