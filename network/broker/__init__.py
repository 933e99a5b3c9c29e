"""A small MQTT 3.1.1 server in pure asyncio, the embedded default's engine: QoS 0 and 1, clean sessions, wildcards.

It imports nothing of the other rooms and nothing but the standard library and msgspec, so that it starts at once.
Why there is one: ``docs/adr/0002-embedded-broker.md``.
"""

from network.broker.server import Broker
from network.broker.session import BrokerCounters, BrokerLimits

READY = "listening"
"""The first word of the line that ``python -m network.broker`` prints once it serves; the port follows."""

__all__ = ["READY", "Broker", "BrokerCounters", "BrokerLimits"]
