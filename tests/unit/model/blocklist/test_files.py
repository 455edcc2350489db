"""Files of rules."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from goodsflow.model.blocklist import BlockListError, Entry, Rule
from goodsflow.model.blocklist.files import read_entries

AT = datetime(2026, 1, 1, tzinfo=UTC)


def read(folder: Path, text: str, name: str = "list.csv") -> list[Entry]:
    """Read a file with this text."""
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return read_entries(path, reason="given", by="ann", at=AT)


def entry(rule: Rule, reason: str = "given") -> Entry:
    """Return the expected entry."""
    return Entry(rule, reason, "ann", AT)


def test_a_file_of_products_needs_no_header(tmp_path: Path) -> None:
    """Shops' tools export such files."""
    assert read(tmp_path, "1\n\n 2 \n") == [
        entry(Rule("product", "1")),
        entry(Rule("product", "2")),
    ]


@pytest.mark.parametrize(
    "text", ["sku,reason\n1,fake\n", "product reason;why\n", "1\n2\tfake\n"]
)
def test_cells_without_a_known_header_are_refused(tmp_path: Path, text: str) -> None:
    """Each line would be read as a product ID, and block nothing."""
    with pytest.raises(BlockListError, match="with one of product, brand, store"):
        read(tmp_path, text)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ('{"product_id": "1", "brand": "b", "category": "c"}', "cards.jsonl"),
        ("product_id,brand,category\n1,b,c\n", "cards.csv"),
        ('{"product_id": "1", "product": "2"}', "list.jsonl"),
    ],
)
def test_a_line_is_one_rule(tmp_path: Path, text: str, name: str) -> None:
    """A file of whole cards would block their brands, shops and categories."""
    with pytest.raises(BlockListError, match="expected only one of them"):
        read(tmp_path, text, name)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Brand\nXYZ\n", "list.csv"),
        ("BRAND;Reason\nXYZ;given\n", "list.csv"),
        ("brand,reason,\nXYZ,given\n", "list.csv"),
        ('{"Brand": "XYZ"}', "list.JSONL"),
        ('{"brand": "XYZ"}', "list.json"),
    ],
)
def test_capitals_and_an_empty_column_change_nothing(
    tmp_path: Path, text: str, name: str
) -> None:
    """As product IDs, these lines would block nothing."""
    assert read(tmp_path, text, name) == [entry(Rule("brand", "XYZ"))]


@pytest.mark.parametrize("text", ['{"product": "1"}\n', "[\n", "12345\u200b\n"])
def test_an_invalid_product_id_is_rejected(tmp_path: Path, text: str) -> None:
    """The rule would seem to block a product, but match no card."""
    with pytest.raises(BlockListError, match=r"imported: 1 line of .* is invalid"):
        read(tmp_path, text)


def test_only_line_feeds_end_a_line(tmp_path: Path) -> None:
    """Texts from the web contain Unicode's other line separators."""
    text = "brand,reason\r\nACME\u2028Corp,see\x85mail\r\n"
    assert read(tmp_path, text) == [
        entry(Rule("brand", "ACME\u2028Corp"), "see\x85mail")
    ]
    assert read(tmp_path, '{"brand": "A\u2028B"}', "list.jsonl") == [
        entry(Rule("brand", "A\u2028B"))
    ]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ('product\n"123\n456\n789', "list.csv"),
        ("product\n" + '"' + "x" * 200_000 + '"', "list.csv"),
        ('{"product": "1", "reason": "\\ud800"}', "list.jsonl"),
    ],
)
def test_malformed_cells_are_rejected(tmp_path: Path, text: str, name: str) -> None:
    """An unclosed quote would turn all following lines into one product."""
    with pytest.raises(BlockListError, match="Nothing was imported"):
        read(tmp_path, text, name)


def test_an_extra_cell_is_rejected(tmp_path: Path) -> None:
    """Half of an unquoted reason with a comma would get lost."""
    with pytest.raises(BlockListError, match="line 2: it has more cells"):
        read(tmp_path, "product,reason\n1,recalled, as it burns\n")


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_columns_may_have_the_names_that_cards_use(
    tmp_path: Path, separator: str
) -> None:
    """Spreadsheets use semicolons if the decimal separator is a comma."""
    rows = ("product_id", "reason"), ("1", "fake")
    text = "\n".join(map(separator.join, rows))
    assert read(tmp_path, text) == [entry(Rule("product", "1"), "fake")]
    line = '{"store_id": "s"}'
    assert read(tmp_path, line, "list.jsonl") == [entry(Rule("store", "s"))]


def test_a_csv_file_names_its_columns(tmp_path: Path) -> None:
    """Values may contain commas; spreadsheets write a byte order mark."""
    text = '\ufeffproduct,brand,reason\n1,,fake\n,"Brand, Ltd",\n'
    assert read(tmp_path, text) == [
        entry(Rule("product", "1"), "fake"),
        entry(Rule("brand", "Brand, Ltd")),
    ]


def test_json_lines_are_read_by_their_names(tmp_path: Path) -> None:
    """Most exports have this format."""
    text = '{"store": "s", "reason": "r"}\n\n{"category": "К"}\n'
    assert read(tmp_path, text, "list.jsonl") == [
        entry(Rule("store", "s"), "r"),
        entry(Rule("category", "К")),
    ]


def test_every_invalid_line_is_reported_and_nothing_imported(tmp_path: Path) -> None:
    """Half an import is worse than none."""
    text = '{"product": "1"}\n{"product": 2}\n[]\n{\n{"name": "x"}\n'
    with pytest.raises(BlockListError) as caught:
        read(tmp_path, text, "list.jsonl")
    for number in (2, 3, 4, 5):
        assert f"line {number}: " in str(caught.value)
    assert "line 1: " not in str(caught.value)


@pytest.mark.parametrize("text", ["", "\n", "product,reason\n"])
def test_a_file_without_rules_is_an_error(tmp_path: Path, text: str) -> None:
    """It is probably the wrong file."""
    with pytest.raises(BlockListError, match="no rule"):
        read(tmp_path, text)


def test_a_binary_file_is_an_error(tmp_path: Path) -> None:
    """For example, a spreadsheet instead of its export."""
    path = tmp_path / "list.csv"
    path.write_bytes(b"PK\x03\x04\xff")
    with pytest.raises(BlockListError, match="Cannot read"):
        read_entries(path, reason="", by="", at=AT)
