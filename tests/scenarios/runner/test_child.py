"""A child process: what it says is heard line by line, and it never outlives whoever started it."""

import asyncio
import signal

import pytest

from scenarios.runner.child import Child

SAYS = "import sys\nfor line in sys.stdin: print('{\"heard\": ' + line.strip() + '}', flush=True)"


@pytest.fixture
async def started(tmp_path):
    children = []

    async def start(program, *, to_start=True):
        lines = asyncio.Queue()
        child = Child("child", ("-c", program), tmp_path / "stderr.log", lines.put_nowait)
        child.lines = lines
        children.append(child)
        if to_start:
            await child.start()
        return child

    yield start
    for child in children:
        await child.kill()


async def heard(child):
    async with asyncio.timeout(10):
        return await child.lines.get()


async def test_what_is_told_is_heard_and_what_is_said_is_decoded(started):
    child = await started(SAYS)
    child.tell(b"7")
    assert await heard(child) == {"heard": 7}
    assert child.alive
    assert child.exit_code is None


async def test_the_end_of_its_input_ends_it_in_good_order(started):
    child = await started(SAYS)
    await child.stop(patience_s=10)
    assert (child.alive, child.exit_code) == (False, 0)


async def test_one_that_does_not_end_by_itself_is_killed(started):
    child = await started("import time\nprint('1', flush=True)\ntime.sleep(1000)")
    await heard(child)
    await child.stop(patience_s=0.05)
    assert child.exit_code == -signal.SIGKILL


async def test_one_that_stands_still_can_be_stopped_too(started):
    child = await started(SAYS)
    child.send_signal(signal.SIGSTOP)
    await child.stop(patience_s=10)
    assert child.exit_code == 0


async def test_what_is_no_json_is_passed_over(started):
    child = await started("print('hello'); print('{\"a\": 1}')")
    assert await heard(child) == {"a": 1}
    await child.wait()
    assert child.lines.empty()


async def test_its_last_words_are_the_last_line_of_its_errors(started):
    child = await started("import sys; sys.exit('first\\nlast')")
    await child.wait()
    assert (child.exit_code, child.last_words()) == (1, "last")


async def test_one_that_was_killed_starts_again(started):
    child = await started(SAYS)
    await child.kill()
    assert not child.alive
    await child.start()
    child.tell(b"8")
    assert await heard(child) == {"heard": 8}


async def test_one_that_is_gone_hears_nothing_and_nobody_minds(started):
    child = await started("pass")
    await child.wait()
    child.tell(b"7")
    child.send_signal(signal.SIGTERM)
    await child.kill()
    assert child.exit_code == 0


async def test_one_that_was_never_started_can_be_stopped(started):
    child = await started("pass", to_start=False)
    await child.stop(patience_s=1)
    assert (child.pid, child.alive, child.last_words()) == (None, False, "")
