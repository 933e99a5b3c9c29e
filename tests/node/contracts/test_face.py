import node.contracts
import node.privacy
import scenarios.roles


def public(module):
    return sorted(module.__all__)


def test_the_face_of_the_contracts():
    assert public(node.contracts) == sorted(
        {
            "CATALOGUE",
            "Arguments",
            "Context",
            "Contract",
            "Event",
            "EventKind",
            "Execution",
            "Lifecycle",
            "Outcome",
            "Plain",
            "Record",
            "Refusal",
            "business_entries",
            "catalogue",
            "execute_block",
            "genesis_state",
            "is_executed",
            "record_types",
        }
    )
    assert all(hasattr(node.contracts, name) for name in node.contracts.__all__)


def test_the_face_of_privacy():
    assert public(node.privacy) == sorted(
        {
            "Asker",
            "Blinded",
            "Cell",
            "Challenge",
            "Collected",
            "Commitments",
            "Disclosed",
            "Doubled",
            "Envelope",
            "Examiner",
            "Guesser",
            "Hashed",
            "Holder",
            "IntersectionError",
            "Mode",
            "Open",
            "Opening",
            "Owner",
            "Party",
            "Payload",
            "Presentation",
            "PresentationError",
            "Sealed",
            "Share",
            "SumError",
            "Value",
            "VaultRecord",
            "Withheld",
            "commit",
            "commitment",
            "derive",
            "enclose",
            "field_names",
            "is_committed",
            "is_proven",
            "mode_of",
            "open_for",
            "over_limit",
            "present",
            "publishable",
            "read",
            "seal",
            "seal_openings",
            "share_of",
            "sum_of",
            "unseal",
        }
    )
    assert all(hasattr(node.privacy, name) for name in node.privacy.__all__)


def test_the_face_of_the_roles():
    nouns = ["Act", "Desk", "Request", "Shared", "StoryError", "Verb"]
    assert public(scenarios.roles) == [*nouns, "plain", "verb_of", "verbs_of"]


def test_the_contracts_that_there_are():
    assert {
        "access",
        "accounts",
        "claims",
        "consent",
        "custody",
        "policy",
        "products",
        "risk",
        "statements",
        "supervision",
        "treaty",
        "underwriting",
    } <= set(node.contracts.CATALOGUE)
