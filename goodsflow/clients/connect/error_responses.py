"""Convert a Connect worker's error responses to errors without secrets."""

from __future__ import annotations

import re

import httpx2

from goodsflow.clients.connect.errors import (
    ConnectError,
    ConnectExistsError,
    ConnectInvalidConfigError,
    ConnectNotFoundError,
    ConnectNotStoppedError,
    ConnectRebalancingError,
    ConnectRefusedError,
    ConnectUnavailableError,
    ConnectUnknownClassError,
)
from goodsflow.clients.connect.validation import without_values

_BY_STATUS: dict[int, type[ConnectError]] = {
    400: ConnectInvalidConfigError,
    404: ConnectNotFoundError,
    409: ConnectRebalancingError,
    502: ConnectUnavailableError,
    503: ConnectUnavailableError,
    504: ConnectUnavailableError,
}

_UNKNOWN_CLASS = "Failed to find any class that implements Connector"

_BY_MESSAGE: tuple[tuple[int, str, type[ConnectError]], ...] = (
    # A worker that has not joined its group yet.
    (500, "timed out", ConnectUnavailableError),
    (500, _UNKNOWN_CLASS.lower(), ConnectUnknownClassError),
    (409, "already exists", ConnectExistsError),
    (400, "must be in the stopped state", ConnectNotStoppedError),
    (500, "tasks haven't stopped completely yet", ConnectNotStoppedError),
)
"""For statuses that have several meanings."""


def read_error_response(response: httpx2.Response) -> tuple[type[ConnectError], str]:
    """Return an error response's class, and its message without secret values."""
    status, message = response.status_code, without_values(_message(response))
    kind = _BY_STATUS.get(status, ConnectRefusedError)
    for code, part, exact in _BY_MESSAGE:
        if status == code and part in message.lower():
            kind = exact
    if kind is ConnectUnknownClassError:
        message = _unknown_class(message)
    return kind, message


def _unknown_class(message: str) -> str:
    """Return the message with the names of the available classes only."""
    said, _, classes = message.partition(", available connectors are: ")
    names = sorted(set(re.findall(r"\bname='([^']+)'", classes)))
    return f"{said[said.find(_UNKNOWN_CLASS) :]}; it has {', '.join(names) or 'none'}"


def _message(response: httpx2.Response) -> str:
    """Return the worker's message, or the beginning of what it sent instead."""
    try:
        answer = response.json()
    except ValueError:
        answer = None
    if isinstance(answer, dict) and answer.get("message"):
        return str(answer["message"])
    return " ".join(response.text.split())[:200] or "no reason given"
