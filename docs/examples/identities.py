"""Who is who in a ledger, height by height: the part of audit.py that follows the registry (docs/ledger-format.md)."""

import re
from hashlib import sha256

import msgpack
from nacl.exceptions import BadSignatureError
from nacl.signing import VerifyKey

TYPES = {"natural": int, "name": str, "text": str, "boolean": bool, "list": list}  # all others are bytes
SIZES = {"hash": 32, "signature": 64}
CHANGES = {"certify": "name name name natural hash hash natural natural", "revoke": "name name natural natural"}
CHANGES["reissue"] = "name hash hash natural natural"


def require(condition, what):
    if not condition:
        raise ValueError(what)


def shaped(value, kinds):
    """``value``, if it is an array whose parts are of these kinds."""
    require(type(value) is list, "not an array")
    for part, kind in zip(value, kinds.split(), strict=True):
        require(type(part) is TYPES.get(kind, bytes) and (kind != "natural" or 0 <= part < 2**63), f"not a {kind}")
        require(kind != "name" or re.fullmatch(r"[a-z0-9][a-z0-9._-]{0,63}", part), "not a name")
        require(kind not in SIZES or len(part) == SIZES[kind], f"not a {kind}")
    return value


def unpack(raw, kinds):
    value = msgpack.unpackb(raw)
    require(msgpack.packb(value) == raw, "not canonical msgpack")
    return shaped(value, kinds)


def digest(*value):
    return sha256(msgpack.packb(value)).digest()


def holds(key, signature, *data):
    try:
        return bool(VerifyKey(key).verify(msgpack.packb(data), signature))
    except BadSignatureError:
        return False


class Key:
    """A certificate, recorded by the block at that height: in force from ``since`` on, below ``until`` (0: no end)."""

    def __init__(self, name, key, recorded=0, since=0, until=0):
        self.name, self.key, self.recorded = name, key, recorded
        self.since, self.until, self.revoked = since, until, False

    def lasts(self, height):
        return self.until == 0 or height < self.until

    def holds(self, height):
        return self.since <= height and self.lasts(height)

    def end(self, height, revoked=True):
        self.until, self.revoked = (height, revoked) if self.lasts(height) else (self.until, self.revoked)


class Identities:
    """Clients' keys by name, nodes' by number, the voters whose approvals count, and the number of the next change."""

    def __init__(self, network, clients, members, voters, quorum):
        self.network, self.voters, self.quorum, self.sequence = network, voters, quorum, 0
        self.clients = {client[0]: [Key(client[0], client[3])] for client in clients}
        self.members = [Key(member[0], member[3]) for member in members]
        self.numbers, self.runs = set(), {}

    def signed(self, body, signatures, counts):
        data = "consortium/transaction", body, *[name for name, _ in signatures[1:]]
        keys = [([key.key for key in self.clients[name] if counts(key)], made) for name, made in signatures]
        return all(any(holds(key, made, *data) for key in known) for known, made in keys)

    def execute(self, body, signatures, height):
        """Did the transaction do what it asks for? (Of those that are none of the registry's nothing is known.)"""
        client, number, contract, action, arguments = body[2:7]
        runs = self.runs.get(client, 0) + 1 - len({(client, number - 1), (client, number + 1)} & self.numbers)
        if runs > 4096:
            return False
        self.numbers.add((client, number))
        self.runs[client] = runs
        try:
            require(contract == "registry" and self.signed(body, signatures, lambda key: key.holds(height)), "nothing")
            sequence, change, approvals = unpack(arguments, "natural list list")
            self.require_approved(sequence, action, change, approvals)
            carry_out = {"certify": self.certify, "revoke": self.revoke, "reissue": self.reissue, "members": self.elect}
            carry_out[action](height, *(change if action == "members" else shaped(change, CHANGES[action])))
        except (ValueError, TypeError, LookupError):
            return False
        self.sequence += 1
        return True

    def require_approved(self, sequence, action, change, approvals):
        numbers = [shaped(row, "natural signature")[0] for row in approvals]
        fits = self.quorum(len(self.voters)) <= len(numbers) <= 128
        require(sequence == self.sequence and fits, "not the next, or approved by too few, or by too many")
        require(numbers == sorted(set(numbers) & set(self.voters)), "approved by others, or out of order")
        for number, signature in approvals:
            data = "consortium/registry", self.network, sequence, action, change
            require(holds(self.members[number].key, signature, *data), "an approval that was not signed")

    def certify(self, height, kind, name, role, home, key, seal_key, since, until):
        new = self.new_key(height, name, key, since, until)
        if kind == "client":
            require(name not in self.clients and home < len(self.members), "a client that is known, or has no home")
            self.clients[name] = [new]
        else:
            require(kind == "observer" and key not in [member.key for member in self.members], "a key that is taken")
            self.members.append(new)

    def new_key(self, height, name, key, since, until):
        begin = since or height + 1
        require(begin > height and (until == 0 or until > begin), "in force for no height above this block")
        return Key(name, key, height, begin, until)

    def revoke(self, height, kind, name, number, since):
        keys, begin = self.clients[name] if kind == "client" else [self.members[number]], since or height + 1
        idle = kind == "observer" and keys[0].name == name and number not in self.voters
        require(kind == "client" or idle, "a node of another name, or one that votes")
        require(begin > height and any(key.lasts(begin) for key in keys), "nothing to revoke above this block")
        for key in keys:
            key.end(begin)

    def reissue(self, height, name, key, seal_key, since, until):
        keys, new = self.clients[name], self.new_key(height, name, key, since, until)
        require(not any(old.revoked and old.key == key for old in keys) and len(keys) < 256, "revoked, or one too many")
        for old in keys:
            old.end(new.since, old.key != key)
        self.clients[name] = [*keys, new]

    def elect(self, height, *changes):
        numbers = [shaped(change, "text natural")[1] for change in changes]
        require(0 < len(numbers) <= 16 and numbers == sorted(set(numbers)), "not in ascending order")
        for verb, number in changes:
            require(verb in ("add-voter", "remove") and number < len(self.members), "no such node, or no such verb")
            lasting = self.members[number].holds(height) and self.members[number].until == 0
            require(verb == "remove" or lasting, "a key not in force, or not for good")
            require((number in self.voters) == (verb == "remove"), "nothing changes")
        self.voters = after(self.voters, changes)


def after(voters, changes):
    voters = {*voters, *(number for _, number in changes)} - {number for verb, number in changes if verb == "remove"}
    return sorted(voters) if voters else require(False, "nobody would be left")
