"""Who may cede to whom, and how a line is put right."""

from node.contracts.treaty import CorrectArgs, Line, ProposeArgs, Treaty
from tests.node.contracts.network import Network
from tests.node.contracts.parties import sealed
from tests.node.contracts.policy.kit import blank

TREATY, POLICY = "insurer-1/900", "insurer-1/901"
BOTH = ("insurer-1", "reinsurer")


def proposed(who, taker, parties, starts=1, ends=2):
    network = Network()
    arguments = ProposeArgs(taker, starts, ends, 0, sealed(f"{who}/1", {"share": 1}, parties))
    return network.do(who, "treaty.propose", arguments).code


def test_insurers_and_reinsurers_cede_to_reinsurers_and_not_to_themselves():
    assert proposed("insurer-1", "reinsurer", BOTH) == "ok"
    assert proposed("insurer-1", "insurer-2", ("insurer-1", "insurer-2")) == "wrong_role"
    assert proposed("reinsurer", "reinsurer", ("reinsurer",)) == "treaty_with_oneself"
    assert proposed("broker", "reinsurer", ("broker", "reinsurer")) == "role_not_allowed"
    assert proposed("insurer-1", "reinsurer", BOTH, starts=2) == "period_empty"
    assert proposed("insurer-1", "reinsurer", ("insurer-1", "insurer-2")) == "wrong_recipients"


def ceded():
    network = Network()
    treaty = blank(
        Treaty, state="SIGNED", cedent="insurer-1", reinsurer="reinsurer", starts_ms=0, ends_ms=9, notice_within_ms=0
    )
    line = Line(treaty=TREATY, kind="cession", about=POLICY, amounts=(), time_ms=0, statement="")
    network.tree = network.tree.update(
        {("treaties", TREATY): treaty, ("treaty_lines", f"{TREATY}|cession|{POLICY}"): line}
    )
    return network


def correct(network, number, *, kind="cession", signed=("reinsurer",)):
    amounts = sealed(f"insurer-1/{number}", {"premium_fen": number}, BOTH)
    arguments = CorrectArgs(TREATY, POLICY, amounts, kind)
    return network.do("insurer-1", "treaty.correct", arguments, cosigners=signed, number=number).code


def test_a_line_is_put_right_by_both_while_no_statement_has_it():
    network = ceded()
    key = f"{TREATY}|cession|{POLICY}"
    assert correct(network, 1, signed=()) == "signature_missing"
    assert correct(network, 2, kind="recovery") == "unknown_line"
    assert correct(network, 3) == "ok"
    assert network.tree.get("treaty_lines", key).amounts == sealed("insurer-1/3", {"premium_fen": 3}, BOTH).commitments
    stated = Line(treaty=TREATY, kind="cession", about=POLICY, amounts=(), time_ms=0, statement="insurer-1/7")
    network.tree = network.tree.update({("treaty_lines", key): stated})
    assert correct(network, 4) == "line_stated"
