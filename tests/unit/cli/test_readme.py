"""The README names what there is."""

from __future__ import annotations

import re

import pytest

from goodsflow.cli.main import COMMANDS
from goodsflow.model.endpoints import PROJECT_ROOT

_README = (PROJECT_ROOT / "README.md").read_text()


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_stands_in_the_readme(command: str) -> None:
    """A command that nobody reads of is a command that nobody uses."""
    assert re.search(rf"goodsflow {command}\b", _README)


def test_every_make_target_of_the_readme_exists() -> None:
    """The first thing a newcomer types must be there."""
    targets = set(
        re.findall(
            r"^([a-z-]+):", (PROJECT_ROOT / "Makefile").read_text(), re.MULTILINE
        )
    )
    assert set(re.findall(r"make ([a-z-]+)`", _README)) <= targets
