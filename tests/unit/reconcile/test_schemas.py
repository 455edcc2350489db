"""Plans of schemas."""

from goodsflow.reconcile import SchemaState, plan_schemas

OLD = SchemaState({"type": "object"}, "BACKWARD")
NEW = SchemaState({"type": "object", "title": "Card"}, "BACKWARD")


def _texts(desired: SchemaState, actual: SchemaState | None) -> list[str]:
    there = {} if actual is None else {"goods-value": actual}
    return [str(c) for c in plan_schemas({"goods-value": desired}, there).changes]


def test_a_missing_subject_is_registered() -> None:
    """Compatibility belongs to it: the registry's own default is NONE."""
    assert _texts(OLD, None) == [
        "register the schema of subject 'goods-value' with compatibility BACKWARD"
    ]


def test_another_content_is_a_new_version() -> None:
    """A schema changed in the checkout has to reach the registry."""
    assert _texts(NEW, OLD) == [
        "update subject 'goods-value': a new version of its schema"
    ]


def test_another_compatibility_is_set() -> None:
    """NONE would let through a change that breaks every reader."""
    assert _texts(OLD, SchemaState(OLD.document, "NONE")) == [
        "update subject 'goods-value': compatibility from NONE to BACKWARD"
    ]


def test_the_same_document_in_another_order_is_no_change() -> None:
    """A new version for each layout of a file would never end."""
    there = SchemaState({"title": "Card", "type": "object"}, "BACKWARD")
    assert _texts(NEW, there) == []
