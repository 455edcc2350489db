"""The launcher: what it deletes, and what each `up` writes."""

from __future__ import annotations

import itertools
import os
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from io import StringIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from rich.console import Console

from goodsflow.deploy.native import build, launcher
from goodsflow.deploy.native.errors import NativeError, PreflightError
from goodsflow.deploy.native.home import Home
from goodsflow.deploy.native.launcher import clean, up
from goodsflow.deploy.native.progress import Progress
from goodsflow.model.endpoints import load_endpoints


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder with a short path."""
    with tempfile.TemporaryDirectory(prefix="gf", dir="/tmp") as name:
        yield Path(name).resolve() / "home"


def test_only_a_platforms_folder_is_deleted(folder: Path) -> None:
    """`goodsflow --home / clean` would find a run/ folder."""
    (folder / "run").mkdir(parents=True)
    (folder / "letters").mkdir()
    with pytest.raises(NativeError, match="does not look like a platform's folder"):
        clean(folder)
    assert sorted(path.name for path in folder.iterdir()) == ["letters", "run"]


def test_a_platforms_folder_is_deleted_completely(folder: Path) -> None:
    """Remaining data would confuse the next start."""
    home = Home(folder)
    home.make()
    with home.locked():
        pass
    assert clean(folder)
    assert not folder.exists()


def test_a_missing_folder_is_not_an_error(folder: Path) -> None:
    """Running `make clean` twice is fine."""
    assert not clean(folder)


def clean_cut_short(folder: Path, removals: int) -> bool:
    """Clean up to so many removals of a file or a folder; tell whether it is done."""
    left = iter(range(removals))

    def remove(really: Callable[..., None], *args: Any, **options: Any) -> None:
        if next(left, None) is None:
            raise KeyboardInterrupt
        really(*args, **options)

    with pytest.MonkeyPatch.context() as patched:
        for name in ("unlink", "rmdir"):
            patched.setattr(os, name, partial(remove, getattr(os, name)))
        try:
            return clean(folder)
        except KeyboardInterrupt:
            return False


def test_an_interrupted_clean_is_finished_by_the_next(folder: Path) -> None:
    """When the lock was deleted before the data, `clean` refused the rest."""
    for removals in itertools.count():
        home = Home(folder)
        home.make()
        for file in (home.settings_file, home.socket, home.data("a"), home.run / "z"):
            file.write_text("")
        with home.locked():
            pass
        if clean_cut_short(folder, removals):
            break
        assert folder.exists()
        assert clean(folder), f"after {removals} removals"
        assert not folder.exists()
    assert removals > 10


@pytest.fixture
def bring_up(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> Callable[[int | None], str]:
    """`up` at a port offset of a platform whose parts never start: what it shows."""
    monkeypatch.setattr(build, "check_java", lambda: None)
    monkeypatch.setattr(build, "is_built", lambda: True)
    startup = SimpleNamespace(run=lambda *, bootstrap: None, started=[])
    for name, value in (
        ("_MIN_FREE_BYTES", 0),
        ("_make_certificates", lambda _: None),
        ("_ensure_supervisor", lambda _: False),
        ("recover_before_start", lambda *_, cold: None),
        ("check_free", lambda *_: None),
        ("Startup", lambda *_: startup),
        ("finish", lambda *_: None),
    ):
        monkeypatch.setattr(launcher, name, value)

    def bring_up(port_offset: int | None = None) -> str:
        output = StringIO()
        up(home.root, Progress(Console(file=output)), port_offset=port_offset)
        return output.getvalue()

    return bring_up


def test_a_start_that_changes_nothing_writes_no_address(
    home: Home, bring_up: Callable[..., str]
) -> None:
    """Every client reads the file, and an interrupted start could damage it."""
    bring_up(7)
    before = [f.stat() for f in (home.settings_file, home.endpoints_file)]
    bring_up(None)
    after = [f.stat() for f in (home.settings_file, home.endpoints_file)]
    assert [s.st_ino for s in after] == [s.st_ino for s in before]
    assert [s.st_mtime_ns for s in after] == [s.st_mtime_ns for s in before]


def test_changed_addresses_replace_the_file_atomically(
    home: Home, bring_up: Callable[..., str]
) -> None:
    """Written in place, it is empty for a moment, or forever after a kill."""
    bring_up(7)
    for file in (home.settings_file, home.endpoints_file):
        file.write_text("old")
        os.link(file, home.root / f"{file.name}.old")
    bring_up(7)
    assert home.settings().port_offset == 7
    assert load_endpoints(home.root).dagster_url.endswith(":3007")
    for file in (home.settings_file, home.endpoints_file):
        assert (home.root / f"{file.name}.old").read_text() == "old"


def test_damaged_settings_are_replaced_if_an_offset_is_given(
    home: Home, bring_up: Callable[..., str]
) -> None:
    """The only advice used to be `clean`, which deletes all data."""
    bring_up(7)
    home.settings_file.write_text("")
    with pytest.raises(PreflightError, match="--port-offset N"):
        bring_up(None)
    bring_up(7)
    assert home.settings().port_offset == 7
    with pytest.raises(PreflightError, match="uses port offset 7"):
        bring_up(8)
