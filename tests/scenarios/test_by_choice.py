"""Two hundred policies, sixty of them left out: what lies on record leads to a policy, a query and a voucher each."""

import pytest

from tests.scenarios.telling import told


@pytest.fixture(scope="module")
def story():
    return told("by_choice")


def test_exactly_those_who_chose_are_on_record(story):
    on_record = dict(story.tree.items("notarisations"))
    policies = dict(story.tree.items("policies"))
    assert (len(policies), len(on_record)) == (200, 140)
    left_out = {policy.holder for policy in policies.values() if not policy.notarisation}
    assert len(left_out) == 60
    assert left_out.isdisjoint(record.holder for record in on_record.values())


def test_each_index_resolves_to_the_holders_own_voucher(story):
    seen = set()
    for unique, record in story.tree.items("notarisations"):
        policy = story.tree.get("policies", record.policy)
        assert policy.notarisation == unique
        query = story.tree.get("queries", record.authorisation)
        assert (query.state, query.subject) == ("ANSWERED", policy.subject)
        voucher = story.tree.get("vouchers", query.voucher)
        assert (voucher.granted_by, voucher.subject) == (policy.holder, policy.subject)
        assert story.outcomes[_step(story, query.voucher)].code == "ok"
        seen.add(query.voucher)
    assert len(seen) == 140


def test_what_lies_in_the_clear_names_nobody(story):
    numbers = [person.identity for person in story.scenario.world.people.values()]
    clear = repr([record for _, record in story.tree.items("policies")])
    assert not any(number in clear for number in numbers)


def _step(story, object_id):
    return next(name for name in story.steps if story.object(name) == object_id)
