"""Desired and actual state in, a plan out. Pure: nothing here talks to a system.

Here: how each kind of thing is compared, the plan, and the plan as text and JSON. Not
here: reading the actual state and applying a plan
(``goodsflow.desired_state.providers``).

A plan covers what is declared and what the declared scope covers. It lists everything
else as unmanaged and never touches it. What systems create for their own use is not
even listed.
"""

from goodsflow.desired_state.planning.acls import MirroredAcls, plan_acls
from goodsflow.desired_state.planning.connectors import (
    ConfigValidations,
    ConnectorState,
    plan_connectors,
)
from goodsflow.desired_state.planning.directories import plan_directories
from goodsflow.desired_state.planning.mirror_maker import Mirror, mirror_of
from goodsflow.desired_state.planning.plan import (
    Action,
    Change,
    Difference,
    Kind,
    Permission,
    Plan,
    Target,
    merge_plans,
)
from goodsflow.desired_state.planning.principals import CredentialState, plan_principals
from goodsflow.desired_state.planning.quotas import plan_quotas
from goodsflow.desired_state.planning.schemas import SchemaState, plan_schemas
from goodsflow.desired_state.planning.topics import plan_topics
from goodsflow.desired_state.planning.views import ViewKind, ViewState, plan_views

__all__ = [
    "Action",
    "Change",
    "ConfigValidations",
    "ConnectorState",
    "CredentialState",
    "Difference",
    "Kind",
    "Mirror",
    "MirroredAcls",
    "Permission",
    "Plan",
    "SchemaState",
    "Target",
    "ViewKind",
    "ViewState",
    "merge_plans",
    "mirror_of",
    "plan_acls",
    "plan_connectors",
    "plan_directories",
    "plan_principals",
    "plan_quotas",
    "plan_schemas",
    "plan_topics",
    "plan_views",
]
