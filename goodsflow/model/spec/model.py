"""The typed model of ``platform.yaml``. Unknown keys are errors."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Literal, TypeAlias

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainValidator,
    model_validator,
)

from goodsflow.model.endpoints import ClusterName

_TOPIC_NAME = re.compile(r"[a-zA-Z0-9._-]{1,249}")
_PRINCIPAL_NAME = re.compile(r"[a-z][a-z0-9-]{0,62}")
_SQL_NAME = re.compile(r"[a-z_][a-z0-9_]*")
_SQL_TYPES = ("BOOLEAN", "INTEGER", "BIGINT", "DOUBLE", "VARCHAR")

Operation = Literal[
    "all",
    "read",
    "write",
    "create",
    "delete",
    "alter",
    "describe",
    "cluster_action",
    "describe_configs",
    "alter_configs",
    "idempotent_write",
]
ResourceType = Literal["topic", "group", "transactional_id", "cluster"]
Pattern = Literal["literal", "prefixed"]
AclPermission = Literal["allow", "deny"]


def _check_topic_name(name: str) -> str:
    if not _TOPIC_NAME.fullmatch(name) or name in {".", ".."}:
        raise ValueError(
            f"'{name}' is not a valid topic name: use up to 249 of the characters "
            "a-z, A-Z, 0-9, '.', '_' and '-'"
        )
    return name


def is_principal_name(name: str) -> bool:
    """Return whether a principal can be declared under this name."""
    return _PRINCIPAL_NAME.fullmatch(name) is not None


def _check_principal_name(name: str) -> str:
    if not is_principal_name(name):
        raise ValueError(
            f"'{name}' is not a valid principal name: use up to 63 lower-case "
            "letters, digits and '-', beginning with a letter"
        )
    return name


def _as_config_text(value: object) -> object:
    """Write a YAML scalar as Kafka's configuration does: true, not True."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return str(value)
    return value


def _check_sql_name(name: str) -> str:
    if not _SQL_NAME.fullmatch(name):
        raise ValueError(
            f"'{name}' is not a valid ksqlDB name: use lower-case letters, digits "
            "and '_', and no digit first"
        )
    return name


def _check_column_type(declared: object) -> object:
    """Check a type, or a struct's fields and their types.

    Pydantic's own errors for a union name its alternatives, which no file mentions.
    """
    if isinstance(declared, dict) and declared:
        for name in declared:
            _check_sql_name(str(name))
        types = list(declared.values())
    else:
        types = [declared]
    if any(kind not in _SQL_TYPES for kind in types):
        raise ValueError(
            f"should be {', '.join(_SQL_TYPES)}, or a mapping of a struct's fields to "
            "these types"
        )
    return declared


def _check_pattern(pattern: str) -> str:
    if not pattern or "*" in pattern[:-1]:
        raise ValueError(
            f"'{pattern}' is not a valid name pattern: write a name, the beginning "
            "of names followed by '*', or '*' for all"
        )
    return pattern


TopicName = Annotated[str, AfterValidator(_check_topic_name)]
"""A topic's name: up to 249 of the characters a-z, A-Z, 0-9, ``.``, ``_``, ``-``."""
NamePattern = Annotated[str, AfterValidator(_check_pattern)]
"""A name, or the beginning of names followed by ``*``."""
PrincipalName = Annotated[str, AfterValidator(_check_principal_name)]
"""Up to 63 lower-case letters, digits and ``-``, beginning with a letter."""
ConfigText = Annotated[str, BeforeValidator(_as_config_text)]
"""A value as Kafka's configuration writes it: YAML's true and 1 become text."""
SqlName = Annotated[str, AfterValidator(_check_sql_name)]
"""A name in ksqlDB: lower-case letters, digits and ``_``, no digit first."""
ColumnType: TypeAlias = str | Mapping[str, str]
"""A ksqlDB type, or the fields of a struct with their types."""


class _Declared(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Topic(_Declared):
    """A topic of a cluster."""

    partitions: Annotated[int, Field(ge=1, le=10_000)] = Field(
        description="Number of partitions. Kafka can add partitions but never remove "
        "them; adding them to a keyed topic needs --allow add-partitions."
    )
    replication_factor: Annotated[int, Field(ge=1, le=100)] = Field(
        description="Number of brokers that keep a copy of each partition. Only "
        "kafka-reassign-partitions can change it on an existing topic."
    )
    config: dict[str, ConfigText] = Field(
        default_factory=dict,
        description="Kafka's topic settings, such as cleanup.policy or retention.ms. A "
        "setting that is left out keeps the broker's default; one that was set by hand "
        "on the topic is reset to it.",
    )
    keyed: bool = Field(
        default=True,
        description="Whether the topic's records have keys. Adding partitions moves "
        "new records of a key to another partition, so a keyed topic gets them only "
        "with --allow add-partitions.",
    )


class Consumption(_Declared):
    """Topics that a principal reads as a member of a consumer group."""

    topics: Annotated[list[TopicName], Field(min_length=1)] = Field(
        description="Declared topics of the same cluster. The principal may read and "
        "describe them."
    )
    group: Annotated[str, Field(min_length=1)] = Field(
        description="The consumer group's ID, or its prefix. The principal may join it."
    )
    group_pattern: Pattern = Field(
        default="literal",
        description="literal: group is the whole ID. prefixed: every group whose ID "
        "begins with group.",
    )


class TransactionalId(_Declared):
    """A transactional ID, or a prefix of such IDs, that a principal produces with."""

    id: Annotated[str, Field(min_length=1)] = Field(
        description="The transactional ID, or its prefix."
    )
    pattern: Pattern = Field(
        default="literal",
        description="literal: id is the whole ID. prefixed: every ID that begins with "
        "it.",
    )


class AclRule(_Declared):
    """An explicit right, for what produce, consume and transactional don't cover."""

    resource: ResourceType = Field(description="The kind of resource the right is on.")
    name: str | None = Field(
        default=None,
        description="The resource's name, its prefix, or * for all of its kind. "
        "Required, except for the cluster, which has no name here.",
    )
    pattern: Pattern = Field(
        default="literal",
        description="literal: exactly the resource called name. prefixed: every "
        "resource whose name begins with it.",
    )
    operations: Annotated[list[Operation], Field(min_length=1)] = Field(
        description="Kafka's operations on the resource; each becomes one ACL binding."
    )
    permission: AclPermission = Field(
        default="allow", description="Whether to allow or deny it. A deny always wins."
    )
    host: Annotated[str, Field(min_length=1)] = Field(
        default="*",
        description="The client's IP address that the right is limited to; * means "
        "any.",
    )

    @model_validator(mode="after")
    def _name_fits_resource(self) -> AclRule:
        if self.resource == "cluster" and self.name is not None:
            raise ValueError("a right on the cluster takes no name")
        if self.resource != "cluster" and not self.name:
            raise ValueError(f"a right on a {self.resource} needs its name")
        return self


class Quota(_Declared):
    """Limits on what a principal may use of each broker; at least one is required.

    A limit that is left out means unlimited. A broker slows down a client that exceeds
    its quota; it does not refuse it.
    https://kafka.apache.org/39/documentation.html#design_quotas
    """

    producer_byte_rate: Annotated[int, Field(gt=0)] | None = Field(
        default=None,
        description="Bytes a second that it may produce to each broker.",
    )
    consumer_byte_rate: Annotated[int, Field(gt=0)] | None = Field(
        default=None,
        description="Bytes a second that it may fetch from each broker.",
    )
    request_percentage: Annotated[float, Field(gt=0)] | None = Field(
        default=None,
        description="Share of each broker's request and network threads, in percent of "
        "one thread: 200 means two threads.",
    )
    controller_mutation_rate: Annotated[float, Field(gt=0)] | None = Field(
        default=None,
        description="Partitions that it may create and delete a second.",
    )

    @model_validator(mode="after")
    def _has_a_limit(self) -> Quota:
        if not self.limits():
            raise ValueError("a quota needs at least one limit")
        return self

    def limits(self) -> dict[str, float]:
        """Return the limits by Kafka's name for each."""
        return self.model_dump(exclude_none=True)


class Principal(_Declared):
    """A user of a cluster. Its SCRAM credential and its ACLs follow from this."""

    credential: Literal["managed", "external", "none"] = Field(
        default="managed",
        description="managed: the platform generates its password and keeps it in a "
        "file. external: somebody else sets its password; the plan only checks that a "
        "credential exists. none: it has no password.",
    )
    quota: Quota | None = Field(
        default=None,
        description="Its own quota. Without one, the cluster's default_quota applies.",
    )

    super_user: bool = Field(
        default=False,
        description="Whether it may do everything. The brokers' configuration names "
        "the super users, so it takes no further rights here.",
    )
    produce: list[TopicName] = Field(
        default_factory=list,
        description="Declared topics of the same cluster that it may write to and "
        "describe.",
    )
    consume: list[Consumption] = Field(
        default_factory=list,
        description="Topics that it may read, each with its consumer group.",
    )
    transactional: list[TransactionalId] = Field(
        default_factory=list,
        description="Transactional IDs that it may produce with.",
    )
    acls: list[AclRule] = Field(
        default_factory=list, description="Additional, explicit rights."
    )

    @model_validator(mode="after")
    def _super_user_needs_no_rights(self) -> Principal:
        if self.super_user and (
            self.produce or self.consume or self.transactional or self.acls
        ):
            raise ValueError(
                "a super user may do everything: don't declare further rights"
            )
        return self


class ClusterScope(_Declared):
    """Names that the platform owns on a cluster, declared or not.

    What matches and is not declared is drift, and the plan deletes it (which needs a
    permission). Without a scope, the plan only lists undeclared objects as unmanaged.
    """

    topics: list[NamePattern] = Field(
        default_factory=list, description="Patterns of topic names."
    )
    principals: list[NamePattern] = Field(
        default_factory=list,
        description="Patterns of principals, with their credentials, ACLs and quotas.",
    )


class Cluster(_Declared):
    """A Kafka cluster: its topics, its principals and their quotas."""

    topics: dict[TopicName, Topic] = Field(
        default_factory=dict, description="The topics by name."
    )
    principals: dict[PrincipalName, Principal] = Field(
        default_factory=dict,
        description="The principals by name: up to 63 lower-case letters, digits and "
        "'-', beginning with a letter.",
    )
    default_quota: Quota | None = Field(
        default=None, description="The quota of every principal without its own."
    )
    scope: ClusterScope = Field(
        default_factory=ClusterScope,
        description="Names that the platform owns here, declared or not.",
    )


class Schema(_Declared):
    """The JSON Schema of a subject in the schema registry."""

    file: str = Field(
        description="Path of the JSON Schema, relative to platform.yaml's folder."
    )
    compatibility: Literal[
        "NONE",
        "BACKWARD",
        "BACKWARD_TRANSITIVE",
        "FORWARD",
        "FORWARD_TRANSITIVE",
        "FULL",
        "FULL_TRANSITIVE",
    ] = Field(
        description="The rule by which the registry accepts the subject's next version."
    )


class Connector(_Declared):
    """A connector of Kafka Connect."""

    file: str = Field(
        description="Path of its configuration, relative to platform.yaml's folder: a "
        "flat JSON object, as PUT /connectors/NAME/config takes it."
    )
    state: Literal["running", "paused", "stopped"] = Field(
        default="running",
        description="The state it should be in. A paused connector keeps its tasks, a "
        "stopped one does not.",
    )


class View(_Declared):
    """A source table of ksqlDB: the newest record of each key of a topic."""

    topic: TopicName = Field(
        description="A declared topic of the analytics cluster that it reads."
    )
    value_format: Literal["JSON_SR", "JSON"] = Field(
        description="JSON_SR: the Confluent wire format with a schema ID. JSON: plain "
        "JSON."
    )
    key: SqlName = Field(
        description="The column that holds the record's key; its type is VARCHAR."
    )
    columns: Annotated[
        dict[
            SqlName,
            Annotated[
                ColumnType,
                PlainValidator(
                    _check_column_type, json_schema_input_type=str | dict[str, str]
                ),
            ],
        ],
        Field(min_length=1),
    ] = Field(
        description="The columns by name: BOOLEAN, INTEGER, BIGINT, DOUBLE or VARCHAR, "
        "or a mapping of a struct's fields to these types."
    )

    @model_validator(mode="after")
    def _key_is_a_text_column(self) -> View:
        if self.columns.get(self.key) != "VARCHAR":
            raise ValueError(f"the key '{self.key}' needs a column of type VARCHAR")
        return self


class Directory(_Declared):
    """A directory of HDFS. Its content is never touched."""

    owner: Annotated[str, Field(min_length=1)] = Field(
        description="The HDFS user that owns it."
    )
    mode: Annotated[str, Field(pattern=r"^[0-7]{3,4}$")] = Field(
        description="Its mode in octal, as chmod takes it, in quotes."
    )


class HdfsLayout(_Declared):
    """The directories that must exist before anything is written to HDFS."""

    directories: dict[str, Directory] = Field(
        default_factory=dict, description="The directories by absolute path."
    )


class PlatformScope(_Declared):
    """Names outside the clusters that the platform owns, declared or not."""

    schemas: list[NamePattern] = Field(
        default_factory=list, description="Patterns of subjects."
    )
    connectors: list[NamePattern] = Field(
        default_factory=list, description="Patterns of connector names."
    )
    views: list[NamePattern] = Field(
        default_factory=list, description="Patterns of view names."
    )


class Platform(_Declared):
    """The desired state of the whole platform: the root of ``platform.yaml``."""

    clusters: dict[ClusterName, Cluster] = Field(
        description="The two Kafka clusters, inbound and analytics. Both are required."
    )
    schemas: dict[str, Schema] = Field(
        default_factory=dict, description="JSON Schemas by subject."
    )
    connectors: dict[str, Connector] = Field(
        default_factory=dict, description="Kafka Connect's connectors by name."
    )
    views: dict[SqlName, View] = Field(
        default_factory=dict,
        description="ksqlDB's source tables by name. Skipped on a platform without "
        "ksqlDB.",
    )
    hdfs: HdfsLayout = Field(
        default_factory=HdfsLayout, description="What must exist on HDFS."
    )
    scope: PlatformScope = Field(
        default_factory=PlatformScope,
        description="Names outside the clusters that the platform owns, declared or "
        "not.",
    )
