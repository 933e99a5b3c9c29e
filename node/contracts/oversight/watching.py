"""The hook: after each action that went well, the live rules look at what it wrote."""

from __future__ import annotations

from node.contracts.context import Context
from node.contracts.oversight.orders import require_matter_free
from node.contracts.oversight.records import WATCH, Alert, Watch, contract
from node.contracts.oversight.rules import RULES


def watch(ctx: Context) -> None:
    """Refuse what touches something frozen; put an alert on record for each breach that this transaction made.

    Nothing happens where the network declares no oversight. A refused transaction wrote nothing and breaks no rule.
    """
    limits = ctx.get(Watch, WATCH)
    if limits is None:
        return
    written = [(place, record) for place, record in ctx.changes.items() if record is not None]
    require_matter_free(ctx, written)
    ctx.act_for(contract.name, contract.events)
    told: set[str] = set()
    for name in limits.rules:
        rule = RULES[name]
        for (namespace, key), record in written:
            if namespace not in rule.namespaces:
                continue
            found = rule.judge(ctx, limits, key, record, ctx.before(type(record), key))
            if found is None:
                continue
            alert_id = f"{name}|{found.about}|{ctx.object_id}"
            if alert_id in told:  # several of an owner's accounts moved
                continue
            told.add(alert_id)
            alert = Alert(
                rule=name,
                about=found.about,
                institution=found.institution,
                occurred_ms=found.occurred_ms,
                detected_ms=ctx.time_ms,
            )
            ctx.put(alert_id, alert)
            ctx.emit("alert", alert=alert_id, rule=name, about=found.about, institution=found.institution)
