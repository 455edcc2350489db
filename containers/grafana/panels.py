"""Dashboards as data, and their JSON for Grafana."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from grafana_foundation_sdk.builders import (
    common,
    dashboard,
    prometheus,
    stat,
    timeseries,
)
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.common import LegendDisplayMode, LegendPlacement
from grafana_foundation_sdk.models.dashboard import DashboardCursorSync, DataSourceRef

RATE = "[$__rate_interval]"
"""The range of a rate: Grafana inserts at least four scrape intervals."""

_SOURCE = DataSourceRef(type_val="prometheus", uid="prometheus")


@dataclass(frozen=True)
class Query:
    """A PromQL expression, and the legend of its series."""

    expr: str
    legend: str


@dataclass(frozen=True)
class Panel:
    """A panel: lines over time, or the newest values as large numbers."""

    title: str
    unit: str
    queries: Sequence[Query]
    description: str
    is_number: bool


@dataclass(frozen=True)
class Board:
    """A dashboard: rows of panels, each under a heading."""

    uid: str
    title: str
    description: str
    rows: Sequence[tuple[str, Sequence[Panel]]]


def number(title: str, unit: str, *queries: Query, description: str = "") -> Panel:
    """Return a panel of the newest values."""
    return Panel(title, unit, queries, description, is_number=True)


def lines(title: str, unit: str, *queries: Query, description: str = "") -> Panel:
    """Return a panel of lines over time."""
    return Panel(title, unit, queries, description, is_number=False)


def heap(job: str) -> Panel:
    """Return a panel of the heaps of a kind of part."""
    used = f'sum by (part) (jvm_memory_used_bytes{{job="{job}", area="heap"}})'
    return lines("Heap used", "bytes", Query(used, "{{part}}"))


def render(board: Board) -> str:
    """Return a dashboard's JSON."""
    builder = (
        dashboard.Dashboard(board.title)
        .uid(board.uid)
        .description(board.description)
        .tags(["goodsflow"])
        .timezone("browser")
        .time("now-30m", "now")
        .refresh("15s")
        .tooltip(DashboardCursorSync.CROSSHAIR)
        .readonly()
    )
    panel_id = 0
    for title, panels in board.rows:
        panel_id += 1
        builder.with_row(dashboard.Row(title).id(panel_id))
        for panel in panels:
            panel_id += 1
            builder.with_panel(_build(panel).id(panel_id))
    return JSONEncoder(sort_keys=True, indent=2).encode(builder.build()) + "\n"


def _build(panel: Panel) -> stat.Panel | timeseries.Panel:
    built: stat.Panel | timeseries.Panel
    if panel.is_number:
        built = stat.Panel().height(5).span(8)
    else:
        legend = (
            common.VizLegendOptions()
            .display_mode(LegendDisplayMode.LIST)
            .placement(LegendPlacement.BOTTOM)
            .show_legend(show_legend=True)
        )
        built = timeseries.Panel().height(8).span(12).legend(legend)
    built.title(panel.title).description(panel.description)
    built.unit(panel.unit).datasource(_SOURCE)
    for letter, query in zip("ABCDEFGH", panel.queries, strict=False):
        built.with_target(
            prometheus.Dataquery()
            .ref_id(letter)
            .expr(query.expr)
            .legend_format(query.legend)
            .datasource(_SOURCE)
        )
    return built
