"""What each container is given: its own secrets, and no others."""

from __future__ import annotations

from pathlib import Path

import pytest

from goodsflow.containers.prepare import PrepareError, fill_share, prepare
from goodsflow.containers.shares import SHARES
from goodsflow.endpoints import PROJECT_ROOT, load_endpoints
from goodsflow.spec import load_platform


@pytest.fixture
def shares(tmp_path: Path) -> Path:
    """Folders as the image has them."""
    for name in ("platform", *SHARES):
        (tmp_path / name).mkdir()
    return tmp_path


def files_of(share: Path) -> set[str]:
    """Return the paths of a share's files."""
    return {str(p.relative_to(share)) for p in share.rglob("*") if p.is_file()}


def test_a_share_holds_its_own_secrets_and_no_others(shares: Path) -> None:
    """With one volume for all, any part broken into would give away every password."""
    prepare(shares)
    assert files_of(shares / "user-api") == {
        "endpoints.json",
        "certs/ca.crt",
        "secrets/analytics/user.password",
    }
    for name in SHARES:
        assert "certs/ca.key" not in files_of(shares / name)
    modes = {p.stat().st_mode & 0o777 for p in shares.rglob("*") if p.is_file()}
    assert modes == {0o600}


def test_the_second_preparation_changes_no_secret(shares: Path) -> None:
    """New passwords at each start would lock every part out."""
    prepare(shares)
    before = {p: p.read_bytes() for p in shares.rglob("*.p*") if p.is_file()}
    prepare(shares)
    assert before == {p: p.read_bytes() for p in shares.rglob("*.p*") if p.is_file()}


def test_dagster_gets_the_password_of_every_declared_principal(shares: Path) -> None:
    """One that is missing fails the bootstrap, and all that waits for it."""
    prepare(shares)
    endpoints = load_endpoints(shares / "dagster-code")
    platform = load_platform(PROJECT_ROOT / "platform.yaml")
    wanted = {
        str(endpoints.password_file(name, principal).relative_to("/goodsflow"))
        for name, cluster in platform.clusters.items()
        for principal in cluster.principals
    }
    assert wanted <= files_of(shares / "dagster-code")


def test_what_a_share_no_longer_holds_is_removed(shares: Path) -> None:
    """A secret taken from a part's list would stay with it for ever."""
    prepare(shares)
    stale = shares / "blocking" / "secrets" / "inbound" / "admin.password"
    stale.write_text("old")
    prepare(shares)
    assert not stale.exists()


def test_a_secret_that_nobody_declares_is_named(shares: Path) -> None:
    """A principal renamed in platform.yaml would leave its container without one."""
    prepare(shares)
    with pytest.raises(PrepareError, match=r"no secrets/inbound/nobody\.password"):
        fill_share(
            shares / "platform", shares / "admin", ("secrets/inbound/nobody.password",)
        )
