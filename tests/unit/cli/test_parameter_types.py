"""The types, callbacks and defaults of options."""

import os

import pytest

from goodsflow.cli.parameter_types import current_user


def test_a_user_without_a_name_is_named_by_id(monkeypatch: pytest.MonkeyPatch) -> None:
    """Containers run as users that are not in /etc/passwd."""

    def unknown() -> str:
        raise KeyError("getpwuid(): uid not found: 54321")

    monkeypatch.setattr("getpass.getuser", unknown)
    assert current_user() == f"uid-{os.getuid()}"
