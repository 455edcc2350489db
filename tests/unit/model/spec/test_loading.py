"""Loading the declaration: all problems with their lines."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from goodsflow.model.endpoints import PROJECT_ROOT
from goodsflow.model.spec import SpecError, load_platform

SOUND = """\
clusters:
  inbound:
    topics:
      goods: &kept {partitions: 2, replication_factor: 2, config: {a: yes, b: 1}}
      other: *kept
    principals:
      shop: {produce: [goods]}
  analytics: {topics: {}, principals: {}}
"""


def read(folder: Path, text: str) -> list[tuple[int, str, str]]:
    """Return the problems of a declaration as (line, path, message)."""
    file = folder / "platform.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(SpecError) as caught:
        load_platform(file)
    return [(p.line, p.path, p.message) for p in caught.value.problems]


def test_the_projects_own_declaration_is_sound() -> None:
    """Nothing starts without it."""
    platform = load_platform(PROJECT_ROOT / "platform.yaml")
    assert set(platform.clusters) == {"inbound", "analytics"}
    assert "goods-recomendations" in platform.clusters["analytics"].topics
    quota = platform.clusters["analytics"].principals["user"].quota
    assert quota is not None
    assert quota.limits() == {"producer_byte_rate": 10 * 1024 * 1024}


def test_settings_are_text_as_kafka_writes_it(tmp_path: Path) -> None:
    """Kafka never returns 'True', so the topic would always differ."""
    file = tmp_path / "platform.yaml"
    file.write_text(SOUND)
    platform = load_platform(file)
    topic = platform.clusters["inbound"].topics["other"]
    assert topic.config == {"a": "true", "b": "1"}


def test_all_problems_are_reported_together_with_their_lines(tmp_path: Path) -> None:
    """With one problem per run, ten problems would take ten runs."""
    (tmp_path / "broken.json").write_text("{")
    (tmp_path / "list.json").write_text("[]")
    text = """\
clusters:
  inbound:
    topics:
      goods: {partitions: many, replication_factor: 2}
      goods: {partitions: 2, replication_factor: 2}
      bad name: {partitions: 2, replication_factor: 2}
    principals:
      shop:
        produces: [goods]
        produce:
          - goods
          - gone
      blocking:
        consume:
          - group: blocking
            topics:
              - goods
              - lost
          - {topics: [goods]}
schemas:
  a: {file: absent.json, compatibility: BACKWARD}
  b: {file: broken.json, compatibility: BACKWARD}
  c: {file: list.json, compatibility: BACK}
connectors:
  d:
"""
    problems = read(tmp_path, text)
    found = {(line, path): message for line, path, message in problems}
    principals = "clusters > inbound > principals"
    assert [line for line, _, _ in problems] == sorted(line for line, _, _ in problems)
    assert set(found) == {
        (1, "clusters"),
        (5, "clusters > inbound > topics > goods"),
        (6, "clusters > inbound > topics > bad name"),
        (9, f"{principals} > shop > produces"),
        (12, f"{principals} > shop > produce > 1"),
        (18, f"{principals} > blocking > consume > 0 > topics > 1"),
        (19, f"{principals} > blocking > consume > 1 > group"),
        (21, "schemas > a > file"),
        (22, "schemas > b > file"),
        (23, "schemas > c > compatibility"),
        (23, "schemas > c > file"),
        (25, "connectors > d"),
    }
    assert found[1, "clusters"] == "cluster 'analytics' is missing"
    assert found[5, "clusters > inbound > topics > goods"] == "is declared twice"
    assert found[9, f"{principals} > shop > produces"] == "is not a known key"
    assert found[19, f"{principals} > blocking > consume > 1 > group"] == "is missing"
    assert "topic 'gone' is not declared" in str(problems)
    assert "absent.json: No such file" in found[21, "schemas > a > file"]
    assert "broken.json is not valid JSON" in found[22, "schemas > b > file"]
    assert "is not a JSON object" in found[23, "schemas > c > file"]


def test_a_wrong_type_is_reported_with_its_line(tmp_path: Path) -> None:
    """A wrong line would send the user to a correct place."""
    text = SOUND.replace("partitions: 2", "partitions: 0")
    problems = read(tmp_path, text)
    assert [p[:2] for p in problems] == [
        (4, "clusters > inbound > topics > goods > partitions"),
        # The alias stands for what is written at the anchor.
        (4, "clusters > inbound > topics > other > partitions"),
    ]


def test_what_is_merged_has_the_line_where_it_is_written(tmp_path: Path) -> None:
    """The merged key is elsewhere, so its parent's line would mislead."""
    text = SOUND.replace(
        "      other: *kept\n",
        "      first: &first\n        partitions: 0\n        replication_factor: 1\n"
        "      other:\n        <<: *first\n        replication_factor: 0\n"
        "      third:\n        <<: [*kept, *first]\n",
    )
    assert [p[:2] for p in read(tmp_path, text)] == [
        (6, "clusters > inbound > topics > first > partitions"),
        (6, "clusters > inbound > topics > other > partitions"),
        (10, "clusters > inbound > topics > other > replication_factor"),
    ]


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("", 1, "is empty"),
        ("# nothing but a remark\n", 1, "is empty"),
        ("- a\n- b\n", 1, "should be a mapping"),
        ("words\n", 1, "should be a mapping"),
        (SOUND + "hdfs: {\n", 10, "is not valid YAML"),
        (SOUND + "hdfs: [}\n", 9, "is not valid YAML"),
        (SOUND + "\tx: 1\n", 9, "is not valid YAML"),
        (SOUND + "x: \x00\n", 9, "U+0000"),
        (SOUND + "---\nx: 1\n", 9, "another document"),
        (SOUND + "x: 2026-13-01\n", 9, "month must be in 1..12"),
        (SOUND + "x: !!python/name:os.system\n", 9, "is not valid YAML"),
        ("x: " + "[" * 5000 + "\n", 1, "nested too deeply"),
    ],
)
def test_an_unreadable_declaration_is_one_problem(
    tmp_path: Path, text: str, line: int, message: str
) -> None:
    """PyYAML's exceptions would be tracebacks, some without a line."""
    problems = read(tmp_path, text)
    assert [p[0] for p in problems] == [line]
    assert message in problems[0][2]


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    """The user sees only the message."""
    with pytest.raises(SpecError, match=r"absent\.yaml has 1 problem:.*\n.*No such"):
        load_platform(tmp_path / "absent.yaml")


def test_a_file_in_another_encoding_is_named(tmp_path: Path) -> None:
    """An editor on Windows may write one."""
    file = tmp_path / "platform.yaml"
    file.write_bytes("clusters: часы".encode("cp1251"))
    with pytest.raises(SpecError, match="cannot be read"):
        load_platform(file)


def test_a_mapping_that_contains_itself_is_refused(tmp_path: Path) -> None:
    """Otherwise the search for keys and lines would never end."""
    problems = read(tmp_path, SOUND + "hdfs: &x {directories: *x}\n")
    assert (9, "hdfs > directories > directories > owner", "is missing") in problems
    problems = read(tmp_path, SOUND + "hdfs: {directories: {/a: &a {<<: {<<: *a}}}}\n")
    assert (9, "hdfs > directories > /a > owner", "is missing") in problems


def test_both_clusters_must_be_declared(tmp_path: Path) -> None:
    """The launcher relies on both."""
    text = SOUND.replace("  analytics: {topics: {}, principals: {}}\n", "")
    assert read(tmp_path, text) == [(1, "clusters", "cluster 'analytics' is missing")]
    assert read(tmp_path, "schemas: {}\n") == [(1, "clusters", "is missing")]


@pytest.mark.parametrize(
    ("principal", "message"),
    [
        ("{super_user: true, produce: [goods]}", "declare further rights"),
        ("{acls: [{resource: topic, operations: [read]}]}", "needs its name"),
        ("{acls: [{resource: cluster, name: a, operations: [alter]}]}", "no name"),
        ("{acls: [{resource: cluster, operations: []}]}", "at least 1 item"),
        ("{consume: [{topics: [], group: a}]}", "at least 1 item"),
        ("{produce: goods}", "valid list"),
    ],
)
def test_a_right_that_makes_no_sense_is_refused(
    tmp_path: Path, principal: str, message: str
) -> None:
    """The broker would refuse it in the middle of a bootstrap."""
    problems = read(tmp_path, SOUND.replace("{produce: [goods]}", principal))
    assert [line for line, _, _ in problems] == [7]
    assert message in problems[0][2]


@pytest.mark.parametrize("name", ["Shop", "0shop", "shop_api", "a" * 64, "ча-сы"])
def test_a_principal_has_a_name_that_is_a_file_name_too(
    tmp_path: Path, name: str
) -> None:
    """Its password lies in a file of that name."""
    problems = read(tmp_path, SOUND.replace("shop:", f"{name}:"))
    assert "is not a valid principal name" in problems[0][2]


VIEWS = """\
views:
  cards:
    topic: mirrored
    value_format: JSON_SR
    key: product_id
    columns:
      product_id: VARCHAR
      price: {amount: DOUBLE, currency: VARCHAR}
"""


def with_views(views: str) -> str:
    """Return a declaration with a topic on the analytics cluster, and these views."""
    topics = "{mirrored: {partitions: 1, replication_factor: 1}}"
    return SOUND.replace("analytics: {topics: {}", f"analytics: {{topics: {topics}") + (
        views
    )


def test_a_view_is_read_with_its_struct(tmp_path: Path) -> None:
    """A price is a struct, not a text of SQL."""
    file = tmp_path / "platform.yaml"
    file.write_text(with_views(VIEWS))
    view = load_platform(file).views["cards"]
    assert view.columns["price"] == {"amount": "DOUBLE", "currency": "VARCHAR"}


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (
            "topic: mirrored",
            "topic: goods",
            (11, "views > cards > topic", "topic 'goods' is not declared on cluster"),
        ),
        (
            "amount: DOUBLE",
            "amount: FLOAT",
            (16, "views > cards > columns > price", "should be BOOLEAN, INTEGER"),
        ),
        (
            "price: {",
            "Price-1: {",
            (
                16,
                "views > cards > columns > Price-1",
                "'Price-1' is not a valid ksqlDB name",
            ),
        ),
        (
            "key: product_id",
            "key: id",
            (10, "views > cards", "the key 'id' needs a column of type VARCHAR"),
        ),
        (
            "JSON_SR",
            "AVRO",
            (12, "views > cards > value_format", "Input should be 'JSON_SR' or 'JSON'"),
        ),
        ("    key:", "    keys:", (13, "views > cards > keys", "is not a known key")),
    ],
)
def test_a_view_that_does_not_fit_is_named_with_its_line(
    tmp_path: Path, old: str, new: str, expected: tuple[int, str, str]
) -> None:
    """The server would report it minutes later, without the line."""
    found = read(tmp_path, with_views(VIEWS.replace(old, new)))
    line, path, message = expected
    assert any(
        (one[0], one[1]) == (line, path) and one[2].startswith(message) for one in found
    ), found


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("scope: {topics: ['*goods']}", "is not a valid name pattern"),
        ("scope: {topics: ['']}", "is not a valid name pattern"),
        ("scope: {consumers: [a]}", "is not a known key"),
        ("default_quota: {}", "a quota needs at least one limit"),
        ("default_quota: {producer_byte_rate: 0}", "greater than 0"),
        (
            "principals: {a: {credential: mine}}",
            "Input should be 'managed', 'external' or 'none'",
        ),
    ],
)
def test_a_wrong_scope_quota_or_credential_is_named_with_its_line(
    tmp_path: Path, text: str, message: str
) -> None:
    """A pattern that matches nothing protects nothing."""
    path = tmp_path / "platform.yaml"
    path.write_text(f"clusters:\n  analytics: {{}}\n  inbound:\n    {text}\n")
    with pytest.raises(SpecError, match=re.escape(message)) as caught:
        load_platform(path)
    assert caught.value.problems[0].line == 4
