"""Lies told: a story's steps as the liars take them, and which of them are lies (the truth that is kept apart).

Everything here happens before anything is built: what a liar signs is a transaction like any other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import singledispatch
from typing import Any

import msgspec

from consensus.vocabulary import MILLISECOND
from node.contracts.fields import MILLION
from scenarios.language.models.business import Story
from scenarios.language.models.misbehaviour import (
    BackdatedCover,
    DoubleClaim,
    ForgedInvoice,
    IllegalUpload,
    InStory,
    LyingOracle,
    SilentPolicyEdit,
    StolenKey,
    WithheldLossNotice,
)
from scenarios.language.models.world import Stay, World
from scenarios.language.schema import Scenario
from scenarios.runner.draws import keyed_draw
from scenarios.runner.places import invalid
from scenarios.runner.story import DEFAULT_WAIT_MS, story_times

_DRAWS = 1 << 48


class Lie(msgspec.Struct, frozen=True, kw_only=True):
    """One lie: of whom, by which step, at what business time; ``subject``: the step whose object an alarm must name.

    A policy, a claim, a reading. Nobody but the score ever sees this.
    """

    kind: str
    by: str
    step: str
    subject: str
    at_ms: int


ACTS: Mapping[type[InStory], tuple[str, ...]] = {
    BackdatedCover: ("bind",),
    DoubleClaim: ("answer",),
    ForgedInvoice: ("answer",),
    IllegalUpload: ("uploads.upload",),
    LyingOracle: ("oracle.read",),
    SilentPolicyEdit: ("deposit",),
    StolenKey: ("transfers.send",),
    WithheldLossNotice: ("notify-loss",),
}
"""By kind, the acts that can be lies of it."""


def with_lies(scenario: Scenario, seed: int) -> tuple[Scenario, tuple[Lie, ...]]:
    """``scenario`` with its story as liars tell it, and the lies in it. ScenarioInvalid where one cannot be told."""
    chosen = list(_chosen(scenario, seed))
    if not chosen:
        return scenario, ()
    honest = {step.id: step for step in scenario.story}
    times = story_times(scenario, seed)
    teller = _Teller(scenario)
    lies = []
    for index, lie, name in chosen:
        step = honest[name]
        try:
            teller.tell(lie, step)
            subject = _SUBJECTS[type(lie)](honest, step)
        except KeyError as error:
            path = ("misbehaviour", index)
            said = f"step `{name}` says no `{error.args[0]}` that leads to a step or a stay"
            raise invalid(scenario, path, said) from None
        lies.append(Lie(kind=lie.kind, by=lie.by, step=name, subject=subject, at_ms=times[name]))
    return teller.told(), tuple(lies)


def _chosen(scenario: Scenario, seed: int) -> Iterator[tuple[int, InStory, str]]:
    """(place, lie, step) of all that are told in the story; a step that is a lie already is drawn for no other."""
    named = (lie.on or () for lie in scenario.misbehaviour if isinstance(lie, InStory))
    told = {name for names in named for name in names}
    for index, lie in enumerate(scenario.misbehaviour):
        if not isinstance(lie, InStory):
            continue
        able = [step.id for step in scenario.story if step.who == lie.by and step.do in ACTS[type(lie)]]
        drawn = [name for name in able if name not in told and is_drawn(seed, lie.kind, name, lie.share or 0)]
        for name in drawn if lie.on is None else lie.on:
            if name not in able:
                path = ("misbehaviour", index, "on")
                said = f"`{name}` is none of {lie.by}'s steps `{'`, `'.join(ACTS[type(lie)])}`"
                raise invalid(scenario, path, said)
            told.add(name)
            yield index, lie, name


def is_drawn(seed: int, kind: str, name: str, share_ppm: int) -> bool:
    """Is this one of the share that are lies? Keyed by the name: leaving one out changes no other."""
    return keyed_draw(seed, "lie", kind, name) * MILLION < share_ppm * _DRAWS


class _Teller:
    """A story, changed step by step."""

    def __init__(self, scenario: Scenario) -> None:
        self._scenario = scenario
        self._changes: dict[str, dict[str, Any]] = {}
        self._left_out: dict[str, Story] = {}
        self._stays: dict[str, Stay] = dict(scenario.world.stays)

    def tell(self, lie: InStory, step: Story) -> None:
        """Let ``step`` be told as ``lie``, with what becomes of later ones. KeyError: what the step does not say."""
        told = _told(lie, step, self._stays)
        if told is None:
            self._left_out[step.id] = step
        else:
            self._changes.setdefault(step.id, {}).update({"output": {}, "sealed": {}, **told})
        for name, code in lie.then.items():
            self._changes.setdefault(name, {}).update(expect=code, output={}, sealed={})

    def told(self) -> Scenario:
        """The scenario as it is told."""
        story: list[Story] = []
        understood: dict[str, str] = {}  # what the next step would have taken over from those left out
        for step in self._scenario.story:
            named = {key: value for key in ("flow", "case") if (value := getattr(step, key)) is not None}
            if step.id in self._left_out:
                understood |= named
                continue
            story.append(self._step(step, understood))
            understood = {}
        world: World = self._scenario.world.model_copy(update={"stays": self._stays})
        return self._scenario.model_copy(update={"story": tuple(story), "world": world})

    def _step(self, step: Story, understood: Mapping[str, str]) -> Story:
        changes: dict[str, Any] = {key: value for key, value in understood.items() if getattr(step, key) is None}
        changes |= self._changes.get(step.id, {})
        if step.after is not None and any(name in self._left_out for name in step.after):
            changes["after"] = tuple(dict.fromkeys(kept for name in step.after for kept in self._before(name)))
        return step.model_copy(update=changes) if changes else step

    def _before(self, name: str) -> tuple[str, ...]:
        """``name``, or what it came after, where it is left out."""
        if name not in self._left_out:
            return (name,)
        return tuple(kept for earlier in self._left_out[name].after or () for kept in self._before(earlier))


@singledispatch
def _told(lie: InStory, step: Story, stays: dict[str, Stay]) -> dict[str, Any] | None:  # noqa: ARG001 - of all kinds
    """What the step says instead; None where it is left out. Stays that are made up go into ``stays``."""
    raise AssertionError(f"nobody knows how to tell {type(lie).__name__}")


@_told.register
def _backdated(lie: BackdatedCover, step: Story, stays: dict[str, Stay]) -> dict[str, Any]:  # noqa: ARG001 - as above
    return {"stamped": lie.stamped}


@_told.register
def _doubled(lie: DoubleClaim, step: Story, stays: dict[str, Stay]) -> dict[str, Any]:
    if lie.invoice is None:
        return {"stay": lie.stay}
    made_up = f"{lie.stay}.{step.id}"
    stays[made_up] = stays[lie.stay].model_copy(update={"invoice": lie.invoice})
    return {"stay": made_up}


@_told.register
def _forged(lie: ForgedInvoice, step: Story, stays: dict[str, Stay]) -> dict[str, Any]:
    own = _named(step, "stay")
    changes: dict[str, Any] = {}
    if lie.factor is not None:
        factor = lie.factor
        changes["items"] = tuple(
            item.model_copy(update={"amount": item.amount * factor // MILLION}) for item in stays[own].items
        )
    if lie.invoice is not None:
        changes["invoice"] = lie.invoice
    made_up = f"{own}.{step.id}"
    stays[made_up] = stays[own].model_copy(update=changes)
    return {"stay": made_up}


@_told.register
def _uploaded(lie: IllegalUpload, step: Story, stays: dict[str, Stay]) -> dict[str, Any]:  # noqa: ARG001 - as above
    return {"digest": {"hash": lie.content}}


@_told.register
def _misread(lie: LyingOracle, step: Story, stays: dict[str, Stay]) -> dict[str, Any]:  # noqa: ARG001 - as above
    return {"value": lie.value}


@_told.register
def _edited(lie: SilentPolicyEdit, step: Story, stays: dict[str, Stay]) -> dict[str, Any]:  # noqa: ARG001 - as above
    return {"edited": True}


@_told.register
def _stolen(lie: StolenKey, step: Story, stays: dict[str, Stay]) -> dict[str, Any]:  # noqa: ARG001 - as above
    return {"payee": lie.payee, "signed_with": lie.key}


@_told.register
def _withheld(lie: WithheldLossNotice, step: Story, stays: dict[str, Stay]) -> dict[str, Any] | None:  # noqa: ARG001
    if lie.delay is None:
        return None
    if step.at is not None:
        return {"at": step.at + lie.delay // MILLISECOND}
    return {"wait": (DEFAULT_WAIT_MS * MILLISECOND if step.wait is None else step.wait) + lie.delay, "takes": None}


def _named(step: Story, key: str) -> str:
    """The step or stay that the argument ``key`` names; KeyError where there is none."""
    value = step.__pydantic_extra__.get(key)
    if not isinstance(value, str):
        raise KeyError(key)
    return value


def _claim_of_papers(steps: Mapping[str, Story], step: Story) -> str:
    """An answer's query is about a claim."""
    return _named(steps[_named(step, "query")], "matter")


_SUBJECTS: Mapping[type[InStory], Callable[[Mapping[str, Story], Story], str]] = {
    BackdatedCover: lambda _, step: step.id,
    DoubleClaim: _claim_of_papers,
    ForgedInvoice: _claim_of_papers,
    IllegalUpload: lambda _, step: step.id,
    LyingOracle: lambda _, step: step.id,
    SilentPolicyEdit: lambda _, step: _named(step, "policy"),
    StolenKey: lambda _, step: step.id,
    WithheldLossNotice: lambda _, step: _named(step, "claim"),
}
"""By kind, the step whose object an alarm must name."""
