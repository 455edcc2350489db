"""Columns and versions of what is computed come from where they are declared."""

import json
from pathlib import Path

import dagster as dg
import pytest

from dagster_project.assets.code_version import RECOMMENDER_MODULES, code_version
from dagster_project.assets.columns import COLUMN_SCHEMA, archive_columns
from dagster_project.definitions import build_definitions
from goodsflow.model.endpoints import PROJECT_ROOT

GRAPH = build_definitions().resolve_asset_graph()


def columns(asset: str) -> dict[str, dg.TableColumn]:
    """Return an asset's columns by name."""
    schema = GRAPH.get(dg.AssetKey(asset)).metadata[COLUMN_SCHEMA]
    return {column.name: column for column in schema.columns}


@pytest.mark.parametrize(
    "asset", ["goods", "goods_files", "recommendations", "recomputed_recommendations"]
)
def test_cards_have_the_columns_of_their_schema(asset: str) -> None:
    """A list of its own would stay as it is when the schema grows."""
    schema = json.loads((PROJECT_ROOT / "schemas/goods.json").read_bytes())
    found = columns(asset)
    assert found.keys() == schema["properties"].keys()
    assert found["price"].type == "object<amount: number, currency: string>"
    assert found["tags"].type == "array<string>"
    assert not found["product_id"].constraints.nullable


def test_the_archive_has_the_columns_that_spark_writes() -> None:
    """Readers choose their columns by it."""
    found = {c.name: c.type for c in archive_columns()[COLUMN_SCHEMA].columns}
    assert found["line"] == "binary"
    assert found["amount"] == "decimal(20, 4)"
    assert found["withdrawn_hash"] == "bigint"
    assert "part" not in found


def test_what_is_computed_has_owners_and_a_version() -> None:
    """A wrong number needs somebody to ask, and the code that made it."""
    for asset in ("recommendations", "recomputed_recommendations", "goods_archive"):
        node = GRAPH.get(dg.AssetKey(asset))
        assert node.owners == ["team:data"], asset
        assert node.code_version, asset
    ownerless = [k for k in GRAPH.get_all_asset_keys() if not GRAPH.get(k).owners]
    assert not ownerless


def test_a_version_follows_the_code_and_not_its_comments(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A corrected sentence would mark all recommendations as out of date."""
    monkeypatch.syspath_prepend(str(tmp_path))
    module = tmp_path / "formula_of_a_test.py"
    versions = []
    for code in (
        '"""Old."""\nX = 1\n"""Old."""\n',
        '"""New."""\n# Why.\nX = 1\n"""New."""\n',
        '"""New."""\nX = 2\n',
    ):
        module.write_text(code)
        versions.append(code_version(module.stem))
    assert versions[0] == versions[1] != versions[2]
    with pytest.raises(ModuleNotFoundError, match="no module 'formula_that_is_not'"):
        code_version("formula_that_is_not")


def test_the_recommenders_version_is_that_of_its_formula() -> None:
    """Recomputed days must be comparable with what was recommended."""
    versions = {
        GRAPH.get(dg.AssetKey(asset)).code_version
        for asset in ("recommendations", "recomputed_recommendations")
    }
    assert versions == {code_version(*RECOMMENDER_MODULES)}
