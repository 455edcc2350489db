"""Every panel and every rule finds its series on a platform that runs."""

from __future__ import annotations

import json
import re
import time
from typing import Any

import httpx2
import pytest
import yaml

from goodsflow.model.endpoints import PROJECT_ROOT

_CONTAINERS = PROJECT_ROOT / "containers"
_NO_SERIES = {
    'kafka_connect_connector_state{state="failed"} == bool 1': (
        "a connector has this state only once it failed"
    ),
}
"""Expressions that find nothing on a healthy platform, and why."""

_PATIENCE_SECONDS = 180
_COMPARISON = re.compile(r" (==|!=|<=|>=|<|>) ")


def ask(prometheus: str, path: str, **parameters: str) -> Any:
    """Return what Prometheus answers."""
    answer = httpx2.get(
        f"{prometheus}/api/v1/{path}", params=parameters, trust_env=False, timeout=30
    )
    assert answer.status_code == httpx2.codes.OK, answer.text
    return answer.json()["data"]


def panel_expressions() -> dict[str, str]:
    """Return each panel's expressions by where they stand."""
    found = {}
    for path in sorted((_CONTAINERS / "grafana/dashboards").glob("*.json")):
        for panel in json.loads(path.read_text())["panels"]:
            for target in panel.get("targets", []):
                place = f"{path.stem} > {panel['title']} > {target['refId']}"
                found[place] = target["expr"].replace("$__rate_interval", "1m")
    return found


def rule_expressions() -> dict[str, str]:
    """Return each rule's expression; an alert's comparison as 0 or 1.

    A comparison drops what does not fit: on a healthy platform an alert finds nothing,
    as one with a misspelt name finds nothing anywhere.
    """
    found = {}
    for path in sorted((_CONTAINERS / "prometheus/rules").glob("*.yml")):
        for group in yaml.safe_load(path.read_text())["groups"]:
            for rule in group["rules"]:
                name = rule.get("alert") or rule["record"]
                found[f"{path.stem} > {name}"] = _COMPARISON.sub(
                    r" \1 bool ", rule["expr"]
                )
    return found


def without_series(prometheus: str, expressions: dict[str, str]) -> dict[str, str]:
    """Return the expressions that find nothing, or no number."""
    missing = {}
    for place, expression in expressions.items():
        if expression in _NO_SERIES:
            continue
        series = ask(prometheus, "query", query=expression)["result"]
        if not any(each["value"][1] not in {"NaN", "+Inf", "-Inf"} for each in series):
            missing[place] = expression
    return missing


@pytest.mark.parametrize("expressions", [panel_expressions(), rule_expressions()])
def test_every_expression_finds_its_series(
    prometheus: str, expressions: dict[str, str]
) -> None:
    """A panel stays empty, and an alert silent, where a name is misspelt."""
    assert len(expressions) > 15
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while missing := without_series(prometheus, expressions):
        if time.monotonic() > deadline:
            pytest.fail("\n".join(f"{p}: {e}" for p, e in missing.items()))
        expressions = missing
        time.sleep(2)


def test_what_is_listed_to_find_nothing_is_still_there() -> None:
    """A list of exceptions grows, and hides what is added under an old name."""
    known = {*panel_expressions().values(), *rule_expressions().values()}
    assert set(_NO_SERIES) <= known


def test_every_target_answers(prometheus: str) -> None:
    """A part that does not serve its metrics is in no panel."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while True:
        targets = ask(prometheus, "targets")["activeTargets"]
        down = {
            t["labels"]["part"]: t["lastError"] for t in targets if t["health"] != "up"
        }
        if not down or time.monotonic() > deadline:
            break
        time.sleep(2)
    assert not down
    assert len(targets) >= 18


def test_the_rules_are_evaluated_without_an_error(prometheus: str) -> None:
    """A rule that matches two series to one fails only once both are there."""
    rules = [r for g in ask(prometheus, "rules")["groups"] for r in g["rules"]]
    assert len(rules) == len(rule_expressions())
    assert not [(r["name"], r["lastError"]) for r in rules if r.get("lastError")]
