"""Envelopes: what the chain holds of a payload, in one of five forms.

Whatever the form, an envelope names its record, commits to every field with a salted hash, and says who the parties
are. Contracts look at these alone, so they are the same in every form. What else lies in it is the form's:

* :class:`Open` shows the openings to everyone;
* :class:`Sealed` carries them as ciphertext, whose key is sealed to each party (:mod:`node.privacy.sealing`);
* :class:`Collected` carries nothing: the openings travel between the parties' nodes, which keep them in private and
  erase them in time (:mod:`node.custody`);
* :class:`Hashed` carries nothing: the parties hand each other the openings off the chain, from wallet to wallet;
* :class:`Withheld` carries nothing: the openings stay on a person's own device, which answers or nobody does.

:mod:`node.privacy.modes` makes them.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from node.ledger.transaction import Name
from node.privacy.commitments import FIELDS_MAX, Commitments, Hex32, Opening, Path, commitments_of

CONTENT_BYTES_MAX = 64 * 1024
RECIPIENTS_MAX = 16
RECORD_CHARACTERS_MAX = 160
BLOCKS_TO_LIVE_MAX = 2**31 - 1

RecordName = Annotated[str, msgspec.Meta(min_length=1, max_length=RECORD_CHARACTERS_MAX)]
"""The object that a payload belongs to, "client/number" of the transaction that carries it."""

Version = Annotated[int, msgspec.Meta(ge=0, lt=2**31)]
"""0 for the first; sealed anew to other parties, a record has the next."""

Bound = Annotated[tuple[tuple[Path, Hex32], ...], msgspec.Meta(max_length=FIELDS_MAX)]
Parties = Annotated[tuple[Name, ...], msgspec.Meta(min_length=1, max_length=RECIPIENTS_MAX)]


class SealedKey(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """The content's key, sealed to one recipient (libsodium's ``crypto_box_seal`` format, 80 bytes)."""

    recipient: Name
    sealed: Annotated[bytes, msgspec.Meta(min_length=80, max_length=80)]


class Open(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag="envelope.open"):
    """Mode ``plain``: everyone on the chain may read it, whoever the parties are."""

    record: RecordName
    version: Version
    openings: Annotated[tuple[Opening, ...], msgspec.Meta(max_length=FIELDS_MAX)]
    recipients: Parties

    @property
    def commitments(self) -> Commitments:
        return commitments_of(self.openings)


class Sealed(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag="envelope.sealed"):
    """Mode ``encrypted``: ciphertext of one record's version, and its key for each recipient, ascending by name."""

    record: RecordName
    version: Version
    commitments: Bound
    ciphertext: Annotated[bytes, msgspec.Meta(max_length=CONTENT_BYTES_MAX + 64)]
    keys: Annotated[tuple[SealedKey, ...], msgspec.Meta(min_length=1, max_length=RECIPIENTS_MAX)]

    @property
    def recipients(self) -> tuple[str, ...]:
        return tuple(key.recipient for key in self.keys)


class Collected(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag="envelope.collected"):
    """Mode ``collection``: the recipients' nodes hold it. ``blocks_to_live``: for how many heights; 0, for ever."""

    record: RecordName
    version: Version
    commitments: Bound
    recipients: Parties
    blocks_to_live: Annotated[int, msgspec.Meta(ge=0, le=BLOCKS_TO_LIVE_MAX)]


class Hashed(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag="envelope.hashed"):
    """Mode ``hash``: the recipients got it off the chain."""

    record: RecordName
    version: Version
    commitments: Bound
    recipients: Parties


class Withheld(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag="envelope.withheld"):
    """Mode ``holder``: it is on ``device``, a person's wallet; the recipients may be shown it."""

    record: RecordName
    version: Version
    commitments: Bound
    recipients: Parties
    device: Name


Envelope = Open | Sealed | Collected | Hashed | Withheld
"""Any of the five."""

Kept = Collected | Hashed | Withheld
"""Those that carry commitments and nothing else."""
