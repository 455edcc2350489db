"""Plans of schemas."""

from goodsflow.desired_state.planning import SchemaState, Target, plan_schemas

REGISTRY = Target("schemas")
OPEN = {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]}
CHANGED = {
    "type": "object",
    "properties": {"a": {"type": "number"}, "b/c": {}},
    "required": ["b/c"],
}
SCHEMA = SchemaState(OPEN, "BACKWARD")


def test_a_new_subject_is_registered() -> None:
    """Without it, a shop's first card would be refused."""
    (change,) = plan_schemas(REGISTRY, {"s": SCHEMA}, {}).changes
    assert str(change) == "create schema s: compatibility: BACKWARD"


def test_order_of_keys_is_no_difference() -> None:
    """Otherwise every new layout of the file would be a version."""
    turned = SchemaState(dict(reversed(OPEN.items())), "BACKWARD")
    assert plan_schemas(REGISTRY, {"s": SCHEMA}, {"s": turned}).is_empty


def test_a_changed_schema_names_each_place() -> None:
    """That there is a new version tells a reviewer nothing."""
    changed = SchemaState(CHANGED, "FULL")
    plan = plan_schemas(REGISTRY, {"s": changed}, {"s": SCHEMA})
    level, version = map(str, plan.changes)
    assert level == "update schema s: compatibility: BACKWARD -> FULL"
    assert version == (
        'update schema s: /properties/a/type: "string" -> "number", '
        '/properties/b~1c: {}, /required: "a" -> removed, /required: + "b/c"'
    )


def test_an_incompatible_schema_is_refused_with_the_registrys_reasons() -> None:
    """At the registration, half of the apply would be done already."""
    plan = plan_schemas(
        REGISTRY,
        {"s": SchemaState(CHANGED, "BACKWARD")},
        {"s": SCHEMA},
        incompatible={"s": ("TYPE_CHANGED at /properties/a",)},
    )
    (change,) = plan.changes
    assert change.safety == "impossible"
    assert "TYPE_CHANGED at /properties/a" in change.why
    assert "compatibility: NONE" in change.why


def test_the_way_back_to_an_older_version_needs_permission() -> None:
    """A registry does not register a schema twice."""
    there = SchemaState(CHANGED, "BACKWARD")
    plan = plan_schemas(REGISTRY, {"s": SCHEMA}, {"s": there}, newer={"s": (2, 3)})
    (change,) = plan.changes
    assert change.permission == "delete-schemas"
    assert "version 2, 3" in change.why


def test_other_subjects_are_left_alone_unless_in_scope() -> None:
    """Another team registers its schemas in the same registry."""
    plan = plan_schemas(REGISTRY, {}, {}, others=["old-value", "x"], scope=["old-*"])
    assert [(c.name, c.permission) for c in plan.changes] == [
        ("old-value", "delete-schemas")
    ]
    assert plan.unmanaged == ((REGISTRY, ("x",)),)
