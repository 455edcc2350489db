"""The platform's folder: its paths, its rights, and who holds it."""

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


def test_a_home_that_is_not_made_leaves_no_trace(tmp_path: Path) -> None:
    """Asking after the status in a wrong folder must not make one."""
    home = Home(tmp_path / "home")
    assert home.settings() == HomeSettings(port_offset=0)
    assert not home.root.exists()


def test_folders_are_for_their_owner_alone(home: Home) -> None:
    """They hold keys, passwords and the cards."""
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


def test_making_it_twice_keeps_what_is_there(home: Home) -> None:
    """Each start makes it."""
    (home.secrets / "a").write_text("b")
    home.make()
    assert (home.secrets / "a").read_text() == "b"


def test_a_folder_that_cannot_be_made_is_named(short_path: Path) -> None:
    """Whoever started it reads which one, and not a traceback."""
    (short_path / "file").write_text("")
    with pytest.raises(PreflightError, match=f"Cannot write to {short_path}/file"):
        Home(short_path / "file" / "home").make()
    with (
        pytest.raises(PreflightError, match=f"lock {short_path}/file/home"),
        Home(short_path / "file" / "home").locked(),
    ):
        pass


def test_a_path_too_long_for_a_socket_is_refused_beforehand(tmp_path: Path) -> None:
    """The supervisor would fail to bind with half the platform prepared."""
    long = tmp_path / ("a" * 100)
    with pytest.raises(PreflightError, match="too long"):
        Home(long).make()
    assert not long.exists()


@pytest.mark.parametrize("name", ["a b", "a%20", "a:b", "a,b", 'a"b', "a\\b", "a#b"])
def test_a_path_that_some_part_cannot_take_is_refused_beforehand(
    tmp_path: Path, name: str
) -> None:
    """JVM flags split at a space, class paths at a colon, HDFS's folders at a comma."""
    with pytest.raises(PreflightError, match="not every part supports"):
        Home(tmp_path / name).make()
    assert list(tmp_path.iterdir()) == []


def test_a_path_may_be_in_any_script(short_path: Path) -> None:
    """A user's folder is called as the user is."""
    Home(short_path / "данные").make()


def test_settings_come_back(home: Home) -> None:
    """A platform that forgets its offset comes up on other ports than before."""
    home.settings_file.write_text(HomeSettings(port_offset=7).model_dump_json())
    assert home.settings().port_offset == 7


@pytest.mark.parametrize("content", ["", "{", '{"port_offset": "x"}', '{"offset": 1}'])
def test_damaged_settings_say_which_file_and_what_to_do(
    home: Home, content: str
) -> None:
    """Taking the default instead would move the platform silently; `clean` ends it."""
    home.settings_file.write_text(content)
    advice = r"home\.json(?s:.*)`goodsflow up --port-offset N`"
    with pytest.raises(PreflightError, match=advice):
        home.settings()


def test_a_held_folder_names_the_process_that_holds_it(home: Home) -> None:
    """Two starts at once would start every part twice."""
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


def test_the_lock_is_there_from_the_first_start_on(home: Home) -> None:
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
