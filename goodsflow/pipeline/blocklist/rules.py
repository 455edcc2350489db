"""The rules that hold now, for quick questions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from goodsflow.pipeline.blocklist.model import FIELDS, SCOPES, Rule, Scope


class BlockRules:
    """Rules by scope, each with the offset of its record.

    One thread changes them while others ask: each change is one step for these.
    """

    def __init__(self, rules: Iterable[Rule] = ()) -> None:
        self._offsets: dict[Scope, dict[str, int]] = {scope: {} for scope in SCOPES}
        self._asked: tuple[tuple[Scope, str, dict[str, int]], ...] = ()
        for rule in rules:
            self.add(rule)

    def add(self, rule: Rule, offset: int = 0) -> None:
        """Let a rule hold.

        Args:
            rule: Holds from now on.
            offset: Of its record.
        """
        self._offsets[rule.scope][rule.text] = offset
        self._ask_of_the_filled()

    def remove(self, rule: Rule) -> None:
        """Let a rule hold no more; one that did not is fine."""
        self._offsets[rule.scope].pop(rule.text, None)
        self._ask_of_the_filled()

    def __len__(self) -> int:
        """Return how many rules hold."""
        return sum(len(each) for each in self._offsets.values())

    def __contains__(self, rule: object) -> bool:
        """Whether a rule holds."""
        return isinstance(rule, Rule) and rule.text in self._offsets[rule.scope]

    def count(self, scope: Scope) -> int:
        """Return how many rules of a scope hold."""
        return len(self._offsets[scope])

    def texts(self, scope: Scope) -> frozenset[str]:
        """Return what is blocked of a scope."""
        return frozenset(self._offsets[scope])

    def since(self, offset: int) -> Iterator[Rule]:
        """Yield the rules whose records are at an offset or after it."""
        for scope, offsets in self._offsets.items():
            for text, at in tuple(offsets.items()):
                if at >= offset:
                    yield Rule(scope, text)

    def match(self, card: Mapping[str, Any]) -> Scope | None:
        """Return by which of its fields a card is blocked; None where it is not."""
        for scope, field, offsets in self._asked:
            text = card.get(field)
            # What cannot be hashed cannot be looked up.
            if isinstance(text, str) and text in offsets:
                return scope
        return None

    def _ask_of_the_filled(self) -> None:
        """Have each card be asked only for what there are rules about."""
        self._asked = tuple(
            (scope, FIELDS[scope], offsets)
            for scope, offsets in self._offsets.items()
            if offsets
        )
