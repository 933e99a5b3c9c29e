"""Reads in a story: the act "read", which asks for an entry of the state and sends no transaction.

Everybody knows it, whatever their role. What may be asked for is what the contract that keeps the entry declares
(:class:`node.contracts.fields.Readers`): personal data is read by showing a voucher, and so by a transaction.
"""

from __future__ import annotations

from node.contracts.runtime import may_read, record_types
from scenarios.language.models.business import Story
from scenarios.language.problems import did_you_mean
from scenarios.roles import Act, Desk

READ = "read"

NOT_PUBLIC = "not_public"


def query_of(desk: Desk, act: Act, story: Story) -> tuple[str, str]:
    """The (namespace, key) that the step asks for. StoryError where it makes no sense, or would be refused.

    The step names the entry's `key`, or by `of` an earlier step whose object's id is the key, or by `person` somebody
    whose pseudonym is.
    """
    namespace = act.text("namespace")
    known = record_types()
    if namespace not in known:
        raise act.error("namespace", f"no contract keeps `{namespace}`{did_you_mean(namespace, known)}")
    of = act.take("of")
    if of is not None and not isinstance(of, str):
        raise act.error("of", f"must be the name of a step, not {of!r}")
    if of is not None:
        key = desk.object_of(act, "of", of)
    else:
        key = desk.pseudonym(act, act.text("person")) if act.has("person") else act.text("key")
    act.done()
    for name, given in (("sealed", story.sealed), ("takes", story.takes)):
        if given:
            raise act.error(name, "does not go with `do: read`: nothing is sent but a question")
    allowed = may_read(namespace, key, act.who, desk.registry.role(act.who) or "")
    if not allowed and story.expect != NOT_PUBLIC:
        message = f"{act.who} may not ask for {namespace}/{key}; to show that it is refused, `expect: {NOT_PUBLIC}`"
        raise act.error("namespace", message)
    if allowed and story.expect == NOT_PUBLIC:
        raise act.error("expect", f"{act.who} may ask for {namespace}/{key}: it is not refused")
    return namespace, key
