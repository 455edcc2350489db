"""The ACLs that MirrorMaker 2 copies, according to its connector's configuration.

The rules are ``MirrorSourceConnector``'s (Kafka 3.9): it copies the LITERAL bindings of
the topics that it replicates, except ALLOW WRITE, and turns ALLOW ALL into READ.
https://cwiki.apache.org/confluence/display/KAFKA/KIP-382%3A+MirrorMaker+2.0
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from goodsflow.model.spec import AclBinding

_MIRROR_SOURCE = "MirrorSourceConnector"
_DEFAULT_EXCLUDED = ".*[\\-\\.]internal, .*\\.replica, __.*"
_IDENTITY_POLICY = "IdentityReplicationPolicy"


@dataclass(frozen=True)
class Mirror:
    """One MirrorMaker connector: which topics it copies and how it names them.

    Attributes:
        prefix: What it puts in front of a mirrored topic's name.
        topics: Regular expressions of the topics that it copies.
        excluded: Regular expressions of topics that it skips all the same.
    """

    prefix: str
    topics: tuple[str, ...]
    excluded: tuple[str, ...]

    def mirrors(self, topic: str) -> bool:
        """Return whether it copies this topic of the source."""
        return _matches_any(topic, self.topics) and not _matches_any(
            topic, self.excluded
        )

    def is_mirror(self, topic: str) -> bool:
        """Return whether a topic of the target is a mirror, judging by its name."""
        return topic.startswith(self.prefix) and self.mirrors(
            topic.removeprefix(self.prefix)
        )

    def translate(self, bindings: Iterable[AclBinding]) -> frozenset[AclBinding]:
        """Return the copies on the target of the source's bindings."""
        return frozenset(
            replace(
                binding,
                name=self.prefix + binding.name,
                operation=(
                    "read"
                    if (binding.permission, binding.operation) == ("allow", "all")
                    else binding.operation
                ),
            )
            for binding in bindings
            if binding.resource == "topic"
            and binding.pattern == "literal"
            and (binding.permission, binding.operation) != ("allow", "write")
            and self.mirrors(binding.name)
        )


def mirror_of(config: Mapping[str, str]) -> Mirror | None:
    """Return what a connector mirrors; None if it mirrors no topics with ACLs.

    Args:
        config: The connector's configuration.
    """
    if not config.get("connector.class", "").endswith(_MIRROR_SOURCE):
        return None
    if config.get("sync.topic.acls.enabled", "true").strip().lower() != "true":
        return None
    separator = config.get("replication.policy.separator", ".")
    is_identity = config.get("replication.policy.class", "").endswith(_IDENTITY_POLICY)
    alias = config.get("source.cluster.alias", "")
    return Mirror(
        prefix="" if is_identity else f"{alias}{separator}",
        topics=_listed(config.get("topics", ".*")),
        excluded=_listed(config.get("topics.exclude", _DEFAULT_EXCLUDED)),
    )


def _listed(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _matches_any(topic: str, patterns: Iterable[str]) -> bool:
    return any(re.fullmatch(pattern, topic) for pattern in patterns)
