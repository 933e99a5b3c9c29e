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
from tests.end_to_end.program import CONSORTIUM, ROOT, consortium, environment, execute

pytestmark = pytest.mark.mosquitto
WORDS = "correct horse"


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


def run(harbour, *words):
    """A command of the program on this network's folder."""
    return consortium(*words, cwd=harbour.parent, seconds=40, CONSORTIUM_PASSPHRASE=WORDS)


@pytest.mark.parametrize("harbour", ["raft"], indirect=True)
def test_a_newcomer_is_admitted_catches_up_and_votes(harbour, tmp_path):
    nodes = [Node(harbour, name) for name in ("insurer", "regulator")]
    try:
        for node in nodes:
            node.until(lambda told: told["event"] == "ready")
        made = run(harbour, "admit", "harbour", "broker-2", "--role", "broker", "--votes")
        assert (made.returncode, made.stderr) == (0, ""), made.stderr
        proposal, wallet = "harbour/proposals/broker-2.json", "harbour/wallets/insurer"
        os.kill(int((tmp_path / "broker.pid").read_text()), signal.SIGHUP)
        nodes.append(Node(harbour, "broker-2"))
        refused = run(harbour, "submit", proposal, wallet)
        assert (refused.returncode, refused.stdout) == (2, "")
        assert "1 of the 1 who vote must approve; so far did: nobody" in refused.stderr
        assert run(harbour, "approve", proposal, "harbour/nodes/insurer").returncode == 0
        submitted = run(harbour, "submit", proposal, wallet)
        assert (submitted.returncode, submitted.stderr) == (0, "")
        told = submitted.stdout.splitlines()
        assert [line.partition(":")[0] for line in told] == ["ok"] * 3
        assert "add-voter node 2" in told[2]
        code, height = pay(harbour, tmp_path, 2500, 1)
        assert code == "ok"
        ends = [node.until(lambda told: told.get("height", 0) >= height and told["closed"]) for node in nodes]
        assert len({end["root"] for end in ends}) == 1
        again = run(harbour, "submit", proposal, wallet)
        assert again.returncode == 2
        assert "carried out already" in again.stderr
        assert [node.stop() for node in nodes] == [0, 0, 0]
    finally:
        for node in nodes:
            node.kill()
