"""Our auditor and the example of the documentation, side by side: they must never disagree."""

import importlib.util
import sys
from pathlib import Path

from node.ledger.audit import AuditError, audit_ledger

DOCS = Path(__file__).parents[3] / "docs"


def load_example():
    sys.path.insert(0, str(DOCS / "examples"))  # as running the script does
    spec = importlib.util.spec_from_file_location("example_audit", DOCS / "examples" / "audit.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


EXAMPLE = load_example()


def verdicts(file, content, execute=None):
    """(what our auditor says, what the example says), None for no objection."""
    file.write_bytes(content)
    ours = theirs = None
    try:
        audit_ledger(file, execute=execute)
    except AuditError as error:
        ours = error
    try:
        EXAMPLE.audit(str(file))
    except SystemExit as error:
        theirs = error
    return ours, theirs


def refused(file, content, match, line=None):
    """Both auditors refuse, ours with these words about that line."""
    ours, theirs = verdicts(file, content)
    assert ours is not None, "accepted"
    assert match in ours.what
    assert line is None or ours.line == line
    assert str(ours) == (f"{file}:{ours.line}: {ours.what}" if ours.line else f"{file}: {ours.what}")
    assert theirs is not None, "the example accepts it"
    return ours
