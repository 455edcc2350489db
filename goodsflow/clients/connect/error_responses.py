"""What a Connect worker's refusal means, and what of its message may be shown."""

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
    # A worker that has not joined its group yet answers so.
    (500, "timed out", ConnectUnavailableError),
    (500, _UNKNOWN_CLASS.lower(), ConnectUnknownClassError),
    (409, "already exists", ConnectExistsError),
    (400, "must be in the stopped state", ConnectNotStoppedError),
    (500, "tasks haven't stopped completely yet", ConnectNotStoppedError),
)
"""Where the status alone does not tell."""


def read_error_response(response: httpx2.Response) -> tuple[type[ConnectError], str]:
    """Return the error that a refusal is, and the worker's message without values."""
    status, message = response.status_code, without_values(_message(response))
    kind = _BY_STATUS.get(status, ConnectRefusedError)
    for code, part, told in _BY_MESSAGE:
        if status == code and part in message.lower():
            kind = told
    if kind is ConnectUnknownClassError:
        message = _unknown_class(message)
    return kind, message


def _unknown_class(message: str) -> str:
    """Return the names of the classes that the worker's message lists, and no more."""
    said, _, classes = message.partition(", available connectors are: ")
    names = sorted(set(re.findall(r"\bname='([^']+)'", classes)))
    return f"{said[said.find(_UNKNOWN_CLASS) :]}; it has {', '.join(names) or 'none'}"


def _message(response: httpx2.Response) -> str:
    """Return the worker's own message, or what it sent instead."""
    try:
        answer = response.json()
    except ValueError:
        answer = None
    if isinstance(answer, dict) and answer.get("message"):
        return str(answer["message"])
    return " ".join(response.text.split())[:200] or "no reason given"
