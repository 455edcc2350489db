"""Plans of directories."""

from goodsflow.reconcile import plan_directories
from goodsflow.spec import Directory

TOPICS = Directory(owner="connect", mode="755")


def _texts(actual: Directory | None) -> list[str]:
    there = {} if actual is None else {"/topics": actual}
    return [str(c) for c in plan_directories({"/topics": TOPICS}, there).changes]


def test_a_missing_directory_is_made() -> None:
    """The sink cannot make its own below the root."""
    assert _texts(None) == ["make directory '/topics' of connect, mode 755"]


def test_another_owner_or_mode_is_set() -> None:
    """A directory made by the wrong user keeps the sink out."""
    assert _texts(Directory(owner="hdfs", mode="700")) == [
        "update directory '/topics': owner from hdfs to connect, mode from 700 to 755"
    ]


def test_a_leading_zero_is_no_difference() -> None:
    """WebHDFS drops it; a plan that never empties would follow."""
    assert _texts(Directory(owner="connect", mode="0755")) == []
