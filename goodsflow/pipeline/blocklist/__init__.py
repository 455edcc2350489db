"""The block list: what is held back, as records of a compacted topic.

Here: a rule, its record, the rules that hold now, and reading and changing the topic.
Not here: what becomes of a card that a rule holds back (``goodsflow.pipeline.filter``).
"""

from goodsflow.pipeline.blocklist.errors import BlockListError
from goodsflow.pipeline.blocklist.model import SCOPES, Entry, Rule, Scope
from goodsflow.pipeline.blocklist.rules import BlockRules

__all__ = ["SCOPES", "BlockListError", "BlockRules", "Entry", "Rule", "Scope"]
