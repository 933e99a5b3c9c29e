"""The kill matrix is made in slices: what was searched once is read, not played again."""

import pytest

from scenarios.adversary import bank

NAME = "raft-term-not-durable"


@pytest.fixture
def played(monkeypatch):
    calls = []
    real = bank.caught

    def counting(name, **words):
        calls.append((name, words["seed"], words["strategy"]))
        return real(name, **words)

    monkeypatch.setattr(bank, "caught", counting)
    return calls


def rows(folder, seeds):
    return dict(bank.matrix((NAME,), seeds=seeds, budget_s=0.2, folder=folder))


def test_a_slice_goes_on_where_the_last_one_stopped(tmp_path, played):
    first = rows(tmp_path, 1)
    assert played == [(NAME, 0, "swarm"), (NAME, 0, "loss")]
    more = rows(tmp_path, 2)
    assert played[2:] == [(NAME, 1, "swarm"), (NAME, 1, "loss")]
    assert more[NAME]["swarm"].searches[0] == first[NAME]["swarm"].searches[0]


def test_the_page_tells_of_every_search(tmp_path):
    silent = {"raft": bank.silence("raft", budget_s=0.1, folder=tmp_path)}
    assert silent["raft"].broken is None
    again = bank.silence("raft", budget_s=0.1, folder=tmp_path)
    assert again.runs == silent["raft"].runs, "its budget is spent"
    text = bank.page(rows(tmp_path, 1), silent, seeds=1, budget_s=0.2)
    assert f"| `{NAME}` |" in text
    assert "| 1/1 | 1 |" in text
    assert f"| none (raft) | - | nothing | {again.runs} |" in text
