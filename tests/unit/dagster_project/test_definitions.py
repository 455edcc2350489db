"""The definitions as Dagster's processes load them."""

import itertools
import os
import subprocess
import sys

import dagster as dg
import pytest
import yaml

from dagster_project.definitions import build_definitions
from dagster_project.jobs import BOOTSTRAP_ASSETS, LONGEST_RUN_SECONDS
from goodsflow.clients.dagster.client import DAGSTER_YAML
from goodsflow.model.endpoints import PROJECT_ROOT

defs = build_definitions()


def test_they_load_in_a_fresh_interpreter_with_an_empty_environment() -> None:
    """A read of the environment at import would break the UI where it is not set."""
    heavy = ("pandas", "pyspark", "faust", "duckdb", "pyarrow")
    code = (
        "import sys, dagster_project.definitions as d;"
        "d.defs().resolve_job_def('bootstrap');"
        f"print([m for m in {heavy} if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={},
        cwd=PROJECT_ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "[]"


def test_they_load_where_no_platform_ever_ran() -> None:
    """`dagster dev` before `make up` must show the lineage, not a traceback."""
    code = "import dagster_project.definitions"
    environment = {**os.environ, "GOODSFLOW_HOME": "/nonexistent"}
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=environment,
        cwd=PROJECT_ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )
    assert done.returncode == 0, done.stderr


def test_they_are_consistent() -> None:
    """A dangling key shows up in the UI as an asset that nobody declared."""
    dg.Definitions.validate_loadable(defs)
    graph = defs.resolve_asset_graph()
    stubs = {key for key in graph.get_all_asset_keys() if not graph.get(key).group_name}
    assert not stubs
    assert "default" not in {
        graph.get(k).group_name for k in graph.get_all_asset_keys()
    }


def test_the_bootstrap_job_selects_the_bootstrap_assets_alone() -> None:
    """A check in it would fail the launcher's first start: no service is up yet."""
    job = defs.resolve_job_def("bootstrap")
    keys = {key for asset in BOOTSTRAP_ASSETS for key in asset.keys}
    assert set(job.asset_layer.executable_asset_keys) == keys
    assert {node.name for node in job.nodes} == {key.path[-1] for key in keys}


def test_what_hangs_ends_soon_and_what_takes_long_does_not() -> None:
    """A day recomputed from its asset's page has no job's limit, and takes an hour."""
    instance = yaml.safe_load(DAGSTER_YAML)
    limit = instance["run_monitoring"]["max_runtime_seconds"]
    own = {
        job.name: float(job.tags.get("dagster/max_runtime_seconds", limit))
        for job in defs.get_repository_def().get_all_jobs()
    }
    short = dict.fromkeys(["bootstrap", "recommend", "restart_service"], 900.0)
    assert own == {**dict.fromkeys(own, LONGEST_RUN_SECONDS), **short}


def test_lineage_from_the_shops_to_the_recommendations_is_one_graph() -> None:
    """A break in it hides which recommendations a stopped service leaves stale."""
    graph = defs.resolve_asset_graph()
    path = [
        "inbound_topics",
        "inbound_acls",
        "inbound_principals",
        "schemas",
        "shop_api",
        "goods",
        "blocking",
        "goods_filtered",
        "mm2_source",
        "source_goods_filtered",
        "hdfs_sink",
        "goods_files",
        "recommendations",
        "goods_recomendations",
    ]
    for upstream, downstream in itertools.pairwise(path):
        parents = graph.get(dg.AssetKey(downstream)).parent_keys
        assert dg.AssetKey(upstream) in parents, downstream


def test_every_asset_says_in_the_ui_what_it_is() -> None:
    """Somebody who learns the platform reads it there first."""
    graph = defs.resolve_asset_graph()
    silent = [k for k in graph.get_all_asset_keys() if not graph.get(k).description]
    assert not silent


def test_an_unknown_override_is_refused() -> None:
    """A misspelt fake would leave the real cluster in place."""
    with pytest.raises(ValueError, match="no resources kafak"):
        build_definitions(resource_overrides={"kafak": None})
