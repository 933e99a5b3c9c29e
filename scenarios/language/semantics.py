"""What a scenario must mean beyond its form: names that exist, faults that can happen, a quorum that can be.

Each rule is a function from a scenario to the problems it finds; :func:`judge` runs them all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib.resources import files

from msgspec import ValidationError

from consensus.protocols import protocol, protocol_names
from scenarios.language.findings import Finding, arithmetic
from scenarios.language.foresight import FORESEEN
from scenarios.language.lies import lies_can_be_told
from scenarios.language.measured import names_are_measured
from scenarios.language.models.expect import OTHERS
from scenarios.language.models.faults import KINDS, VIRTUAL_ONLY
from scenarios.language.models.network import BUS
from scenarios.language.models.product import unpriced_benefits
from scenarios.language.problems import Path, Problem, Severity, did_you_mean
from scenarios.language.protocol_options import protocol_options
from scenarios.language.reading import Document
from scenarios.language.schema import Scenario

ROLES_OF_A_MOMENT = ("leader", "follower")

LIES_IN = "pbft"
"""The protocol that tolerates lies, and whose messages are lied about."""


def judge(scenario: Scenario, document: Document) -> list[Problem]:
    """Everything wrong with what the scenario means, errors and warnings."""
    findings = [finding for rule in _RULES for finding in rule(scenario)]
    return [
        Problem(document.mark(finding.path), finding.path, finding.message, finding.severity) for finding in findings
    ]


def _protocol_exists(scenario: Scenario) -> Iterator[Finding]:
    name, known = scenario.consensus.protocol, protocol_names()
    if name not in known:
        near = did_you_mean(name, known)
        yield Finding(("consensus", "protocol"), f"`{name}` is none of {', '.join(known)}{near}")


def _settings_of_the_protocol_agree(scenario: Scenario) -> Iterator[Finding]:
    """What the core itself would refuse: two settings that contradict each other."""
    name = scenario.consensus.protocol
    if name not in protocol_names():
        return
    try:
        protocol(name).options(protocol_options(scenario.consensus, name))
    except (ValueError, ValidationError) as error:
        yield Finding(("consensus", name), str(error))


def _someone_votes(scenario: Scenario) -> Iterator[Finding]:
    if not scenario.voters:
        yield Finding(("members",), "nobody votes: every role has `vote: false`")


def _names_are_unique(scenario: Scenario) -> Iterator[Finding]:
    seen: set[str] = set()
    for client in scenario.client_names:
        place = "members" if client.name == client.home else "clients"
        if client.name in seen:
            yield Finding((place, client.role), f"two of them would be called `{client.name}`")
        seen.add(client.name)
    nodes = [member.name for member in scenario.member_names]
    for role, clients in scenario.clients.items():
        if clients.home is not None and clients.home not in nodes:
            yield Finding(("clients", role, "home"), f"no node is called `{clients.home}`{_near(clients.home, nodes)}")
        if clients.count is not None and clients.people is not None:
            yield Finding(("clients", role), "give `count` or `people`, not both")


def _links_name_someone(scenario: Scenario) -> Iterator[Finding]:
    nodes = [member.name for member in scenario.member_names]
    known = [*nodes, *scenario.members]
    star = scenario.network.shape == "star"
    for index, link in enumerate(scenario.network.links):
        if star and link.between.count(BUS) != 1:
            yield Finding(("network", "links", index, "between"), f"in a star, a link is between a node and `{BUS}`")
        for place, name in enumerate(link.between):
            if name not in known and not (star and name == BUS):
                path = ("network", "links", index, "between", place)
                yield Finding(path, f"no node or role is called `{name}`{_near(name, known)}")


def _regions_are_complete(scenario: Scenario) -> Iterator[Finding]:
    network = scenario.network
    path = ("network", "regions")
    if network.shape == "star" and network.profile is not None:
        yield Finding(("network", "profile"), "a star has one link for each node; a profile is for a mesh")
    if network.regions and network.profile is None:
        yield Finding(path, "regions mean something with a `profile` alone")
    if network.profile is not None:
        yield from _regions_are_known(scenario, network.profile.regions)


def _regions_are_known(scenario: Scenario, regions: tuple[str, ...]) -> Iterator[Finding]:
    network = scenario.network
    path = ("network", "regions")
    known = [*(member.name for member in scenario.member_names), *scenario.members]
    for region, names in network.regions.items():
        if region not in regions:
            near = _near(region, list(regions))
            yield Finding((*path, region), f"the profile has no region `{region}`{near}")
        for place, name in enumerate(names):
            if name not in known:
                yield Finding((*path, region, place), f"no node or role is called `{name}`{_near(name, known)}")
    for member in scenario.member_names if regions else ():
        homes = [region for region, names in network.regions.items() if {member.name, member.role} & {*names}]
        if len(homes) != 1:
            found = f"in {' and '.join(homes)}" if homes else "in no region"
            yield Finding(path, f"{member.name} lies {found}; it must be in one")


def _faults_name_someone(scenario: Scenario) -> Iterator[Finding]:
    nodes = [member.name for member in scenario.member_names]
    known = [*nodes, *scenario.members, *ROLES_OF_A_MOMENT]
    for index, fault in enumerate(scenario.faults):
        for name in fault.names:
            if name in nodes or name in ROLES_OF_A_MOMENT:
                continue
            path = ("faults", index, fault.kind)
            roles = scenario.members.get(name)
            hint = f"; its nodes are {', '.join(roles.names(name))}" if roles is not None else _near(name, known)
            yield Finding(path, f"no node is called `{name}`{hint}")
        if fault.at is not None and fault.at >= scenario.run.duration:
            yield Finding(("faults", index, "at"), "comes after the run's duration", Severity.WARNING)


def _faults_can_be_done(scenario: Scenario) -> Iterator[Finding]:
    if scenario.run.mode == "processes":
        yield from undoable_faults(scenario)


def undoable_faults(scenario: Scenario) -> Iterator[Finding]:
    """The faults that real processes cannot be made to suffer."""
    there = ", ".join(kind for kind in KINDS if kind not in VIRTUAL_ONLY)
    for index, fault in enumerate(scenario.faults):
        if fault.kind in VIRTUAL_ONLY:
            message = f"`{fault.kind}` needs the virtual world (`run.mode: virtual`); real processes suffer {there}"
            yield Finding(("faults", index, fault.kind), message)


def _liars_are_such_as_can_be(scenario: Scenario) -> Iterator[Finding]:
    """Who lies is named, in ways that there are, and no more of them than are tolerated unless that is the point."""
    liars: dict[str, None] = {}
    for index, fault in enumerate(scenario.faults):
        if fault.byzantine is None:
            continue
        if fault.byzantine in ROLES_OF_A_MOMENT:
            message = f"a liar is named: who is `{fault.byzantine}` shows too late to know whom to believe"
            yield Finding(("faults", index, "byzantine"), message)
            continue
        liars[fault.byzantine] = None
        for place, lie in enumerate(fault.does or ()):
            if lie not in lie_names():
                message = f"there is no lie `{lie}`{did_you_mean(lie, lie_names())}; there are {', '.join(lie_names())}"
                yield Finding(("faults", index, "does", place), message)
        if scenario.consensus.protocol in protocol_names():
            yield from _too_many_liars(scenario, list(liars), index)


def _too_many_liars(scenario: Scenario, liars: list[str], index: int) -> Iterator[Finding]:
    sums = arithmetic(scenario)
    if sums.protocol != LIES_IN:
        message = f"{sums.protocol} tolerates no lie: `byzantine` needs `consensus.protocol: {LIES_IN}`"
        yield Finding(("faults", index, "byzantine"), message)
        return
    voters = [scenario.member_names[number].name for number in scenario.voters]
    lying = [name for name in liars if name in voters]
    if len(lying) > sums.f and not scenario.faults[index].beyond:
        message = (
            f"{len(lying)} of {sums.n} voters would lie, and {sums.protocol} tolerates {sums.f}; "
            "`beyond: true` asks for it, and for nothing but accountability"
        )
        yield Finding(("faults", index, "byzantine"), message)


def lie_names() -> tuple[str, ...]:
    """The ways in which a node can lie."""
    from scenarios.adversary.byzantine import LIES  # noqa: PLC0415 - loads the adversary, for liars only

    return tuple(LIES)


def _rings_pass_each_node_once(scenario: Scenario) -> Iterator[Finding]:
    for index, fault in enumerate(scenario.faults):
        ring = fault.ring or ()
        for name in sorted({name for name in ring if ring.count(name) > 1}):
            yield Finding(("faults", index, "ring"), f"`{name}` stands in the ring twice")


def _groups_are_disjoint(scenario: Scenario) -> Iterator[Finding]:
    for index, fault in enumerate(scenario.faults):
        groups = [group for group in fault.partition or () if group != "rest"]
        names = [name for group in groups for name in group]
        for name in sorted({name for name in names if names.count(name) > 1}):
            yield Finding(("faults", index, "partition"), f"`{name}` stands in two groups")
        if sum(group == "rest" for group in fault.partition or ()) > 1:
            yield Finding(("faults", index, "partition"), "`rest` may be one group only")


def _a_quorum_remains(scenario: Scenario) -> Iterator[Finding]:
    """A warning: with these nodes down for good nothing can be decided any more."""
    if scenario.consensus.protocol not in protocol_names() or not scenario.voters:
        return
    sums = arithmetic(scenario)
    voters = {scenario.member_names[number].name for number in scenario.voters}
    down = [
        fault.crash
        for fault in scenario.faults
        if fault.crash is not None and fault.restart_after is None and fault.crash in voters | {*ROLES_OF_A_MOMENT}
    ]
    restarted = {fault.restart for fault in scenario.faults if fault.restart is not None}
    lost = len([name for name in down if name not in restarted])
    if sums.n - lost < sums.quorum:
        message = f"{lost} voters crash for good, {sums.n - lost} of {sums.n} remain: no quorum of {sums.quorum}"
        yield Finding(("faults",), message, Severity.WARNING)


def _references_exist(scenario: Scenario) -> Iterator[Finding]:
    known = shipped_terms("products")
    names = [item if isinstance(item, str) else item.name for item in scenario.products]
    for index, name in enumerate(names):
        if names.index(name) < index:
            yield Finding(("products", index), f"two products would be called `{name}`")
        product = scenario.products[index]
        unpriced = () if isinstance(product, str) else unpriced_benefits(product)
        for benefit in unpriced:
            message = f"`{benefit}` of `{name}` has no premiums yet; `consortium products price FILE --write` adds them"
            yield Finding(("products", index), message)
        if isinstance(product, str) and name not in known:
            yield Finding(("products", index), f"there is no configs/products/{name}.yaml{_near(name, known)}")


def _something_happens(scenario: Scenario) -> Iterator[Finding]:
    if not scenario.story and not scenario.workload:
        yield Finding((), "neither `story` nor `workload`: nothing will happen", Severity.WARNING)


def shipped_terms(kind: str) -> list[str]:
    """Names of the shipped terms of a kind, as "products"."""
    folder = files("configs").joinpath(kind)
    if not folder.is_dir():
        return []
    return sorted(entry.name.removesuffix(".yaml") for entry in folder.iterdir() if entry.name.endswith(".yaml"))


def _near(name: str, known: list[str]) -> str:
    return did_you_mean(name, known)


def _leakage_names_what_there_is(scenario: Scenario) -> Iterator[Finding]:
    """Steps of the story, and places where something may be held."""
    steps = [step.id for step in scenario.story]
    places = [*(member.name for member in scenario.member_names), BUS]
    for step, patterns in scenario.expect.leakage.items():
        path: Path = ("expect", "leakage", step)
        if step not in steps:
            yield Finding(path, f"no step of the story is called `{step}`{did_you_mean(step, steps)}")
        for pattern, held in patterns.items():
            named = [place for holders in held.values() if holders != OTHERS for place in holders]
            for place in named:
                if place not in places:
                    message = f"`{place}` is no node, nor `{BUS}`{did_you_mean(place, places)}"
                    yield Finding((*path, pattern), message)
                elif named.count(place) > 1:
                    yield Finding((*path, pattern), f"`{place}` is named twice: it holds a field in one way")
            if sum(holders == OTHERS for holders in held.values()) > 1:
                yield Finding((*path, pattern), f"`{OTHERS}` hold a field in one way")


_RULES: tuple[Callable[[Scenario], Iterator[Finding]], ...] = (
    lies_can_be_told,
    _protocol_exists,
    _settings_of_the_protocol_agree,
    _someone_votes,
    _names_are_unique,
    _links_name_someone,
    _regions_are_complete,
    _faults_name_someone,
    _faults_can_be_done,
    _liars_are_such_as_can_be,
    _rings_pass_each_node_once,
    _groups_are_disjoint,
    _a_quorum_remains,
    _leakage_names_what_there_is,
    _references_exist,
    _something_happens,
    names_are_measured,
    *FORESEEN,
)
