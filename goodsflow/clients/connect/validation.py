"""A Connect worker's validation of a configuration: errors and effective settings.

The worker resolves references to secrets before it validates. So its values, and the
values that it quotes in messages, may be secrets: neither is shown.
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
    """The result of a validation.

    Attributes:
        errors: One text for each problem: "flush.size: must be at least 1". They never
            contain the value of a resolved reference.
        effective: The configuration with defaults and resolved references. It may
            contain secrets: never log or show it. Passwords, and settings that the
            connector does not define (such as its consumer's), are as given.
    """

    errors: tuple[str, ...]
    effective: Mapping[str, str | None] = field(repr=False)


def read_validation(config: Mapping[str, str], answer: Mapping[str, Any]) -> Validation:
    """Parse a worker's answer.

    Args:
        config: The configuration that was validated.
        answer: The answer of ``PUT /connector-plugins/<class>/config/validate``.
    """
    errors: list[str] = []
    effective: dict[str, str | None] = dict(config)
    for each in answer["configs"]:
        definition, value = each["definition"] or {}, each["value"]
        name = value["name"]
        # Every password is returned as "[hidden]".
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
    # Some validators quote the value twice, or in another form.
    may_tell = quoted is None or (quoted["value"] != "null" and quoted["value"] in rest)
    if may_tell and _REFERENCE.search(given):
        return f"{given} is invalid; the reason is hidden, as it may contain the secret"
    return rest.removeprefix("Value ") or "is invalid"
