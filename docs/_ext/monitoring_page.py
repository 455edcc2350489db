"""The reference of alerts and metrics: Prometheus's rules, and what parts export."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import yaml
from model_tables import markdown_table
from prometheus_client import CollectorRegistry
from prometheus_client.metrics_core import Metric

from goodsflow.deploy.exporter.readings import METRICS as EXPORTED
from goodsflow.deploy.exporter.readings import Readings, Sample, Source
from goodsflow.model.blocklist import BlockRules
from goodsflow.model.endpoints import PROJECT_ROOT
from goodsflow.pipeline.filter.status import PipelineStatus
from goodsflow.pipeline.shop_api.tally import Tally

_RULES = PROJECT_ROOT / "containers/prometheus/rules"
_JMX = PROJECT_ROOT / "containers/jmx-exporter/rules"
JMX_TITLES = {
    "kafka": "Brokers",
    "zookeeper": "ZooKeepers",
    "kafka-connect": "Kafka Connect",
    "hdfs": "HDFS",
}
_GROUP_TITLES = {"hdfs": "HDFS"}
_CAPTURE = re.compile(r"\([^)]*\)|\.\+|\\d\+")
_TEMPLATE = re.compile(r"\{\{\s*\$(?:labels\.)?(\w+)[^}]*\}\}")


def render_alerts() -> str:
    """Return the alerts, a table for each group of rules."""
    return "\n".join(_alert_parts())


def _alert_parts() -> Iterator[str]:
    for group in _load("alerts.yml"):
        yield f"\n### {_GROUP_TITLES.get(group['name'], group['name'].capitalize())}\n"
        yield markdown_table(
            ("Alert", "Severity", "After", "It means", "What to do"),
            [
                (
                    f"`{rule['alert']}`",
                    rule["labels"]["severity"],
                    rule.get("for", "at once"),
                    f"{_plain(rule['annotations']['summary'])}.",
                    _plain(rule["annotations"]["action"]),
                )
                for rule in group["rules"]
            ],
        )
        yield "\n:::{dropdown} Expressions\n"
        for rule in group["rules"]:
            yield f"`{rule['alert']}`\n\n```text\n{rule['expr']}\n```\n"
        yield ":::\n"


def render_recorded() -> str:
    """Return the series that recording rules compute."""
    return "\n".join(
        f"`{rule['record']}`\n\n```text\n{rule['expr']}\n```\n"
        for group in _load("recording.yml")
        for rule in group["rules"]
    )


def render_services() -> str:
    """Return what the platform's own services export."""
    status = PipelineStatus()
    status.show_rules(BlockRules)
    exported = CollectorRegistry()
    exported.register(_exporter())
    own = [
        ("exporter", exported),
        ("shop-api", Tally().registry),
        ("blocking", status.registry),
    ]
    return "\n".join(
        f"\n### {name}\n\n{_metric_table(registry)}" for name, registry in own
    )


def render_jmx() -> str:
    """Return what the JMX exporter makes of the beans of JVMs."""
    return "\n".join(_jmx_parts())


def _jmx_parts() -> Iterator[str]:
    for file, title in JMX_TITLES.items():
        rules = yaml.safe_load((_JMX / f"{file}.yml").read_text())["rules"]
        yield f"\n### {title}\n"
        yield markdown_table(
            ("Metric", "Type", "Labels", "Bean and attribute"),
            [
                (
                    f"`{rule['name']}`",
                    rule["type"].lower(),
                    ", ".join(f"`{label}`" for label in rule.get("labels", ())),
                    _attribute(rule["pattern"]),
                )
                for rule in rules
            ],
        )


def jmx_files() -> set[str]:
    """Return the files of rules, each of which the page has to have."""
    return {path.stem for path in _JMX.glob("*.yml")}


def _exporter() -> Readings:
    """Return the exporter with one reading of everything."""
    source = Source("", lambda: [Sample(name, {}, 0) for name in EXPORTED])
    readings = Readings([source])
    readings.refresh()
    return readings


def _metric_table(registry: CollectorRegistry) -> str:
    return markdown_table(
        ("Metric", "Type", "Meaning"),
        [
            (f"`{_exposed_name(metric)}`", metric.type, _meaning(metric))
            for metric in registry.collect()
        ],
    )


def _meaning(metric: Metric) -> str:
    labels = ", ".join(f"`{label}`" for label in _labels(metric))
    return (
        f"{metric.documentation} Labels: {labels}." if labels else metric.documentation
    )


def _exposed_name(metric: Metric) -> str:
    return f"{metric.name}_total" if metric.type == "counter" else metric.name


def _labels(metric: Metric) -> list[str]:
    return sorted({name for sample in metric.samples for name in sample.labels})


def _load(file: str) -> list[Mapping[str, Any]]:
    groups: list[Mapping[str, Any]] = yaml.safe_load((_RULES / file).read_text())[
        "groups"
    ]
    return groups


def _plain(text: str) -> str:
    """Show Prometheus's templates as words to replace: PART for its label."""
    return _TEMPLATE.sub(lambda found: found[1].upper(), text).replace("|", "\\|")


def _attribute(pattern: str) -> str:
    """Return the bean and its attribute, with * for what a pattern captures."""
    bean, _, attribute = pattern.partition("><>")
    bean = _CAPTURE.sub("*", bean).replace("\\", "").replace("<", ":")
    attribute = _CAPTURE.sub("*", attribute).rstrip(":").removesuffix(": *")
    return f"`{bean}`, `{attribute}`"
