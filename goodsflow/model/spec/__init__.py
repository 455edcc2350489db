"""``platform.yaml`` as types: what should exist.

Here: the typed model, reading with every problem and its place, and what follows from
the declaration alone (ACL bindings). Not here: anything that talks to a system.
"""

from goodsflow.model.spec.acls import AclBinding, acl_bindings
from goodsflow.model.spec.loading import SpecError, load_platform
from goodsflow.model.spec.model import (
    AclRule,
    Cluster,
    ColumnType,
    Connector,
    Consumption,
    Directory,
    Platform,
    Principal,
    Schema,
    Topic,
    TransactionalId,
    View,
)

__all__ = [
    "AclBinding",
    "AclRule",
    "Cluster",
    "ColumnType",
    "Connector",
    "Consumption",
    "Directory",
    "Platform",
    "Principal",
    "Schema",
    "SpecError",
    "Topic",
    "TransactionalId",
    "View",
    "acl_bindings",
    "load_platform",
]
