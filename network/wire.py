"""The wire: between a bus, which moves bytes, and state machines, which speak in messages.

Outgoing: all messages of one loop tick for one topic travel in one signed frame, since a frame costs the same
whatever it carries. Incoming: a frame must be signed by whom its topic names, meant for us, not seen before, and hold
nothing but messages of this network; everything else is counted by reason and dropped. What costs a microsecond is
asked before the signature, which costs forty: so a replayed or misplaced frame is cheap, whoever signed it.

A process may speak as several names (a client process holds many wallets); each has its own sequence.
"""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable
from typing import Any, NamedTuple

from network.codec import MESSAGES_PER_FRAME, CodecError, MessageCodec
from network.frames import FRAME_VERSION, Frame, FrameError, ReadFrame, read_frame, seal_frame, verify_frame
from network.replay import ReplayWindow
from network.topics import TopicError, build_topic, topic_of

_LOG = logging.getLogger(__name__)
BODY_BYTES_MAX = 3 * 1024 * 1024
LOG_INTERVAL_S = 60.0
"""One line a minute for each reason, of which there are a dozen: a flood of frames is no flood of lines."""
_DETAIL_LENGTH_MAX = 200

_Lane = tuple[str, str, str]
"""(sender, receiver or "", kind)"""


class Opened(NamedTuple):
    """What came in one frame: from whom, under which key, and what."""

    sender: str
    key: bytes
    messages: list[Any]


_WEIGHTS = ("signature", "replayed", "cloned")


def _weight(refusal: tuple[str, str]) -> int:
    """Of refusals for each of a sender's keys the one that says most: that of the key which did sign it, if one did."""
    return _WEIGHTS.index(refusal[0])


class Wire:
    """Seals, batches, opens. ``schedule`` is called when a flush is due: a driver passes ``loop.call_soon``.

    ``verify_key_of`` gives the key that speaks for a sender (None: a stranger), ``other_keys_of`` those that do so too.
    """

    def __init__(  # noqa: PLR0913 - each end of the wire
        self,
        *,
        network: str,
        codec: MessageCodec,
        incarnation: int,
        verify_key_of: Callable[[str], bytes | None],
        other_keys_of: Callable[[str], tuple[bytes, ...]] = lambda _: (),
        publish: Callable[[str, bytes], bool],
        schedule: Callable[[Callable[[], None]], object],
    ) -> None:
        self._network = network
        self._codec = codec
        self._incarnation = incarnation
        self._verify_key_of = verify_key_of
        self._other_keys_of = other_keys_of
        self._publish = publish
        self._schedule = schedule
        self._signers: dict[str, Callable[[bytes], bytes]] = {}
        self._sequences: dict[str, int] = {}
        self._pending: dict[_Lane, list[Any]] = {}
        self._replay = ReplayWindow()
        self.dropped: Counter[str] = Counter()
        self.frames_in = 0
        self.frames_out = 0
        self._logged_at: dict[str, float] = {}

    def speak_as(self, name: str, sign: Callable[[bytes], bytes]) -> None:
        """Allow sending under ``name``."""
        self._signers[name] = sign
        self._sequences[name] = 0

    def send(self, sender: str, receiver: str, kind: str, message: Any) -> None:
        """Queue one message; it leaves, with its neighbours, at the end of this tick. "" is everyone."""
        if not self._pending:
            self._schedule(self.flush)
        self._pending.setdefault((sender, receiver, kind), []).append(message)

    def flush(self) -> None:
        """Send what is queued now."""
        pending, self._pending = self._pending, {}
        for lane, messages in pending.items():
            self._publish_all(lane, messages)

    def receive(self, topic: str, payload: bytes) -> tuple[str, list[Any]] | None:
        """(sender, messages) of an acceptable frame that is for us; None for everything else."""
        opened = self.open(topic, payload)
        return None if opened is None else (opened.sender, opened.messages)

    def open(self, topic: str, payload: bytes) -> Opened | None:
        """The same, and which of the sender's keys signed it."""
        try:
            read = read_frame(payload, self._network)
            frame = read.frame
            if frame.sender in self._signers:
                return None  # our own echo, or so it says
            self._require_ours(frame, topic)
            key = self._signer(read)
            self._replay.accept(key, frame.incarnation, frame.sequence, read.signature)
            messages = self._codec.decode(frame.body)
        except FrameError as error:
            self._drop(error.reason, error.detail)
            return None
        except CodecError as error:
            self._drop("message", f"from {frame.sender}: {error}")
            return None
        self.frames_in += 1
        return Opened(frame.sender, key, messages)

    def _signer(self, read: ReadFrame) -> bytes:
        """The key that signed it; FrameError where none of its sender's did, or it is not new."""
        sender = read.frame.sender
        key = self._verify_key_of(sender)
        if key is None:
            raise FrameError("unknown_sender", sender)
        refusal = self._refusal(read, key)
        if refusal is None:
            return key
        for other in self._other_keys_of(sender):
            another = self._refusal(read, other)
            if another is None:
                return other
            refusal = max(refusal, another, key=_weight)
        raise FrameError(*refusal)

    def _refusal(self, read: ReadFrame, key: bytes) -> tuple[str, str] | None:
        """Why it is no new frame of ``key``: (reason, detail).

        Not the error itself: one that is kept to be raised later holds the frames that it came through, and they it,
        until the garbage collector passes. Hostile frames come faster.
        """
        try:
            self._require_new(read, key)
            verify_frame(read, key)
        except FrameError as error:
            return error.reason, error.detail
        return None

    def _require_ours(self, frame: Frame, topic: str) -> None:
        """FrameError where the frame is none for us to read now, whether or not it is signed."""
        if topic_of(frame) != topic:
            raise FrameError("topic", f"a frame of {frame.sender} on {topic}")
        if frame.receiver and frame.receiver not in self._signers:
            raise FrameError("receiver", f"meant for {frame.receiver}")

    def _require_new(self, read: ReadFrame, key: bytes) -> None:
        """FrameError where we took a frame of that key, incarnation and sequence before, or a later incarnation's.

        Two different ones of one number, both signed, or a former life that goes on and on: two processes share one
        key and do not know of each other.
        """
        frame = read.frame
        if self._replay.is_new(key, frame.incarnation, frame.sequence):
            return
        detail = f"{frame.sender} {frame.incarnation}/{frame.sequence}"
        if self._replay.contradicts(key, frame.incarnation, frame.sequence, read.signature):
            verify_frame(read, key)
            raise FrameError("cloned", f"{detail}: its key signed two frames of one number; is it run twice?")
        if self._replay.outlives(key, frame.incarnation, frame.sequence):
            verify_frame(read, key)
            if self._replay.stray(key, frame.sequence):
                raise FrameError("cloned", f"{detail}: it speaks on where it has begun anew; is it run twice?")
        raise FrameError("replayed", detail)

    def _publish_all(self, lane: _Lane, messages: list[Any]) -> None:
        """One frame, or as many as it takes for receivers to accept each."""
        body = self._codec.encode(messages)
        if len(messages) > MESSAGES_PER_FRAME or (len(body) > BODY_BYTES_MAX and len(messages) > 1):
            middle = len(messages) // 2
            self._publish_all(lane, messages[:middle])
            self._publish_all(lane, messages[middle:])
            return
        sender, receiver, kind = lane
        self._sequences[sender] += 1
        frame = Frame(
            version=FRAME_VERSION,
            network=self._network,
            sender=sender,
            incarnation=self._incarnation,
            sequence=self._sequences[sender],
            kind=kind,
            body=body,
            receiver=receiver,
        )
        try:
            topic = build_topic(self._network, sender, kind, receiver)
            payload = seal_frame(frame, self._signers[sender])
        except FrameError as error:
            self._drop(f"sent_{error.reason}", error.detail)
            return
        except TopicError as error:  # a wallet whose name is too long to be an address: nobody else's loss
            self._drop("sent_topic", str(error))
            return
        self.frames_out += 1
        if not self._publish(topic, payload):
            self._drop("bus_full", "the bus took no more")

    def _drop(self, reason: str, detail: str) -> None:
        """Count it; say so in the log at most once per reason and interval."""
        self.dropped[reason] += 1
        now = time.monotonic()
        if now - self._logged_at.get(reason, -LOG_INTERVAL_S) >= LOG_INTERVAL_S:
            self._logged_at[reason] = now
            shown = (
                detail[:_DETAIL_LENGTH_MAX].encode("unicode_escape").decode()
            )  # a sender may have written parts of it
            _LOG.warning("dropped a frame (%s, %d so far): %s", reason, self.dropped[reason], shown)
