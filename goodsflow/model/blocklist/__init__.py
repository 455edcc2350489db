"""The block list's types: rules, entries, the rules in force, files of rules.

Not here: reading and changing the list's topic (``goodsflow.pipeline.blocklist``), what
happens to a card that a rule blocks (``goodsflow.pipeline.filter``).
"""

from goodsflow.model.blocklist.entries import FIELDS, SCOPES, TOPIC, Entry, Rule, Scope
from goodsflow.model.blocklist.errors import BlockListError
from goodsflow.model.blocklist.rules import BlockRules

__all__ = [
    "FIELDS",
    "SCOPES",
    "TOPIC",
    "BlockListError",
    "BlockRules",
    "Entry",
    "Rule",
    "Scope",
]
