"""``platform.yaml`` as types: what should exist.

Here: the typed model, loading a file with all its problems and their lines, and what
follows from the declaration alone, such as ACL bindings. Not here: anything that talks
to a system (``goodsflow.desired_state``).
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
