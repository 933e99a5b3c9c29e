"""The pages of what stories can do: ``acts.md`` from the roles' verbs, ``contracts.md`` from the contracts."""
# ruff: noqa: INP001 - a script beside the pages

from __future__ import annotations

import inspect
from typing import Any

from msgspec import inspect as inspection
from page_texts import cell, generated, prose
from refusals import refusals_of

from node.contracts import CATALOGUE
from node.contracts.context import EventKind
from node.contracts.contract import ANYONE
from node.contracts.fields import UNIT
from node.membership.roles import ROLES
from scenarios.roles import verb_of, verbs_of
from scenarios.runner.story_assumptions import RESTS_ON

_HEAD = "| action | who | signed by as well | takes | | may refuse with |"

_PLAIN_ACTS = (
    "## Plain acts",
    "",
    "Any action of any [contract](contracts.md) is an act by its own name, `do: transfers.send`, for whoever may call",
    "it. Its arguments stand beside the step's own keys, or under `with` where one is called like such a key;",
    "`signed_by` lists who signs besides `who`. Each is written by its type:",
    "",
    "| type | is written | |",
    "|-|-|-|",
    "| money | `3.05 CNY`, `7 fen` | |",
    "| share | `40%`, `5 ‰` | |",
    "| time | `20 min`, `2023-04-18 14:05` | a length of business time, or a moment |",
    "| object | `bind-zhu`, `insurer-1/7` | what that step made, or client and number |",
    "| digest | `zhu`, 64 hex digits | a person's pseudonym, or as it is |",
    "| digest | `{token: TEXT}`, `{hash: TEXT}` | a token that only `who` can make; SHA-256 |",
    "| envelope | `{fields: {path: value}, to: [insurer-1], class: document}` | its class's `privacy` says how |",
    "| envelope | `{again: STEP, fields: [path], to: [insurer-2]}` | what a step enclosed, committed to as there |",
    "| opening | `{open: STEP, field: path}` | one field of what a step enclosed, shown with its salt |",
    "| number, text, flag | as they are | |",
    "| several | a list | |",
    "| of parts | a mapping, or a list in their order | one of several kinds says `is` which |",
    "",
    "Anything may also be `{from: STEP, take: NAME}`: what the receipt of an earlier step says under that name.",
)

_UNITS = {"fen": "money", "ppm": "share", "ms": "time", "object": "object", "digest": "digest"}


def acts_page() -> str:
    """The acts of a story, role by role."""
    lines = [
        "# Acts: what a story's steps can do",
        "",
        generated("the roles' verbs (`scenarios/roles/`)"),
        "",
        "A step says `who` does what (`do`); what an act can be depends on the role of `who`. The arguments stand",
        "beside the step's own keys ([Story](scenario.md#story)). An argument that names an earlier step means what",
        "that step made: `voucher: grant-zhu` is the voucher that the step `grant-zhu` granted. Acts that rest on",
        "what no source gives need the assumptions in the last column declared.",
        "",
        "Everybody can `read` an entry of the state, without a transaction: `namespace` names its kind, `key` the",
        "entry, `of` an earlier step that made it, or `person` somebody whose pseudonym is its key. The answer is as",
        "of some moment after the question, whoever leads or crashes; `output` says what the record must hold.",
        "Accounts are read by their owners, products by everybody, what is kept for supervisors by bureau and",
        "regulator. What is personal may not be asked for (`expect: not_public`): it is read by showing a voucher.",
        "",
        *_PLAIN_ACTS,
    ]
    for role in ("", *ROLES):
        if not verbs_of(role):
            continue
        lines += ["", f"## {role or 'everybody'}", "", "| act | arguments | | assumptions |", "|-|-|-|-|"]
        for name in verbs_of(role):
            arguments, remark = _arguments(inspect.getdoc(verb_of(role, name)) or "")
            needs = ", ".join(f"`{identifier}`" for _, identifier in RESTS_ON.get(name, ()))
            lines.append(f"| `{name}` | {cell(arguments)} | {cell(remark)} | {needs} |")
    return "\n".join(lines) + "\n"


def _arguments(doc: str) -> tuple[str, str]:
    """("person, audience", "The remark.") of "Arguments: person, audience. The remark."."""
    text = prose(doc)
    if not text.startswith("Arguments: "):
        return "", text.removeprefix("No arguments.").strip()
    head, _, remark = text.removeprefix("Arguments: ").partition(". ")
    return head.removesuffix("."), remark


def contracts_page() -> str:
    """The contracts, their actions, and who may call them."""
    lines = [
        "# Contracts",
        "",
        generated("the catalogue of contracts (`node/contracts/`)"),
        "",
        "A transaction names a contract and an action. A refusal changes nothing but that the transaction's number is",
        "used up, and its code goes into the receipt. Any action may be refused with `role_not_allowed`,",
        "`arguments_invalid`, `arguments_not_canonical`, `unknown_contract`, `unknown_action`, `unknown_signer`, or",
        "`duplicate` where the number was used before. *Everyone* excludes the regulator, who may only read and keep",
        "registers of its own. Before a contract is asked, each signer's key must be in force at the block's height:",
        "`key_revoked`, `key_expired`, `key_not_yet_valid`. What has states refuses with `illegal_transition` where an",
        "action does not fit it.",
        "While an order of the council stands, `institution_frozen`, `funds_frozen` or `matter_frozen` refuse whatever",
        "would sign for, pay from or change what is held ([supervision](../supervision.md)).",
        "A change of the registry also refuses with `approvals_too_few`, `approval_of_a_stranger` or `member_votes`.",
        "",
        "*May refuse with* lists what an action and all that it calls can raise. A step of a story that is to be",
        "refused says `expect` and one of these codes.",
        "",
        "*Signed by as well* is the action's endorsement policy: who must have signed besides the client, by role, by",
        "a field of the arguments (`reinsurer`), or by a field of a record that they lead to (`query.reader`: the",
        "reader of the query whose id they name). Where one is missing the refusal is `signature_missing`, and names",
        "everyone who is.",
        "",
        "*Events* are told to clients who subscribe, if they are among those named by the event's own values or have",
        "one of the roles.",
    ]
    for name in sorted(CATALOGUE):
        contract = CATALOGUE[name]
        if not contract.actions:
            continue
        lines += ["", f"## {name}", "", _HEAD, "|-|-|-|-|-|-|"]
        for title, action in contract.actions.items():
            who = "everyone" if action.roles is None else ", ".join(sorted(action.roles))
            who = "everyone, regulators too" if who == ANYONE[0] else who
            doc = prose(inspect.getdoc(action._function) or "")  # noqa: SLF001 - its text is what we are after
            signed_by = "" if action.endorse is None else action.endorse.describe()
            refusals = ", ".join(f"`{code}`" for code in refusals_of(action._function))  # noqa: SLF001 - as above
            takes = cell(_taken(inspection.type_info(action.arguments)))
            lines.append(f"| `{title}` | {who} | {signed_by} | {takes} | {cell(doc)} | {refusals} |")
        if contract.events:
            lines += ["", "Events: " + "; ".join(_watched(event) for event in contract.events.values()) + "."]
    return "\n".join(lines) + "\n"


def _watched(event: EventKind) -> str:
    """A kind of event, and who may watch it."""
    watchers = [*(f"its `{party}`" for party in event.parties), *event.roles]
    return f"`{event.kind}` (to {', '.join(watchers) or 'everyone'})"


def _taken(info: Any, depth: int = 0) -> str:
    """The fields of a struct with their types, in words."""
    told = []
    for field in info.fields:
        kind = _kind(field.type, depth)
        told.append(f"`{field.name}` ({kind})" if field.required else f"`{field.name}` ({kind}; may be left out)")
    return ", ".join(told)


def _kind(info: Any, depth: int, unit: str = "") -> str:  # noqa: PLR0911 - one a kind of type
    match info:
        case inspection.Metadata():
            return _kind(info.type, depth, (info.extra or {}).get(UNIT, ""))
        case inspection.VarTupleType():
            return f"list: {_kind(info.item_type, depth)}"
        case inspection.TupleType():
            return "list of " + " and ".join(_kind(item, depth) for item in info.item_types)
        case inspection.StructType():
            return _taken(info, depth + 1) if depth < 2 else "parts"
        case inspection.UnionType():
            return _one_of([kind for kind in info.types if not isinstance(kind, inspection.NoneType)], depth)
        case inspection.IntType():
            return _UNITS.get(unit, "number")
        case inspection.BoolType():
            return "flag"
        case inspection.LiteralType():
            return " or ".join(f"`{value}`" for value in info.values)
    return _UNITS.get(unit, "text")


def _one_of(kinds: list[Any], depth: int) -> str:
    """Several kinds of one value; structs that say which they are (`is`), each with its fields."""
    tags = [str(getattr(kind, "tag", None) or "") for kind in kinds]
    if len(kinds) > 1 and all(tag.startswith("envelope.") for tag in tags):
        return "envelope"
    if len(kinds) > 1 and all(tags):
        return " or ".join(f"`is: {tag}` with {_taken(kind, depth)}" for tag, kind in zip(tags, kinds, strict=True))
    return " or ".join(_kind(kind, depth + 1) for kind in kinds)
