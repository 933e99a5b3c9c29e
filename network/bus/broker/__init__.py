"""A small MQTT 3.1.1 server in pure asyncio, the embedded default's engine: QoS 0 and 1, clean sessions, wildcards.

Why there is one: ``docs/adr/0002-embedded-broker.md``.
"""

from network.bus.broker.server import Broker
from network.bus.broker.session import BrokerCounters, BrokerLimits

__all__ = ["Broker", "BrokerCounters", "BrokerLimits"]
