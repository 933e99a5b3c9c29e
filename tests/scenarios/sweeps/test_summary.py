from scenarios.sweeps.summary import differences, differences_csv, summarised, summary_csv
from scenarios.sweeps.table import Table
from scenarios.sweeps.telling import told

PAIR = "{repeat: 5, pair: {paper: {consensus.protocol: raft}, chain: {consensus.protocol: solo}}}"


def paired(planned, rows):
    """Seeds matter far more than arms do: 1000 and more from seed to seed, 10 to 14 from arm to arm."""
    plan = planned(PAIR)
    return Table(
        plan,
        rows(plan, lambda number: {
            "measures": {"wait.mean": 1000 * (number % 5) ** 2 + (0 if number < 5 else 10 + number % 5)},
            "units": {"wait": "ns"},
        }),
    )  # fmt: skip


def test_a_mean_and_its_interval_for_each_cell_and_measure(planned, rows):
    plan = planned("{repeat: 5, matrix: {consensus.protocol: [solo, raft]}}")
    table = Table(plan, rows(plan, lambda number: {"measures": {"blocks.count": number}}))
    first, second = summarised(table)
    assert (first.estimate.mean, second.estimate.mean) == (2_000, 7_000)
    assert first.estimate.low < 2_000 < first.estimate.high
    assert summary_csv(table).splitlines()[:2] == [
        "consensus.protocol,measure,unit,runs,mean,low,high,min,max",
        "solo,blocks.count,events,5,2.000,0.200,3.800,0,4",
    ]


def test_arms_are_compared_seed_by_seed(planned, rows):
    table = paired(planned, rows)
    (line,) = differences(table)
    assert (line.first, line.second, line.estimate.count) == ("paper", "chain", 5)
    assert (line.estimate.mean, line.second_mean - line.first_mean) == (12_000, 12_000)
    assert 10_000 <= line.estimate.low < 12_000 < line.estimate.high <= 14_000
    assert line.estimate.differs


def test_a_seed_that_one_arm_lacks_is_in_neither_mean(planned, rows):
    plan = planned(PAIR)
    found = rows(plan, lambda number: {"measures": {"wait.mean": 100 * number}})
    del found[plan.points[4].sha256]
    (line,) = differences(Table(plan, found))
    assert (line.estimate.count, line.first_mean, line.second_mean) == (4, 150_000, 650_000)


def test_two_measures_of_one_run_are_compared_in_each_cell(planned, rows):
    plan = planned("{repeat: 5, differences: [[paper.mean, chain.mean]]}")
    table = Table(plan, rows(plan, lambda number: {"measures": {"paper.mean": 100 + number, "chain.mean": 7}}))
    (line,) = differences(table)
    assert (line.first, line.second, line.measure) == ("paper.mean", "chain.mean", "")
    assert line.estimate.mean == -95_000
    assert differences_csv(table).splitlines() == [
        "measure,unit,first,second,pairs,first_mean,second_mean,difference,low,high",
        ",,paper.mean,chain.mean,5,102.000,7.000,-95.000,-96.800,-93.200",
    ]


def test_a_sweep_without_pairs_has_no_differences(planned, rows):
    plan = planned("{repeat: 3}")
    assert not list(differences(Table(plan, rows(plan, lambda _: {"measures": {"blocks.count": 1}}))))


def test_people_are_told_of_each_cell_and_of_the_first_odd_run(planned, rows):
    plan = planned("{repeat: 3, matrix: {consensus.protocol: [solo, raft]}}")
    good = {"measures": {"commit_latency.mean": 1_500_000, "throughput.rate": 2_500_000}, "units": {}}
    odd = {"outcome": "crashed", "why": "out of memory?"}
    text = told(Table(plan, rows(plan, lambda number: odd if number == 4 else good)))
    assert text.splitlines() == [
        "consensus.protocol  runs  pass  commit_latency.mean  commit_latency.p99  throughput.rate",
        "solo                3     3     1,500,000                                2.50/s",
        "raft                3     2     1,500,000                                2.50/s",
        "crashed: 1 run, as consensus.protocol=raft, seed 6: out of memory?",
    ]
