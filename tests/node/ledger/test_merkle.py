"""RFC 6962's tree against Certificate Transparency's known vectors and the RFC's own recursive definition."""

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.ledger.merkle import audit_path, merkle_root, verify_inclusion

CT_ENTRIES = [
    bytes.fromhex(entry)
    for entry in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
CT_ROOTS = (
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
)
CT_PATHS = (  # (size, index, path)
    (1, 0, ()),
    (
        8,
        0,
        (
            "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
        ),
    ),
    (
        8,
        5,
        (
            "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
            "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        ),
    ),
    (3, 2, ("fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",)),
    (
        5,
        1,
        (
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        ),
    ),
)

ENTRIES = st.lists(st.binary(max_size=4), min_size=1, max_size=40)


def model_root(entries):
    """RFC 6962 section 2.1, word for word."""
    if not entries:
        return sha256(b"").digest()
    if len(entries) == 1:
        return sha256(b"\x00" + entries[0]).digest()
    k = model_split(len(entries))
    return sha256(b"\x01" + model_root(entries[:k]) + model_root(entries[k:])).digest()


def model_path(entries, index):
    """RFC 6962 section 2.1.1, word for word."""
    if len(entries) == 1:
        return ()
    k = model_split(len(entries))
    if index < k:
        return (*model_path(entries[:k], index), model_root(entries[k:]))
    return (*model_path(entries[k:], index - k), model_root(entries[:k]))


def model_split(size):
    k = 1
    while k * 2 < size:
        k *= 2
    return k


@pytest.mark.parametrize("size", range(9))
def test_certificate_transparency_s_roots(size):
    assert merkle_root(CT_ENTRIES[:size]).hex() == CT_ROOTS[size]


@pytest.mark.parametrize(("size", "index", "path"), CT_PATHS)
def test_certificate_transparency_s_paths(size, index, path):
    assert tuple(step.hex() for step in audit_path(CT_ENTRIES[:size], index)) == path


@given(ENTRIES)
def test_roots_and_paths_are_those_of_the_recursive_definition(entries):
    root = merkle_root(entries)
    assert root == model_root(entries)
    for index, entry in enumerate(entries):
        path = audit_path(entries, index)
        assert path == model_path(entries, index)
        assert verify_inclusion(root, len(entries), index, entry, path)


@given(ENTRIES, st.data())
def test_a_changed_part_of_a_proof_is_refused(entries, data):
    root, size = merkle_root(entries), len(entries)
    index = data.draw(st.integers(0, size - 1))
    entry, path = entries[index], audit_path(entries, index)
    assert not verify_inclusion(root, size, index, entry + b"x", path)
    assert not verify_inclusion(root, size, size, entry, path)
    assert not verify_inclusion(root, size, -1, entry, path)
    assert not verify_inclusion(root, size, index, entry, (*path, root))
    assert not verify_inclusion(sha256(root).digest(), size, index, entry, path)
    if path:
        assert not verify_inclusion(root, size, index, entry, path[:-1])
        assert not verify_inclusion(root, size, index, entry, (b"short", *path[1:]))
        at = data.draw(st.integers(0, len(path) - 1))
        wrong = bytes([path[at][0] ^ 1]) + path[at][1:]
        assert not verify_inclusion(root, size, index, entry, (*path[:at], wrong, *path[at + 1 :]))
    for other in range(size):
        same = entries[other] == entry and audit_path(entries, other) == path
        assert other == index or same or not verify_inclusion(root, size, other, entry, path)


def test_there_is_no_path_for_an_entry_that_is_not_there():
    with pytest.raises(IndexError, match="no entry 2 among 2"):
        audit_path([b"a", b"b"], 2)
