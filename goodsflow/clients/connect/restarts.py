"""When to restart a failed connector, and when to give up.

Here: the decision from a connector's status and history, and one step that checks,
decides and restarts. Not here: the loop that repeats the step and stores the history
(``dagster_project.sensors.connector_restarter``).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from goodsflow.clients.connect.client import ConnectClient
from goodsflow.clients.connect.errors import ConnectUnavailableError
from goodsflow.clients.connect.model import ConnectorStatus

Condition = Literal["healthy", "failed", "neither"]
"""``neither``: paused, stopped, or changing its state."""

Action = Literal["none", "wait", "restart", "give up"]

_HALTED = {"PAUSED", "STOPPED"}


@dataclass(frozen=True)
class RestartSettings:
    """How patiently a connector is restarted.

    Attributes:
        first_delay_seconds: From a failure to the first restart.
        factor: By how much each delay is longer than the previous one.
        max_restarts: After this many restarts, it is given up.
        healthy_seconds: After running this long, a connector's restart count is reset.
    """

    first_delay_seconds: float = 10.0
    factor: float = 2.0
    max_restarts: int = 6
    healthy_seconds: float = 600.0

    def delay_seconds(self, restarts: int) -> float:
        """Return the delay after this many restarts."""
        return float(self.first_delay_seconds * self.factor**restarts)


@dataclass(frozen=True)
class History:
    """A connector's history, kept between two steps.

    Attributes:
        restarts: The restarts since it last ran for ``healthy_seconds``.
        failed_at: When its failure was first seen, or it was last restarted; None once
            it has been seen without a failure.
        well_since: Since when it has been running; None while it is not.
        has_given_up: Whether it was given up. If it runs again after that, somebody has
            repaired it, and its history starts over.
    """

    restarts: int = 0
    failed_at: float | None = None
    well_since: float | None = None
    has_given_up: bool = False


class UnansweredRestartError(ConnectUnavailableError):
    """A restart got no answer, but the worker may have done it.

    Args:
        message: What went wrong.
        history: The new history. It counts the restart, so that the next step does not
            immediately restart again.
    """

    def __init__(self, message: str, history: History) -> None:
        super().__init__(message)
        self.history = history


def condition(status: ConnectorStatus) -> Condition:
    """Return a connector's condition; a paused or stopped one is left alone."""
    if status.state in _HALTED:
        return "neither"
    if status.failures:
        return "failed"
    return "healthy" if status.is_running else "neither"


def decide(
    history: History, seen: Condition, now: float, settings: RestartSettings
) -> tuple[Action, History]:
    """Decide what to do with a connector.

    Args:
        history: The connector's history so far.
        seen: Its condition now.
        now: The time in seconds, on the same clock as the history.
        settings: How patiently it is restarted.

    Returns:
        What to do, and the history once that is done. If a restart is refused, keep the
        history from before.
    """
    if seen == "healthy":
        return "none", _healthy(history, now, settings)
    if seen == "neither":
        return "none", replace(history, failed_at=None, well_since=None)
    # A clock that was set back must not prolong the wait.
    failed_at = now if history.failed_at is None else min(history.failed_at, now)
    history = replace(history, failed_at=failed_at, well_since=None)
    if history.restarts >= settings.max_restarts:
        return "give up", replace(history, has_given_up=True)
    if now < restart_at(history, settings):
        return "wait", history
    return "restart", replace(history, restarts=history.restarts + 1, failed_at=now)


def restart_at(history: History, settings: RestartSettings) -> float:
    """Return when a failed connector's next restart is due."""
    return (history.failed_at or 0.0) + settings.delay_seconds(history.restarts)


def check_and_restart(
    client: ConnectClient,
    connector: str,
    history: History,
    now: float,
    settings: RestartSettings,
) -> tuple[ConnectorStatus, Action, History]:
    """Check a connector's status, and restart its failed parts if that is due.

    Returns:
        Its status, what was done, and its new history.

    Raises:
        UnansweredRestartError: The restart may have been done; the error has the new
            history.
        ConnectError: The worker refused or did not answer; the history is unchanged.
    """
    status = client.status(connector)
    action, after = decide(history, condition(status), now, settings)
    if action == "restart":
        try:
            client.restart_failed(connector)
        except ConnectUnavailableError as error:
            raise UnansweredRestartError(str(error), after) from error
    return status, action, after


def _healthy(history: History, now: float, settings: RestartSettings) -> History:
    if history.has_given_up:
        return History()
    since = now if history.well_since is None else min(history.well_since, now)
    if now - since >= settings.healthy_seconds:
        return History()
    return replace(history, failed_at=None, well_since=since)
