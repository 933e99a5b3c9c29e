"""Judges a run: what the scenario expects against what is there afterwards.

Safety is judged from the ledgers alone, by the same code for both worlds; in virtual time the oracles have watched
every event besides, and a violation they saw is here as well. Nothing is assumed of a node's own word.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence

import msgspec

from node.assembly import Common
from node.contracts.accounts import overdrawn, total_of_all_accounts
from node.ledger.transaction import decode_transaction
from node.privacy.envelope import Envelope
from node.privacy.vault import VaultRecord, open_for
from scenarios.results import Expectation, Metrics
from scenarios.results.detection import Score
from scenarios.results.leakage import Leakage
from scenarios.runner.bounds import Measures
from scenarios.runner.conductor import Acknowledged
from scenarios.runner.consistency import linearizable
from scenarios.runner.flows import flow_differences
from scenarios.runner.holdings import Holdings, Retold, retold
from scenarios.runner.leakage_expected import leakage_as_told
from scenarios.runner.leaks import LeakScan
from scenarios.runner.liveness import converged, recovered, stalled
from scenarios.runner.misbehaviour import judged as detection_judged
from scenarios.runner.plan import Plan
from scenarios.runner.record import RunRecord
from scenarios.runner.story_checks import opened_by_parties_only, reads_logged
from scenarios.runner.story_outcomes import output_surprises, sealed_surprises
from scenarios.runner.two_clocks import TwoClocks
from scenarios.runner.words import counted


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that judging needs. ``holdings`` are those of the nodes that never lied."""

    plan: Plan
    record: RunRecord
    holdings: Sequence[Holdings]
    metrics: Metrics
    common: Common
    scan: LeakScan | None = None
    leakage: Leakage | None = None
    clocks: TwoClocks | None = None
    said: Retold | None = None
    """What the highest chain's transactions said; None where nobody asked yet."""
    scores: Sequence[Score] = ()
    """How well misbehaviour was caught, of a run that came to its end."""

    @property
    def answered(self) -> list[Acknowledged]:
        """Every step whose client knows what became of it, transactions before reads."""
        return [*self.record.acknowledged, *self.record.answered]

    @property
    def complete(self) -> bool:
        """Does every step's client know what became of it?"""
        return self.record.done == len(self.plan.workload.steps)

    @property
    def highest(self) -> Holdings:
        """The longest ledger, the first node's among equals."""
        return max(self.holdings, key=lambda held: held.chain.height)


def judge_run(evidence: Evidence) -> list[Expectation]:
    """Every expectation with its verdict, in a fixed order."""
    expect = evidence.plan.scenario.expect
    judged = [Expectation(name, "fail", detail) for name, detail in evidence.record.violations]
    if evidence.record.accountability is not None:  # nothing else is promised
        judged = judged or [Expectation("accountability", "pass", evidence.record.accountability)]
        return judged + _divergence(evidence) + _metrics(evidence)
    seen = {name for name, _ in evidence.record.violations}
    judged += [_SAFETY[name](evidence) for name in expect.safety if name in _SAFETY and name not in seen]
    judged += [_steps(evidence), _drained(evidence), *_liveness(evidence), *_story(evidence), *_flows(evidence)]
    judged += [] if evidence.clocks is None else evidence.clocks.judged()
    judged += _leakage(evidence)
    judged += _detection(evidence)
    judged += _metrics(evidence)
    if evidence.record.interrupted:
        judged.append(Expectation("interrupted", "inconclusive", f"after {evidence.record.ended_ns / 1e9:.1f} s"))
    if evidence.record.trouble is not None:
        judged.append(Expectation("environment", "inconclusive", str(evidence.record.trouble)))
    return judged


def _divergence(evidence: Evidence) -> list[Expectation]:
    """Where more lied than are tolerated: whether heights fell apart, as asked."""
    wanted, forked = evidence.plan.scenario.expect.diverges, evidence.record.forked or 0
    if wanted is None:
        return []
    detail = f"{forked or 'no'} height{'s' if forked > 1 else ''} fell apart"
    return [Expectation("diverges", "pass" if wanted == (forked > 0) else "fail", detail)]


def verdict_of(expectations: Sequence[Expectation], *, interrupted: bool) -> str:
    """Fail where anything failed; inconclusive where the run was cut short or something could not be judged."""
    verdicts = {expectation.verdict for expectation in expectations}
    if "fail" in verdicts:
        return "fail"
    return "inconclusive" if interrupted or "inconclusive" in verdicts else "pass"


def _agreement(evidence: Evidence) -> Expectation:
    """One block per height, whoever holds it."""
    first: dict[int, tuple[str, bytes]] = {}
    for held in evidence.holdings:
        for height in range(held.chain.height + 1):
            block_hash = held.chain.entry(height).block.hash
            name, known = first.setdefault(height, (held.name, block_hash))
            if known != block_hash:
                return Expectation(
                    "agreement", "fail", f"height {height}: {name} and {held.name} hold different blocks"
                )
    heights = sorted(held.chain.height for held in evidence.holdings)
    lacking = [f"{held.name} lacks {held.lacking}" for held in evidence.holdings if held.lacking]
    detail = "; ".join([f"{len(first)} heights at {len(heights)} nodes", *lacking])
    return Expectation("agreement", "pass", detail)


def _total_order(evidence: Evidence) -> Expectation:
    """Heights without gaps, each block naming its parent (building a chain checked it; said once more)."""
    for held in evidence.holdings:
        for height in range(1, held.chain.height + 1):
            if held.chain.entry(height).block.parent != held.chain.entry(height - 1).block.hash:
                return Expectation("total_order", "fail", f"{held.name}: block {height} does not follow {height - 1}")
    return Expectation("total_order", "pass")


def _validity(evidence: Evidence) -> Expectation:
    """Only what a client of this run really submitted is on a chain."""
    submitted = {step.transaction_id for step in evidence.plan.workload.steps}
    for held in evidence.holdings:
        for height in range(1, held.chain.height + 1):
            for raw in held.chain.entry(height).block.transactions:
                transaction = decode_transaction(raw)
                if transaction.id not in submitted:
                    detail = f"{held.name}: height {height} holds a transaction that nobody submitted"
                    return Expectation("validity", "fail", detail)
    return Expectation("validity", "pass")


def _durability(evidence: Evidence) -> Expectation:
    """What was acknowledged is in every ledger that reaches so far, at the height that the receipt names, once."""
    acknowledged = evidence.record.acknowledged
    for held in evidence.holdings:
        places = _places(held)
        for item in acknowledged:
            found = places.get(item.step.transaction_id, [])
            if len(found) > 1 or (item.height <= held.chain.height and found != [item.height]):
                detail = (
                    f"{held.name}: {item.step.id}, acknowledged at height {item.height}, stands at {found or 'none'}"
                )
                return Expectation("durability", "fail", detail)
    highest = max(held.chain.height for held in evidence.holdings)
    lost = [item for item in acknowledged if item.height > highest]
    if lost:
        detail = f"{lost[0].step.id}, acknowledged at height {lost[0].height}, stands in no ledger"
        return Expectation("durability", "fail", detail)
    complete = sum(all(a.height <= held.chain.height for a in acknowledged) for held in evidence.holdings)
    detail = (
        f"{len(acknowledged)} acknowledged, each once in every ledger; {complete} of {len(evidence.holdings)} complete"
    )
    return Expectation("durability", "pass", detail)


def _places(held: Holdings) -> dict[bytes, list[int]]:
    places: dict[bytes, list[int]] = {}
    for height in range(1, held.chain.height + 1):
        for raw in held.chain.entry(height).block.transactions:
            places.setdefault(decode_transaction(raw).id, []).append(height)
    return places


def _no_double_payment(evidence: Evidence) -> Expectation:
    """No client's number is used twice on any chain, so nothing is paid twice by a retry."""
    for held in evidence.holdings:
        claims: Counter[tuple[str, int]] = Counter()
        for height in range(1, held.chain.height + 1):
            for raw in held.chain.entry(height).block.transactions:
                body = decode_transaction(raw).body
                claims[body.client, body.number] += 1
        twice = [claim for claim, count in claims.items() if count > 1]
        if twice:
            return Expectation("no_double_payment", "fail", f"{held.name}: {twice[0]} stands {claims[twice[0]]} times")
    return Expectation("no_double_payment", "pass")


def _conservation(evidence: Evidence) -> Expectation:
    """Debits equal credits over all accounts, and no cash account is below zero."""
    for held in evidence.holdings:
        total = total_of_all_accounts(held.chain.tree)
        if total:
            return Expectation("conservation", "fail", f"{held.name}: accounts add up to {total} fen")
        below = overdrawn(held.chain.tree)
        if below:
            return Expectation("conservation", "fail", f"{held.name}: {below[0]} is overdrawn")
    return Expectation("conservation", "pass")


def _privacy(evidence: Evidence) -> Expectation:
    """No canary lies at a node, in a log or on the bus where it may not, and its parties do hold it."""
    scan = evidence.scan
    if scan is None or not evidence.plan.scenario.canaries:
        return Expectation("privacy", "inconclusive", "no canaries are declared, so nothing was looked for")
    leaks, missing = scan.leaks(), scan.missing(evidence.plan.node_names)
    if leaks:
        return Expectation("privacy", "fail", "; ".join(leaks[:3]))
    if missing:  # a story that was cut short may not have come to where its parties get them
        return Expectation("privacy", "fail" if evidence.complete else "inconclusive", "; ".join(missing[:3]))
    count = len(evidence.plan.scenario.canaries)
    where = "1 canary only at its parties" if count == 1 else f"{count} canaries only at their parties"
    return Expectation("privacy", "pass", f"{where}, in {scan.bytes_scanned:,} bytes")


def _linearizable(evidence: Evidence) -> Expectation:
    """All that clients heard, reads included, has an order in time that the contracts confirm."""
    return linearizable(evidence.record, evidence.highest, evidence.common)


_SAFETY: dict[str, Callable[[Evidence], Expectation]] = {
    "agreement": _agreement,
    "total_order": _total_order,
    "validity": _validity,
    "durability": _durability,
    "no_double_payment": _no_double_payment,
    "conservation": _conservation,
    "privacy": _privacy,
    "linearizable": _linearizable,
}


def _steps(evidence: Evidence) -> Expectation:
    """Every step got the answer that the scenario expects of it."""
    answered = evidence.answered
    surprises = [a for a in answered if a.code not in a.step.expect.split("|")]
    if surprises:
        first = surprises[0]
        more = f" (and {len(surprises) - 1} more)" if len(surprises) > 1 else ""
        detail = f"{first.step.id}: expected {first.step.expect}, got {first.code}{_why(evidence, first)}{more}"
        return Expectation("steps", "fail", detail)
    refused = sum(a.code != "ok" for a in answered)
    return Expectation("steps", "pass", f"{len(answered)} answered as expected, {refused} of them refused")


def _why(evidence: Evidence, refused: Acknowledged) -> str:
    """What the contract says of it to people, an author of contracts not the least: ``: KeyError: ...``."""
    if refused.code == "ok" or refused.step.query is not None or not evidence.holdings:
        return ""
    said = evidence.said or retold(evidence.highest.chain, evidence.common)
    why = said.refusals.get(refused.step.transaction_id)
    return f": {why}" if why else ""


def _drained(evidence: Evidence) -> Expectation:
    """Every step was acknowledged before the run's duration was over."""
    done, total = evidence.record.done, len(evidence.plan.workload.steps)
    if done == total:
        return Expectation("drained", "pass", f"{total} steps")
    if not evidence.plan.scenario.expect.liveness.drains:
        return Expectation("drained", "warn", f"{done} of {total} steps acknowledged")
    detail = f"only {done} of {total} steps were acknowledged"
    return Expectation("drained", "inconclusive" if evidence.record.interrupted else "fail", detail)


def _liveness(evidence: Evidence) -> list[Expectation]:
    """What the scenario wants to see after its faults, and a word on faults that never began."""
    wanted, record = evidence.plan.scenario.expect.liveness, evidence.record
    judged = [stalled(record, span) for span in wanted.stalls_during]
    if wanted.recovers_within is not None:
        transactions = sum(step.query is None for step in evidence.plan.workload.steps)
        judged.append(recovered(record, wanted.recovers_within, steps=transactions))
    if wanted.converges_within is not None:
        judged.append(converged(record, wanted.converges_within, names=evidence.plan.node_names))
    if record.faults_waiting:
        detail = f"{record.faults_waiting} of {len(evidence.plan.scenario.faults)} never began: the run was over before"
        judged.append(Expectation("faults", "warn", detail))
    return judged


def _story(evidence: Evidence) -> list[Expectation]:
    """Receipts and opened envelopes say what the story says."""
    scenario, acknowledged = evidence.plan.scenario, evidence.record.acknowledged
    if not scenario.story:
        return []
    if not evidence.complete:
        return [Expectation("story", "inconclusive", "not all of it was told")]
    surprises, compared = output_surprises(scenario, evidence.answered)
    highest = evidence.highest
    envelopes = (evidence.said or retold(highest.chain, evidence.common)).envelopes
    vaults = _vaults(evidence, envelopes)
    sealed, opened = sealed_surprises(scenario, acknowledged, _known(evidence, vaults))
    wrong = surprises + sealed
    if wrong:
        told = Expectation("story", "fail", f"{wrong[0]}{f' (and {len(wrong) - 1} more)' if len(wrong) > 1 else ''}")
    else:
        told = Expectation(
            "story", "pass", f"{counted(compared, 'value')} in receipts and {opened} under seal are as told"
        )
    complete = {name: vault for name, vault in vaults.items() if name not in _behind(evidence, highest)}
    return [
        told,
        opened_by_parties_only(envelopes, complete),
        reads_logged(highest.chain.tree),
    ]


def _behind(evidence: Evidence, highest: Holdings) -> tuple[str, ...]:
    """Nodes that do not hold the whole chain, and so cannot have opened all of it."""
    return tuple(held.name for held in evidence.holdings if held.chain.height < highest.chain.height)


def _vaults(evidence: Evidence, envelopes: Sequence[Envelope]) -> dict[str, Sequence[VaultRecord]]:
    """What each organisation's node holds opened, and what people's wallets can open."""
    plan = evidence.plan
    vaults: dict[str, Sequence[VaultRecord]] = {held.name: list(held.vault.values()) for held in evidence.holdings}
    registry = evidence.common.admission.registry(evidence.highest.chain.tree.get)
    theirs: dict[str, list[Envelope]] = {}
    for envelope in envelopes:
        for name in envelope.recipients:
            theirs.setdefault(name, []).append(envelope)
    for name in (client.name for client in plan.genesis.clients if client.name not in vaults):
        keys = [plan.keyring.generation(name, number + 1) for number in range(len(registry.client_keys(name)))]
        opened = [record for key in keys for record in open_for(theirs.get(name, ()), name, key.seal_secret)]
        vaults[name] = list(dict.fromkeys(opened))  # a key to read with may be kept
    return vaults


def _known(evidence: Evidence, vaults: Mapping[str, Sequence[VaultRecord]]) -> dict[str, list[VaultRecord]]:
    """What each party knows: its vault, its node's safe, and what wallets handed over off the chain."""
    known = {name: list(vault) for name, vault in vaults.items()}
    for held in evidence.holdings:
        known[held.name] += (VaultRecord(kept.record, kept.version, kept.openings) for kept in held.safe.values())
    for shared in evidence.plan.workload.shared:
        for name in shared.handed:
            known[name].append(VaultRecord(shared.envelope.record, shared.envelope.version, shared.openings))
    return known


def _leakage(evidence: Evidence) -> list[Expectation]:
    """Who ever held what, as the scenario tells it."""
    wanted = evidence.plan.scenario.expect.leakage
    if not wanted:
        return []
    if evidence.leakage is None or not evidence.complete:
        return [Expectation("leakage", "inconclusive", "not all was shared that the story shares")]
    return [leakage_as_told(evidence.leakage, wanted)]


def _detection(evidence: Evidence) -> list[Expectation]:
    """Lies were caught as the scenario wants."""
    wanted = evidence.plan.scenario.expect.detection
    if not evidence.complete:
        return [Expectation(f"detection.{kind}", "inconclusive", "not all of it was told") for kind in wanted]
    return [detection_judged(score, wanted[score.kind]) for score in evidence.scores if score.kind in wanted]


def _flows(evidence: Evidence) -> list[Expectation]:
    """The state agrees with what the data alone says, worked out another way."""
    if not evidence.plan.scenario.workload or not evidence.complete:
        return []
    wrong = flow_differences(evidence.plan.scenario, evidence.highest.chain.tree, evidence.plan.seed)
    if wrong:
        return [Expectation("business", "fail", "; ".join(wrong[:3]))]
    return [Expectation("business", "pass", "the state agrees with what the flows say by themselves")]


def _metrics(evidence: Evidence) -> list[Expectation]:
    """What is asked of measures; counters of stages that the workload foresees may be at nothing."""
    steps = evidence.plan.workload.steps
    foreseen = list(dict.fromkeys(f"{step.flow}.{step.stage}" for step in steps if step.flow and step.stage))
    tree = evidence.highest.chain.tree if evidence.holdings else None
    measures = Measures(evidence.metrics, evidence.record, tree, foreseen)
    return [measures.judge(asked) for asked in evidence.plan.scenario.expect.metrics]
