"""What a Connect worker says of a configuration: what is wrong, what it comes to.

The worker resolves references to secrets before it validates. So its values may be
secrets, and so may what it quotes in a message: neither is shown.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

_QUOTED = re.compile(
    r"Invalid value (?P<value>.*?) for configuration [^\s:]+", re.DOTALL
)
_QUOTED_WHOLE = re.compile(
    r"Connector config \{(?P<value>.*)\} contains no connector type", re.DOTALL
)
_REFERENCE = re.compile(r"\$\{[^}]+\}")


@dataclass(frozen=True)
class Validation:
    """What Kafka Connect finds in a configuration.

    Attributes:
        errors: What is wrong, a text for each: "flush.size: must be at least 1". None
            holds a value that a reference was resolved to.
        effective: The configuration with its defaults filled in and its references
            resolved: it may hold secrets, and is neither logged nor shown. Settings
            that the connector does not define (those of its consumer, say), and
            passwords, are as they were given.
    """

    errors: tuple[str, ...]
    effective: Mapping[str, str | None] = field(repr=False)


def read_validation(config: Mapping[str, str], answer: Mapping[str, Any]) -> Validation:
    """Read a worker's answer.

    Args:
        config: What was asked about.
        answer: What ``PUT /connector-plugins/<class>/config/validate`` answered.
    """
    errors: list[str] = []
    effective: dict[str, str | None] = dict(config)
    for each in answer["configs"]:
        definition, value = each["definition"] or {}, each["value"]
        name = value["name"]
        # A password comes as "[hidden]", which is the same for every password.
        if not (definition.get("type") == "PASSWORD" and name in config):
            effective[name] = value["value"]
        errors += [
            f"{name}: {_reason(message, config.get(name, ''))}"
            for message in value["errors"]
        ]
    return Validation(tuple(errors), effective)


def without_values(message: str) -> str:
    """Return a worker's message or trace without the values that it quotes."""
    for pattern in (_QUOTED, _QUOTED_WHOLE):
        message = pattern.sub(_without_value, message)
    return message


def _without_value(found: re.Match[str]) -> str:
    start, end = found.start("value") - found.start(), found.end("value") - found.end()
    return f"{found[0][:start]}...{found[0][end or None :]}"


def _reason(message: str, given: str) -> str:
    quoted = _QUOTED.match(message)
    rest = message[quoted.end() :].removeprefix(":").strip() if quoted else message
    # Some validators quote the value a second time, or in words of their own.
    may_tell = quoted is None or (quoted["value"] != "null" and quoted["value"] in rest)
    if may_tell and _REFERENCE.search(given):
        return (
            f"{given} does not do; why is not shown, as it may tell what it stands for"
        )
    return rest.removeprefix("Value ") or "is invalid"
