"""Frames: what travels on the bus, signed by its sender and refused unless it is exactly what was signed.

A frame on the wire is 64 bytes of Ed25519 signature followed by the canonical msgpack of :class:`Frame`. The
signature covers ``DOMAIN`` and those bytes, so that it can never be taken for a signature over a block or a
transaction by the same key. Checks run from cheap to dear: size, form, version, network, sender, signature.

The bus is not trusted: it may lose, double, reorder, replay or invent frames. :mod:`network.replay` drops what
was seen before; the protocols above make up for what was lost.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Annotated

import msgspec
from nacl.exceptions import CryptoError
from nacl.signing import VerifyKey

FRAME_VERSION = 1
FRAME_BYTES_MAX = 4 * 1024 * 1024
SIGNATURE_BYTES = 64
DOMAIN = b"consortium/frame\x00"

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=64, pattern=r"^[a-z0-9][a-z0-9._-]*\Z")]
NameOrNone = Annotated[str, msgspec.Meta(max_length=64, pattern=r"^([a-z0-9][a-z0-9._-]*)?\Z")]
Counter = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]


class Frame(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """One signed unit on the bus.

    ``incarnation`` rises with every start of the sender and is durable before its first frame; ``sequence``
    rises with every frame of an incarnation, over all topics. ``body`` is opaque here (``network/codec.py``).
    ``receiver`` is empty for everyone: signed, so that nobody can pass a frame on as if it were meant for them.
    """

    version: Counter
    network: Name
    sender: Name
    incarnation: Counter
    sequence: Counter
    kind: Name
    body: bytes
    receiver: NameOrNone = ""


class FrameError(Exception):
    """These bytes are no acceptable frame. ``reason`` is one of :data:`REASONS`; the message adds detail."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail


REASONS = ("too_large", "malformed", "not_canonical", "version", "network", "unknown_sender", "signature")

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Frame).decode


def seal_frame(frame: Frame, sign: Callable[[bytes], bytes], bytes_max: int = FRAME_BYTES_MAX) -> bytes:
    """The wire bytes of ``frame``, signed by ``sign`` (which returns the 64 bytes of an Ed25519 signature).

    FrameError("too_large") where no receiver would take it.
    """
    data = _encode(frame)
    _require_size(SIGNATURE_BYTES + len(data), bytes_max)
    signature = sign(DOMAIN + data)
    if len(signature) != SIGNATURE_BYTES:
        raise ValueError(f"a signature of {len(signature)} bytes; Ed25519 gives {SIGNATURE_BYTES}")
    return signature + data


class ReadFrame(msgspec.Struct, frozen=True):
    """A frame of this network as it came, by whomever: nothing in it is true before :func:`verify_frame` says so."""

    frame: Frame
    signature: bytes
    signed: bytes


def read_frame(raw: bytes, network: str, bytes_max: int = FRAME_BYTES_MAX) -> ReadFrame:
    """What ``raw`` claims to be, by every check that is cheap; FrameError and nothing else for any other bytes."""
    _require_size(len(raw), bytes_max)
    signature, data = raw[:SIGNATURE_BYTES], raw[SIGNATURE_BYTES:]
    frame = _decode_canonical(data)
    if frame.version != FRAME_VERSION:
        raise FrameError("version", f"{frame.version}; this program speaks {FRAME_VERSION}")
    if frame.network != network:
        raise FrameError("network", f"from network {frame.network!r}, not {network!r}")
    return ReadFrame(frame, signature, DOMAIN + data)


def verify_frame(read: ReadFrame, key: bytes | None) -> None:
    """FrameError unless the frame's sender signed it with ``key``: some 40 us, and more for large ones.

    ``key`` is 32 bytes of Ed25519; None is a stranger's.
    """
    sender = read.frame.sender
    if key is None:
        raise FrameError("unknown_sender", sender)
    try:
        _verify_key(key).verify(read.signed, read.signature)
    except CryptoError:
        raise FrameError("signature", f"not signed by {sender}") from None


def open_frame(
    raw: bytes,
    network: str,
    verify_key_of: Callable[[str], bytes | None],
    bytes_max: int = FRAME_BYTES_MAX,
) -> Frame:
    """The frame in ``raw``, its sender's signature verified: :func:`read_frame`, then :func:`verify_frame`.

    ``verify_key_of`` gives the key of a sender, None for a stranger.
    """
    read = read_frame(raw, network, bytes_max)
    verify_frame(read, verify_key_of(read.frame.sender))
    return read.frame


def _require_size(size: int, bytes_max: int) -> None:
    if size > bytes_max:
        raise FrameError("too_large", f"{size} bytes; the limit is {bytes_max}")


def _decode_canonical(data: bytes) -> Frame:
    try:
        frame = _decode(data)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError, OverflowError) as error:
        raise FrameError("malformed", str(error)) from None
    if _encode(frame) != data:
        raise FrameError("not_canonical", "not the bytes that encoding the frame gives")
    return frame


@lru_cache(maxsize=4096)
def _verify_key(key: bytes) -> VerifyKey:
    return VerifyKey(key)
