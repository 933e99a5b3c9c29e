import pytest

from network.bus import BrokerUrl, BusError, parse_url


@pytest.mark.parametrize(
    ("url", "parts"),
    [
        ("mqtt://localhost", BrokerUrl(host="localhost", port=1883)),
        ("mqtt://127.0.0.1:1884/", BrokerUrl(host="127.0.0.1", port=1884)),
        ("mqtts://broker.example", BrokerUrl(host="broker.example", port=8883, tls=True)),
        ("mqtt://[::1]:5", BrokerUrl(host="::1", port=5)),
        ("mqtt://me:p%40ss@host:1", BrokerUrl(host="host", port=1, username="me", password="p@ss")),  # noqa: S106
    ],
)
def test_a_url_in_parts(url, parts):
    assert parse_url(url) == parts


@pytest.mark.parametrize(
    ("url", "complaint"),
    [
        ("localhost:1883", "does not begin with mqtt://"),
        ("http://localhost", "does not begin with mqtt://"),
        ("", "does not begin with mqtt://"),
        ("mqtt://", "names no host"),
        ("mqtt://:1883", "names no host"),
        ("mqtt://host:port", "is no URL"),
        ("mqtt://host:99999", "is no URL"),
        ("mqtt://[::1", "is no URL"),
        ("mqtt://host:0", "port 0"),
        ("mqtt://host/topic", "after the port"),
        ("mqtt://host?x=1", "after the port"),
    ],
)
def test_what_is_no_broker_is_said_so(url, complaint):
    with pytest.raises(BusError, match=complaint):
        parse_url(url)


def test_a_place_tells_no_password():
    url = parse_url("mqtt://me:secret@[::1]:1883")
    assert url.place == "[::1]:1883"
