"""A network of one's own, as the guide founds it: nodes and a wallet with certificates, over a mosquitto that asks."""

import json
import os
import re
import signal
import socket
import subprocess
import sys

import msgspec
import pytest

from network.bus import find_mosquitto
from node.founding import Description, found_network
from node.keystore import KdfCost
from scenarios.cli import invoke
from tests.end_to_end.program import CONSORTIUM, ROOT, environment, execute

pytestmark = pytest.mark.mosquitto
WORDS = "correct horse"
UNSEALED = ("--insecure-no-passphrase",)  # to seal keys is slow on purpose


@pytest.fixture
def harbour(tmp_path, request):
    """The network's folder, while its broker runs."""
    protocol = getattr(request, "param", "solo")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    parts = {
        "network": "harbour",
        "protocol": protocol,
        "broker": {"port": port},
        "organisations": {"insurer": {"role": "insurer"}, "regulator": {"role": "regulator", "votes": False}},
        "wallets": {"ann": {"role": "patient", "home": "insurer"}},
        "cash_fen": {"ann": 5000},
    }
    folder = tmp_path / "harbour"
    found_network(folder, msgspec.convert(parts, Description), WORDS.encode(), KdfCost(1, 8192))
    broker = [find_mosquitto(), "-c", "mosquitto.conf"]
    with subprocess.Popen(broker, cwd=folder / "broker", stderr=subprocess.DEVNULL) as process:  # noqa: S603
        (tmp_path / "broker.pid").write_text(str(process.pid))
        yield folder
        process.terminate()


class Node:
    """A node by hand: started as a person would, its standard input nobody's."""

    def __init__(self, folder, name):
        self._process = subprocess.Popen(  # noqa: S603
            [*CONSORTIUM, "node", str(folder / "nodes" / name / "node.yaml")],
            env=environment(CONSORTIUM_PASSPHRASE=WORDS),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
        )

    def until(self, condition):
        for line in self._process.stdout:
            told = json.loads(line)
            if condition(told):
                return told
        raise AssertionError("the node ended first")

    def stop(self):
        self._process.send_signal(signal.SIGTERM)
        self._process.communicate(timeout=20)
        return self._process.returncode

    def kill(self):
        self._process.kill()
        self._process.communicate()


def test_nodes_and_a_wallet_meet_over_tls(harbour, tmp_path):
    nodes = [Node(harbour, name) for name in ("insurer", "regulator")]
    try:
        for node in nodes:
            node.until(lambda told: told["event"] == "ready")
        code, height = pay(harbour, tmp_path, 2500, 1)
        assert code == "ok"
        roots = [node.until(lambda told: told.get("height", 0) >= height and told["closed"])["root"] for node in nodes]
        assert roots[0] == roots[1]
        assert [node.stop() for node in nodes] == [0, 0]
    finally:
        for node in nodes:
            node.kill()


def pay(harbour, cwd, fen, number):
    """(what became of it, the height of its block), as a receipt of the node says."""
    words = (sys.executable, "-P", str(ROOT / "docs/examples/pay.py"), str(harbour / "wallets" / "ann"), "insurer")
    done = execute([*words, str(fen), str(number)], cwd, 40, CONSORTIUM_PASSPHRASE=WORDS)
    assert done.returncode == 0, done.stderr
    code, height = re.fullmatch(
        r"(\w+): ann pays insurer \d+ fen, block (\d+), signed by insurer.*\n", done.stdout
    ).groups()
    return code, int(height)


@pytest.mark.parametrize("harbour", ["raft"], indirect=True)
def test_a_newcomer_is_admitted_catches_up_and_votes(harbour, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("CONSORTIUM_PASSPHRASE", WORDS)
    proposal, wallet = str(harbour / "proposals" / "broker-2.json"), str(harbour / "wallets" / "insurer")
    nodes = [Node(harbour, name) for name in ("insurer", "regulator")]
    try:
        for node in nodes:
            node.until(lambda told: told["event"] == "ready")
        assert not invoke(["admit", str(harbour), "broker-2", "--role", "broker", "--votes", *UNSEALED])
        os.kill(int((tmp_path / "broker.pid").read_text()), signal.SIGHUP)
        nodes.append(Node(harbour, "broker-2"))
        assert not invoke(["approve", proposal, str(harbour / "nodes" / "insurer")])
        capsys.readouterr()
        assert not invoke(["submit", proposal, wallet])
        told = capsys.readouterr().out.splitlines()
        assert [line.partition(":")[0] for line in told] == ["ok"] * 3
        assert "add-voter node 2" in told[2]
        code, height = pay(harbour, tmp_path, 2500, 1)
        assert code == "ok"
        ends = [node.until(lambda told: told.get("height", 0) >= height and told["closed"]) for node in nodes]
        assert len({end["root"] for end in ends}) == 1
        assert invoke(["submit", proposal, wallet]) == 2
        assert "carried out already" in capsys.readouterr().err
        assert not invoke(["admit", str(harbour), "bob", "--role", "patient", "--home", "insurer", *UNSEALED])
        proposal = str(harbour / "proposals" / "bob.json")
        for node in ("insurer", "regulator"):  # the latter has no say, and does no harm
            assert not invoke(["approve", proposal, str(harbour / "nodes" / node)])
        assert invoke(["submit", proposal, wallet]) == 2
        assert "2 of the 2 who vote must approve; so far did: insurer" in capsys.readouterr().err
        assert not invoke(["approve", proposal, str(harbour / "nodes" / "broker-2")])
        assert not invoke(["submit", proposal, wallet])
        assert [node.stop() for node in nodes] == [0, 0, 0]
    finally:
        for node in nodes:
            node.kill()
