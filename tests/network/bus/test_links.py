import asyncio

import msgspec
import pytest

from network.bus.links import DELAYED_MAX, PPM, LinkFaults, LinkRule

MILLISECOND = 1_000_000


@pytest.fixture
def faults():
    made = LinkFaults(me="b", seed=7)
    yield made
    made.close()


@pytest.fixture
def heard(faults, inbox):
    """An inbox behind the faults."""
    box = inbox()
    box.receive = faults.receiving(box.on_message)
    return box


def test_without_faults_everything_passes(faults, heard):
    heard.receive("net/all/a/k", b"1")
    heard.receive("what/ever", b"2")
    assert heard.payloads == [b"1", b"2"]
    assert faults.counters.passed == 1


def test_a_cut_stops_what_comes_from_the_peer_and_what_is_meant_for_it_alone(faults, heard):
    sent = []
    send = faults.sending(lambda topic, _: sent.append(topic) or True)
    faults.partition(["a"])
    heard.receive("net/all/a/k", b"broadcast")
    heard.receive("net/to/b/a/k", b"direct")
    heard.receive("net/all/c/k", b"other")
    assert heard.payloads == [b"other"]
    assert send("net/to/a/b/k", b"")
    assert send("net/to/c/b/k", b"")
    assert send("net/all/b/k", b"")
    assert sent == ["net/to/c/b/k", "net/all/b/k"]
    assert (faults.counters.cut_in, faults.counters.cut_out) == (2, 1)
    faults.partition([])
    heard.receive("net/all/a/k", b"healed")
    assert heard.payloads == [b"other", b"healed"]


def test_isolation_stops_everything(faults, heard):
    sent = []
    send = faults.sending(lambda topic, _: sent.append(topic) or True)
    faults.isolated = True
    heard.receive("net/all/a/k", b"1")
    assert send("net/all/b/k", b"1")
    assert heard.payloads == sent == []
    faults.heal()
    heard.receive("net/all/a/k", b"2")
    assert heard.payloads == [b"2"]


def test_what_publish_says_is_passed_on(faults):
    assert faults.sending(lambda *_: False)("net/all/b/k", b"") is False


def losses(faults, count=2000, peer="a"):
    return [faults.judge(peer) == () for _ in range(count)]


def test_loss_hits_the_stated_share_and_the_same_frames_again():
    runs = []
    for seed in (1, 1, 2):
        faults = LinkFaults(me="b", seed=seed)
        faults.set_rule(LinkRule(loss_ppm=300_000))
        runs.append(losses(faults))
    assert runs[0] == runs[1] != runs[2]
    assert all(500 < sum(run) < 700 for run in runs)


def test_what_happens_on_one_link_does_not_change_another():
    alone, busy = LinkFaults(me="b", seed=1), LinkFaults(me="b", seed=1)
    for faults in (alone, busy):
        faults.set_rule(LinkRule(loss_ppm=PPM // 2))
    mixed = []
    for _ in range(100):
        busy.judge("c")
        mixed.append(busy.judge("a") == ())
    assert mixed == losses(alone, 100)


def test_a_rule_of_a_link_goes_before_the_rule_of_all(faults):
    faults.set_rule(LinkRule(loss_ppm=PPM))
    faults.set_rule(LinkRule(), peer="a")
    assert faults.judge("a") == (0,)
    assert faults.judge("c") == ()
    faults.heal()
    assert faults.judge("c") == (0,)


def test_its_own_echo_is_on_no_link(faults):
    faults.set_rule(LinkRule(loss_ppm=PPM))
    assert faults.judge("b") == (0,)


def test_a_double_is_handed_over_twice(faults, heard):
    faults.set_rule(LinkRule(duplicate_ppm=PPM))
    heard.receive("net/all/a/k", b"1")
    assert heard.payloads == [b"1", b"1"]
    assert faults.counters.duplicated == 1


def test_jitter_stays_within_its_bounds(faults):
    faults.set_rule(LinkRule(delay_ns=5, jitter_ns=3, duplicate_ppm=PPM))
    delays = {delay for _ in range(200) for delay in faults.judge("a")}
    assert delays == {5, 6, 7, 8}


async def test_a_delay_delays_and_keeps_the_order(faults, heard):
    loop = asyncio.get_running_loop()
    faults.set_rule(LinkRule(delay_ns=20 * MILLISECOND))
    began = loop.time()
    for number in range(3):
        heard.receive("net/all/a/k", b"%d" % number)
    assert heard.payloads == []
    await heard.count(3)
    assert loop.time() - began >= 0.02
    assert heard.payloads == [b"0", b"1", b"2"]


async def test_what_is_under_way_is_bounded_and_can_be_forgotten(faults, heard):
    faults.set_rule(LinkRule(delay_ns=10**15))
    for _ in range(DELAYED_MAX + 5):
        heard.receive("net/all/a/k", b"")
    assert faults.counters.overflowed == 5
    faults.close()
    assert faults._delayed == {}


def test_names_of_strangers_do_not_fill_the_memory(faults):
    faults.set_rule(LinkRule(loss_ppm=1))
    for number in range(5000):
        faults.judge(f"stranger-{number}")
    assert len(faults._arrivals) <= 4097


@pytest.mark.parametrize("bad", [{"loss_ppm": -1}, {"loss_ppm": PPM + 1}, {"delay_ns": -1}, {"speed": 1}])
def test_a_rule_from_outside_is_checked(bad):
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(bad, LinkRule)
