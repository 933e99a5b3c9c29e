"""Brokers as processes: they start once, say what is wrong, and never outlive us."""

import asyncio
import os
import signal
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from network.bus import BusError, embedded_broker, find_mosquitto, parse_url, private_mosquitto

PARENT = """
import asyncio, sys
from network.bus import embedded_broker, private_mosquitto
async def main():
    broker = {"embedded": embedded_broker, "mosquitto": private_mosquitto}[sys.argv[1]]()
    async with broker:
        print(broker.pid, flush=True)
        await asyncio.Event().wait()
asyncio.run(main())
"""


def _alive(pid):
    stat = Path(f"/proc/{pid}/stat")
    return stat.exists() and stat.read_text().rsplit(")", 1)[1].split()[0] != "Z"


@pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="waits for a process that is no child of ours")
@pytest.mark.parametrize("kind", ["embedded", pytest.param("mosquitto", marks=pytest.mark.mosquitto)])
async def test_a_broker_dies_with_its_starter_even_by_kill_9(kind):
    parent = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        PARENT,
        kind,
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(Path.cwd())},
    )
    pid = int(await parent.stdout.readline())
    assert _alive(pid)
    ended = asyncio.Event()
    handle = os.pidfd_open(pid)  # it is no child of ours, so nothing else would tell us of its end
    asyncio.get_running_loop().add_reader(handle, ended.set)
    try:
        parent.send_signal(signal.SIGKILL)
        await parent.wait()
        await asyncio.wait_for(ended.wait(), 10)
    finally:
        asyncio.get_running_loop().remove_reader(handle)
        os.close(handle)
    assert not _alive(pid)


async def test_a_broker_ends_when_told(broker):
    pid = broker.pid
    assert _alive(pid)
    await broker.stop()
    assert broker.pid is None
    assert not _alive(pid)
    await broker.stop()
    await broker.kill()


async def test_starting_what_runs_is_our_own_mistake(broker):
    with pytest.raises(RuntimeError, match="runs already"):
        await broker.start()


async def test_a_port_in_use_is_said_so(broker, tmp_path):
    second = type(broker)(tmp_path / "second.log", broker.port)
    with pytest.raises(BusError, match="in use"):
        await second.start()
    assert second.pid is None
    await second.__aexit__(None, None, None)


async def test_without_a_log_nothing_is_written(tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    async with embedded_broker() as url:
        _, writer = await asyncio.open_connection("127.0.0.1", parse_url(url).port)
        writer.write(b"rubbish, and more rubbish")
        await writer.drain()
        writer.close()
        await writer.wait_closed()
    assert list(tmp_path.iterdir()) == []
    assert capfd.readouterr() == ("", "")


async def test_the_log_tells_who_came_and_who_was_put_off(tmp_path, connect_raw):
    log = tmp_path / "deep" / "broker.log"
    async with embedded_broker(log) as url:
        await connect_raw(parse_url(url).port, b"\xc0\x00")
    text = log.read_text()
    assert "put off: protocol violation" in text
    assert "Traceback" not in text


@pytest.fixture
def connect_raw():
    """Sends bytes to a port and waits until the other side closes."""

    async def send(port, data):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(data)
        with suppress(ConnectionError):
            await reader.read()
        writer.close()

    return send


def test_a_missing_mosquitto_comes_with_the_hint(monkeypatch):
    monkeypatch.setattr("network.bus.mosquitto.shutil.which", lambda *_, **__: None)
    with pytest.raises(BusError, match="apt install mosquitto"):
        find_mosquitto()


async def test_a_missing_mosquitto_leaves_nothing_running(monkeypatch):
    monkeypatch.setattr("network.bus.mosquitto.shutil.which", lambda *_, **__: None)
    broker = private_mosquitto()
    with pytest.raises(BusError, match="leave --bus out"):
        async with broker:
            pass
    assert broker.pid is None


async def test_a_broker_that_does_not_answer_is_given_up(monkeypatch):
    monkeypatch.setattr("network.bus.launch.START_S", 0.05)
    broker = embedded_broker()

    async def sleeper():
        return [sys.executable, "-c", "import time; time.sleep(60)"]

    monkeypatch.setattr(broker, "_command", sleeper)
    with pytest.raises(BusError, match="did not answer within"):
        await broker.start()
    assert broker.pid is None
