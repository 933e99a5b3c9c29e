"""``privacy``: what a payload looks like on the chain, for all of a scenario or for each class of data.

The modes are those of :mod:`node.privacy.modes`; the classes are what the roles' verbs share with each other.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from scenarios.language.models.base import Part

ModeWord = Literal["plain", "encrypted", "collection", "hash", "holder"]
"""In the open; ciphertext whose key is sealed to the parties; with the parties' nodes, which erase it in time, and a
hash on the chain; with the parties' wallets and a hash on the chain; on the person's own device and a hash on the
chain."""

DataClass = Literal[
    "bureau_record", "document", "medical_record", "policy_document", "regulatory_report", "scoring", "treaty"
]
"""What is shared: the bureau's answers; visits, e-invoices and itemised lists; policies and copies in custody;
reports to the regulator; what a score is computed from; treaties, cessions, recoveries, statements; any other
`document`."""


class ClassPrivacy(Part):
    """One class of data."""

    mode: ModeWord
    """Its mode."""
    blocks_to_live: Annotated[int, Field(ge=0, le=1_000_000)] = 0
    """Mode `collection`: after so many further blocks every member erases it; 0, only when a purge is requested."""


class PrivacyByClass(Part):
    """A mode for each class of data; what is left out has the `default`."""

    default: ModeWord = "encrypted"
    """The mode of every class that is not named."""
    bureau_record: ModeWord | ClassPrivacy | None = None
    """What the bureau answers."""
    document: ModeWord | ClassPrivacy | None = None
    """What has no class of its own."""
    medical_record: ModeWord | ClassPrivacy | None = None
    """Visits, e-invoices, itemised lists."""
    policy_document: ModeWord | ClassPrivacy | None = None
    """Policies, and their copies in custody."""
    regulatory_report: ModeWord | ClassPrivacy | None = None
    """What the regulator is told."""
    scoring: ModeWord | ClassPrivacy | None = None
    """What a score is computed from."""
    treaty: ModeWord | ClassPrivacy | None = None
    """Treaties, cessions, recoveries, statements."""

    def of(self, data_class: DataClass) -> ClassPrivacy:
        """How that class is kept."""
        named: ModeWord | ClassPrivacy | None = getattr(self, data_class)
        return named if isinstance(named, ClassPrivacy) else ClassPrivacy(mode=named or self.default)


Privacy = ModeWord | PrivacyByClass
"""One mode for everything, or a mode for each class of data."""


def privacy_of(privacy: Privacy, data_class: DataClass) -> ClassPrivacy:
    """How ``privacy`` would have that class kept."""
    return privacy.of(data_class) if isinstance(privacy, PrivacyByClass) else ClassPrivacy(mode=privacy)
