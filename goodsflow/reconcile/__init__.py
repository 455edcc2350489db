"""Desired and actual state in, a plan out. Pure: nothing here talks to a system.

Here: one module for each kind of thing, and the plan they return. Not here: reading the
actual state and applying a plan (``goodsflow.bootstrap``).

What is outside the declaration is left alone: topics, connectors, subjects and
principals that it does not name, settings that it does not make. Nothing is deleted.
"""

from goodsflow.reconcile.connectors import plan_connectors
from goodsflow.reconcile.directories import plan_directories
from goodsflow.reconcile.plan import Action, Change, Kind, Plan
from goodsflow.reconcile.principals import plan_acls, plan_credentials
from goodsflow.reconcile.schemas import SchemaState, plan_schemas
from goodsflow.reconcile.topics import plan_topics
from goodsflow.reconcile.views import ViewKind, ViewState, plan_views

__all__ = [
    "Action",
    "Change",
    "Kind",
    "Plan",
    "SchemaState",
    "ViewKind",
    "ViewState",
    "plan_acls",
    "plan_connectors",
    "plan_credentials",
    "plan_directories",
    "plan_schemas",
    "plan_topics",
    "plan_views",
]
