"""Decisions are durable together with what proves them."""

from __future__ import annotations

from consensus.proof import kept_with_proof
from consensus.vocabulary import Commit, Persist, Put, Send, Trace


def put(key) -> Put:
    return Put("blocks", key, b"")


def decision(height, proven) -> list:
    records = (put(height), Put("certificates", height, b"")) if proven else (put(height),)
    return [Persist(records), Commit(height, b"", b"proof" if proven else None), Trace("told", (height,))]


def test_what_a_later_certificate_vouches_for_is_durable_with_it():
    said = Send(to=1, message="after 3")
    before, between = [Persist((put("earlier"),)), Trace("before")], [Persist((put("between"),)), said]
    effects = [*before, *decision(3, proven=False), *between, *decision(4, proven=False), *decision(5, proven=True)]
    kept = kept_with_proof(effects)
    together = Persist((put(3), put("between"), put(4), put(5), Put("certificates", 5, b"")))
    assert kept[:3] == [*before, together]
    assert kept[3:] == [one for one in effects[2:] if type(one) is not Persist], "and nothing is said before"


def test_a_proof_reaches_back_to_the_proof_before():
    effects = [*decision(3, proven=True), *decision(4, proven=False), *decision(5, proven=True)]
    kept = kept_with_proof(effects)
    assert kept[:3] == effects[:3]
    assert kept[3] == Persist((put(4), put(5), Put("certificates", 5, b"")))
    assert kept_with_proof(kept) == kept, "once is enough"


def test_what_nothing_vouches_for_yet_is_left_alone():
    effects = [*decision(3, proven=True), *decision(4, proven=False)]
    assert kept_with_proof(effects) == effects
    assert kept_with_proof([]) == []
