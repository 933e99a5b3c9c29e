"""Verifies an exported ledger, as docs/ledger-format.md specifies it, with nothing of the project that wrote it.
Usage: python audit.py LEDGER.jsonl (needs: pip install msgpack pynacl)
"""

import json
import re
import sys
from hashlib import sha256

import msgpack
from nacl.exceptions import BadSignatureError
from nacl.signing import VerifyKey

KINDS = {
    "natural": lambda value: type(value) is int and 0 <= value < 2**63,
    "name": lambda value: type(value) is str and re.fullmatch(r"[a-z0-9][a-z0-9._-]{0,63}", value),
    "boolean": lambda value: type(value) is bool,
    "bytes": lambda value: type(value) is bytes,
    "hash": lambda value: type(value) is bytes and len(value) == 32,
    "signature": lambda value: type(value) is bytes and len(value) == 64,
    "list": lambda value: type(value) is list,
}
HEADER = "version:natural network:name height:natural parent:hash round:natural proposer:natural members:hash"
HEADER = dict(field.split(":") for field in f"{HEADER} transactions:hash state_height:natural state:hash".split())
CERTIFICATE = {"round": "natural", "height": "natural", "hash": "hash", "signatures": "list"}


def require(condition, what):
    if not condition:
        raise ValueError(what)


def shaped(value, kinds):
    fits = type(value) is list and [KINDS[kind](part) for kind, part in zip(kinds.split(), value, strict=True)]
    require(type(fits) is list and all(fits), f"not an array of {kinds}")
    return value


def unhex(text):
    require(type(text) is str and re.fullmatch(r"([0-9a-f]{2})*", text), "not lower-case hex")
    return bytes.fromhex(text)


def unhexed(part, kinds):
    """The values of a JSON object with exactly these keys in this order, hashes as bytes."""
    require(list(part) == list(kinds), "wrong keys, or not in their order")
    values = [unhex(value) if kinds[key] == "hash" else value for key, value in part.items()]
    return shaped(values, " ".join(kinds.values()))


def unpack(raw, kinds):
    value = msgpack.unpackb(raw)
    require(msgpack.packb(value) == raw, "not canonical msgpack")
    return shaped(value, kinds)


def digest(*value):
    return sha256(msgpack.packb(value)).digest()


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
        contracts = [shaped(setting, "name bytes")[0] for setting in settings]
        for unique in [m[0] for m in members], [m[3] for m in members], [c[0] for c in clients], contracts:
            require(len(set(unique)) == len(unique), "a name or key stands twice in the genesis")
        require(all(client[2] < len(members) for client in clients), "a client without a home")
        self.clients = {client[0]: client[3] for client in clients}
        voters = [[number, member[3]] for number, member in enumerate(members) if member[2]]
        require((n := len(voters)) > 0 and self.protocol in ("solo", "raft", "pbft"), "no voters, or unknown protocol")
        self.quorum = {"solo": 1, "raft": n // 2 + 1, "pbft": (n + (n - 1) // 3 + 2) // 2}[self.protocol]
        self.voters = dict(voters[:1] if self.protocol == "solo" else voters)
        self.members = digest("consortium/members", 1, self.protocol, self.quorum, list(self.voters.items()))
        expected = [1, self.network, 0, bytes(32), 0, 0, self.members, merkle(transactions), 0, header[-1]]
        require(version == 1 and header == expected, "the header is not that of the genesis")
        self.height, self.head, self.certified = 0, digest(*header), True
        self.states, self.numbers = {0: header[-1]}, set()

    def take(self, header, transactions, certificate):
        version, network, height, parent, round_, proposer, members, root, state_height, state = header
        require((height, parent) == (self.height + 1, self.head), "does not follow the block before")
        self.height, self.head = height, digest(*header)
        require((version, network, members) == (1, self.network, self.members), "wrong version, network or members")
        require(proposer in self.voters, "proposed by one who does not vote")
        require(0 < height - state_height <= 4096, "states a root of its own future, or too old a one")
        require(len(transactions) <= 4096 and sum(map(len, transactions)) <= 2**21, "over the limits")
        require(len(set(transactions)) == len(transactions) and merkle(transactions) == root, "wrong transactions")
        require(self.states.setdefault(state_height, state) == state, "contradicts a root stated before")
        self.certified = certificate is not None
        require(self.certified or self.protocol == "raft", "no certificate")
        if self.certified:
            self.check_certificate(round_, *unhexed(certificate, CERTIFICATE))
        for raw in transactions:
            self.check_transaction(raw)

    def check_certificate(self, proposed, round_, height, block, signatures):
        require((height, block) == (self.height, self.head) and round_ >= proposed, "certifies another block")
        rows = [shaped([number, unhex(text)], "natural signature") for number, text in signatures]
        voters = sorted({number for number, _ in rows} & set(self.voters))
        require([row[0] for row in rows] == voters and len(rows) == self.quorum, "not a quorum of ascending voters")
        for number, signature in rows:
            data = msgpack.packb(["consortium/commit", round_, height, block])
            VerifyKey(self.voters[number]).verify(data, signature)

    def check_transaction(self, raw):
        body, signatures = unpack(raw, "list list")
        version, network, client, number = shaped(body, "natural name name natural name name bytes natural")[:4]
        require((version, network) == (1, self.network) and len(raw) <= 2**18, "for another network, or too long")
        signers = [shaped(row, "name signature")[0] for row in signatures]
        require(len(signers) <= 8 and signers == [client, *sorted(set(signers) - {client})], "wrong order of signers")
        for signer, signature in signatures:
            VerifyKey(self.clients[signer]).verify(msgpack.packb(["consortium/transaction", body]), signature)
        require((client, number) not in self.numbers, "(client, number) used twice")
        self.numbers.add((client, number))


def audit(path):
    """The auditor of a ledger that holds; the program ends with the line of one that does not."""
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
            require(auditor and auditor.certified, "empty, or the head is not certified")
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError, BadSignatureError) as error:
            sys.exit(f"{path}:{number}: {error}")
    return auditor


if __name__ == "__main__":
    found = audit(sys.argv[1])
    print(f"ok: {found.protocol} ledger of {found.network}, height {found.height}, head {found.head.hex()}")
