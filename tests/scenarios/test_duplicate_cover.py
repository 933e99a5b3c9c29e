"""Two insurers find whom they both insure, and the ledger that everybody holds names nobody."""

import json

from scenarios.language import load_scenario
from scenarios.runner.run import run
from scenarios.shipped import find_scenario


class Silent:
    """A view that shows nothing."""

    def __getattr__(self, name):
        return lambda *_, **__: None


def test_it_passes_and_no_ledger_holds_an_identity(tmp_path):
    scenario = load_scenario(find_scenario("duplicate_cover"))
    result = run(scenario, view=Silent(), mode="virtual", out=tmp_path)
    assert result.verdict == "pass", result.lines
    ledgers = sorted((result.folder / "ledger").glob("*.jsonl"))
    assert len(ledgers) == 5
    for ledger in ledgers:
        raw = b"".join(
            bytes.fromhex(t) for line in ledger.read_text().splitlines() for t in json.loads(line)["transactions"]
        )
        assert all(person.identity.encode() not in raw for person in scenario.world.people.values())
    business = (result.folder / "state" / "business.jsonl").read_text()
    records = [json.loads(line) for line in business.splitlines()]
    ends = [record["state"] for namespace, _, record in records if namespace == "matchings"]
    assert ends == ["AGREED", "DISPUTED"]
