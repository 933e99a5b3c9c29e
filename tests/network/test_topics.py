import pytest
from hypothesis import given
from hypothesis import strategies as st

from network.broker.routing import matches
from network.frames import Frame
from network.topics import (
    Topic,
    TopicError,
    build_topic,
    client_filters,
    node_filters,
    parse_topic,
    topic_of,
)

names = st.from_regex(r"[a-z0-9][a-z0-9._-]{0,63}", fullmatch=True)


@given(network=names, sender=names, kind=names, receiver=st.just("") | names)
def test_what_is_built_parses_as_it_was(network, sender, kind, receiver):
    topic = build_topic(network, sender, kind, receiver)
    assert parse_topic(topic) == Topic(network=network, sender=sender, kind=kind, receiver=receiver)


@given(text=st.text(max_size=60) | st.text(alphabet="abto/+#l", max_size=20))
def test_what_parses_is_what_would_be_built(text):
    try:
        parts = parse_topic(text)
    except TopicError:
        return
    assert build_topic(parts.network, parts.sender, parts.kind, parts.receiver) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "net",
        "net/all/a",
        "net/all/a/k/x",
        "net/to/b/a",
        "net/to//a/k",
        "net/all//k",
        "/all/a/k",
        "net/any/a/k",
        "net/all/a/k\n",
        "net/all/+/k",
        "net/all/a/#",
        "net/all/A/k",
        "net/to/b/a/k/more/and/more",
        "net/all/" + "a" * 65 + "/k",
    ],
)
def test_anything_else_is_refused(text):
    with pytest.raises(TopicError):
        parse_topic(text)


@pytest.mark.parametrize("bad", ["", "+", "a/b", "Ä", "a" * 65])
def test_parts_that_make_no_topic_are_refused(bad):
    for parts in ((bad, "a", "k"), ("net", bad, "k"), ("net", "a", bad)):
        with pytest.raises(TopicError):
            build_topic(*parts)


def test_a_frame_has_one_topic():
    frame = Frame(version=1, network="net", sender="a", incarnation=0, sequence=0, kind="k", body=b"")
    assert topic_of(frame) == "net/all/a/k"
    direct = Frame(version=1, network="net", sender="a", incarnation=0, sequence=0, kind="k", body=b"", receiver="b")
    assert topic_of(direct) == "net/to/b/a/k"


def heard(filters, topic):
    return any(matches(each.split("/"), topic.split("/")) for each in filters)


def test_a_node_hears_everyone_and_what_is_meant_for_it():
    filters = node_filters("net", "b")
    assert heard(filters, "net/all/a/consensus")
    assert heard(filters, "net/to/b/a/consensus")
    assert not heard(filters, "net/to/c/a/consensus")
    assert not heard(filters, "other/all/a/consensus")


def test_a_node_may_choose_kinds_and_senders():
    filters = node_filters("net", "b", kinds=("consensus", "gossip"), senders=("a", "c"))
    assert heard(filters, "net/all/a/gossip")
    assert not heard(filters, "net/all/a/telemetry")
    assert not heard(filters, "net/all/b/gossip")  # its own echo
    assert heard(filters, "net/to/b/d/telemetry")


def test_a_client_hears_only_what_is_meant_for_it():
    filters = client_filters("net", "patient")
    assert heard(filters, "net/to/patient/a/reply")
    assert not heard(filters, "net/all/a/reply")
