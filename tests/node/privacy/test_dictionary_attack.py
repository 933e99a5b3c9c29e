"""Trying out identity numbers: what others hold of people gives nobody away, unless it can be made without a secret.

The attacker knows how identity numbers are made (GB 11643): a place, a day of birth, three digits, a check character.
It has everything that others than the bureau hold of :data:`INSURED`, and tries every number of their birthdays.
"""

from hashlib import sha256

from nacl.bindings import crypto_scalarmult_ed25519_noclamp

from node.membership import KeyRing
from node.privacy import Holder, Party
from node.privacy.points import person_point, scalar_of, wide
from scenarios.roles.gb11643 import check_character
from scenarios.roles.tokens import pseudonym
from scenarios.runner.duplicate_questions import identity

INSURED = [identity(number) for number in range(3)]


def dictionary(orders):
    """Every number of the place and the days of birth of those insured, as far as ``orders`` goes."""
    digits = [f"{one[:14]}{order:03}" for one in INSURED for order in range(orders)]
    return [one + check_character(one) for one in digits]


def recovered(held, guesses):
    """Who is found among ``held`` by what the attacker makes of each number."""
    return [person for person, made in guesses if made in held]


def test_a_plain_or_salted_hash_gives_everybody_away():
    """The baseline: what can be computed by whoever holds it is found in a second."""
    held = {sha256(b"salt" + person.encode()).hexdigest() for person in INSURED}
    found = recovered(held, [(one, sha256(b"salt" + one.encode()).hexdigest()) for one in dictionary(1000)])
    assert found == INSURED


def test_tokens_keyed_by_the_bureau_give_nobody_away_but_to_the_bureau():
    keys, others = KeyRing.derive(1, ["bureau"]), KeyRing.derive(2, ["bureau"])
    held = {pseudonym(keys, "bureau", person) for person in INSURED}
    numbers = dictionary(1000)
    assert set(INSURED) <= set(numbers), "the dictionary has them all"
    assert recovered(held, [(one, sha256(one.encode()).hexdigest()) for one in numbers]) == []
    assert recovered(held, [(one, pseudonym(others, "bureau", one)) for one in numbers]) == [], "under another key"
    assert recovered(held, [(one, pseudonym(keys, "insurer-1", one)) for one in numbers]) == [], "under an insurer's"
    assert recovered(held, [(one, pseudonym(keys, "bureau", one)) for one in numbers]) == INSURED, "the bureau can"


def test_what_tokens_do_show_and_blinded_lists_do_not_is_who_is_the_same():
    """The leak that is left with tokens: whoever sees two lists of them sees how many people are on both."""
    keys, one, other = KeyRing.derive(1, ["bureau"]), INSURED[:2], INSURED[1:]
    tokens = [{pseudonym(keys, "bureau", person) for person in people} for people in (one, other)]
    assert len(tokens[0] & tokens[1]) == 1
    points = [set(Party(key * 32, "market/1", people).offer().points) for key, people in ((b"a", one), (b"b", other))]
    assert points[0].isdisjoint(points[1])


def test_blinded_lists_give_nobody_away():
    """Of an intersection the chain, and of a lookup everybody, holds points; each trial would need the scalar."""
    session = "market/1"
    held = set(Party(b"a" * 32, session, INSURED).offer().points) | set(
        Holder(b"b" * 32, session, INSURED).listed().points
    )
    own = scalar_of(wide(b"thief" * 6 + b"xx", "scalar", session))
    numbers = dictionary(20)
    assert set(INSURED) <= set(numbers)
    assert recovered(held, [(one, person_point(session, one)) for one in numbers]) == []
    trials = [(one, crypto_scalarmult_ed25519_noclamp(own, person_point(session, one))) for one in numbers]
    assert recovered(held, trials) == []
    knowing = scalar_of(wide(b"a" * 32, "scalar", session))
    trials = [(one, crypto_scalarmult_ed25519_noclamp(knowing, person_point(session, one))) for one in numbers]
    assert recovered(held, trials) == INSURED, "whoever has the scalar can"
