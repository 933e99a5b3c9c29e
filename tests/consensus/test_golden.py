"""What is no command of a transcript is told with its place, and what would be one."""

import pytest

from tests.consensus import golden
from tests.consensus.pbft.stage import Stage as PbftStage
from tests.consensus.raft.stage import Stage as RaftStage


@pytest.mark.parametrize("stage", [RaftStage, PbftStage])
@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("nodse 4", "> nodse 4: there is no verb `nodse`; did you mean `nodes`?; there are "),
        ("quietly shwo", "> quietly shwo: there is no verb `shwo`; did you mean `show`?"),
        ("nodes", "> nodes: `nodes`: missing a required argument: 'count'"),
        ("heal everything and more", "> heal everything and more: `heal everything and more`: too many positional"),
    ],
)
def test_what_is_no_command_is_told(stage, command, said, tmp_path):
    path = tmp_path / "mine.txt"
    path.write_text(f"# A story.\n> {command}\n")
    with pytest.raises(pytest.fail.Exception) as failed:
        golden.check(path, stage().execute, rewrite=False)
    assert str(failed.value).startswith(f"mine.txt: {said}")
