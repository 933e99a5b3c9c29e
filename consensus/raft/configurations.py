"""Which configuration decides which height, for every height that the log holds.

A configuration is in force from the very block that carries it, as soon as that is appended and whether or not it is
committed, at every server by its own log (dissertation, section 4.1). So truncating the log takes it back. All of it is
read from the blocks: nothing else is stored.

A configuration's *voucher* is the certificate of the highest block known to be decided by it. A leader hands it to
whoever is sent the block that ends the configuration: see :func:`consensus.raft.certificates.proven`.
"""

from __future__ import annotations

from collections.abc import Iterable

from consensus.chain import Block, Certificate
from consensus.configuration import Configuration, ConfigurationError
from consensus.protocols import Application
from consensus.raft.electorate import Electorate


class Configurations:
    """The configurations of the heights from a base on, each with the first height that it decides.

    Invariants: ``_starts`` ascend and ``_electorates`` stand beside them; ``since`` and ``latest`` are their last.
    """

    __slots__ = ("_application", "_electorates", "_starts", "_vouchers", "latest", "since")

    def __init__(self, application: Application, configuration: Configuration, since: int = 0) -> None:
        self._application = application
        self._starts = [since]
        self._electorates = [self._electorate(configuration)]
        self._vouchers: dict[int, Certificate] = {}
        self.since = since
        """The first height that the latest configuration decides."""
        self.latest = self._electorates[0]
        """Who decides the next block, unless it changes that."""

    def _electorate(self, configuration: Configuration) -> Electorate:
        return Electorate(configuration, self._application.members_hash(configuration))

    def following(self, before: Electorate, block: Block) -> Electorate:
        """Who decides ``block``, whose parent is decided by ``before``: the same object, unless the block changes it.

        A block changes the configuration by carrying a reconfiguration; it leaves a joint one by naming, in its header,
        the members that remain. ConfigurationError where the change, or what the header names, cannot be.
        """
        asked = self._application.reconfiguration(block)
        after = before
        if asked is not None:
            after = self._electorate(before.configuration.changed(asked))
        elif before.configuration.joint:
            left = self._electorate(before.configuration.left())
            if left.members_hash == block.header.members:
                after = left
        if self._named(after) not in (None, block.header.members):
            raise ConfigurationError(f"the header of block {block.height} does not name those who decide it")
        return after

    def _named(self, electorate: Electorate) -> bytes | None:
        """What headers name it. Of one that a snapshot brought, the application learns only as it takes the state."""
        known = electorate.members_hash
        return known if known is not None else self._application.members_hash(electorate.configuration)

    @property
    def begin(self) -> int:
        """The first height that the earliest configuration known here decides."""
        return self._starts[0]

    def at(self, height: int) -> Electorate:
        """Who decides ``height``, which is held; above the log's end, the latest."""
        if height >= self.since:
            return self.latest
        return self._electorates[self._place(height)]

    def ending_after(self, height: int) -> int | None:
        """The first height above ``height`` that another configuration decides, or None."""
        if height >= self.since:
            return None
        return self._starts[self._place(height) + 1]

    def _place(self, height: int) -> int:
        for place in range(len(self._starts) - 1, 0, -1):
            if self._starts[place] <= height:
                return place
        return 0

    # -- Following the log -----------------------------------------------------------------------------

    def append(self, height: int, electorate: Electorate) -> None:
        """The block appended at ``height`` is decided by ``electorate`` (from :meth:`following`)."""
        if electorate is not self.latest:
            self._starts.append(height)
            self._electorates.append(electorate)
            self._settle()

    def read(self, blocks: Iterable[Block]) -> None:
        """Take up blocks that a store held, which were checked when they came."""
        for block in blocks:
            self.append(block.height, self.following(self.latest, block))

    def truncate(self, start: int) -> None:
        """The entries from ``start`` on are taken back, and with them the configurations that they brought."""
        while self._starts[-1] >= start:
            del self._starts[-1], self._electorates[-1]
        self._settle()

    def compact(self, base: int) -> None:
        """Forget what decided heights below ``base``."""
        if len(self._starts) == 1:
            return
        gone = self._place(base)
        for start in self._starts[:gone]:
            self._vouchers.pop(start, None)
        del self._starts[:gone], self._electorates[:gone]

    def install(self, height: int, configuration: Configuration) -> None:
        """A snapshot takes the place of everything up to ``height``; ``configuration`` decides what comes after it.

        What the log keeps above stays. The configuration is as at ``height``: a block changes it for itself at once.
        """
        above = [place for place, start in enumerate(self._starts) if start > height]
        self._starts = [height, *(self._starts[place] for place in above)]
        self._electorates = [Electorate(configuration), *(self._electorates[place] for place in above)]
        self._vouchers = {start: one for start, one in self._vouchers.items() if start > height}
        self._settle()

    def _settle(self) -> None:
        self.since, self.latest = self._starts[-1], self._electorates[-1]

    # -- Vouchers --------------------------------------------------------------------------------------

    def certified(self, certificate: Certificate) -> None:
        """Keep the certificate of a decided block as its configuration's voucher, if it is the highest."""
        start = self.since if certificate.height >= self.since else self._starts[self._place(certificate.height)]
        known = self._vouchers.get(start)
        if known is None or known.height < certificate.height:
            self._vouchers[start] = certificate

    def voucher(self, height: int) -> Certificate | None:
        """The voucher of the configuration that decides ``height``."""
        return self._vouchers.get(self._starts[self._place(height)])

    def history(self) -> tuple[tuple[int, Configuration], ...]:
        """Each configuration with the first height that it decides (for digests of the whole state)."""
        return tuple((start, one.configuration) for start, one in zip(self._starts, self._electorates, strict=True))
