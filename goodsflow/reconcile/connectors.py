"""Connectors: put where the configuration differs, since putting restarts one."""

from __future__ import annotations

from collections.abc import Mapping

from goodsflow.reconcile.plan import Change, Plan

Config = Mapping[str, str]


def plan_connectors(
    desired: Mapping[str, Config], actual: Mapping[str, Config]
) -> Plan[Config]:
    """Compare the declared connectors with the configurations that Connect returns.

    Connect returns a configuration as it was put, references to secrets unresolved,
    with the connector's name added. A plan names the keys that differ and not their
    values: one might hold a secret all the same.
    """
    changes: list[Change[Config]] = []
    for name, declared in desired.items():
        config = {**declared, "name": name}
        there = actual.get(name)
        if there is None:
            connector_class = declared.get("connector.class", "no class")
            text = f"create connector '{name}' ({connector_class.rpartition('.')[2]})"
            changes.append(Change("connector", "create", name, config, text))
        elif dict(there) != config:
            text = f"update connector '{name}': {', '.join(_differing(config, there))}"
            changes.append(Change("connector", "update", name, config, text))
    return Plan(tuple(changes))


def _differing(config: Config, there: Config) -> list[str]:
    return [
        f"{key} removed" if key not in config else key
        for key in sorted(config.keys() | there.keys())
        if config.get(key) != there.get(key)
    ]
