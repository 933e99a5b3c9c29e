"""Yes or no, and nothing else: the oblivious comparison of two values."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from node.privacy import IntersectionError
from node.privacy.equality import Guesser, Owner, is_proven

OWNER = Owner(b"o" * 32, "session")
VALUE = "6222023901001234567"
TAG = OWNER.publish(VALUE)


def asked(guess, question="check/1", owner=OWNER):
    guesser = Guesser(b"g" * 32, "session", question)
    blinded = guesser.ask(guess)
    return guesser, blinded, owner.answer(blinded)


@settings(max_examples=25)
@given(st.text(max_size=20), st.text(max_size=20))
def test_equal_values_are_found_equal_and_others_are_not(value, guess):
    tag = OWNER.publish(value)
    guesser, question, answer = asked(guess)
    assert is_proven(tag.key, question, answer)
    assert guesser.is_equal(answer.point, tag.tag) == (value == guess)


def test_an_answer_under_another_key_is_not_proven_whatever_is_changed():
    _, question, answer = asked(VALUE)
    _, other_question, other = asked(VALUE, question="check/2")
    forged = Owner(b"x" * 32, "session").answer(question)
    assert is_proven(TAG.key, question, answer)
    assert not is_proven(TAG.key, question, forged)
    assert not is_proven(TAG.key, question, replace(answer, point=forged.point))
    assert not is_proven(TAG.key, other_question, answer)
    assert not is_proven(TAG.key, question, replace(other, point=answer.point))
    assert not is_proven(OWNER.publish("1").tag, question, answer)


@pytest.mark.parametrize("changes", [{"point": bytes(32)}, {"response": bytes(32)}, {"challenge": bytes(32)}])
def test_what_is_no_point_or_scalar_is_an_error_and_no_answer(changes):
    _, question, answer = asked(VALUE)
    with pytest.raises(IntersectionError):
        is_proven(TAG.key, question, replace(answer, **changes))


def test_the_same_guess_is_never_asked_in_the_same_words():
    assert asked(VALUE)[1] != asked(VALUE, question="check/2")[1]


def test_only_the_owner_and_only_in_that_session_makes_the_tag():
    tags = {Owner(secret, session).publish(VALUE).tag for secret in (b"o" * 32, b"p" * 32) for session in ("a", "b")}
    assert len(tags) == 4
