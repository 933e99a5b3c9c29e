"""Every action of every contract, called with whatever its arguments allow, by anyone and with any signatures.

Nothing may fail in an unforeseen way: each call is done or refused for a reason that the contract names, and the
state stays sound. Values come from few names and ids, so that calls meet what earlier ones made.
"""

import re
from collections import Counter
from random import Random

import msgspec
import pytest
from msgspec import inspect

from node.contracts import CATALOGUE, access, accounts, consent, execute_block
from node.contracts.accounts import overdrawn, total_of_all_accounts
from tests.node.contracts.network import ROLES, Network

NAMES = tuple(ROLES)
TEXTS = (
    *NAMES,
    *(f"{name}/{number}" for name in NAMES[:5] for number in (1, 2, 9**18)),
    *("aa" * 32, "bb" * 32, "0" * 64),
    *("a", "visit", "claim", "underwriting", "policy", "age", "history", "inpatient", "x" * 64, "x" * 65, ""),
    *("E11", "visit/diagnosis", "invoice/token", "itemised_list/03/charge", "保险", "\x00", "Z" * 300),
)


def made(draw, info, texts):  # noqa: C901, PLR0911, PLR0912 - one branch a kind of type
    """A value of the type, as extreme as it likes."""
    match info:
        case inspect.StructType():
            values = [made(draw, field.type, texts) for field in info.fields]
            try:
                return info.cls(*values)
            except ValueError:  # what its own invariant forbids goes out as a plain array, and is to be refused
                return values
        case inspect.Metadata():
            return made(draw, info.type, texts)
        case inspect.UnionType():
            return made(draw, draw.choice(info.types), texts)
        case inspect.TupleType():
            return tuple(made(draw, item, texts) for item in info.item_types)
        case inspect.VarTupleType():
            least, most = info.min_length or 0, min(info.max_length or 3, 3)
            return tuple(made(draw, info.item_type, texts) for _ in range(draw.randint(least, max(least, most))))
        case inspect.StrType():
            fits = [text for text in texts if allowed(info, text)]
            return draw.choice(fits) if fits else "a" * (info.min_length or 0)
        case inspect.IntType():
            low = info.ge if info.ge is not None else info.gt + 1 if info.gt is not None else -(2**63)
            high = info.le if info.le is not None else info.lt - 1 if info.lt is not None else 2**63 - 1
            return draw.choice([low, high, *(n for n in (0, 1, 2, 1000, draw.randint(low, high)) if low <= n <= high)])
        case inspect.BytesType():
            return draw.randbytes(draw.randint(info.min_length or 0, min(info.max_length or 64, 100)))
        case inspect.BoolType():
            return draw.random() < 0.5
        case inspect.NoneType():
            return None
        case inspect.LiteralType():
            return draw.choice(info.values)
        case _:
            raise TypeError(info)


def allowed(info, text):
    fits = (info.min_length or 0) <= len(text) <= (info.max_length or 10**9)
    return fits and (info.pattern is None or re.search(info.pattern, text) is not None)


def house():
    network = Network(
        settings=[
            ("access", access.Settings((("visit", "visit"), ("age", "age")))),
            ("consent", consent.Settings(query_timeout_ms=10**12)),
            ("accounts", accounts.Settings(tuple(accounts.Opening(name, 10**6) for name in NAMES))),
        ]
    )
    network.do("bureau", "consent.register", consent.RegisterArgs((("aa" * 32, ("ann",)), ("bb" * 32, ("bob", "ann")))))
    uses = tuple(access.UseArgs(purpose, ("visit", "age")) for purpose in ("underwriting", "claim"))
    for name in ("insurer-1", "insurer-2"):
        whose = access.InstitutionArgs(name)
        network.do(name, "access.file", access.FileArgs(uses, "business"))
        network.do("bureau", "access.approve", whose)
        network.do(name, "access.deploy", access.DeployArgs(name, "1"))
        network.do(name, "access.test", access.NoArgs())
        assert network.do("bureau", "access.go-live", whose).code == "ok"
    return network


def known(network):
    """Keys of what there is, the first part of those that are put together."""
    keys = (key.partition("|")[0] for space in network.tree.namespaces() for key, _ in network.tree.items(space))
    return [key for key in dict.fromkeys(keys) if len(key) < 97][-30:]


def actions():
    return [(name, title, action) for name, c in sorted(CATALOGUE.items()) for title, action in c.actions.items()]


TYPES = {(name, title): inspect.type_info(action.arguments) for name, title, action in actions()}


def calls(draw, network, count):
    """Calls of every action in turn, by those who may for the most part."""
    for _ in range(count):
        texts = (*TEXTS, *known(network))
        for contract, title, action in draw.sample(actions(), len(actions())):
            may = [name for name in NAMES if action.is_open_to(ROLES[name])]
            who = draw.choice(may if may and draw.random() < 0.9 else NAMES)
            others = [name for name in NAMES if name != who]
            args = made(draw, TYPES[contract, title], texts)
            yield network.transaction(
                who,
                f"{contract}.{title}",
                args,
                at=draw.choice((0, 1, 10**9, 2**62)),
                cosigners=draw.sample(others, draw.randint(0, 7)),
            )


@pytest.mark.parametrize("seed", range(2))
def test_whatever_is_asked_is_done_or_refused_for_a_reason(seed):
    draw, network, seen = Random(seed), house(), Counter()
    for transaction in calls(draw, network, 16):
        outcome = network.run(transaction).outcomes[0]
        seen[outcome.code] += 1
        assert outcome.code != "contract_error", (transaction.body, outcome.detail)
        assert outcome.code == "ok" or (outcome.output, outcome.events, outcome.envelopes) == (None, (), ())
    assert total_of_all_accounts(network.tree) == 0
    assert overdrawn(network.tree) == ()
    assert len(seen) > 30, seen


@pytest.mark.parametrize("seed", range(2))
def test_arguments_whose_bytes_were_changed_are_refused_or_mean_what_they_say(seed):
    draw, network = Random(seed), house()
    for transaction in calls(draw, network, 6):
        raw = bytearray(transaction.body.arguments)
        for _ in range(draw.randint(1, 3)):
            place = draw.randrange(len(raw))
            if draw.random() < 0.3:
                del raw[place:]
                break
            raw[place] = draw.randrange(256)
        body = msgspec.structs.replace(transaction.body, arguments=bytes(raw))
        changed = msgspec.structs.replace(transaction, body=body)
        [outcome] = execute_block(network.tree, network.directory, [changed]).outcomes
        assert outcome.code != "contract_error", (body, outcome.detail)
