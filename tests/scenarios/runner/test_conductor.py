"""The conductor: all clients of a run, who believe nothing but enough equal signed receipts."""

import msgspec
import pytest
from msgspec.structs import replace

from consensus.protocols import protocol
from consensus.vocabulary import MILLISECOND, SECOND, Send, SetTimer, Trace
from network.gossip import Position
from network.requests import (
    TRANSACTIONS_PER_MESSAGE,
    Answer,
    AnswerCode,
    Busy,
    BusyReason,
    Query,
    Redirect,
    Submit,
    answer_bytes,
)
from node.membership import Directory, Ed25519Crypto
from scenarios.runner.conductor import Conductor, ConductorOptions
from scenarios.runner.electors import Electors
from scenarios.runner.workload import Step
from tests.node.lab import KEYS, MEMBERS, NETWORK, genesis, of, transfer
from tests.scenarios.runner.steps import receipt, step, workload

RETRY = "conductor.retry"
RELEASE = "conductor.release"
FIRST, SECOND_STEP = step(1), step(2)


def conductor(*steps, needed=1, answers=1, voters=4, observers=1, **options):
    directory = Directory(genesis("pbft", voters, observers))
    counting = replace(protocol("solo"), replies=lambda _: needed, read_replies=lambda _: answers)
    made = Conductor(
        workload=workload(*steps),
        directory=directory,
        crypto=Ed25519Crypto(directory, lambda data: data),
        electors=Electors(counting, tuple(range(voters))),
        options=ConductorOptions(**options),
    )
    made.now = 10 * SECOND  # when this run begins, on its world's clock
    made.began = made.start(made.now)
    return made


def submitted(effects):
    submits = [send for send in of(Send, effects) if isinstance(send.message, Submit)]
    return [(send.to, raw) for send in submits for raw in send.message.transactions]


def acknowledged(effects):
    return [effect.detail[0] for effect in of(Trace, effects) if effect.kind == "acknowledged"]


def hear(made, message, sender=0, after_ns=0):
    made.now += after_ns
    return made.receive(made.now, sender, message)


# Submitting


def test_steps_that_are_due_go_to_their_clients_home_one_message_a_client():
    made = conductor(step(1), step(2), step(1, "bob"))
    assert of(Send, made.began) == [
        Send(0, Submit("ann", (transfer(1), transfer(2)))),
        Send(0, Submit("bob", (transfer(1, "bob"),))),
    ]


def test_no_message_holds_more_transactions_than_its_format_allows():
    made = conductor(*(step(number) for number in range(1, TRANSACTIONS_PER_MESSAGE + 2)))
    assert [len(send.message.transactions) for send in of(Send, made.began)] == [TRANSACTIONS_PER_MESSAGE, 1]


def test_a_step_waits_for_its_time():
    made = conductor(step(1, at_ns=5 * SECOND))
    assert submitted(made.began) == []
    assert SetTimer(RELEASE, 5 * SECOND) in made.began
    assert submitted(made.timer(made.now + 5 * SECOND, RELEASE)) == [(0, transfer(1))]


def test_a_step_waits_for_all_that_it_follows():
    made = conductor(step(1), step(2), step(3, after=("ann/1", "ann/2")))
    assert submitted(hear(made, receipt(step(1)))) == []
    assert submitted(hear(made, receipt(step(2)))) == [(0, transfer(3))]


def test_a_refusal_releases_what_follows_too():
    made = conductor(step(1), step(2, after=("ann/1",)))
    assert submitted(hear(made, receipt(step(1), code="insufficient_funds"))) == [(0, transfer(2))]


def test_what_follows_still_waits_for_its_own_time():
    made = conductor(step(1), step(2, after=("ann/1",), at_ns=SECOND))
    assert SetTimer(RELEASE, SECOND) in hear(made, receipt(step(1)))
    assert submitted(made.timer(made.now + SECOND, RELEASE)) == [(0, transfer(2))]


def test_no_more_is_submitted_than_may_be_outstanding():
    made = conductor(*(step(number) for number in range(1, 6)), outstanding_max=2)
    assert len(submitted(made.began)) == 2
    assert submitted(hear(made, receipt(step(1)))) == [(0, transfer(3))]


# Believing


def test_a_signed_receipt_of_a_voter_acknowledges():
    made = conductor(FIRST)
    [item] = acknowledged(hear(made, receipt(FIRST, height=7, output={"paid_fen": 1}), after_ns=SECOND))
    assert (item.step, item.code, item.output, item.height) == (FIRST, "ok", {"paid_fen": 1}, 7)
    assert (item.called_ns, item.returned_ns) == (0, SECOND)
    assert made.done
    assert made.progress == (1, 1)


def test_one_receipt_acknowledges_all_the_steps_it_covers():
    made = conductor(FIRST, SECOND_STEP)
    assert [item.step.number for item in acknowledged(hear(made, receipt(FIRST, SECOND_STEP)))] == [1, 2]


def test_where_nodes_may_lie_as_many_equal_receipts_are_needed():
    made = conductor(FIRST, needed=2)
    assert hear(made, receipt(FIRST, node=0), sender=0) == []
    assert len(acknowledged(hear(made, receipt(FIRST, node=1), sender=1))) == 1


def test_the_same_node_counts_once_however_often_it_speaks():
    made = conductor(FIRST, needed=2)
    for _ in range(5):
        assert hear(made, receipt(FIRST)) == []
    assert not made.done


@pytest.mark.parametrize("lie", [{"code": "refused"}, {"height": 9}, {"output": {"paid_fen": 9**9}}])
def test_receipts_that_differ_do_not_add_up(lie):
    made = conductor(FIRST, needed=2)
    hear(made, receipt(FIRST, node=3, **lie), sender=3)
    assert hear(made, receipt(FIRST, node=0), sender=0) == []
    [item] = acknowledged(hear(made, receipt(FIRST, node=1), sender=1))
    assert (item.code, item.height) == ("ok", 1)


def test_a_liar_that_says_ever_different_things_is_remembered_by_its_last_word_alone():
    made = conductor(FIRST, needed=2)
    for height in range(1, 50):
        hear(made, receipt(FIRST, node=3, height=height), sender=3)
    assert sum(len(votes) for votes in made._votes.values()) == 1
    assert hear(made, receipt(FIRST, node=0, height=5), sender=0) == []


def test_a_receipt_signed_by_another_is_refused():
    made = conductor(FIRST)
    [trace] = hear(made, receipt(FIRST, node=0, key="member-1"))
    assert trace.kind == "refused"
    assert not made.done


def test_a_receipt_of_another_network_is_refused():
    made = conductor(FIRST)
    assert hear(made, receipt(FIRST, network="other"))[0].kind == "refused"


@pytest.mark.parametrize(
    ("sender", "message"),
    [
        (4, receipt(FIRST, node=4)),
        (0, Position(1, bytes(32))),
        (0, None),
        (0, receipt(step(9))),
        (0, receipt(FIRST, client="bob")),
        (0, receipt(FIRST, transaction=bytes(32))),
    ],
)
def test_what_no_voter_says_of_what_was_submitted_counts_for_nothing(sender, message):
    made = conductor(FIRST)
    assert hear(made, message, sender=sender) == []
    assert not made.done


def test_one_receipt_that_tells_of_a_step_twice_acknowledges_it_once():
    made = conductor(FIRST, SECOND_STEP)
    assert len(acknowledged(hear(made, receipt(FIRST, FIRST)))) == 1
    assert made.progress == (1, 2)


def test_a_receipt_that_comes_again_after_the_acknowledgement_changes_nothing():
    made = conductor(FIRST, SECOND_STEP)
    hear(made, receipt(FIRST))
    assert hear(made, receipt(FIRST)) == []
    assert made.progress == (1, 2)


def test_an_output_that_does_not_decode_acknowledges_nothing():
    made = conductor(FIRST)
    assert hear(made, receipt(FIRST, raw_output=b"\xc1"))[0].kind == "refused"
    assert not made.done
    assert len(acknowledged(hear(made, receipt(FIRST)))) == 1


# Trying again


def retry(made, after_ns):
    made.now += after_ns
    return made.timer(made.now, RETRY)


def test_silence_is_answered_by_the_same_transaction_to_the_home_and_others():
    made = conductor(FIRST, retry_ns=SECOND)
    assert submitted(retry(made, SECOND - 1)) == []
    again = submitted(retry(made, 1))
    assert {raw for _, raw in again} == {transfer(1)}
    assert again[0][0] == 0
    assert len({node for node, _ in again}) == 2


def test_further_tries_reach_further_nodes_until_all_were_asked():
    made = conductor(FIRST, needed=2, retry_ns=SECOND)
    asked = [node for _ in range(3) for node, _ in submitted(retry(made, 60 * SECOND))]
    assert set(asked) == {0, 1, 2, 3}


def test_tries_become_rarer_up_to_a_bound():
    made = conductor(FIRST, retry_ns=SECOND, retry_max_ns=4 * SECOND)
    tried = [second for second in range(1, 20) if submitted(retry(made, SECOND))]
    assert tried == [1, 3, 7, 11, 15, 19]


def test_the_retry_timer_runs_until_all_is_done():
    made = conductor(FIRST, check_ns=250 * MILLISECOND)
    assert SetTimer(RETRY, 250 * MILLISECOND) in made.began
    assert SetTimer(RETRY, 250 * MILLISECOND) in retry(made, 1)
    hear(made, receipt(FIRST))
    assert retry(made, 1) == []


def test_with_one_voter_alone_tries_go_to_the_home():
    made = conductor(FIRST, voters=1, observers=0, retry_ns=SECOND)
    assert submitted(retry(made, SECOND)) == [(0, transfer(1))]


def test_what_is_not_acknowledged_is_told_with_when_it_was_first_submitted():
    made = conductor(FIRST, SECOND_STEP, retry_ns=SECOND)
    began = made.now
    retry(made, 5 * SECOND)
    hear(made, receipt(FIRST))
    assert made.unacknowledged() == [(SECOND_STEP, began)]


def test_an_empty_workload_is_done_from_the_start():
    made = conductor()
    assert made.done
    assert submitted(made.began) == []


# Advice: later, and elsewhere


def test_a_busy_node_is_asked_again_later_and_can_put_off_each_attempt_once_only():
    made = conductor(FIRST, retry_ns=SECOND, retry_max_ns=8 * SECOND)
    late = made.now + 900 * MILLISECOND
    for moment in (late, late + 1, late + 2):
        made.receive(moment, 0, Busy("ann", (1, 77), BusyReason.POOL))
    assert submitted(made.timer(made.now + SECOND, RETRY)) == []
    assert submitted(made.timer(late + SECOND, RETRY))


def test_a_redirected_client_goes_where_it_was_sent_and_later_steps_go_there_first():
    made = conductor(FIRST, step(2, at_ns=SECOND))
    assert submitted(hear(made, Redirect("ann", (1,), 2))) == [(2, transfer(1))]
    assert submitted(hear(made, Redirect("ann", (1,), 3), sender=2)) == []
    assert submitted(made.timer(made.now + SECOND, RELEASE)) == [(2, transfer(2))]


@pytest.mark.parametrize("leader", [None, 0, 4, 99])
def test_a_redirection_to_nobody_who_votes_or_back_again_brings_the_next_attempt_forward(leader):
    made = conductor(FIRST, retry_ns=SECOND)
    assert submitted(hear(made, Redirect("ann", (1,), leader))) == []
    assert submitted(made.timer(made.now + SECOND // 4, RETRY))


def test_advice_about_what_is_not_under_way_is_nothing():
    made = conductor(FIRST)
    for message in (Busy("bob", (1,), BusyReason.POOL), Redirect("bob", (1,), 2), Redirect("ann", (9,), 2)):
        assert hear(made, message) == []


# Reads


READ = Step(id="read", client="ann", number=1, query=("accounts", "ann/cash"))
QUERY = Query("ann", 1, "accounts", "ann/cash")
CASH = {"balance_fen": 5}


def answer(node=0, value=CASH, code=AnswerCode.OK, *, height=3, key=None, query=QUERY):
    raw = None if value is None else msgspec.msgpack.encode(value)
    data = answer_bytes(NETWORK, query, code, height, raw)
    return Answer(query.client, query.number, code, height, raw, KEYS.sign(key or MEMBERS[node])(data))


def answered(effects):
    return [effect.detail[0] for effect in of(Trace, effects) if effect.kind == "answered"]


def test_a_read_is_asked_of_the_home_node_and_one_answer_is_believed_where_nobody_lies():
    made = conductor(READ)
    assert of(Send, made.began) == [Send(0, QUERY)]
    [item] = answered(hear(made, answer(), after_ns=SECOND))
    assert (item.output, item.code, item.height, item.returned_ns) == (CASH, "ok", 3, SECOND)
    assert made.done


def test_a_read_is_asked_of_all_voters_where_they_may_lie_and_that_many_equal_answers_are_needed():
    made = conductor(READ, answers=3)
    assert [send.to for send in of(Send, made.began)] == [0, 1, 2, 3]
    assert hear(made, answer(0)) == hear(made, answer(0)) == []
    assert hear(made, answer(1, {"balance_fen": 9}), sender=1) == []
    assert hear(made, answer(2, height=7), sender=2) == []
    [item] = answered(hear(made, answer(3), sender=3))
    assert (item.output, item.height) == (CASH, 7)


def test_a_node_that_changes_its_answer_counts_by_its_last():
    made = conductor(READ, answers=2)
    hear(made, answer(0, None))
    hear(made, answer(0))
    assert hear(made, answer(1, None), sender=1) == []
    assert len(answered(hear(made, answer(2), sender=2))) == 1


@pytest.mark.parametrize(
    ("message", "sender"),
    [
        (answer(key="stranger"), 0),
        (answer(1), 0),
        (answer(4), 4),
        (answer(query=Query("ann", 1, "accounts", "ann/equity")), 0),
        (answer(query=Query("ann", 2, "accounts", "ann/cash")), 0),
        (answer(query=Query("bob", 1, "accounts", "ann/cash")), 0),
    ],
)
def test_an_answer_forged_by_no_voter_or_to_another_question_is_not_believed(message, sender):
    made = conductor(READ)
    assert answered(hear(made, message, sender=sender)) == []
    assert not made.done


def test_a_read_that_is_unavailable_or_not_answered_is_asked_of_others():
    made = conductor(READ, retry_ns=SECOND, retry_max_ns=SECOND)
    assert hear(made, answer(0, None, AnswerCode.UNAVAILABLE)) == []
    soon = made.timer(made.now + SECOND // 4, RETRY)
    assert of(Send, soon) == [Send(1, QUERY)]
    assert of(Send, made.timer(made.now + 2 * SECOND, RETRY)) == [Send(2, QUERY)]
    assert [called.id for called, _ in made.unacknowledged()] == ["read"]


def test_what_waits_for_a_read_is_released_by_it():
    made = conductor(READ, step(1, after=("read",)))
    assert submitted(made.began) == []
    assert submitted(hear(made, answer(0, None))) == [(0, transfer(1))]


def test_a_value_that_is_no_record_is_told_as_none():
    made = conductor(READ)
    data = answer_bytes(NETWORK, QUERY, AnswerCode.OK, 3, b"\xc1")
    message = Answer("ann", 1, AnswerCode.OK, 3, b"\xc1", KEYS.sign(MEMBERS[0])(data))
    assert [item.output for item in answered(hear(made, message))] == [None]
