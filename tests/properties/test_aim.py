from __future__ import annotations

from network.virtual.aim import _moments, aim
from network.virtual.bare import bare_cast
from network.virtual.case import draw_case


def test_aiming_adds_faults_to_the_plan_and_nothing_else() -> None:
    case = draw_case("raft", 5)
    aimed = aim(case, bare_cast, shots=2)
    assert len(aimed.plan) == len(case.plan) + 2
    assert set(case.plan) < set(aimed.plan)
    assert aimed == aim(case, bare_cast, shots=2)
    assert all(getattr(aimed, name) == getattr(case, name) for name in case.__struct_fields__ if name != "plan")


def test_a_shot_strikes_a_node_as_it_does_something() -> None:
    for seed in range(4):
        case = draw_case("pbft", seed)
        (shot,) = set(aim(case, bare_cast, shots=1).plan) - set(case.plan)
        node = shot.one[0] if hasattr(shot, "one") else shot.node
        moments = [moment for moments in _moments(case, bare_cast, 0).values() for moment in moments]
        assert {(shot.at_ns, node), (shot.at_ns - 1, node)} & set(moments)


def test_up_to_the_shot_the_run_stays_as_it_was() -> None:
    case = draw_case("raft", 5)
    (shot,) = set(aim(case, bare_cast, shots=1).plan) - set(case.plan)
    before, after = (
        {kind: [m for m in moments if m[0] < shot.at_ns] for kind, moments in _moments(played, bare_cast, 0).items()}
        for played in (case, aim(case, bare_cast, shots=1))
    )
    assert {kind: moments for kind, moments in before.items() if moments} == {k: m for k, m in after.items() if m}
