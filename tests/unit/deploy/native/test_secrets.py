"""Passwords: generated once, accessible only to their owner."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from goodsflow.deploy.native.errors import PreflightError
from goodsflow.deploy.native.secrets import make_missing_secrets
from goodsflow.model.endpoints import PROJECT_ROOT
from goodsflow.model.spec import Platform, load_platform


@pytest.fixture(scope="module")
def platform() -> Platform:
    """The project's declaration."""
    return load_platform(PROJECT_ROOT / "platform.yaml")


def test_every_principal_and_zookeeper_gets_its_own_password(
    tmp_path: Path, platform: Platform
) -> None:
    """With a shared password, one leak would open two accounts."""
    folder = tmp_path / "secrets"
    count = make_missing_secrets(folder, platform)
    files = [path for path in folder.rglob("*") if path.is_file()]
    names = {str(path.relative_to(folder)) for path in files}
    assert names == {
        "zookeeper.password",
        "zookeeper-mirror.password",
        *(
            f"{name}/{principal}.password"
            for name, cluster in platform.clusters.items()
            for principal in cluster.principals
        ),
    }
    contents = {path.read_text() for path in files}
    assert len(contents) == len(files) == count
    assert all(len(text) >= 32 for text in contents)


def test_secrets_are_accessible_only_to_their_owner(
    tmp_path: Path, platform: Platform
) -> None:
    """The umask must not matter."""
    folder = tmp_path / "secrets"
    make_missing_secrets(folder, platform)
    for path in [folder, *folder.rglob("*")]:
        mode = stat.S_IMODE(path.stat().st_mode)
        assert mode == (0o700 if path.is_dir() else 0o600), path


def test_existing_passwords_are_kept(tmp_path: Path, platform: Platform) -> None:
    """The cluster has the old password: a new one would lock the principal out."""
    make_missing_secrets(tmp_path, platform)
    kept = tmp_path / "inbound" / "admin.password"
    content = kept.read_text()
    (tmp_path / "inbound" / "blocking.password").unlink()
    assert make_missing_secrets(tmp_path, platform) == 1
    assert kept.read_text() == content
    assert make_missing_secrets(tmp_path, platform) == 0


def test_a_half_written_file_is_replaced(tmp_path: Path, platform: Platform) -> None:
    """A killed start can leave one."""
    (tmp_path / ".zookeeper.password.new").write_text("half")
    make_missing_secrets(tmp_path, platform)
    assert not (tmp_path / ".zookeeper.password.new").exists()
    assert "half" not in (tmp_path / "zookeeper.password").read_text()


def test_a_secret_that_cannot_be_written_is_named(
    tmp_path: Path, platform: Platform
) -> None:
    """A traceback of mkdir does not say its purpose."""
    (tmp_path / "inbound").write_text("in the way")
    with pytest.raises(PreflightError, match=r"secret .*/inbound/\w+\.password: File"):
        make_missing_secrets(tmp_path, platform)
