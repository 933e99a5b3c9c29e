"""The bus: one MQTT client for every broker, two brokers to start by ourselves, and faults on its links.

>>> async with embedded_broker(log_path) as url:
...     bus = MqttBus(url, client_id="insurer-1", subscriptions=filters, on_message=hear, on_state=note)
...     async with bus:
...         bus.publish(topic, payload)

``embedded_broker`` needs nothing but Python; ``private_mosquitto`` starts Debian's mosquitto; any other broker is
named by its URL. All are equal under one contract, ``tests/network/bus/test_contract.py``.
"""

from network.bus.client import MqttOptions
from network.bus.embedded import EmbeddedBroker, embedded_broker
from network.bus.interface import PAYLOAD_BYTES_MAX, Bus, BusCounters, BusError, OnMessage, OnState
from network.bus.launch import BrokerProcess
from network.bus.mosquitto import PrivateMosquitto, find_mosquitto, private_mosquitto
from network.bus.mqtt import MqttBus
from network.bus.url import BrokerUrl, parse_url

__all__ = [
    "PAYLOAD_BYTES_MAX",
    "BrokerProcess",
    "BrokerUrl",
    "Bus",
    "BusCounters",
    "BusError",
    "EmbeddedBroker",
    "MqttBus",
    "MqttOptions",
    "OnMessage",
    "OnState",
    "PrivateMosquitto",
    "embedded_broker",
    "find_mosquitto",
    "parse_url",
    "private_mosquitto",
]
