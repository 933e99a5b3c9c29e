"""Ctrl-C in virtual time: kept until the slice is over, obeyed at once when repeated."""

import os
import signal
import threading

import pytest

from scenarios.runner.patience import held_back


def press():
    os.kill(os.getpid(), signal.SIGINT)


@pytest.mark.parametrize("name", [signal.SIGINT, signal.SIGTERM])
def test_the_first_is_kept_and_told(name):
    before = signal.signal(name, signal.default_int_handler)
    try:
        with held_back() as interrupted:
            assert not interrupted()
            os.kill(os.getpid(), name)
            assert interrupted()
        assert signal.getsignal(name) is signal.default_int_handler
    finally:
        signal.signal(name, before)


def test_the_second_is_obeyed_and_the_old_handler_is_back():
    old = signal.getsignal(signal.SIGINT)
    with held_back() as interrupted:
        press()
        assert interrupted()
        with pytest.raises(KeyboardInterrupt):
            press()
    assert signal.getsignal(signal.SIGINT) is old
    with pytest.raises(KeyboardInterrupt):
        press()


def test_what_is_ignored_stays_ignored():
    old = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with held_back() as interrupted:
            press()
            assert not interrupted()
    finally:
        signal.signal(signal.SIGINT, old)


def test_another_thread_changes_nothing():
    old, told = signal.getsignal(signal.SIGINT), []

    def elsewhere():
        with held_back() as interrupted:
            told.append((interrupted(), signal.getsignal(signal.SIGINT)))

    thread = threading.Thread(target=elsewhere)
    thread.start()
    thread.join()
    assert told == [(False, old)]
