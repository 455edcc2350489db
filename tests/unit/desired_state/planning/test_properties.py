"""For any states, an applied plan leads to the desired one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, get_args

from hypothesis import given
from hypothesis import strategies as st

from goodsflow.desired_state.planning import (
    Change,
    ConnectorState,
    CredentialState,
    Mirror,
    MirroredAcls,
    Plan,
    SchemaState,
    Target,
    ViewState,
    merge_plans,
    plan_acls,
    plan_connectors,
    plan_directories,
    plan_principals,
    plan_quotas,
    plan_schemas,
    plan_topics,
    plan_views,
)
from goodsflow.desired_state.planning.plan import Permission
from goodsflow.desired_state.planning.scope import is_in_scope, is_internal_topic
from goodsflow.model.spec import AclBinding, Directory, Principal, Topic, View

EVERYTHING = frozenset(get_args(Permission))
ITERATIONS = 8192
TOPICS, ACLS, QUOTAS, PRINCIPALS = (
    Target(kind, "analytics")  # type: ignore[arg-type]
    for kind in ("topics", "acls", "quotas", "principals")
)
SCHEMAS, CONNECTORS, VIEWS, DIRECTORIES = (
    Target(kind)  # type: ignore[arg-type]
    for kind in ("schemas", "connectors", "views", "directories")
)
MIRROR = Mirror("source.", ("goods.*",), ())
VIEW = View(topic="t", value_format="JSON", key="id", columns={"id": "VARCHAR"})


@dataclass(frozen=True)
class World:
    """The whole desired or actual state."""

    topics: Mapping[str, Topic] = field(default_factory=dict)
    acls: frozenset[AclBinding] = frozenset()
    source_acls: frozenset[AclBinding] = frozenset()
    credentials: Mapping[str, CredentialState] = field(default_factory=dict)
    quotas: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    schemas: Mapping[str, SchemaState] = field(default_factory=dict)
    connectors: Mapping[str, ConnectorState] = field(default_factory=dict)
    views: Mapping[str, ViewState] = field(default_factory=dict)
    directories: Mapping[str, Directory] = field(default_factory=dict)


names = st.sampled_from(
    ["goods", "goods-old", "source.goods", "mine", "a", "b", "__internal"]
)
principal_names = st.sampled_from(["shop", "shop-2", "user", "other"])
topics = st.builds(
    Topic,
    partitions=st.integers(1, 4),
    replication_factor=st.integers(1, 2),
    config=st.dictionaries(
        st.sampled_from(["cleanup.policy", "retention.ms", "retention.bytes"]),
        st.sampled_from(["compact", "delete", "compact,delete", "-1", "1000"]),
        max_size=2,
    ),
    keyed=st.booleans(),
)
# Few enough that a right and its mirror often meet.
BINDINGS = [
    AclBinding(principal, "topic", name, "literal", operation)  # type: ignore[arg-type]
    for principal in ("shop", "user")
    for name in ("goods", "source.goods")
    for operation in ("read", "write", "all")
]
BINDINGS += [
    replace(BINDINGS[0], permission="deny"),
    replace(BINDINGS[3], permission="deny"),
    replace(BINDINGS[3], host="10.0.0.1"),
    replace(BINDINGS[3], pattern="prefixed"),
    replace(BINDINGS[3], resource="group"),
    replace(BINDINGS[3], principal="other"),
]
bindings = st.sampled_from(BINDINGS)
limits = st.dictionaries(
    st.sampled_from(["producer_byte_rate", "consumer_byte_rate"]),
    st.floats(1, 1e9),
    min_size=1,
)
documents = st.dictionaries(
    st.sampled_from(["type", "a/b", "required"]),
    st.one_of(
        st.sampled_from(["", "x", "y"]), st.lists(st.integers(0, 3)), st.booleans()
    ),
    max_size=3,
)
worlds = st.builds(
    World,
    topics=st.dictionaries(names, topics, max_size=4),
    acls=st.frozensets(bindings, max_size=6),
    source_acls=st.frozensets(bindings, max_size=6),
    credentials=st.dictionaries(
        principal_names,
        st.builds(
            CredentialState,
            iterations=st.sampled_from([4096, ITERATIONS]),
            logs_in=st.booleans(),
        ),
    ),
    quotas=st.dictionaries(principal_names, limits),
    schemas=st.dictionaries(
        names,
        st.builds(
            SchemaState,
            document=documents,
            compatibility=st.sampled_from(["NONE", "BACKWARD", "FULL"]),
        ),
        max_size=3,
    ),
    connectors=st.dictionaries(
        names,
        st.builds(
            ConnectorState,
            config=st.dictionaries(
                st.sampled_from(["connector.class", "flush.size"]),
                st.sampled_from(["1", "2", "org.example.Sink"]),
            ),
            run_state=st.sampled_from(["running", "paused", "stopped"]),
        ),
        max_size=3,
    ),
    views=st.dictionaries(
        names.map(str.upper),
        st.builds(
            ViewState,
            kind=st.just("source table"),
            topic=names,
            value_format=st.sampled_from(["JSON", "JSON_SR"]),
            columns=st.dictionaries(
                st.sampled_from(["ID", "N"]), st.sampled_from(["VARCHAR", "BIGINT"])
            ),
            key=st.just(("ID",)),
        ),
        max_size=3,
    ),
    directories=st.dictionaries(
        st.sampled_from(["/a", "/b"]),
        st.builds(
            Directory,
            owner=st.sampled_from(["connect", "root"]),
            mode=st.sampled_from(["755", "0700"]),
        ),
    ),
)
scopes = st.lists(st.sampled_from(["*", "goods*", "shop", "sho*"]), max_size=2)
declared_principals = st.dictionaries(
    principal_names, st.sampled_from([Principal(), Principal(credential="none")])
)


def plan_all(
    desired: World,
    principals: Mapping[str, Principal],
    actual: World,
    scope: list[str],
) -> Plan:
    """Plan every kind, with the same principals on the source."""
    mirrored = MirroredAcls(
        MIRROR.translate(desired.source_acls),
        MIRROR.translate(actual.source_acls),
        MIRROR.is_mirror,
        principals,
    )
    return merge_plans(
        [
            plan_topics(TOPICS, desired.topics, actual.topics, scope),
            plan_acls(
                ACLS,
                desired.acls,
                actual.acls,
                principals,
                scope=scope,
                mirrored=mirrored,
            ),
            plan_principals(
                PRINCIPALS, principals, actual.credentials, ITERATIONS, scope
            ),
            plan_quotas(QUOTAS, desired.quotas, actual.quotas, principals, scope),
            plan_schemas(
                SCHEMAS,
                desired.schemas,
                actual.schemas,
                others=actual.schemas.keys() - desired.schemas.keys(),
                scope=scope,
            ),
            plan_connectors(
                CONNECTORS,
                desired.connectors,
                actual.connectors,
                others=actual.connectors.keys() - desired.connectors.keys(),
                scope=scope,
            ),
            plan_views(
                VIEWS,
                {name: (VIEW, state) for name, state in desired.views.items()},
                {n: s for n, s in actual.views.items() if n in desired.views},
                others=actual.views.keys() - desired.views.keys(),
                scope=scope,
            ),
            plan_directories(DIRECTORIES, desired.directories, actual.directories),
        ]
    )


def made(desired: World, actual: World, change: Change) -> World:
    """Return the actual state after a change."""
    kind = change.target.kind
    if kind == "acls":
        binding = {change.desired}
        acls = actual.acls
        changed = acls | binding if change.action == "create" else acls - binding
        return replace(actual, acls=changed)
    attribute = "credentials" if kind == "principals" else kind
    held: dict[str, Any] = dict(getattr(actual, attribute))
    if change.action == "delete":
        del held[change.name]
    else:
        held[change.name] = _held(desired, held.get(change.name), change)
    return replace(actual, **{attribute: held})


def _held(desired: World, before: Any, change: Change) -> Any:
    fields = {difference.field for difference in change.differences}
    held = change.desired
    match change.target.kind:
        case "principals":
            held = CredentialState(ITERATIONS, logs_in=True)
        case "views":
            held = desired.views[change.name]
        case "topics" if change.action == "update":
            held = _altered_topic(before, change)
        case "connectors" if change.action == "update" and fields == {"state"}:
            held = replace(before, run_state=held.run_state)
        case "connectors" if change.action == "update":
            held = replace(before, config=held.config)
        case "schemas" if change.action == "update" and fields == {"compatibility"}:
            held = replace(before, compatibility=held.compatibility)
        case "schemas" if change.action == "update":
            held = replace(before, document=held.document)
    return held


def _altered_topic(before: Topic, change: Change) -> Topic:
    config = dict(before.config)
    partitions = before.partitions
    for difference in change.differences:
        if difference.field == "partitions":
            partitions = int(str(difference.after))
        elif difference.after is None:
            del config[difference.field]
        else:
            config[difference.field] = difference.after
    return before.model_copy(update={"partitions": partitions, "config": config})


@given(worlds, declared_principals, worlds, scopes)
def test_an_applied_plan_leaves_only_what_cannot_be_done(
    desired: World, principals: dict[str, Principal], actual: World, scope: list[str]
) -> None:
    """Otherwise plans would fight somebody, or each other, forever."""
    # What the source has is as declared: its own plan is another one.
    actual = replace(actual, source_acls=desired.source_acls)
    plan = plan_all(desired, principals, actual, scope)

    after = actual
    for change in plan.changes:
        if change.is_allowed(EVERYTHING):
            after = made(desired, after, change)

    again = plan_all(desired, principals, after, scope)
    assert {str(c) for c in again.changes} == {
        str(c) for c in plan.changes if not c.is_possible
    }
    if plan.changes == again.changes == ():
        assert after == actual
    _check_desired(desired, principals, after, scope, plan)
    _check_untouched(desired, principals, actual, after, scope)


def _check_desired(
    desired: World,
    principals: Mapping[str, Principal],
    after: World,
    scope: list[str],
    plan: Plan,
) -> None:
    """Check that exactly what is declared exists in scope."""
    impossible = {c.name for c in plan.changes if not c.is_possible}
    for name, topic in desired.topics.items():
        if name not in impossible:
            there = after.topics[name].model_copy(update={"keyed": topic.keyed})
            assert there == topic
    ours = {
        n for n in after.topics if is_in_scope(n, scope) and not is_internal_topic(n)
    }
    assert ours <= desired.topics.keys()
    wanted = desired.acls | MIRROR.translate(desired.source_acls)
    assert wanted <= after.acls
    strangers = {b.principal for b in after.acls - wanted}
    assert not strangers & principals.keys()
    assert not any(is_in_scope(name, scope) for name in strangers)
    for name, figures_ in desired.quotas.items():
        assert after.quotas[name] == figures_
    for subject, schema in desired.schemas.items():
        assert after.schemas[subject] == schema
    for name, connector in desired.connectors.items():
        wanted_config = {**connector.config, "name": name}
        assert after.connectors[name] == replace(connector, config=wanted_config)
    for path, directory in desired.directories.items():
        assert int(after.directories[path].mode, 8) == int(directory.mode, 8)
        assert after.directories[path].owner == directory.owner


def _check_untouched(
    desired: World,
    principals: Mapping[str, Principal],
    actual: World,
    after: World,
    scope: list[str],
) -> None:
    """Check that everything else is unchanged."""
    for name, topic in actual.topics.items():
        if name not in desired.topics and not is_in_scope(name, scope):
            assert after.topics[name] == topic
        if name not in desired.topics and is_internal_topic(name):
            assert after.topics[name] == topic
    for binding in actual.acls:
        if binding.principal not in principals and not is_in_scope(
            binding.principal, scope
        ):
            assert binding in after.acls
    for name, state in actual.credentials.items():
        if name not in principals and not is_in_scope(name, scope):
            assert after.credentials[name] == state
    for subject, schema in actual.schemas.items():
        if subject not in desired.schemas and not is_in_scope(subject, scope):
            assert after.schemas[subject] == schema


@given(worlds, declared_principals, worlds, scopes)
def test_without_permission_nothing_is_lost(
    desired: World, principals: dict[str, Principal], actual: World, scope: list[str]
) -> None:
    """The drift sensor applies safe changes unattended."""
    plan = plan_all(desired, principals, actual, scope)
    for change in plan.safe():
        assert change.action != "delete" or change.target.kind == "acls"
        if change.action == "delete":
            # Only what MirrorMaker left behind.
            assert MIRROR.is_mirror(change.desired.name)
            assert change.desired not in MIRROR.translate(actual.source_acls)
