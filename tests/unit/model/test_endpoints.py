"""The platform's addresses and passwords, and errors of reading them."""

from __future__ import annotations

from pathlib import Path

import pytest

from goodsflow.deploy.native.addresses import endpoints_of
from goodsflow.deploy.native.home import Home
from goodsflow.deploy.native.ports import Ports
from goodsflow.model.endpoints import (
    PROJECT_ROOT,
    Endpoints,
    EndpointsError,
    default_home,
    load_endpoints,
)


@pytest.fixture
def endpoints(tmp_path: Path) -> Endpoints:
    """The addresses of a platform in a temporary folder."""
    return endpoints_of(Home(tmp_path), Ports())


def test_they_come_back_as_they_were_written(
    tmp_path: Path, endpoints: Endpoints
) -> None:
    """The launcher writes them, every client reads them."""
    (tmp_path / "endpoints.json").write_bytes(endpoints.as_json())
    assert load_endpoints(tmp_path) == endpoints


def test_no_secret_is_in_them(tmp_path: Path, endpoints: Endpoints) -> None:
    """Anybody may see the file; the passwords are elsewhere."""
    path = endpoints.password_file("inbound", "admin")
    path.parent.mkdir(parents=True)
    path.write_text("se-cret\n")
    password = endpoints.password("inbound", "admin")
    assert password.reveal() == "se-cret"
    assert "se-cret" not in repr(password) + str(password)
    assert "se-cret" not in endpoints.as_json().decode()


def test_a_platform_that_was_never_started_says_how_to(tmp_path: Path) -> None:
    """Many users will see this message first."""
    with pytest.raises(EndpointsError, match=r"does not exist\. Start one with `make"):
        load_endpoints(tmp_path)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"ca_file": 1}', b"\xff"])
def test_a_damaged_file_is_named(tmp_path: Path, content: bytes) -> None:
    """A start on a full disk leaves one."""
    (tmp_path / "endpoints.json").write_bytes(content)
    with pytest.raises(EndpointsError, match=r"addresses from .*endpoints.json"):
        load_endpoints(tmp_path)


def test_a_home_that_is_a_file_is_named(tmp_path: Path) -> None:
    """Nothing else checks $GOODSFLOW_HOME."""
    (tmp_path / "file").write_text("")
    with pytest.raises(EndpointsError, match="Not a directory"):
        load_endpoints(tmp_path / "file")


def test_a_missing_password_names_principal_cluster_and_file(
    endpoints: Endpoints,
) -> None:
    """A typo in a principal's name looks like this."""
    with pytest.raises(EndpointsError, match="'anna' on cluster 'inbound' from /"):
        endpoints.password("inbound", "anna")


@pytest.mark.parametrize("content", [b"", b"\n", b"\xff\xfe"])
def test_a_damaged_password_is_named(endpoints: Endpoints, content: bytes) -> None:
    """A full disk leaves one, and a login would fail without a clear reason."""
    path = endpoints.password_file("inbound", "anna")
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    with pytest.raises(EndpointsError, match="'anna' on cluster 'inbound' from /"):
        endpoints.password("inbound", "anna")


def test_the_home_is_the_environments_or_the_projects(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An empty variable does not mean the working folder."""
    monkeypatch.setenv("GOODSFLOW_HOME", str(tmp_path))
    assert default_home() == tmp_path
    monkeypatch.setenv("GOODSFLOW_HOME", "")
    assert default_home() == PROJECT_ROOT / ".goodsflow"
    monkeypatch.delenv("GOODSFLOW_HOME")
    assert default_home() == PROJECT_ROOT / ".goodsflow"
