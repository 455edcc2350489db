"""The platform's folder: its paths, permissions and lock."""

from __future__ import annotations

import stat
import subprocess
import sys
from pathlib import Path

import pytest

from goodsflow.deploy.native.errors import AlreadyRunningError, PreflightError
from goodsflow.deploy.native.home import Home, HomeSettings

HOLDER = """
import sys
from pathlib import Path
from goodsflow.deploy.native.home import Home
with Home(Path(sys.argv[1])).locked():
    print("held", flush=True)
    sys.stdin.read()
"""


def test_the_constructor_creates_nothing(tmp_path: Path) -> None:
    """`goodsflow status` with a wrong folder must not create it."""
    home = Home(tmp_path / "home")
    assert home.settings() == HomeSettings(port_offset=0)
    assert not home.root.exists()


def test_folders_are_accessible_only_to_their_owner(home: Home) -> None:
    """They contain keys, passwords and cards."""
    folders = [path for path in home.root.iterdir() if path.is_dir()]
    assert {path.name for path in folders} == {
        *(
            "certs",
            "secrets",
            "dagster",
            "state",
            "run",
            "log",
            "config",
            "data",
            "tmp",
        ),
    }
    for path in folders:
        assert stat.S_IMODE(path.stat().st_mode) == 0o700
        assert list(path.iterdir()) == []


def test_making_it_twice_keeps_its_content(home: Home) -> None:
    """Each start calls it."""
    (home.secrets / "a").write_text("b")
    home.make()
    assert (home.secrets / "a").read_text() == "b"


def test_a_folder_that_cannot_be_made_is_named(short_path: Path) -> None:
    """The user must see which one, instead of a traceback."""
    (short_path / "file").write_text("")
    with pytest.raises(PreflightError, match=f"Cannot write to {short_path}/file"):
        Home(short_path / "file" / "home").make()
    with (
        pytest.raises(PreflightError, match=f"lock {short_path}/file/home"),
        Home(short_path / "file" / "home").locked(),
    ):
        pass


def test_a_path_too_long_for_a_socket_is_rejected(tmp_path: Path) -> None:
    """The supervisor would fail later, with half the platform prepared."""
    long = tmp_path / ("a" * 100)
    with pytest.raises(PreflightError, match="too long"):
        Home(long).make()
    assert not long.exists()


@pytest.mark.parametrize("name", ["a b", "a%20", "a:b", "a,b", 'a"b', "a\\b", "a#b"])
def test_a_path_that_some_part_does_not_support_is_rejected(
    tmp_path: Path, name: str
) -> None:
    """JVM flags split at spaces, class paths at colons, HDFS folders at commas."""
    with pytest.raises(PreflightError, match="not every part supports"):
        Home(tmp_path / name).make()
    assert list(tmp_path.iterdir()) == []


def test_a_path_may_be_in_any_script(short_path: Path) -> None:
    """Home folders have their users' names."""
    Home(short_path / "данные").make()


def test_settings_are_read_back(home: Home) -> None:
    """Without its offset, a platform would come up on other ports."""
    home.settings_file.write_text(HomeSettings(port_offset=7).model_dump_json())
    assert home.settings().port_offset == 7


@pytest.mark.parametrize("content", ["", "{", '{"port_offset": "x"}', '{"offset": 1}'])
def test_damaged_settings_are_reported_with_the_file_and_a_solution(
    home: Home, content: str
) -> None:
    """The defaults would move the platform to other ports silently."""
    home.settings_file.write_text(content)
    advice = r"home\.json(?s:.*)`goodsflow up --port-offset N`"
    with pytest.raises(PreflightError, match=advice):
        home.settings()


def test_a_locked_folder_is_reported_with_the_process(home: Home) -> None:
    """Two simultaneous starts would start every part twice."""
    command = [sys.executable, "-c", HOLDER, str(home.root)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        try:
            assert holder.stdout is not None
            assert holder.stdout.readline() == "held\n"
            with (
                pytest.raises(AlreadyRunningError, match=rf"\(pid {holder.pid}\)"),
                home.locked(),
            ):
                pass
        finally:
            holder.kill()
            holder.wait(10)
        # However it ended, the folder is free again.
        with home.locked():
            pass


def test_the_lock_file_exists_since_the_first_start(home: Home) -> None:
    """It marks the folder as a platform's."""
    assert not home.lock_file.exists()
    with home.locked():
        assert home.lock_file.exists()
    assert home.lock_file.exists()


def test_dagsters_sockets_fit_into_the_longest_home(tmp_path: Path) -> None:
    """A code server of Dagster's that cannot listen takes all of it down."""
    longest = Path("/" + "h" * (95 - len("/run/supervisor.sock") - 1))
    assert len(str(Home(longest).socket)) == 95
    for part in ("dagster-webserver", "dagster-daemon"):
        assert len(str(Home(longest).temporary_of(part) / "tmpabcdefgh")) <= 103
