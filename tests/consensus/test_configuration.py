"""Configurations: what a change makes of one, and what cannot be asked of it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consensus.configuration import Change, Configuration, ConfigurationError, Reconfiguration, Verb

ADD, LEARN, REMOVE = Verb.ADD_VOTER, Verb.ADD_LEARNER, Verb.REMOVE
THREE = Configuration(voters=(0, 1, 2))


def asked(*changes, **options):
    return Reconfiguration(tuple(Change(verb, node) for verb, node in changes), **options)


def test_one_voter_more_or_less_needs_no_joint_configuration():
    assert THREE.changed(asked((ADD, 3))) == Configuration(voters=(0, 1, 2, 3))
    assert THREE.changed(asked((REMOVE, 0))) == Configuration(voters=(1, 2))
    assert THREE.changed(asked((LEARN, 3))) == Configuration(voters=(0, 1, 2), learners=(3,))


def test_more_than_one_voter_goes_through_a_joint_configuration():
    joint = THREE.changed(asked((ADD, 3), (REMOVE, 0)))
    assert joint == Configuration(voters=(1, 2, 3), outgoing=(0, 1, 2), auto_leave=True)
    assert joint.electors == (0, 1, 2, 3)
    assert joint.left() == Configuration(voters=(1, 2, 3))


def test_a_voter_that_becomes_a_learner_votes_until_the_joint_configuration_is_left():
    joint = THREE.changed(asked((LEARN, 0), (ADD, 3), auto_leave=False))
    assert joint == Configuration(voters=(1, 2, 3), outgoing=(0, 1, 2), learners_next=(0,))
    assert joint.left() == Configuration(voters=(1, 2, 3), learners=(0,))


def test_a_learner_is_promoted():
    before = Configuration(voters=(0, 1), learners=(2,))
    assert before.changed(asked((ADD, 2))) == THREE
    assert before.changed(asked((ADD, 2), joint=True)).left() == THREE


@pytest.mark.parametrize(
    ("before", "change"),
    [
        (THREE, asked()),
        (THREE, asked((ADD, 0))),
        (THREE, asked((REMOVE, 7))),
        (THREE, asked((ADD, 3), (REMOVE, 3))),
        (Configuration(voters=(0,)), asked((REMOVE, 0))),
        (THREE.changed(asked((ADD, 3), joint=True)), asked((ADD, 4))),
    ],
)
def test_what_makes_no_sense_is_refused(before, change):
    with pytest.raises(ConfigurationError):
        before.changed(change)


def test_only_a_joint_configuration_can_be_left():
    with pytest.raises(ConfigurationError, match="joint"):
        THREE.left()


changes = st.lists(st.tuples(st.sampled_from(list(Verb)), st.integers(0, 6)), min_size=1, max_size=4)


@given(changes, st.booleans())
def test_every_change_keeps_voters_and_learners_apart_and_ends_where_it_was_asked_to(made, joint):
    try:
        after = THREE.changed(asked(*made, joint=joint))
    except ConfigurationError:
        return
    end = after.left() if after.joint else after
    assert not set(end.voters) & set(end.learners)
    assert not set(after.electors) & set(after.learners)
    for verb, node in made:
        assert (node in end.voters, node in end.learners) == (verb is ADD, verb is LEARN)
    if not after.joint:
        assert len(set(after.voters) ^ set(THREE.voters)) <= 1
