"""The last error in a service's log."""

from goodsflow.common.process import last_error

LOG = """\
2026-01-02 03:04:05,678 ERROR goodsflow.blocking: The first.
2026-01-02 03:04:06,000 WARNING goodsflow.blocking: An ERROR that is none: of a shop
2026-01-02 03:04:07,000 CRITICAL mode.worker: The last: it broke.
Traceback (most recent call last):
ValueError: 2026-01-02 ERROR inside: of a traceback
2026-01-02 03:04:08,000 INFO goodsflow.blocking: Started
"""


def test_the_last_error_is_told_with_its_time() -> None:
    """Warnings are common; further lines are only for readers of the log."""
    assert last_error(LOG) == "2026-01-02 03:04:07,000 The last: it broke."


def test_a_log_without_errors_has_none() -> None:
    """An empty text would look like an error without a message."""
    assert last_error("2026-01-02 03:04:08,000 INFO goodsflow: Started\n") == ""
