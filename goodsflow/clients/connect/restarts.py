"""When to restart what has failed of a connector, and when to give up.

Here: the decision on what was seen and when, and the one step that looks, decides and
restarts. Not here: who does so again and again and remembers the history
(``dagster_project.sensors.connector_restarter``).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from goodsflow.clients.connect.client import ConnectClient
from goodsflow.clients.connect.errors import ConnectUnavailableError
from goodsflow.clients.connect.model import ConnectorStatus

Condition = Literal["healthy", "failed", "neither"]
"""``neither``: paused, stopped, or on its way from one to the other."""

Action = Literal["none", "wait", "restart", "give up"]

_HALTED = {"PAUSED", "STOPPED"}


@dataclass(frozen=True)
class RestartSettings:
    """How patiently a connector is restarted.

    Attributes:
        first_delay_seconds: From a failure to the first restart.
        factor: By which each delay is longer than the one before.
        max_restarts: After so many it is given up.
        healthy_seconds: After running this long, a connector's restart count is reset.
    """

    first_delay_seconds: float = 10.0
    factor: float = 2.0
    max_restarts: int = 6
    healthy_seconds: float = 600.0

    def delay_seconds(self, restarts: int) -> float:
        """Return how long to wait where so many restarts have been made."""
        return float(self.first_delay_seconds * self.factor**restarts)


@dataclass(frozen=True)
class History:
    """What is remembered of a connector.

    Attributes:
        restarts: How many were made since it last ran well for long.
        failed_at: When its failure was first seen, or it was restarted since; None
            where it has been seen without failure after that.
        well_since: From when on it has run; None while it does not.
        has_given_up: Whether it was given up. Seen to run after that, somebody has
            repaired it, and it starts anew.
    """

    restarts: int = 0
    failed_at: float | None = None
    well_since: float | None = None
    has_given_up: bool = False


class UnansweredRestartError(ConnectUnavailableError):
    """A restart was asked for and no answer came: the worker may well have made it.

    Args:
        message: What went wrong.
        history: What to remember: as after a restart, or the next look would ask for
            one more at once.
    """

    def __init__(self, message: str, history: History) -> None:
        super().__init__(message)
        self.history = history


def condition(status: ConnectorStatus) -> Condition:
    """Return how a connector is; one that somebody has halted is left in peace."""
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
        history: What was remembered after the last look.
        seen: How it is now.
        now: The time in seconds, by the clock of earlier looks.
        settings: How patiently it is restarted.

    Returns:
        What to do, and what to remember once that is done: where a restart was refused,
        the history from before holds.
    """
    if seen == "healthy":
        return "none", _well(history, now, settings)
    if seen == "neither":
        return "none", replace(history, failed_at=None, well_since=None)
    # A clock that was set back must not make the wait longer.
    failed_at = now if history.failed_at is None else min(history.failed_at, now)
    history = replace(history, failed_at=failed_at, well_since=None)
    if history.restarts >= settings.max_restarts:
        return "give up", replace(history, has_given_up=True)
    if now < restart_at(history, settings):
        return "wait", history
    return "restart", replace(history, restarts=history.restarts + 1, failed_at=now)


def restart_at(history: History, settings: RestartSettings) -> float:
    """Return when the next restart is due of a connector that has failed."""
    return (history.failed_at or 0.0) + settings.delay_seconds(history.restarts)


def check_and_restart(
    client: ConnectClient,
    connector: str,
    history: History,
    now: float,
    settings: RestartSettings,
) -> tuple[ConnectorStatus, Action, History]:
    """Look at a connector, and restart what has failed of it if that is due.

    Returns:
        How it was, what was done, and what to remember.

    Raises:
        UnansweredRestartError: The restart may have been made; it tells what to
            remember.
        ConnectError: The worker refused or did not answer: nothing was done that the
            history would have to tell.
    """
    status = client.status(connector)
    action, after = decide(history, condition(status), now, settings)
    if action == "restart":
        try:
            client.restart_failed(connector)
        except ConnectUnavailableError as error:
            raise UnansweredRestartError(str(error), after) from error
    return status, action, after


def _well(history: History, now: float, settings: RestartSettings) -> History:
    if history.has_given_up:
        return History()
    since = now if history.well_since is None else min(history.well_since, now)
    if now - since >= settings.healthy_seconds:
        return History()
    return replace(history, failed_at=None, well_since=since)
