"""From a scenario's story to signed transactions.

First every step gets its business time, then the steps are built in order of time: each verb may use what earlier
steps put on the chain, for which the story is executed here as it is built, on a state of its own. The real run gives
the same results, whoever orders its blocks, because steps that depend on each other form causal chains.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

import msgspec

from consensus.vocabulary import MILLISECOND
from network.custody import IsErased
from node.contracts.runtime import OK, execute_block, genesis_state
from node.ledger.genesis import Genesis
from node.ledger.transaction import TRANSACTION_VERSION, Body, Transaction, encode_transaction, sign_transaction
from node.membership import Directory, KeyRing
from node.privacy import Envelope
from scenarios.language.models.business import Story
from scenarios.language.problems import ScenarioInvalid, did_you_mean
from scenarios.language.schema import Scenario
from scenarios.roles import Act, Desk, Request, Shared, StoryError, plain, verb_of, verbs_of
from scenarios.runner.draws import keyed_draw, stage_ns
from scenarios.runner.places import invalid
from scenarios.runner.story_assumptions import require_declared
from scenarios.runner.story_reads import READ, query_of
from scenarios.runner.workload import Step

DEFAULT_WAIT_MS = 60_000
"""Between a step and the ones before it where the story does not say."""

_encode = msgspec.msgpack.Encoder().encode


class _Timed(NamedTuple):
    """A step with what the story leaves to be understood spelled out."""

    time_ms: int
    position: int
    story: Story
    after: tuple[str, ...]
    flow: str
    case: str


def build_story(
    scenario: Scenario, keyring: KeyRing, genesis: Genesis, seed: int
) -> tuple[list[Step], tuple[Shared, ...]]:
    """The story's steps in order of time, signed, and what its parties share by them.

    ScenarioInvalid where a step makes no sense.
    """
    try:
        require_declared(scenario)
        timed = _timeline(scenario, seed)
        return _Builder(scenario, keyring, genesis).build(timed)
    except StoryError as error:
        raise _placed(scenario, error) from None


def story_times(scenario: Scenario, seed: int) -> dict[str, int]:
    """By step, the business time at which it is taken. ScenarioInvalid where one has none."""
    try:
        return {item.story.id: item.time_ms for item in _timeline(scenario, seed)}
    except StoryError as error:
        raise _placed(scenario, error) from None


def _placed(scenario: Scenario, error: StoryError) -> ScenarioInvalid:
    positions = {step.id: index for index, step in enumerate(scenario.story)}
    path = ("story", positions.get(error.step, 0), *((error.key,) if error.key else ()))
    return invalid(scenario, path, f"step `{error.step}`: {error.message}")


def _timeline(scenario: Scenario, seed: int) -> list[_Timed]:
    """Every step with its business time, in order of it."""
    times: dict[str, int] = {}
    last_of_case: dict[str, str] = {}
    timed: list[_Timed] = []
    flow = case = ""
    for position, step in enumerate(scenario.story):
        if step.id in times:
            raise StoryError(step.id, "id", "another step has this id already")
        flow, case = step.flow or flow, step.case or case or step.id
        after = step.after
        if after is None:
            after = (last_of_case[case],) if case in last_of_case else ()
        time_ms = _time_ms(scenario, step, [_known(times, step, earlier) for earlier in after], seed)
        times[step.id] = time_ms
        last_of_case[case] = step.id
        timed.append(_Timed(time_ms=time_ms, position=position, story=step, after=after, flow=flow, case=case))
    return sorted(timed, key=lambda item: (item.time_ms, item.position))


def _known(times: Mapping[str, int], step: Story, earlier: str) -> int:
    if earlier not in times:
        raise StoryError(step.id, "after", f"no step `{earlier}` stands before this one{did_you_mean(earlier, times)}")
    return times[earlier]


def _time_ms(scenario: Scenario, step: Story, before_ms: Sequence[int], seed: int) -> int:
    if step.wait is not None and (step.at is not None or step.takes is not None):
        raise StoryError(step.id, "wait", "goes neither with `at` nor with `takes`")
    begins_ms = max(before_ms, default=scenario.run.clock.start)
    if step.at is not None:
        if step.at < begins_ms:
            raise StoryError(step.id, "at", "lies before a step that this one comes after, or before the clock's start")
        begins_ms = step.at
    if step.takes is not None:
        return begins_ms + drawn_ns(scenario, step, seed) // MILLISECOND
    if step.at is not None:
        return begins_ms
    return begins_ms + (DEFAULT_WAIT_MS if step.wait is None else step.wait // MILLISECOND)


def drawn_ns(scenario: Scenario, step: Story, seed: int) -> int:
    """How long the stage that ``step`` takes lasts in this run; 0 where it takes none."""
    if step.takes is None:
        return 0
    arms = scenario.arms
    stage = arms.chain.get(step.takes) or arms.manual.get(step.takes)
    if stage is None:
        near = did_you_mean(step.takes, [*arms.chain, *arms.manual])
        raise StoryError(step.id, "takes", f"`{step.takes}` is not under `arms.chain`{near}")
    return stage_ns(stage, keyed_draw(seed, "story", step.id))


class _Builder:
    """Builds and executes the steps one after the other."""

    def __init__(self, scenario: Scenario, keyring: KeyRing, genesis: Genesis) -> None:
        self._scenario = scenario
        self._directory = Directory(genesis)
        self._desk = Desk(scenario, keyring, self._directory, genesis_state(genesis))
        self._height = 0  # as if each transaction had a block of its own
        self._numbers: dict[str, int] = {}
        self._questions: dict[str, int] = {}  # reads are numbered apart

    def build(self, timed: Sequence[_Timed]) -> tuple[list[Step], tuple[Shared, ...]]:
        steps = [self._step(item) for item in timed]
        return steps, self._desk.custody.shared

    def _step(self, item: _Timed) -> Step:
        return self._read(item) if item.story.do == READ else self._transact(item)

    def _read(self, item: _Timed) -> Step:
        story = item.story
        number = self._questions[story.who] = self._questions.get(story.who, 0) + 1
        act = Act(story.id, story.who, "", item.time_ms, story.__pydantic_extra__)
        if self._desk.registry.role(story.who) is None:
            raise act.error("who", self._nobody(story.who))
        return self._told(item, number, query=query_of(self._desk, act, story))

    def _transact(self, item: _Timed) -> Step:
        story = item.story
        number = self._numbers[story.who] = self._numbers.get(story.who, 0) + 1
        stamped_ms = item.time_ms if story.stamped is None else story.stamped
        act = Act(story.id, story.who, f"{story.who}/{number}", stamped_ms, story.__pydantic_extra__)
        request = self._request(act, story)
        transaction = self._sign(act, number, request, story.signed_with)
        kept = self._execute(act, transaction, request)
        return self._told(
            item,
            number,
            raw=encode_transaction(transaction),
            transaction_id=transaction.id,
            before=(
                *(IsErased(act.who, record, 0) for record in request.erased),
                *(() if kept is None else self._desk.custody.errands(kept.record)),
            ),
        )

    def _told(self, item: _Timed, number: int, **asked: Any) -> Step:
        """The step as the story tells it, with what is asked of nodes."""
        story = item.story
        return Step(
            id=story.id,
            client=story.who,
            number=number,
            at_ns=self._scenario.run.clock.run_ns(item.time_ms),
            after=item.after,
            expect=story.expect,
            title=story.title,
            flow=item.flow,
            case=item.case,
            stage=story.stage,
            **asked,
        )

    def _request(self, act: Act, story: Story) -> Request:
        role = self._desk.registry.role(story.who)
        if role is None:
            raise act.error("who", self._nobody(story.who))
        verb = verb_of(role, story.do) or (partial(plain, call=story.do) if "." in story.do else None)
        if verb is None:
            there_are = (*verbs_of(role), *verbs_of(""), READ)
            near = did_you_mean(story.do, there_are) or f"; there are: {', '.join(there_are)}, and `contract.action`"
            raise act.error("do", f"`{story.do}` is no act of the role `{role}`{near}")
        request = verb(self._desk, act)
        act.done()
        return request

    def _nobody(self, name: str) -> str:
        known = [client.name for client in self._scenario.client_names]
        return f"nobody is called `{name}`{did_you_mean(name, known)}"

    def _sign(self, act: Act, number: int, request: Request, key: int | None) -> Transaction:
        body = Body(
            version=TRANSACTION_VERSION,
            network=self._directory.network,
            client=act.who,
            number=number,
            contract=request.contract,
            action=request.action,
            arguments=_encode(request.arguments),
            time_ms=act.time_ms,
        )
        own = self._desk.sign(act.who, key or 0)
        cosigned = [(name, self._desk.sign(name)) for name in request.cosigners if name != act.who]
        return sign_transaction(body, [(act.who, own), *cosigned])

    def _execute(self, act: Act, transaction: Transaction, request: Request) -> Envelope | None:
        """Note what becomes of it; the envelope that it puts on the chain, if it does."""
        self._height += 1
        execution = execute_block(self._desk.tree, self._directory, [transaction], height=self._height)
        outcome = execution.outcomes[0]
        self._desk.tree = execution.tree
        envelope = request.envelope if outcome.code == OK else None
        if outcome.code == OK and request.saved is not None:
            request.saved(outcome.output)
        refused = "" if outcome.code == OK else outcome.code
        self._desk.remember(act.step, act.object_id, envelope, outcome.output, refused)
        return envelope
