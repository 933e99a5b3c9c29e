"""Replay protection: each frame of a sender counts once, and none of its past lives counts at all."""

from __future__ import annotations

import msgspec

WINDOW_WIDTH = 65_536
"""How far behind its sender's newest frame a frame may arrive. A busy node sends about 1,000 a second."""


Sender = str | bytes
"""Who a window belongs to: a name, or better a key, since a name's next key begins to count anew."""

MARKS_MAX = 64
"""Of so many of a sender's last frames it is known which they were, and not only that they came."""
_MARK_BYTES = 8

STRAYS_MAX = 64
"""Of a sender's former life so many frames may be under way when the next one begins; more come from one who lives."""

_RING_BYTES_MIN = 64


class ReplayCounters(msgspec.Struct):
    """What the window dropped. ``too_old`` frames may have been new, but can no longer be told from replays."""

    accepted: int = 0
    duplicates: int = 0
    too_old: int = 0
    old_incarnations: int = 0

    @property
    def dropped(self) -> int:
        return self.duplicates + self.too_old + self.old_incarnations


class _Seen:
    """What was seen of one sender: a ring of bits, addressed by sequence, as in RFC 6479.

    Invariant: exactly the bits of accepted sequences in ``(newest - width, newest]`` matter; a byte of the ring
    is cleared when ``newest`` first enters it, which is why the ring is one byte longer than the window. It begins
    short and grows up to that, since of most wallets few frames are ever heard.
    """

    __slots__ = ("former", "incarnation", "marks", "newest", "ring", "size_max", "strays")

    def __init__(self, incarnation: int, width: int, former: _Seen | None = None) -> None:
        self.incarnation = incarnation
        self.newest = -1
        self.former = (-1, -1) if former is None else (former.incarnation, former.newest)
        self.strays = 0
        self.size_max = width // 8 + 1
        self.ring = bytearray(min(_RING_BYTES_MIN, self.size_max))
        self.marks: dict[int, tuple[int, bytes]] = {}

    def test(self, sequence: int) -> bool:
        place, bit = divmod(sequence, 8)
        return bool(self.ring[place % len(self.ring)] >> bit & 1)

    def mark(self, sequence: int) -> None:
        place, bit = divmod(sequence, 8)
        if sequence > self.newest:
            self._grow(place)
            self._clear_between(self.newest // 8 if self.newest >= 0 else -1, place)
            self.newest = sequence
        self.ring[place % len(self.ring)] |= 1 << bit

    def _grow(self, place: int) -> None:
        """Make room for byte ``place`` while the ring has not come round: then byte i still lies at place i."""
        size = len(self.ring)
        if place < size or size == self.size_max:
            return
        while size <= place and size < self.size_max:
            size = min(2 * size, self.size_max)
        self.ring += bytes(size - len(self.ring))

    def _clear_between(self, last: int, place: int) -> None:
        """Zero the bytes entered by moving from byte ``last`` to byte ``place``."""
        ring = self.ring
        if place - last >= len(ring):
            self.ring = bytearray(len(ring))
            return
        for entered in range(last + 1, place + 1):
            ring[entered % len(ring)] = 0


class ReplayWindow:
    """Which frames of each sender were seen.

    Memory is flat: at most ``width / 8`` bytes per sender, whatever is sent. A higher incarnation starts the sender
    afresh, a lower one is refused. :meth:`accept` verified frames only: then a sender can harm only its own window,
    and there are no more windows than keys. :meth:`is_new` may be asked of any.
    """

    def __init__(self, width: int = WINDOW_WIDTH) -> None:
        if width < 8 or width % 8:
            raise ValueError(f"the window's width is a positive multiple of 8, not {width}")
        self.width = width
        self.counters = ReplayCounters()
        self._seen: dict[Sender, _Seen] = {}

    def is_new(self, sender: Sender, incarnation: int, sequence: int) -> bool:
        """Would this frame be accepted? Nothing is remembered but the count of what would not."""
        seen = self._seen.get(sender)
        if seen is None or incarnation > seen.incarnation:
            return True
        if incarnation < seen.incarnation:
            self.counters.old_incarnations += 1
        elif sequence <= seen.newest - self.width:
            self.counters.too_old += 1
        elif sequence <= seen.newest and seen.test(sequence):
            self.counters.duplicates += 1
        else:
            return True
        return False

    def contradicts(self, sender: Sender, incarnation: int, sequence: int, mark: bytes) -> bool:
        """Was another frame than this one accepted under its number, not long ago? ``mark`` tells frames apart."""
        seen = self._seen.get(sender)
        if seen is None or incarnation != seen.incarnation:
            return False
        place, its = seen.marks.get(sequence % MARKS_MAX, (-1, b""))
        return place == sequence and its != mark[:_MARK_BYTES]

    def outlives(self, sender: Sender, incarnation: int, sequence: int) -> bool:
        """Is this a frame of the sender's former life that was not heard of before: no replay, then?"""
        seen = self._seen.get(sender)
        return seen is not None and incarnation == seen.former[0] and sequence > seen.former[1]

    def stray(self, sender: Sender, sequence: int) -> bool:
        """Such a frame came, and its signature is good: are these more than can have been under way?"""
        seen = self._seen[sender]
        seen.former = (seen.former[0], sequence)
        seen.strays += 1
        return seen.strays > STRAYS_MAX

    def accept(self, sender: Sender, incarnation: int, sequence: int, mark: bytes = b"") -> bool:
        """Is this frame new? Then remember it, and ``mark`` for a while."""
        if not self.is_new(sender, incarnation, sequence):
            return False
        seen = self._seen.get(sender)
        if seen is None or incarnation > seen.incarnation:
            seen = self._seen[sender] = _Seen(incarnation, self.width, seen)
        seen.mark(sequence)
        seen.marks[sequence % MARKS_MAX] = (sequence, mark[:_MARK_BYTES])
        self.counters.accepted += 1
        return True

    def forget(self, sender: Sender) -> None:
        """Free the window of a sender that has left the network."""
        self._seen.pop(sender, None)
