import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from network.broker.routing import ROUTES_MAX, Subscriptions, valid_filter, valid_topic


@pytest.mark.parametrize("topic_filter", ["a", "a/b", "+", "#", "a/+/b", "a/#", "+/+/#", "/", "a//b", "$SYS/#"])
def test_filters(topic_filter):
    assert valid_filter(topic_filter)


@pytest.mark.parametrize("topic_filter", ["", "#/a", "a#", "a/#/b", "a+", "a/+b/c", "##", "/".join("a" * 17)])
def test_what_is_no_filter(topic_filter):
    assert not valid_filter(topic_filter)


@pytest.mark.parametrize("topic", ["", "a/+", "#", "/".join("a" * 17)])
def test_what_is_no_topic(topic):
    assert not valid_topic(topic)


# The examples of the standard, section 4.7.
@pytest.mark.parametrize(
    ("topic_filter", "topic", "matches"),
    [
        ("sport/tennis/player1/#", "sport/tennis/player1", True),
        ("sport/tennis/player1/#", "sport/tennis/player1/score/wimbledon", True),
        ("sport/#", "sport", True),
        ("#", "a/b", True),
        ("sport/tennis/+", "sport/tennis/player1", True),
        ("sport/tennis/+", "sport/tennis/player1/ranking", False),
        ("sport/+", "sport", False),
        ("sport/+", "sport/", True),
        ("+/+", "/finance", True),
        ("/+", "/finance", True),
        ("+", "/finance", False),
        ("#", "$SYS/x", False),
        ("+/x", "$SYS/x", False),
        ("$SYS/#", "$SYS/x", True),
        ("ACCOUNTS", "Accounts", False),
    ],
)
def test_the_examples_of_the_standard(topic_filter, topic, matches):
    subscriptions = Subscriptions()
    subscriptions.add(topic_filter, "r", 1)
    assert subscriptions.route(topic) == ((("r", 1),) if matches else ())


def model(topic_filter, topic):
    """The standard's rules as a regular expression: another way to the same answer."""
    pattern = re.escape(topic_filter).replace(r"\+", "[^/]*").replace(r"/\#", "(/.*)?").replace(r"\#", ".*")
    return re.fullmatch(pattern, topic) is not None


levels = st.sampled_from(["a", "b", "", "c"])
topics = st.lists(levels, min_size=1, max_size=4).map("/".join).filter(bool)
filters = (
    st.lists(levels | st.just("+"), min_size=1, max_size=4)
    .flatmap(lambda parts: st.sampled_from([parts, [*parts, "#"]]))
    .map("/".join)
    .filter(bool)
)
changes = st.lists(st.tuples(st.booleans(), filters, st.integers(0, 2), st.integers(0, 1)), max_size=15)


@given(changes=changes, published=st.lists(topics, min_size=1, max_size=4))
def test_routes_are_those_of_the_model_after_any_changes(changes, published):
    subscriptions, table = Subscriptions(), {}
    for add, topic_filter, receiver, qos in changes:
        if add:
            subscriptions.add(topic_filter, receiver, qos)
            table[topic_filter, receiver] = qos
        else:
            subscriptions.remove(topic_filter, receiver)
            table.pop((topic_filter, receiver), None)
        for topic in published:
            wanted = {}
            for (each, who), granted in table.items():
                if model(each, topic):
                    wanted[who] = max(granted, wanted.get(who, 0))
            assert dict(subscriptions.route(topic)) == wanted


def test_remembered_routes_are_bounded():
    subscriptions = Subscriptions()
    for number in range(ROUTES_MAX + 10):
        assert subscriptions.route(f"t/{number}") == ()
    assert len(subscriptions._routes) <= ROUTES_MAX
