"""The supervisor's configuration, as text."""

from __future__ import annotations

from pathlib import Path

import pytest

from goodsflow.deploy.native.catalog import platform_parts
from goodsflow.deploy.native.errors import SupervisorError
from goodsflow.deploy.native.home import Home
from goodsflow.deploy.native.parts import to_program
from goodsflow.deploy.native.ports import Ports
from goodsflow.deploy.native.secrets import make_missing_secrets
from goodsflow.deploy.native.supervisor_config import Program, render_config
from goodsflow.model.endpoints import PROJECT_ROOT
from goodsflow.model.spec import load_platform


def test_the_configuration_of_all_parts_contains_no_secret(home: Home) -> None:
    """`ps e` and /proc show the environment."""
    platform = load_platform(PROJECT_ROOT / "platform.yaml")
    make_missing_secrets(home.secrets, platform)
    parts = platform_parts(home, Ports(), platform)
    config = render_config(home, (to_program(home, part) for part in parts))
    passwords = [path.read_text() for path in home.secrets.rglob("*.password")]
    assert len(passwords) > 10
    assert not [password for password in passwords if password in config]
    for part in parts:
        assert f"[program:{part.name}]\n" in config


def test_every_part_has_an_executable_run_script(home: Home) -> None:
    """Without its mode, a script fails without a log."""
    platform = load_platform(PROJECT_ROOT / "platform.yaml")
    for part in platform_parts(home, Ports(), platform):
        script = to_program(home, part).script
        assert script.stat().st_mode & 0o100, script


def test_percent_signs_are_escaped(home: Home) -> None:
    """`%(here)s` is a macro of its own."""
    program = Program("a", Path("/bin/100%.sh"), {"B": "50% %(here)s"})
    config = render_config(home, [program])
    assert 'B="50%% %%(here)s"' in config
    assert '"/bin/100%%.sh"' in config


@pytest.mark.parametrize(
    "value", ['a"b', "a\nb", "a\rb", "a\\b", "ends with \\", "a ;b", "a #b", "a\t;"]
)
def test_unsupported_values_are_rejected(home: Home, value: str) -> None:
    """They would end the value early, or add a setting."""
    with pytest.raises(SupervisorError, match="does not support"):
        render_config(home, [Program("a", Path("/bin/true"), {"B": value})])
    with pytest.raises(SupervisorError, match="does not support"):
        render_config(home, [Program("a", Path(f"/bin/{value}"), {})])
