"""What a run's metadata shows a person."""

from dagster_project.reporting import preview


def test_a_product_id_that_reads_like_a_number_stays_as_it_is() -> None:
    """'1e5' would be shown as 100000, '007' as 7, and a price as 123457."""
    table = preview([{"product_id": "1e5", "price": 123456.78}, {"product_id": "007"}])
    assert "| 1e5 " in table.value
    assert "| 007 " in table.value
    assert "| 123456.78 " in table.value


def test_a_name_with_a_bar_does_not_add_a_column() -> None:
    """A shop may name a product as it likes."""
    assert "a\\|b" in preview([{"name": "a|b"}]).value


def test_no_rows_are_said() -> None:
    """An empty table looks as if it were still loading."""
    assert preview([]).value == "None."
