"""What a certificate tells: the holder's document, the policy's record, and the chain's proofs of both.

The document is the holder's, from the drawers of the run, which follow from its scenario and seed. Everything else is
taken from an exported ledger, executed again, and shown only if a light client that knows nothing but the genesis
believes it.
"""

from __future__ import annotations

from pathlib import Path

import msgspec

from consensus.chain import Block, Certificate, Header
from consensus.protocols import protocol
from node.contracts.policy import DOCUMENT_PATH, Notarisation, Policy
from node.ledger import Evidence, EvidenceError, Genesis, LightClient, StateTree, decode_line, gather_evidence
from node.ledger.export import LineError
from node.ledger.genesis import electorate
from node.ledger.transaction import TransactionError, decode_transaction
from node.privacy import Opening
from scenarios.language import load_scenario
from scenarios.language.problems import ScenarioInvalid
from scenarios.results.manifest import Manifest, read_manifest
from scenarios.results.replay import ContractMachine
from scenarios.results.run_folder import RunFolder
from scenarios.roles import Shared

Chain = list[tuple[Block, Certificate | None]]


class CertificateError(Exception):
    """There is no certificate to draw; the message says why, and what would help."""


class PolicyFacts(msgspec.Struct, frozen=True, kw_only=True):
    """All of a certificate. ``policy_proof`` and ``notarisation_proof`` stand under the same header.

    ``first`` is the header at height 0, whose block holds ``genesis_bytes``.
    """

    policy_id: str
    policy: Policy
    notarisation: Notarisation
    document: Opening
    genesis: Genesis
    genesis_bytes: bytes
    first: Header
    policy_proof: Evidence
    notarisation_proof: Evidence

    @property
    def header(self) -> Header:
        """The header whose state root both proofs lead to."""
        return self.policy_proof.headers[0]

    @property
    def voters(self) -> tuple[tuple[int, str, bytes], ...]:
        """(number, name, verify key) of those whose signatures count."""
        members = self.genesis.members
        return tuple((n, members[n].name, members[n].verify_key) for n in electorate(self.genesis).voters)

    @property
    def quorum(self) -> int:
        """How many of them must have signed."""
        return protocol(self.genesis.protocol).quorum(len(self.voters))


def gather(folder: Path, policy_id: str) -> PolicyFacts:
    """The facts of ``policy_id``, "client/number" or the name of the step that bound it, in a run's folder.

    CertificateError where there is no such policy, its holder has not had it notarised, or the chain does not prove it;
    ManifestError or OSError where the folder cannot be read.
    """
    run = RunFolder(folder)
    manifest = read_manifest(run.manifest)
    name = max(manifest.height, key=lambda node: manifest.height[node])
    chain = _chain(run.ledger(name))
    genesis, trees = _executed(chain, run.ledger(name))
    shared = _shared(run, manifest)
    policy_id = next((one.envelope.record for one in shared if one.step == policy_id), policy_id)
    policy = trees[-1].get(Policy.namespace, policy_id)
    if not isinstance(policy, Policy):
        raise CertificateError(
            f"there is no policy `{policy_id}` on the chain; name one like `insurer-1/7`, or the step that bound it"
        )
    if not policy.notarisation:
        raise CertificateError(f"{policy_id} is not on record: its holder has not had it notarised")
    notarisation = trees[-1].get(Notarisation.namespace, policy.notarisation)
    assert isinstance(notarisation, Notarisation), "what is notarised has its record"  # noqa: S101
    policy_proof, notarisation_proof = _proofs(chain, trees, policy_id, policy.notarisation)
    _require_believed(genesis, policy_proof, notarisation_proof)
    return PolicyFacts(
        policy_id=policy_id,
        policy=policy,
        notarisation=notarisation,
        document=_document(shared, policy_id, policy),
        genesis=genesis,
        genesis_bytes=chain[0][0].transactions[0],
        first=chain[0][0].header,
        policy_proof=policy_proof,
        notarisation_proof=notarisation_proof,
    )


def _chain(path: Path) -> Chain:
    chain: Chain = []
    try:
        with path.open("rb") as file:
            for raw in file:
                line = decode_line(raw)
                chain.append((line.block, line.certificate))
    except LineError as error:
        raise CertificateError(f"{path}:{len(chain) + 1}: {error}") from None
    if not chain:
        raise CertificateError(f"{path}: holds no genesis: it is empty")
    return chain


def _executed(chain: Chain, path: Path) -> tuple[Genesis, list[StateTree]]:
    """The genesis, and the state after each height."""
    try:
        genesis = msgspec.msgpack.decode(chain[0][0].transactions[0], type=Genesis)
        machine = ContractMachine(genesis)
        trees = [machine.tree]
        for block, _ in chain[1:]:
            if block.header.state != trees[block.header.state_height].root:
                raise CertificateError(
                    f"{path}: block {block.height} states another root than executing the ledger gives: it was edited, "
                    "or made by another version of this program"
                )
            machine.run([decode_transaction(raw) for raw in block.transactions])
            trees.append(machine.tree)
    except (msgspec.DecodeError, IndexError, TransactionError) as error:
        raise CertificateError(f"{path}: holds what no ledger holds: {error}") from None
    return genesis, trees


def _shared(run: RunFolder, manifest: Manifest) -> tuple[Shared, ...]:
    """What the parties of the run's story shared, which follows from its scenario and seed."""
    from scenarios.runner.plan import make_plan  # noqa: PLC0415 - the runner writes results, and is no part of them

    try:
        plan = make_plan(load_scenario(run.scenario), protocol=manifest.protocol, seed=manifest.seed)
    except ScenarioInvalid as error:
        raise CertificateError(f"{run.scenario}: {error}") from None
    return plan.workload.shared


def _document(shared: tuple[Shared, ...], policy_id: str, policy: Policy) -> Opening:
    """The policy's document as its holder has it: the newest, where it was amended."""
    for one in shared:
        for opening in one.openings:
            if opening.path == DOCUMENT_PATH and opening.digest == policy.fingerprint:
                return opening
    raise CertificateError(
        f"nobody in this run holds the document of {policy_id} that the chain has the fingerprint of"
    )


def _proofs(chain: Chain, trees: list[StateTree], policy_id: str, unique: str) -> tuple[Evidence, Evidence]:
    """Both proofs under the newest header that states the last state, or one that is as good."""
    newest = trees[-1]
    for height in range(len(chain) - 1, 0, -1):
        tree = trees[chain[height][0].header.state_height]
        if tree.get(Policy.namespace, policy_id) != newest.get(Policy.namespace, policy_id):
            break
        try:
            return (
                gather_evidence(chain, height, tree, Policy.namespace, policy_id),
                gather_evidence(chain, height, tree, Notarisation.namespace, unique),
            )
        except EvidenceError:
            continue
    raise CertificateError("no certified header states the policy as it is now yet")


def _require_believed(genesis: Genesis, *proofs: Evidence) -> None:
    client = LightClient(genesis)
    for proof in proofs:
        try:
            client.check(proof)
        except EvidenceError as error:
            raise CertificateError(f"the ledger proves nothing to who knows the genesis alone: {error}") from None
