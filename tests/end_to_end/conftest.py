"""Runs are dear, so each kind is made once and looked at by many tests."""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from network.bus import find_mosquitto
from tests.end_to_end.program import QUICK, ROOT, Results, consortium, latest

Telling = Callable[..., Results]


@pytest.fixture(scope="session")
def one_claim(tmp_path_factory: pytest.TempPathFactory) -> Telling:
    """`one_claim` told in a mode, under a protocol, over a bus: its folder. Each telling happens once."""
    told: dict[tuple[str, str, str], Results] = {}

    def tell(mode: str, protocol: str, bus: str = "embedded") -> Results:
        if (mode, protocol, bus) not in told:
            folder = tmp_path_factory.mktemp("one_claim")
            words = ("run", "one_claim", "--mode", mode, "--protocol", protocol, "--bus", bus, "--ui", "none")
            done = consortium(*words, *(QUICK if mode == "processes" else ()), cwd=folder)
            assert (done.returncode, done.stderr) == (0, "")
            told[mode, protocol, bus] = latest(folder, "one_claim")
        return told[mode, protocol, bus]

    return tell


@pytest.fixture(scope="session")
def users_mosquitto(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a mosquitto that runs with the configuration that the README names, on a port of its own."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    shipped = (ROOT / "configs" / "broker" / "mosquitto.conf").read_text()
    assert "listener 1883 127.0.0.1\n" in shipped
    config = tmp_path_factory.mktemp("mosquitto") / "mosquitto.conf"
    config.write_text(shipped.replace("listener 1883 ", f"listener {port} "))
    with subprocess.Popen([find_mosquitto(), "-c", str(config)], stderr=subprocess.DEVNULL) as broker:  # noqa: S603
        _wait_for(port, seconds=10)
        yield f"mqtt://127.0.0.1:{port}"
        broker.terminate()
        broker.wait(10)


def _wait_for(port: int, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)
        else:
            return


@pytest.fixture
def somewhere(tmp_path: Path) -> Path:
    """An empty folder, as a person's own."""
    return tmp_path
