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
            f"'{name}' is no topic name: Kafka takes up to 249 of the characters "
            "a-z, A-Z, 0-9, '.', '_' and '-'"
        )
    return name


def is_principal_name(name: str) -> bool:
    """Say whether a principal can be declared under this name."""
    return _PRINCIPAL_NAME.fullmatch(name) is not None


def _check_principal_name(name: str) -> str:
    if not is_principal_name(name):
        raise ValueError(
            f"'{name}' is no principal name: use up to 63 lower-case letters, digits "
            "and '-', the first a letter"
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
            f"'{name}' is no name of ksqlDB: use lower-case letters, digits and '_', "
            "the first no digit"
        )
    return name


def _check_column_type(declared: object) -> object:
    """Check a type, or a struct's fields with theirs; as a plain union would not.

    Its errors would name the alternatives of the union, which stand in no file.
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
            "such types"
        )
    return declared


def _check_pattern(pattern: str) -> str:
    if not pattern or "*" in pattern[:-1]:
        raise ValueError(
            f"'{pattern}' is no pattern of names: write a name, the start of names "
            "with '*' after it, or '*' for all"
        )
    return pattern


TopicName = Annotated[str, AfterValidator(_check_topic_name)]
NamePattern = Annotated[str, AfterValidator(_check_pattern)]
"""A name, or the start of names with ``*`` after it."""
PrincipalName = Annotated[str, AfterValidator(_check_principal_name)]
ConfigText = Annotated[str, BeforeValidator(_as_config_text)]
SqlName = Annotated[str, AfterValidator(_check_sql_name)]
ColumnType: TypeAlias = str | Mapping[str, str]
"""A type of ksqlDB, or the fields of a struct with theirs."""


class _Declared(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Topic(_Declared):
    """A topic as it should be."""

    partitions: Annotated[int, Field(ge=1, le=10_000)]
    replication_factor: Annotated[int, Field(ge=1, le=100)]
    config: dict[str, ConfigText] = Field(default_factory=dict)
    keyed: bool = Field(
        default=True,
        description="Its records have keys, which more partitions would move.",
    )


class Consumption(_Declared):
    """Topics that a principal reads as a member of a consumer group."""

    topics: Annotated[list[TopicName], Field(min_length=1)]
    group: Annotated[str, Field(min_length=1)]
    group_pattern: Pattern = "literal"


class TransactionalId(_Declared):
    """Transactional IDs under which a principal produces."""

    id: Annotated[str, Field(min_length=1)]
    pattern: Pattern = "literal"


class AclRule(_Declared):
    """An explicit right, where what a principal does is not produce or consume."""

    resource: ResourceType
    name: str | None = Field(default=None, description="None: the cluster itself.")
    pattern: Pattern = "literal"
    operations: Annotated[list[Operation], Field(min_length=1)]
    permission: AclPermission = Field(
        default="allow", description="deny wins over every allow."
    )
    host: Annotated[str, Field(min_length=1)] = Field(
        default="*", description="The address it comes from; * for any."
    )

    @model_validator(mode="after")
    def _name_fits_resource(self) -> AclRule:
        if self.resource == "cluster" and self.name is not None:
            raise ValueError("a right on the cluster takes no name")
        if self.resource != "cluster" and not self.name:
            raise ValueError(f"a right on a {self.resource} needs its name")
        return self


class Quota(_Declared):
    """How much a principal may ask of each broker; without a figure, any amount.

    https://kafka.apache.org/39/documentation.html#design_quotas
    """

    producer_byte_rate: Annotated[int, Field(gt=0)] | None = Field(
        default=None, description="Bytes a second: Kafka takes whole ones alone."
    )
    consumer_byte_rate: Annotated[int, Field(gt=0)] | None = Field(
        default=None, description="Bytes a second."
    )
    request_percentage: Annotated[float, Field(gt=0)] | None = Field(
        default=None, description="Of a broker's threads' time; 100 is one thread."
    )
    controller_mutation_rate: Annotated[float, Field(gt=0)] | None = Field(
        default=None, description="Partitions created and deleted a second."
    )

    @model_validator(mode="after")
    def _says_something(self) -> Quota:
        if not self.figures():
            raise ValueError("a quota needs at least one figure")
        return self

    def figures(self) -> dict[str, float]:
        """Return what is limited, by Kafka's names of quotas."""
        return self.model_dump(exclude_none=True)


class Principal(_Declared):
    """A user of a cluster: it logs in with SCRAM, its ACLs follow from this."""

    credential: Literal["managed", "external", "none"] = Field(
        default="managed",
        description="managed: its password is made and kept here. external: somebody "
        "else sets it; it only has to exist. none: it does not log in by a password.",
    )
    quota: Quota | None = None

    super_user: bool = Field(
        default=False,
        description="May do all; the brokers' own configuration names it too.",
    )
    produce: list[TopicName] = Field(default_factory=list)
    consume: list[Consumption] = Field(default_factory=list)
    transactional: list[TransactionalId] = Field(default_factory=list)
    acls: list[AclRule] = Field(default_factory=list)

    @model_validator(mode="after")
    def _super_user_needs_no_rights(self) -> Principal:
        if self.super_user and (
            self.produce or self.consume or self.transactional or self.acls
        ):
            raise ValueError("a super user may do all: declare no further rights")
        return self


class ClusterScope(_Declared):
    """What of a cluster is ours although it may not be declared: strangers are drift.

    Without a scope only what is declared is looked after, and all else left alone.
    """

    topics: list[NamePattern] = Field(default_factory=list)
    principals: list[NamePattern] = Field(
        default_factory=list,
        description="With their credentials, ACL bindings and quotas.",
    )


class Cluster(_Declared):
    """One Kafka cluster: its topics and its principals."""

    topics: dict[TopicName, Topic] = Field(default_factory=dict)
    principals: dict[PrincipalName, Principal] = Field(default_factory=dict)
    default_quota: Quota | None = Field(
        default=None, description="Of every principal that has none of its own."
    )
    scope: ClusterScope = Field(default_factory=ClusterScope)


class Schema(_Declared):
    """The JSON Schema of a subject."""

    file: str
    compatibility: Literal[
        "NONE",
        "BACKWARD",
        "BACKWARD_TRANSITIVE",
        "FORWARD",
        "FORWARD_TRANSITIVE",
        "FULL",
        "FULL_TRANSITIVE",
    ]


class Connector(_Declared):
    """A connector: the file with its configuration, as Connect's REST API takes it."""

    file: str
    state: Literal["running", "paused", "stopped"] = "running"


class View(_Declared):
    """A source table of ksqlDB: the newest record of each key of a topic."""

    topic: TopicName = Field(description="On the analytics cluster.")
    value_format: Literal["JSON_SR", "JSON"]
    key: SqlName = Field(description="The column that is the record's key.")
    columns: Annotated[
        dict[SqlName, Annotated[ColumnType, PlainValidator(_check_column_type)]],
        Field(min_length=1),
    ]

    @model_validator(mode="after")
    def _key_is_a_text_column(self) -> View:
        if self.columns.get(self.key) != "VARCHAR":
            raise ValueError(f"the key '{self.key}' needs a column of type VARCHAR")
        return self


class Directory(_Declared):
    """A directory of HDFS with its owner and its mode, octal as in chmod."""

    owner: Annotated[str, Field(min_length=1)]
    mode: Annotated[str, Field(pattern=r"^[0-7]{3,4}$")]


class HdfsLayout(_Declared):
    """The directories that must be there before anyone writes."""

    directories: dict[str, Directory] = Field(default_factory=dict)


class PlatformScope(_Declared):
    """What beside the clusters is ours although it may not be declared."""

    schemas: list[NamePattern] = Field(default_factory=list)
    connectors: list[NamePattern] = Field(default_factory=list)
    views: list[NamePattern] = Field(default_factory=list)


class Platform(_Declared):
    """The whole desired state."""

    clusters: dict[ClusterName, Cluster]
    schemas: dict[str, Schema] = Field(default_factory=dict)
    connectors: dict[str, Connector] = Field(default_factory=dict)
    views: dict[SqlName, View] = Field(default_factory=dict)
    hdfs: HdfsLayout = Field(default_factory=HdfsLayout)
    scope: PlatformScope = Field(default_factory=PlatformScope)
