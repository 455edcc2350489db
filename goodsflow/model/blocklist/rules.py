"""The rules in force, indexed for fast lookups."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from goodsflow.model.blocklist.entries import FIELDS, SCOPES, Rule, Scope


class BlockRules:
    """Rules by scope, each with the offset of its record.

    One thread may change them while others look them up: each change is atomic.
    """

    def __init__(self, rules: Iterable[Rule] = ()) -> None:
        self._offsets: dict[Scope, dict[str, int]] = {scope: {} for scope in SCOPES}
        self._lookups: tuple[tuple[Scope, str, dict[str, int]], ...] = ()
        for rule in rules:
            self.add(rule)

    def add(self, rule: Rule, offset: int = 0) -> None:
        """Put a rule in force.

        Args:
            rule: To be in force from now on.
            offset: The offset of its record.
        """
        self._offsets[rule.scope][rule.text] = offset
        self._update_lookups()

    def remove(self, rule: Rule) -> None:
        """Remove a rule; do nothing if it isn't in force."""
        self._offsets[rule.scope].pop(rule.text, None)
        self._update_lookups()

    def __len__(self) -> int:
        """Return how many rules are in force."""
        return sum(len(each) for each in self._offsets.values())

    def __contains__(self, rule: object) -> bool:
        """Whether a rule is in force."""
        return isinstance(rule, Rule) and rule.text in self._offsets[rule.scope]

    def count(self, scope: Scope) -> int:
        """Return how many rules of a scope are in force."""
        return len(self._offsets[scope])

    def texts(self, scope: Scope) -> frozenset[str]:
        """Return the values that are blocked in a scope."""
        return frozenset(self._offsets[scope])

    def since(self, offset: int) -> Iterator[Rule]:
        """Yield the rules whose records are at or after an offset."""
        for scope, offsets in self._offsets.items():
            for text, at in tuple(offsets.items()):
                if at >= offset:
                    yield Rule(scope, text)

    def match(self, card: Mapping[str, Any]) -> Scope | None:
        """Return the scope of a rule that blocks a card; None if no rule does."""
        for scope, field, offsets in self._lookups:
            text = card.get(field)
            # A card may hold a list there, which can't be hashed.
            if isinstance(text, str) and text in offsets:
                return scope
        return None

    def _update_lookups(self) -> None:
        """Look up only the fields that some rule is about."""
        self._lookups = tuple(
            (scope, FIELDS[scope], offsets)
            for scope, offsets in self._offsets.items()
            if offsets
        )
