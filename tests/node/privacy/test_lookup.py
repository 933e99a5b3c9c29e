"""Questions about one person at a time, against a plain set, and against those who do not keep to the protocol."""

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nacl.bindings import crypto_core_ed25519_is_valid_point

from node.privacy import Asker, Holder, IntersectionError
from node.privacy.points import person_point

PEOPLE = [f"person-{number}" for number in range(8)]
ORDER_TWO = (2**255 - 20).to_bytes(32, "little")


def pair(insured, **options):
    holder = Holder(b"h" * 32, "s1", insured, **options)
    return holder, Asker(b"a" * 32, holder.listed())


@given(st.sets(st.sampled_from(PEOPLE)), st.lists(st.sampled_from(PEOPLE), max_size=6))
@settings(max_examples=15, deadline=None)
def test_each_answer_is_right(insured, questions):
    holder, asker = pair(insured, padded_to=9)
    asked = [(person, *asker.ask(person)) for person in questions]
    for person, number, question in reversed(asked):
        assert asker.is_listed(number, holder.answer(question)) == (person in insured)


def test_the_same_person_is_never_asked_about_in_the_same_words():
    holder, asker = pair({"ann"})
    questions = {asker.ask("ann")[1] for _ in range(5)}
    assert len(questions) == 5
    assert all(crypto_core_ed25519_is_valid_point(question) for question in questions)
    assert person_point("s1", "ann") not in questions
    assert questions.isdisjoint(holder.listed().points)


def test_nobody_finds_the_listed_by_trying_out_names_without_the_holder():
    """What a thief of the list can compute: everybody's point, in the open or under a scalar of the thief's own."""
    holder, _ = pair(set(PEOPLE))
    thief = Holder(b"t" * 32, "s1", PEOPLE)
    guesses = {person_point("s1", person) for person in PEOPLE} | set(thief.listed().points)
    assert guesses.isdisjoint(holder.listed().points)


def test_questions_are_counted_and_what_is_none_is_not():
    holder, asker = pair({"ann"}, questions_max=2)
    for bad in (b"", bytes(31), bytes(32), ORDER_TWO, b"\xff" * 32):
        with pytest.raises(IntersectionError, match="no point"):
            holder.answer(bad)
    (_, first), (_, second), (_, third) = (asker.ask("ann") for _ in range(3))
    holder.answer(first)
    holder.answer(second)
    with pytest.raises(IntersectionError, match="all questions"):
        holder.answer(third)


def test_an_answer_that_says_nothing_can_be_given_again_and_one_that_does_cannot():
    holder, asker = pair({"ann"})
    number, question = asker.ask("ann")
    answer = holder.answer(question)
    for bad in (b"short", ORDER_TWO):
        with pytest.raises(IntersectionError, match="no point"):
            asker.is_listed(number, bad)
    assert not asker.is_listed(asker.ask("ben")[0], answer)  # an answer to another question is none to this one
    assert asker.is_listed(number, answer)
    for closed in (number, 99):
        with pytest.raises(IntersectionError, match="not open"):
            asker.is_listed(closed, answer)


def test_a_list_out_of_order_is_refused():
    listed = Holder(b"h" * 32, "s1", {"ann", "ben"}).listed()
    with pytest.raises(IntersectionError, match="ascending"):
        Asker(b"a" * 32, msgspec.structs.replace(listed, points=listed.points[::-1]))
