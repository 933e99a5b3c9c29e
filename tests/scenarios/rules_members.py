"""The rules on keys, on who decides and on data that is at home with its owner (rows 36, 37, 61, 69, 72)."""

from tests.scenarios.rules import Replaced

UNAPPROVED = Replaced("node.membership.rule:_require_approved", lambda *_: None)
"""As if whoever asks could change who is who."""

EVERLASTING = Replaced("node.membership.registry:Registry.standing", lambda *_: None)
"""As if a key that ever spoke for a wallet spoke for it for good."""

TOO_FEW = Replaced("consensus.pbft.epochs:byzantine_quorum", lambda _: 2)
"""As if two of four could decide, who need have no honest member in common with two others."""

RULES = {
    "lost_key": (UNAPPROVED, EVERLASTING),
    "members_come_and_go": (UNAPPROVED,),
    "stolen_key": (EVERLASTING,),
    "one_conspires": (TOO_FEW,),
    "privacy_holder": ("query_timed_out", "wrong_holder"),
}
"""As in test_rules_off.py."""
