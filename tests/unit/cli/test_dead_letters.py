"""`goodsflow dead-letters`: what needs no platform."""

from goodsflow.blocking.filtering import KINDS
from goodsflow.cli.dead_letters import KINDS as CHOICES


def test_letters_can_be_asked_for_by_each_kind_of_the_filter() -> None:
    """The command line has the kinds by heart: the filter takes long to import."""
    assert (*KINDS, "unknown") == CHOICES
