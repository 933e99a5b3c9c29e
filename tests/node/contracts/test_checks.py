"""Checks of sensitive data: every rule, by its code."""

import pytest

from node.contracts import checks, consent
from node.contracts.checks import AnswerArgs, AskArgs, ConcludeArgs, RegisterArgs
from node.contracts.consent import GrantArgs, VoucherArgs
from node.privacy.equality import Guesser, Owner
from tests.node.contracts.network import Network

ANN = "aa" * 32
BOB = "bb" * 32
OWNER = Owner(b"o" * 32, "s")
TAG = OWNER.publish("6222")
DAY = 86_400_000


class House:
    """Ann's account is registered, and insurer-1 may check it."""

    def __init__(self, guesses_max=2):
        self.network = Network(settings=[("checks", checks.Settings(guesses_max))])
        self.network.do("bureau", "consent.register", consent.RegisterArgs(((ANN, ("ann",)), (BOB, ("bob",)))))
        self.tag = self.register().output["checkable"]
        self.voucher = self.grant()

    def register(self, who="bureau", subject=ANN):
        args = RegisterArgs(subject, "bank_account", TAG.key.hex(), TAG.tag.hex())
        return self.network.do(who, "checks.register", args)

    def grant(self, who="ann", **changes):
        given = {"subject": ANN, "audience": "insurer-1", "purpose": "check", "fields": ("bank_account",)}
        args = GrantArgs(**{**given, "matter": "", "expires_ms": DAY, **changes})
        return self.network.do(who, "consent.grant", args).output["voucher"]

    def ask(self, value="6222", who="insurer-1", voucher=None, at=1):
        number = self.network._numbers.get(who, 0) + 1
        self.guesser = Guesser(b"g" * 32, "s", f"{who}/{number}")
        self.question = self.guesser.ask(value)
        args = AskArgs(self.tag, voucher or self.voucher, self.question.hex())
        return self.network.do(who, "checks.ask", args, at=at)

    def answer(self, check, who="bureau", owner=OWNER, **changes):
        told = owner.answer(self.question)
        given = {"point": told.point.hex(), "challenge": told.challenge.hex(), "response": told.response.hex()}
        self.point = told.point
        return self.network.do(who, "checks.answer", AnswerArgs(check, **{**given, **changes})).code


@pytest.mark.parametrize(("value", "matches"), [("6222", True), ("6223", False)])
def test_a_check_is_asked_answered_and_concluded_once(value, matches):
    house = House()
    check = house.ask(value).output["check"]
    conclude = ConcludeArgs(check, matches)
    assert house.network.do("insurer-1", "checks.conclude", conclude).code == "illegal_transition"
    assert house.answer(check) == "ok"
    assert house.guesser.is_equal(house.point, TAG.tag) == matches
    assert house.answer(check) == "illegal_transition"
    assert house.network.do("insurer-2", "checks.conclude", conclude).code == "wrong_asker"
    assert house.network.do("insurer-1", "checks.conclude", conclude).output == {"matches": matches}
    assert house.network.do("insurer-1", "checks.conclude", conclude).code == "illegal_transition"


def test_answers_are_the_holders_and_proven():
    house = House()
    check = house.ask().output["check"]
    before = house.network.tree.get("checks", check)
    assert house.answer(check, who="hospital-1") == "wrong_holder"
    assert house.answer(check, owner=Owner(b"x" * 32, "s")) == "answer_not_proven"
    for name in ("point", "challenge", "response"):
        for wrong in ("00" * 32, "ff" * 32, "01" + "00" * 31):
            assert house.answer(check, **{name: wrong}) == "answer_not_proven"
    assert house.network.tree.get("checks", check) == before
    assert house.answer(check) == "ok"


def test_a_question_that_is_no_point_has_no_answer():
    house = House()
    check = house.network.do("insurer-1", "checks.ask", AskArgs(house.tag, house.voucher, "00" * 32)).output["check"]
    house.question = OWNER.publish("x").tag
    assert house.answer(check) == "answer_not_proven"


def test_guesses_are_counted_for_each_asker():
    house = House()
    other = house.grant(audience="insurer-2")
    assert [house.ask().code for _ in range(3)] == ["ok", "ok", "guesses_used_up"]
    assert house.ask(who="insurer-2", voucher=other).output["guess"] == 1


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"audience": "insurer-2"}, "wrong_audience"),
        ({"purpose": "claim"}, "wrong_purpose"),
        ({"fields": ("name",)}, "field_not_covered"),
        ({"matter": "ann/1"}, "wrong_matter"),
        ({"expires_ms": 5}, "voucher_expired"),
        ({"subject": BOB, "who": "bob"}, "wrong_subject"),
    ],
)
def test_a_check_needs_a_voucher_for_it(changes, code):
    house = House()
    assert house.ask(voucher=house.grant(**changes), at=5).code == code


def test_a_voucher_taken_back_lets_nothing_be_checked():
    house = House()
    house.network.do("ann", "consent.revoke", VoucherArgs(house.voucher))
    assert house.ask().code == "voucher_revoked"


def test_people_publish_tags_of_their_own_alone():
    house = House()
    assert house.register("ann").code == "ok"
    assert house.register("bob").code == "not_the_subject"
    assert house.register("bureau", "cc" * 32).code == "unknown_subject"
    assert house.register("regulator").code == "role_not_allowed"
