"""The regulator's registers: who stands on them at which time, and that no reinsurer gets in by another door."""

import re
from pathlib import Path

import pytest

import node.contracts
from node.contracts.registers import Entry, ExecutiveArgs, RegisterArgs, Settings, StrikeArgs
from node.contracts.retrocession import CedeArgs
from tests.node.contracts.network import Network

ANN, BOB = "a" * 64, "b" * 64
ROOT = Path(node.contracts.__file__).parent
ACCEPTING = re.compile(r'"premium-assumed"|require_role\([^)]*"reinsurer"')
"""What a contract's source says where a reinsurer takes something on, or where its role alone is looked at."""
ASKING = re.compile(r"require_(reinsurer|registered)\(ctx")
ELSEWHERE = {
    "accounts.py": "the table of accounts",
    "oversight/rules.py": "a rule that reads balances",
    "reinsurance/closing.py": "the arithmetic of a treaty whose signing asks",
}


def network(*, binding=True):
    return Network(settings=[("registers", Settings(binding=binding))])


def registered(net, *, until=1_000):
    def act(action, args):
        assert net.do("regulator", f"registers.{action}", args, at=10).code == "ok"

    act("register", RegisterArgs("institution", "reinsurer", "i", until))
    act("appoint", ExecutiveArgs("reinsurer", ANN, "actuary"))
    act("register", RegisterArgs("reinsurer", "reinsurer", "r", until))
    return net


def ceded(net, at):
    args = CedeArgs("circle", "reinsurer", 400_000, None, 0, 0, 10_000)
    return net.do("insurer-1", "retrocession.cede", args, at=at, cosigners=("reinsurer",)).code


@pytest.mark.parametrize(("at", "code"), [(10, "ok"), (999, "ok"), (1_000, "reinsurer_unregistered")])
def test_an_entry_holds_from_its_day_until_before_its_end(at, code):
    assert ceded(registered(network()), at) == code


def test_an_entry_says_nothing_of_the_time_before_it():
    assert ceded(registered(network()), 9) == "reinsurer_unregistered"


def test_without_the_setting_the_role_is_enough():
    assert ceded(network(binding=False), 10) == "ok"
    assert ceded(network(), 10) == "reinsurer_unregistered"


@pytest.mark.parametrize("kind", ["institution", "reinsurer"])
def test_who_is_struck_off_either_register_takes_nothing_on(kind):
    net = registered(network())
    assert net.do("regulator", "registers.strike", StrikeArgs(kind, "reinsurer"), at=500).code == "ok"
    assert ceded(net, 499) == "reinsurer_unregistered", "nor under an earlier date"
    assert ceded(net, 500) == "reinsurer_unregistered"
    entry = net.tree.get(Entry.namespace, "reinsurer/reinsurer")
    assert (entry.from_ms, entry.until_ms) == (10, 500)


def test_an_executive_holds_one_office_and_leaves_it_once():
    net = registered(network())
    again = ExecutiveArgs("reinsurer", ANN, "auditor")
    assert net.do("regulator", "registers.appoint", again, at=20).code == "appointed_already"
    assert net.do("regulator", "registers.dismiss", again, at=20).code == "not_in_office"
    assert net.do("regulator", "registers.appoint", ExecutiveArgs("reinsurer", BOB, "auditor"), at=20).output == {
        "executives": 2
    }
    leaving = ExecutiveArgs("reinsurer", ANN, "actuary")
    assert net.do("regulator", "registers.dismiss", leaving, at=20).output == {"executives": 1}
    assert net.do("regulator", "registers.dismiss", leaving, at=20).code == "not_in_office"


def test_a_register_is_the_regulators_own():
    net = network()
    args = RegisterArgs("institution", "insurer-1", "i", 1_000)
    assert net.do("insurer-1", "registers.register", args, at=10).code == "role_not_allowed"
    assert net.do("regulator", "registers.register", args, at=1_000).code == "term_empty"
    assert net.do("regulator", "registers.register", RegisterArgs("reinsurer", "broker", "r", 99), at=10).code == (
        "wrong_role"
    )


def test_every_contract_by_which_a_reinsurer_takes_something_on_asks_the_register():
    sources = {str(path.relative_to(ROOT)): path.read_text() for path in sorted(ROOT.rglob("*.py"))}
    accepting = {name for name, text in sources.items() if ACCEPTING.search(text)}
    asking = {name for name, text in sources.items() if ASKING.search(text)} - {"registers.py"}
    assert accepting - asking == set(ELSEWHERE)
    assert "treaty.py" in asking
