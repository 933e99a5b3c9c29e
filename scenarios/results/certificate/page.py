"""From facts to ``certificate.html``: one file that needs nothing else, asks no network, and checks itself.

The page's own policy allows its one style sheet and its one script, each named by its hash, and nothing else. What the
script holds against the chain is what the page shows: the document's text and each particular, letter by letter.
"""

from __future__ import annotations

import datetime as dt
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
from jinja2 import Template
from markupsafe import Markup

from node.contracts.money import format_fen
from node.ledger import Evidence
from scenarios.results.certificate.facts import PolicyFacts, gather
from scenarios.results.certificate.ornament import border, seal
from scenarios.results.pages import digest, environment, ours
from scenarios.results.run_folder import write_atomically

_TEMPLATES = Path(__file__).parent / "templates"

PARTICULARS = (
    ("insurer", "Insurer", "保险人"),
    ("holder", "Policyholder", "投保人"),
    ("product", "Product", "产品"),
    ("state", "State", "状态"),
    ("premium_fen", "Premium, CNY", "保险费（元）"),
    ("starts_ms", "Cover begins (UTC)", "保险起期"),
    ("ends_ms", "Cover ends (UTC)", "保险止期"),
    ("authorisation", "Underwriting authorisation", "核保数据授权记录索引"),
    ("voucher", "Voucher", "授权凭证"),
    ("fingerprint", "Fingerprint", "保单指纹"),
)
"""The record's fields that the page shows, each with its name in two languages."""


def write_certificate(folder: Path, policy_id: str, out: Path) -> Path:
    """Draw the certificate of a policy in a run's folder to ``out``; what is raised: see :func:`gather`."""
    write_atomically(out, render(gather(folder, policy_id)))
    return out


def render(facts: PolicyFacts) -> str:
    """The page."""
    style, script = (ours(_TEMPLATES / name) for name in ("certificate.css", "verify.js"))
    return _template().render(
        facts=facts,
        particulars=[
            (key, name, chinese, shown(key, getattr(facts.policy, key))) for key, name, chinese in PARTICULARS
        ],
        unique=facts.policy.notarisation,
        border=border(),
        seal=seal(facts.policy.notarisation),
        data=Markup(_evidence(facts)),  # noqa: S704 - encoded below
        style=style,
        style_sha256=digest(style),
        script=script,
        script_sha256=digest(script),
    )


def shown(key: str, value: Any) -> str:
    """A field of the record for people, by the unit in its name; the page's script has the same rule."""
    if key.endswith("_fen"):
        return format_fen(value)
    if key.endswith("_ms"):
        moment = dt.datetime(1970, 1, 1, tzinfo=dt.UTC) + dt.timedelta(milliseconds=value)
        return f"{moment:%Y-%m-%d %H:%M}"
    return str(value)


def _evidence(facts: PolicyFacts) -> str:
    """All that the script verifies, as JSON that cannot end its element."""
    genesis = facts.genesis
    told = {
        "network": genesis.network,
        "protocol": genesis.protocol,
        "genesis": facts.genesis_bytes.hex(),
        "first": _header(facts.first),
        "quorum": facts.quorum,
        "voters": [[number, name, key.hex()] for number, name, key in facts.voters],
        "policy_id": facts.policy_id,
        "notarisation": facts.policy.notarisation,
        "salt": facts.document.salt,
        "policy": _proof(facts.policy_proof),
        "record": _proof(facts.notarisation_proof),
        "headers": [_header(header) for header in facts.policy_proof.headers],
        "certificate": _certificate(facts.policy_proof),
    }
    return msgspec.json.encode(told).decode().replace("<", "\\u003c")


def _proof(evidence: Evidence) -> dict[str, Any]:
    assert evidence.value is not None, "a certificate shows what is there"  # noqa: S101
    return {
        "namespace": evidence.namespace,
        "key": evidence.key,
        "value": evidence.value.hex(),
        "siblings": [sibling.hex() for sibling in evidence.proof.siblings],
    }


def _header(header: Any) -> list[Any]:
    values = (getattr(header, name) for name in header.__struct_fields__)
    return [{"hex": value.hex()} if isinstance(value, bytes) else value for value in values]


def _certificate(evidence: Evidence) -> dict[str, Any]:
    certificate = evidence.certificate
    return {
        "round": certificate.round,
        "height": certificate.height,
        "hash": certificate.hash.hex(),
        "signatures": [[number, signature.hex()] for number, signature in certificate.signatures],
    }


@cache
def _template() -> Template:
    return environment(_TEMPLATES).get_template("certificate.html.j2")
