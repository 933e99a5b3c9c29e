"""Where a passphrase comes from: a file, the environment, or whoever sits at the terminal. Never an argument.

A command line can be read by every user of a machine, so a passphrase is in none.
"""

from __future__ import annotations

import getpass
import os
import sys
from pathlib import Path

from node.keystore import PASSPHRASE_LENGTH_MIN, KeyFileError

FILE_VARIABLE = "CONSORTIUM_PASSPHRASE_FILE"
VARIABLE = "CONSORTIUM_PASSPHRASE"
_FILE_BYTES_MAX = 4096


def given_passphrase(file: Path | None = None) -> bytes | None:
    """The passphrase that a file or the environment holds; None where neither does. KeyFileError: it is unusable."""
    named = file or (Path(os.environ[FILE_VARIABLE]) if os.environ.get(FILE_VARIABLE) else None)
    if named is not None:
        return _from_file(named)
    value = os.environ.get(VARIABLE)
    return value.encode() if value else None


def ask_to_open(path: Path) -> bytes:
    """The passphrase of the key file ``path``."""
    given = given_passphrase()
    return given if given is not None else _ask(f"passphrase of {path}: ")


def ask_for_new(file: Path | None = None) -> bytes:
    """A passphrase for new keys, typed twice where somebody types it. KeyFileError where it is too short."""
    passphrase = given_passphrase(file)
    return _typed_anew() if passphrase is None else _long_enough(passphrase)


def ask_for_another(file: Path | None = None) -> bytes:
    """What a key file is to be sealed under from now on: in ``file``, or typed twice. Variables hold the old one."""
    return _typed_anew() if file is None else _long_enough(_from_file(file))


def _typed_anew() -> bytes:
    """A new passphrase, typed twice; KeyFileError where the two differ or it is too short."""
    passphrase = _ask("new passphrase: ")
    if _ask("once more: ") != passphrase:
        raise KeyFileError("the two passphrases differ; nothing was written")
    return _long_enough(passphrase)


def _long_enough(passphrase: bytes) -> bytes:
    if len(passphrase) < PASSPHRASE_LENGTH_MIN:
        raise KeyFileError(f"a passphrase has at least {PASSPHRASE_LENGTH_MIN} characters; some words make a good one")
    return passphrase


def _ask(prompt: str) -> bytes:
    if not sys.stdin.isatty():
        raise KeyFileError(
            f"a passphrase is needed and nobody can be asked: set {FILE_VARIABLE} to a file that holds it, or "
            f"{VARIABLE} to itself, or start this in a terminal"
        )
    return getpass.getpass(prompt).encode()


def _from_file(path: Path) -> bytes:
    """The first line, without its end."""
    try:
        with path.open("rb") as stream:
            raw = stream.read(_FILE_BYTES_MAX)
    except OSError as error:
        raise KeyFileError(f"{path}: the passphrase cannot be read: {error.strerror}") from None
    passphrase = raw.split(b"\n", 1)[0].rstrip(b"\r")
    if not passphrase:
        raise KeyFileError(f"{path}: holds no passphrase on its first line")
    return passphrase
