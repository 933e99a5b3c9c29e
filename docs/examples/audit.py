"""Verifies an exported ledger, as docs/ledger-format.md specifies it, with nothing of the project that wrote it.
Usage: python audit.py LEDGER.jsonl (needs: pip install msgpack pynacl, and identities.py beside it)"""

import json
import sys
from hashlib import sha256

from identities import Identities, after, digest, holds, require, shaped, unpack

HEADER = "version:natural network:name height:natural parent:hash round:natural proposer:natural members:hash"
HEADER = dict(field.split(":") for field in f"{HEADER} transactions:hash state_height:natural state:hash".split())
CERTIFICATE = {"round": "natural", "height": "natural", "hash": "hash", "proves": "natural", "signatures": "list"}


def unhex(text):
    require(bytes.fromhex(text).hex() == text, "not lower-case hex")
    return bytes.fromhex(text)


def unhexed(part, kinds):
    require(list(part) == list(kinds), "wrong keys, or not in their order")
    return shaped([unhex(part[k]) if kinds[k] == "hash" else part[k] for k in kinds], " ".join(kinds.values()))


def merkle(entries):
    if len(entries) < 2:
        return sha256(b"\0" + entries[0] if entries else b"").digest()
    split = 1 << (len(entries) - 1).bit_length() - 1
    return sha256(b"\1" + merkle(entries[:split]) + merkle(entries[split:])).digest()


class Auditor:
    def __init__(self, header, transactions, certificate):
        require(len(transactions) == 1 and certificate is None, "not a genesis")
        genesis = unpack(transactions[0], "natural name name list list list")
        version, self.network, self.protocol, members, clients, settings = genesis
        members = [shaped(member, "name name boolean hash hash") for member in members]
        clients = [shaped(client, "name name natural hash hash") for client in clients]
        settings = [shaped(setting, "name bytes") for setting in settings]
        for rows, at in (members, 0), (members, 3), (clients, 0), (settings, 0):
            require(len({row[at] for row in rows}) == len(rows), "a name or key stands twice in the genesis")
        require(all(client[2] < len(members) for client in clients), "a client without a home")
        voters = [n for n, member in enumerate(members) if member[2]][: 1 if self.protocol == "solo" else None]
        require(voters and self.protocol in ("solo", "raft", "pbft"), "no voters, or unknown protocol")
        self.identities = Identities(self.network, clients, members, voters, self.quorum)
        self.deciders, self.before, self.asked, self.changes = [voters], [], None, 0
        named = [1, self.network, 0, bytes(32), 0, 0, self.name_of([voters]), merkle(transactions), 0, header[-1]]
        require(version == 1 and header == named, "the header is not that of the genesis")
        self.height, self.head, self.proven, self.states = 0, digest(*header), 0, {0: header[-1]}

    def quorum(self, n):
        return {"solo": 1, "raft": n // 2 + 1, "pbft": (n + (n - 1) // 3 + 2) // 2}[self.protocol]

    def name_of(self, deciders):
        keys = [member.key for member in self.identities.members]
        sets = [(self.quorum(len(voters)), [[n, keys[n]] for n in voters]) for voters in deciders]
        return digest("consortium/members", 1, self.protocol, *(part for quorum in sets for part in quorum))

    def take(self, header, transactions, certificate):
        version, network, height, parent, round_, proposer, members, root, state_height, state = header
        require((height, parent) == (self.height + 1, self.head), "does not follow the block before")
        self.height, self.head = height, digest(*header)
        require((version, network) == (1, self.network), "wrong version or network")
        require(0 < height - state_height <= 4096, "states a root of its own future, or too old a one")
        require(len(transactions) <= 4096 and sum(map(len, transactions)) <= 2**21, "over the limits")
        require(len(set(transactions)) == len(transactions) and merkle(transactions) == root, "wrong transactions")
        require(self.states.setdefault(state_height, state) == state, "contradicts a root stated before")
        parts = [self.check_transaction(raw, state_height) for raw in transactions]
        require(len({tuple(body[2:4]) for body, _ in parts}) == len(parts), "(client, number) used twice")
        asked = [body[6] for body, _ in parts if body[4:6] == ["registry", "members"]]
        require(not asked or (len(parts) == 1 and state_height == height - 1), "a change of members not by itself")
        self.decide(members, unpack(asked[0], "natural list list")[1] if asked else None)
        require(proposer in self.electors(self.deciders + self.before), "proposed by one who does not vote")
        require(certificate is not None or self.protocol == "raft", "no certificate")
        if certificate is not None:
            self.check_certificate(round_, *unhexed(certificate, CERTIFICATE))
        done = [self.identities.execute(body, signatures, height) for body, signatures in parts]
        require(not asked or done == [True], "a change of members that cannot be carried out")

    def decide(self, named, asked):
        require(not asked or self.protocol != "solo", "a change of members under solo")
        now = self.deciders
        options = [now, now[:1]]  # two sets decide until a header names the new one alone
        if asked and self.protocol == "raft":
            require(len(now) == 1, "a change while two sets of voters decide")
            voters = after(now[0], asked)
            options = [[voters] if len(set(voters) ^ set(now[0])) < 2 else [voters, now[0]]]
        elif self.asked:
            options = [now, [after(now[0], self.asked)]]
        self.deciders = next((option for option in options if self.name_of(option) == named), None)
        require(self.deciders, "names other members than those who decide it")
        if self.deciders != now:
            self.changes, self.asked, self.before = self.changes + 1, None, now if self.protocol == "raft" else []
        if asked and self.protocol != "raft":
            require(self.asked is None, "a change while another is under way")
            self.asked = asked

    def check_certificate(self, proposed, round_, height, block, proves, signatures):
        require((height, block) == (self.height, self.head), "certifies another block")
        require(round_ == proposed or (self.protocol == "pbft" and round_ > proposed), "of another round")
        require(proves == height - self.proven and self.changes < 2, "proves other blocks than it says")
        rows = [shaped([number, unhex(text)], "natural signature") for number, text in signatures]
        signers = {number for number, _ in rows}
        require(
            [number for number, _ in rows] == sorted(signers & self.electors(self.deciders)), "not ascending voters"
        )
        sets = [(voters, len(signers & set(voters)) - self.quorum(len(voters))) for voters in self.deciders]
        require(all(spare >= 0 for _, spare in sets), "not a quorum")
        require(all(any(n in voters and not spare for voters, spare in sets) for n in signers), "more than a quorum")
        for number, signature in rows:
            signed = "consortium/commit", round_, height, block
            require(holds(self.identities.members[number].key, signature, *signed), "a vote that is not signed")
        self.proven, self.changes = height, 0

    def electors(self, sets):
        return {number for voters in sets for number in voters}

    def check_transaction(self, raw, as_of):
        body, signatures = unpack(raw, "list list")
        version, network, client, number = shaped(body, "natural name name natural name name bytes natural")[:4]
        require((version, network) == (1, self.network) and len(raw) <= 2**18, "for another network, or too long")
        signers = [shaped(row, "name signature")[0] for row in signatures]
        require(len(signers) <= 8 and signers == [client, *sorted(set(signers) - {client})], "wrong order of signers")
        require(self.identities.signed(body, signatures, lambda key: key.recorded <= as_of), "not signed")
        require((client, number) not in self.identities.numbers, "(client, number) used twice")
        return body, signatures


def audit(path):
    auditor, number = None, 0
    with open(path, "rb") as file:
        try:
            for number, raw in enumerate(file, start=1):
                line = json.loads(raw)
                require(list(line) == ["header", "hash", "transactions", "certificate"], "wrong keys or order")
                require(json.dumps(line, separators=(",", ":")).encode() + b"\n" == raw, "not spelled canonically")
                header = unhexed(line["header"], HEADER)
                require(unhex(line["hash"]) == digest(*header), "states another hash than its header's")
                block = header, [unhex(text) for text in line["transactions"]], line["certificate"]
                auditor = auditor.take(*block) or auditor if auditor else Auditor(*block)
            require(auditor and auditor.proven == auditor.height, "empty, or the head is not certified")
        except (ValueError, TypeError, LookupError, AttributeError, RecursionError) as error:
            sys.exit(f"{path}:{number}: {error}")
    return auditor


if __name__ == "__main__":
    found = audit(sys.argv[1])
    print(f"ok: {found.protocol} ledger of {found.network}, height {found.height}, head {found.head.hex()}")
