"""The people and offices of things and trade, in place of those of health."""

import pytest

from tests.node.contracts import network
from tests.node.contracts.property.kit import ROLES


@pytest.fixture(autouse=True)
def of_things_and_trade(monkeypatch):
    monkeypatch.setattr(network, "ROLES", ROLES)
